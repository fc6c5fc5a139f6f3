import Foundation

/// A drawing of gnuplot's as part of a page.
enum InlineSVG {
  /// The `svg` element alone, with a name for those who do not see it, and with `prefix` before
  /// every id, since a page has each once.
  ///
  /// Texts of the drawing are left as they are: only tags are looked at, and gnuplot escapes what
  /// could look like one.
  ///
  /// - Throws: `ExperimentError.programFailed` for bytes without an `svg` element.
  static func element(_ picture: Data, prefix: String, label: String) throws(ExperimentError) -> String {
    let text = String(decoding: picture, as: UTF8.self)
    guard let start = text.range(of: "<svg"), let end = text.range(of: "</svg>", options: .backwards),
      start.lowerBound < end.lowerBound
    else { throw .programFailed(name: Gnuplot.program, status: 0, said: "no svg element") }
    var shown = ""
    var isFirst = true
    var rest = text[start.lowerBound..<end.upperBound]
    while let open = rest.firstIndex(of: "<") {
      shown += rest[..<open]
      rest = rest[open...]
      if rest.hasPrefix("<!--"), let close = rest.range(of: "-->") {
        rest = rest[close.upperBound...]
        continue
      }
      guard let close = rest.firstIndex(of: ">") else { break }
      var tag = String(rest[...close])
      for quote in ["\"", "'"] {
        tag = tag.replacing(" id=\(quote)", with: " id=\(quote)\(prefix)")
        tag = tag.replacing("href=\(quote)#", with: "href=\(quote)#\(prefix)")
      }
      tag = tag.replacing("url(#", with: "url(#\(prefix)")
      if isFirst {
        tag = tag.replacing("<svg", with: "<svg role=\"img\" aria-label=\"\(HTMLText.escaped(label))\"")
        isFirst = false
      }
      shown += tag
      rest = rest[rest.index(after: close)...]
    }
    // A browser shows an SVG's title beside the pointer: gnuplot's own would only say Gnuplot.
    return (shown + rest).replacing("<title>Gnuplot</title>", with: "", maxReplacements: 1)
  }
}
