/// Pieces of a page that is HTML and well-formed XML at once.
enum HTMLText {
  /// A text that is only ever shown, also within quotes: markup is escaped, and characters that XML
  /// does not have are U+FFFD.
  static func escaped(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": shown += "&amp;"
      case "<": shown += "&lt;"
      case ">": shown += "&gt;"
      case "\"": shown += "&quot;"
      case "'": shown += "&#39;"
      case "\t", "\n", "\r": shown.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": shown += "\u{FFFD}"
      // Characters that turn the direction of the text around them are left out.
      case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": shown += "\u{FFFD}"
      default: shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  /// A table; entries of columns after `textColumns` are numbers and stand to the right.
  static func table(_ header: [String], _ rows: [[String]], textColumns: Int, caption: String) -> String {
    func cells(_ row: [String], _ tag: String) -> String {
      row.enumerated().map { index, entry in
        index < textColumns
          ? "<\(tag)>\(escaped(entry))</\(tag)>" : "<\(tag) class=\"number\">\(escaped(entry))</\(tag)>"
      }.joined()
    }
    let body = rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n")
    return """
      <div class="wide"><table>
      <caption>\(escaped(caption))</caption>
      <thead><tr>\(cells(header, "th"))</tr></thead>
      <tbody>
      \(body)
      </tbody>
      </table></div>

      """
  }

  static func heading(_ text: String, level: Int) -> String { "<h\(level)>\(escaped(text))</h\(level)>\n" }

  static func paragraph(_ text: String) -> String { "<p>\(escaped(text))</p>\n" }

  /// A text in its own lines and columns.
  static func preformatted(_ text: String) -> String { "<pre>\(escaped(text))</pre>\n" }
}
