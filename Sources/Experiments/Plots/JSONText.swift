import Files
import Foundation

/// Any JSON value.
enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  /// The value for an error message.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): "the text '\(value.prefix(60))'"
    case .list(let values): "a list of \(values.count)"
    case .object: "an object"
    }
  }
}

/// A strict reader of JSON with limits on what a text may cost: RFC 8259, each key of an object
/// once, finite numbers.
struct JSONText {
  /// The longest text that is read, in bytes; the most values in it, keys not counted; and the most
  /// brackets in brackets.
  static let largestText = 1 << 25
  static let mostValues = 1 << 20
  static let mostLevels = 32

  private let bytes: [UInt8]
  private let source: String
  private var position = 0
  private var values = 0

  /// The value that a text is.
  ///
  /// - Throws: `FileError` of kind `malformed` with the line of what is no JSON, `tooLarge` for a
  ///   text beyond the limits.
  static func value(of data: Data, source: String) throws(FileError) -> JSONValue {
    guard data.count <= largestText else {
      throw FileError(.tooLarge, source: source, expected: "at most \(largestText) bytes", found: "\(data.count)")
    }
    guard !data.isEmpty else {
      throw FileError(.malformed, source: source, expected: "JSON, as prune --json prints it", found: "an empty file")
    }
    var reader = JSONText(bytes: Array(data), source: source)
    let value = try reader.value(level: 0)
    reader.skipBlank()
    guard reader.position == reader.bytes.count else { throw reader.fault("the end of the file") }
    return value
  }

  private init(bytes: [UInt8], source: String) { (self.bytes, self.source) = (bytes, source) }

  private mutating func value(level: Int) throws(FileError) -> JSONValue {
    skipBlank()
    values += 1
    guard values <= Self.mostValues else { throw tooLarge("at most \(Self.mostValues) values") }
    guard level <= Self.mostLevels else { throw tooLarge("at most \(Self.mostLevels) levels of brackets") }
    switch peek {
    case UInt8(ascii: "{"): return try object(level: level)
    case UInt8(ascii: "["): return try list(level: level)
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func object(level: Int) throws(FileError) -> JSONValue {
    position += 1
    var fields: [String: JSONValue] = [:]
    skipBlank()
    if take("}") { return .object(fields) }
    repeat {
      skipBlank()
      guard peek == UInt8(ascii: "\"") else { throw fault("a key in quotation marks") }
      let place = position
      let key = try string()
      skipBlank()
      guard take(":") else { throw fault("':'") }
      guard fields.updateValue(try value(level: level + 1), forKey: key) == nil else {
        throw FileError(
          .malformed, source: source, at: [.line(line(of: place)), .key(key)], expected: "each key once",
          found: "a second one")
      }
      skipBlank()
    } while take(",")
    guard take("}") else { throw fault("',' or '}'") }
    return .object(fields)
  }

  private mutating func list(level: Int) throws(FileError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipBlank()
    if take("]") { return .list(elements) }
    repeat {
      elements.append(try value(level: level + 1))
      skipBlank()
    } while take(",")
    guard take("]") else { throw fault("',' or ']'") }
    return .list(elements)
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(FileError) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw fault("a value") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws(FileError) -> Double {
    let start = position
    _ = take("-")
    let isPadded = peek == UInt8(ascii: "0")
    let whole = digits()
    var isNumber = whole == 1 || whole > 1 && !isPadded
    if take(".") { isNumber = digits() > 0 && isNumber }
    if take("e") || take("E") {
      if !take("-") { _ = take("+") }
      isNumber = digits() > 0 && isNumber
    }
    let end = position
    position = start
    guard isNumber, let value = Double(String(decoding: bytes[start..<end], as: UTF8.self)) else {
      throw fault("a value")
    }
    guard value.isFinite else { throw fault("a number that fits 64 bits", found: "a larger one") }
    position = end
    return value
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func string() throws(FileError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: text, as: UTF8.self) else { throw fault("UTF-8", found: "other bytes") }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        position += 1
        text += try escaped().utf8
      case 0..<0x20: throw fault("control characters escaped")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw fault("'\"'")
  }

  private static let escapes: [UInt8: String] = [
    UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
    UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
  ]

  private mutating func escaped() throws(FileError) -> String {
    if let byte = peek, let text = Self.escapes[byte] {
      position += 1
      return text
    }
    guard take("u") else { throw fault("an escape that JSON knows") }
    var value = try hexadecimal()
    if value & 0xFC00 == 0xD800, take("\\"), take("u") {
      let low = try hexadecimal()
      guard low & 0xFC00 == 0xDC00 else { throw fault("the second half of a surrogate pair") }
      value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
    }
    guard let scalar = Unicode.Scalar(value) else { throw fault("a whole surrogate pair") }
    return String(Character(scalar))
  }

  private mutating func hexadecimal() throws(FileError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlank() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  private func line(of position: Int) -> Int { 1 + bytes[..<position].count { $0 == UInt8(ascii: "\n") } }

  private func tooLarge(_ expected: String) -> FileError {
    FileError(.tooLarge, source: source, at: [.line(line(of: position))], expected: expected, found: "more")
  }

  private func fault(_ expected: String, found: String? = nil) -> FileError {
    let here =
      switch peek {
      case nil: "the end of the file"
      case (0x21..<0x7F)?: "'\(Character(Unicode.Scalar(bytes[position])))'"
      case let byte?: "byte 0x" + String(byte, radix: 16)
      }
    return FileError(
      .malformed, source: source, at: [.line(line(of: position))],
      expected: "JSON, as prune --json prints it, and here \(expected)", found: found ?? here)
  }
}
