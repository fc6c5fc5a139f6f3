/// The frame of a report: one file that needs no other, and runs nothing.
enum ReportPage {
  /// A page around `body`, which is markup already.
  static func html(title: String, body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
    <head>
    <meta charset="utf-8"/>
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta name="color-scheme" content="light dark"/>
    <title>\(HTMLText.escaped(title))</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    <main>
    \(body)</main>
    </body>
    </html>

    """
  }

  /// Colours for light and dark; drawings are turned dark by a filter. On paper tables are small
  /// and nothing is cut off.
  private static let style = """
    :root { --text: #1b1f24; --faint: #57606a; --ground: #ffffff; --line: #d0d7de; --shade: #f3f5f8; }
    @media (prefers-color-scheme: dark) {
      :root { --text: #e4e7eb; --faint: #a3adb8; --ground: #15181c; --line: #3a424c; --shade: #20252b; }
      figure svg { filter: invert(0.92) hue-rotate(180deg); }
    }
    body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
    main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem 3rem; }
    h1 { font-size: 1.7rem; line-height: 1.25; } h2 { font-size: 1.35rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
    h3 { font-size: 1.1rem; margin-top: 2rem; }
    h1, h2, h3, p, li { overflow-wrap: anywhere; }
    p, li { max-width: 60rem; }
    .wide { overflow-x: auto; margin: 1rem 0; }
    table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
    caption { text-align: left; color: var(--faint); padding-bottom: 0.4rem; }
    th, td { text-align: left; padding: 0.2rem 0.7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
    th { background: var(--shade); vertical-align: bottom; } .number { text-align: right; } td.number { white-space: nowrap; }
    pre { background: var(--shade); padding: 0.8rem 1rem; overflow-x: auto; font-size: 0.85rem; }
    figure { margin: 1.25rem 0; } figure svg { display: block; max-width: 100%; height: auto; }
    @media print {
      :root { --text: #000000; --faint: #333333; --ground: #ffffff; --line: #999999; --shade: #eeeeee; }
      main { max-width: none; padding: 0; } .wide { overflow: visible; } table { font-size: 6.5pt; }
      th, td { padding: 0.1rem 0.3rem; white-space: normal; } thead { display: table-header-group; }
      tr, figure { break-inside: avoid; } pre { white-space: pre-wrap; } h2, h3 { break-after: avoid; }
      figure svg { filter: none; }
    }
    """
}
