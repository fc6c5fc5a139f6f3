import Files

/// A strict reader of JSON text, one token at a time, that knows where it is.
///
/// The header of a safetensors file needs more than a general decoder gives: duplicate keys must be
/// noticed, strings kept exactly as written, and errors told with their offset in the file.
struct JSONCursor {
  private let bytes: [UInt8]
  private let source: String
  /// The offset in the file of the first byte, for messages.
  private let baseOffset: Int
  private var index = 0

  /// A cursor at the start of `bytes`, which lie at `baseOffset` in the file.
  init(_ bytes: [UInt8], source: String, baseOffset: Int) {
    self.bytes = bytes
    self.source = source
    self.baseOffset = baseOffset
  }

  /// The place in the file of the next byte.
  var location: FileError.Location { .byte(baseOffset + index) }

  /// Reads an object, calling `member` with each key; `member` reads the value. Keys are compared
  /// byte by byte.
  mutating func object(
    _ member: (inout JSONCursor, String, FileError.Location) throws(FileError) -> Void
  ) throws(FileError) {
    try expect(UInt8(ascii: "{"), "'{'")
    skipWhitespace()
    if take(UInt8(ascii: "}")) { return }
    var seen: Set<[UInt8]> = []
    repeat {
      skipWhitespace()
      let place = location
      let key = try string()
      guard seen.insert(Array(key.utf8)).inserted else {
        throw FileError(
          .malformed, source: source, at: [place, .key(key)], expected: "each key once", found: "a second one")
      }
      try expect(UInt8(ascii: ":"), "':'")
      try member(&self, key, place)
      skipWhitespace()
    } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"), "',' or '}'")
  }

  /// Reads an array of non-negative integers.
  mutating func sizes() throws(FileError) -> [Int] {
    var values: [Int] = []
    try array("an array of sizes") { (json) throws(FileError) in values.append(try json.size()) }
    return values
  }

  /// Reads an array, calling `element` to read each element.
  mutating func array(
    _ what: String = "an array", _ element: (inout JSONCursor) throws(FileError) -> Void
  ) throws(FileError) {
    try expect(UInt8(ascii: "["), what)
    skipWhitespace()
    if take(UInt8(ascii: "]")) { return }
    repeat {
      try element(&self)
      skipWhitespace()
    } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"), "',' or ']'")
  }

  /// The byte that the next value starts with; nil at the end.
  var next: UInt8? {
    mutating get {
      skipWhitespace()
      return index < bytes.count ? bytes[index] : nil
    }
  }

  /// Moves on over the characters of a number or word, and returns them.
  mutating func takeLetters() -> String {
    let start = index
    while index < bytes.count, !Self.endsLetters.contains(bytes[index]) { index += 1 }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private static let endsLetters = Set(" \t\n\r,]}:\"[{".utf8)

  /// Reads a string, with its escapes resolved.
  mutating func string() throws(FileError) -> String {
    try expect(UInt8(ascii: "\""), "a string")
    var text: [UInt8] = []
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        index += 1
        // The whole text was valid UTF-8, and escapes only add scalars.
        return String(decoding: text, as: UTF8.self)
      }
      if byte < 0x20 { throw fault("a control character escaped") }
      if byte == UInt8(ascii: "\\") {
        text.append(contentsOf: try escape())
      } else {
        text.append(byte)
        index += 1
      }
    }
    throw fault("'\"'")
  }

  /// Checks that nothing but white space is left.
  mutating func finish() throws(FileError) {
    skipWhitespace()
    if index < bytes.count { throw fault("the end of the JSON text") }
  }

  private mutating func size() throws(FileError) -> Int {
    skipWhitespace()
    let start = index
    var value = 0
    while index < bytes.count, case let digit = bytes[index], digit >= 0x30 && digit <= 0x39 {
      let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowedAgain) = product.addingReportingOverflow(Int(digit - 0x30))
      if overflowed || overflowedAgain {
        throw FileError(
          .tooLarge, source: source, at: [.byte(baseOffset + start)], expected: "a size below 2^63", found: "a larger")
      }
      value = sum
      index += 1
    }
    if index == start { throw fault("a non-negative integer") }
    let isPadded = index > start + 1 && bytes[start] == 0x30
    let goesOn = index < bytes.count && [0x2e, 0x45, 0x65].contains(bytes[index])
    if isPadded || goesOn {
      throw FileError(
        .malformed, source: source, at: [.byte(baseOffset + start)], expected: "a plain integer",
        found: isPadded ? "a leading zero" : "a fraction or exponent")
    }
    return value
  }

  private mutating func escape() throws(FileError) -> [UInt8] {
    index += 1
    guard index < bytes.count else { throw fault("the rest of an escape") }
    let letter = bytes[index]
    index += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): break
    default:
      index -= 1
      throw fault("an escape that JSON knows")
    }
    var value = try hexadecimal()
    if value & 0xfc00 == 0xd800 {
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
        throw fault("the second half of a surrogate pair")
      }
      let low = try hexadecimal()
      guard low & 0xfc00 == 0xdc00 else { throw fault("the second half of a surrogate pair") }
      value = 0x10000 + ((value & 0x3ff) << 10) + (low & 0x3ff)
    }
    guard let scalar = Unicode.Scalar(value) else { throw fault("a surrogate pair in order") }
    return Array(String(scalar).utf8)
  }

  private mutating func hexadecimal() throws(FileError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard index < bytes.count, let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else {
        throw fault("four hexadecimal digits")
      }
      value = (value << 4) | UInt32(digit)
      index += 1
    }
    return value
  }

  private mutating func skipWhitespace() {
    while index < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[index]) { index += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ byte: UInt8, _ what: String) throws(FileError) {
    skipWhitespace()
    if !take(byte) { throw fault(what) }
  }

  func fault(_ expected: String) -> FileError {
    let found: String
    if index >= bytes.count {
      found = "the end of the header"
    } else if bytes[index] >= 0x20 && bytes[index] < 0x7f {
      found = "'\(Character(Unicode.Scalar(bytes[index])))'"
    } else {
      found = "byte 0x" + String(bytes[index], radix: 16)
    }
    return FileError(.malformed, source: source, at: [location], expected: expected, found: found)
  }
}
