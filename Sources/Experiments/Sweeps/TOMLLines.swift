/// The line of each key of a TOML document, which parsers keep to themselves; and that it has
/// nothing that toml++ cannot stand: levels upon levels, for each of which it calls itself, and
/// dates with a blank behind them and brackets in the place of values, where assertions of it fail.
///
/// Reads only what it needs to tell keys from values: up to the first place that is no TOML it is
/// right; behind that place it only sees to it that it ends.
struct TOMLLines {
  /// What keeps a document from being parsed, and where.
  struct Refusal: Error {
    let line: Int
    let expected: String
    let found: String
  }

  /// Parts of a dotted key, and brackets in brackets.
  static let mostLevels = 16

  /// Lines from 1, by the keys from the outside in.
  private(set) var lines: [[String]: Int] = [:]
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  /// - Throws: `Refusal`.
  init(_ text: String) throws(Refusal) {
    bytes = Array(text.utf8)
    var table: [String] = []
    while true {
      skipBlank(newlines: true)
      guard position < bytes.count else { return }
      let start = (position, line)
      if take("[") {
        _ = take("[")
        table = try key()
        note(table, start.1)
        while take("]") {}
      } else {
        try pair(in: table, level: 0)
      }
      // At a byte that begins neither a table nor a pair nothing was read: it is skipped, so that
      // the walk ends.
      if position == start.0 { position += 1 }
    }
  }

  private mutating func note(_ path: [String], _ line: Int) { if lines[path] == nil { lines[path] = line } }

  private mutating func pair(in table: [String], level: Int) throws(Refusal) {
    let start = line
    let name = try key()
    for length in 1..<name.count + 1 { note(table + name.prefix(length), start) }
    skipBlank(newlines: false)
    guard take("=") else { return }
    try value(of: table + name, level: level)
  }

  /// A dotted key, quoted parts without their quotation marks.
  private mutating func key() throws(Refusal) -> [String] {
    var parts: [String] = []
    repeat {
      guard parts.count < Self.mostLevels else { throw tooDeep }
      skipBlank(newlines: false)
      if let byte = peek, !Self.isBare(byte), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "'") {
        throw Refusal(line: line, expected: "TOML, and here a key", found: "another character")
      }
      if let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
        let start = position + 1
        string()
        parts.append(String(decoding: bytes[start..<max(start, position - 1)], as: UTF8.self))
      } else {
        let start = position
        while let byte = peek, Self.isBare(byte) { position += 1 }
        parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
      }
      skipBlank(newlines: false)
    } while take(".")
    return parts
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private mutating func value(of path: [String], level: Int) throws(Refusal) {
    guard level <= Self.mostLevels else { throw tooDeep }
    skipBlank(newlines: false)
    if let byte = peek, !Self.starts.contains(byte) {
      throw Refusal(line: line, expected: "TOML, and here a value", found: "another character")
    }
    switch peek {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): string()
    case UInt8(ascii: "["):
      position += 1
      while true {
        skipBlank(newlines: true)
        if peek == nil || take("]") { return }
        let before = position
        if !take(",") { try value(of: path, level: level + 1) }
        if position == before { position += 1 }
      }
    case UInt8(ascii: "{"):
      position += 1
      while true {
        skipBlank(newlines: true)
        if peek == nil || take("}") { return }
        let before = position
        if !take(",") { try pair(in: path, level: level + 1) }
        if position == before { position += 1 }
      }
    default:
      let ends = Array(",]}#\n".utf8)
      let start = position
      while let byte = peek, !ends.contains(byte) { position += 1 }
      try requireNoDate(bytes[start..<position])
    }
  }

  /// What values start with.
  private static let starts = Set("\"'[{+-0123456789tfin".utf8)

  private var tooDeep: Refusal {
    Refusal(line: line, expected: "at most \(Self.mostLevels) levels of keys and brackets", found: "more")
  }

  /// Hyphens within a value are a date's, unless they begin an exponent.
  private func requireNoDate(_ value: ArraySlice<UInt8>) throws(Refusal) {
    let word = value.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    let isFollowed = word.endIndex < value.endIndex
    let hasDate = zip(word, word.dropFirst()).contains { before, byte in
      byte == UInt8(ascii: "-") && before != UInt8(ascii: "e") && before != UInt8(ascii: "E")
    }
    if isFollowed, hasDate {
      throw Refusal(line: line, expected: "a number, a text, a list or a table", found: "a date and a blank")
    }
  }

  /// A string of any of the four kinds.
  private mutating func string() {
    let quote = bytes[position]
    let isBasic = quote == UInt8(ascii: "\"")
    var length = 0
    while length < 3, position + length < bytes.count, bytes[position + length] == quote { length += 1 }
    // Two quotation marks alone are an empty string.
    if length == 2 { return position += 2 }
    position += length
    var run = 0
    while let byte = peek {
      position += 1
      if byte == UInt8(ascii: "\n") { line += 1 }
      if isBasic, byte == UInt8(ascii: "\\") {
        if peek == UInt8(ascii: "\n") { line += 1 }
        position += 1
        run = 0
        continue
      }
      run = byte == quote ? run + 1 : 0
      if run == length {
        // A string in three quotation marks may end with one or two of its own before them.
        while length == 3, peek == quote { position += 1 }
        return
      }
    }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlank(newlines: Bool) {
    while let byte = peek {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "#"): while let byte = peek, byte != UInt8(ascii: "\n") { position += 1 }
      case UInt8(ascii: "\n") where newlines:
        position += 1
        line += 1
      default: return
      }
    }
  }
}
