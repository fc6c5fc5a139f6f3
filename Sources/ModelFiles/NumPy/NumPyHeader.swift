import Files
import Foundation

/// The header of an npy file: a Python dictionary in text.
struct NumPyHeader {
  /// The six bytes that every npy file starts with.
  static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
  /// NumPy's own limit on dimensions.
  static let greatestRank = 64

  private(set) var elementType: NumPyElementType
  private(set) var isBigEndian: Bool
  private(set) var isFortranOrder: Bool
  private(set) var shape: [Int]
  /// The bytes of all elements.
  let byteCount: Int
  /// The offset of the first element.
  let dataStart: Int

  /// The longest header that is read: one of ten thousand bytes is long for NumPy already.
  static let greatestLength = 1 << 20

  /// Reads the header of an npy file of version 1, 2 or 3, and leaves the stream at the first
  /// element.
  init(reading stream: ByteStream) throws(FileError) {
    let source = stream.name
    let prefix = [UInt8](try stream.take(Self.magic.count, "the mark of an npy file"))
    guard prefix == Self.magic else {
      throw FileError(
        .malformed, source: source, at: [.byte(0)], expected: "the mark of an npy file, \\x93NUMPY",
        found: FileError.quoted(String(decoding: prefix, as: UTF8.self)))
    }
    var cursor = ByteCursor(
      try stream.take(2, "the version"), source: source, baseOffset: Self.magic.count)
    let major = try cursor.integer(UInt8.self, "the version")
    let minor = try cursor.integer(UInt8.self, "the version")
    guard (1...3).contains(major), minor == 0 else {
      throw FileError(
        .unsupported, source: source, at: [.byte(Self.magic.count)], expected: "npy version 1.0, 2.0 or 3.0",
        found: "\(major).\(minor)")
    }
    let what = "the length of the header"
    cursor = ByteCursor(
      try stream.take(major == 1 ? 2 : 4, what), source: source, baseOffset: Self.magic.count + 2)
    let length = major == 1 ? try cursor.size(UInt16.self, what) : try cursor.size(UInt32.self, what)
    let start = cursor.offset
    guard length <= Self.greatestLength else {
      throw FileError(
        .tooLarge, source: source, at: [.byte(Self.magic.count + 2)],
        expected: "a header of at most \(Self.greatestLength) bytes", found: "\(length)")
    }
    let text = [UInt8](try stream.take(length, "the header"))
    dataStart = start + length

    var literal = PythonLiteral(text, source: source, baseOffset: start)
    let header = try literal.dictionary()
    let place: [FileError.Location] = [.byte(start)]
    guard Set(header.keys) == ["descr", "fortran_order", "shape"] else {
      throw FileError(
        .malformed, source: source, at: place, expected: "the keys descr, fortran_order, shape",
        found: header.keys.sorted().map(FileError.quoted).joined(separator: " "))
    }
    guard case .boolean(let isFortranOrder)? = header["fortran_order"] else {
      throw FileError(
        .malformed, source: source, at: place + [.key("fortran_order")], expected: "True or False",
        found: "another value")
    }
    guard case .sizes(let shape)? = header["shape"] else {
      throw FileError(
        .malformed, source: source, at: place + [.key("shape")], expected: "a tuple of sizes", found: "another value")
    }
    guard shape.count <= Self.greatestRank else {
      throw FileError(
        .unsupported, source: source, at: place + [.key("shape")], expected: "at most \(Self.greatestRank) dimensions",
        found: "\(shape.count)")
    }
    (elementType, isBigEndian) = try Self.elementType(header["descr"], at: place + [.key("descr")], source)
    guard let byteCount = CheckedSizes.byteCount(shape, bitsPerElement: 8 * elementType.size) else {
      throw FileError(
        .tooLarge, source: source, expected: "a shape below 2^63 bits",
        found: "\(CheckedSizes.text(shape)) of \(elementType)")
    }
    self.byteCount = byteCount
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }

  /// Checks that so many bytes behind the header are what its elements take.
  func require(dataCount: Int, _ source: String) throws(FileError) {
    guard byteCount == dataCount else {
      throw FileError(
        byteCount > dataCount ? .truncated : .oversized, source: source, at: [.byte(dataStart)],
        expected: "\(byteCount) bytes for \(CheckedSizes.text(shape)) of \(elementType)", found: "\(dataCount)")
    }
  }

  /// The bytes of a header for elements in C order, little-endian: version 1.0, or 2.0 if it is
  /// long. Elements start at a multiple of 64 bytes.
  static func bytes(elementType: NumPyElementType, shape: [Int]) -> Data {
    // Arrays have at most 64 dimensions, as many as the text of a shape shows.
    let tuple = shape.count == 1 ? "(\(shape[0]),)" : CheckedSizes.text(shape)
    var text = Array("{'descr': '\(elementType.descriptor)', 'fortran_order': False, 'shape': \(tuple), }".utf8)
    let isLong = text.count + 64 > Int(UInt16.max)
    let prefixLength = magic.count + 2 + (isLong ? 4 : 2)
    while (prefixLength + text.count + 1) % 64 != 0 { text.append(UInt8(ascii: " ")) }
    text.append(UInt8(ascii: "\n"))
    var data = Data(magic)
    data.append(contentsOf: [isLong ? 2 : 1, 0])
    data.append(isLong ? ElementCoding.encode([UInt32(text.count)]) : ElementCoding.encode([UInt16(text.count)]))
    data.append(contentsOf: text)
    return data
  }

  private static func elementType(
    _ value: PythonLiteral.Value?, at place: [FileError.Location], _ source: String
  ) throws(FileError) -> (NumPyElementType, isBigEndian: Bool) {
    let known = NumPyElementType.allCases.map(\.rawValue).joined(separator: " ")
    guard case .text(let descriptor)? = value else {
      throw FileError(
        .unsupported, source: source, at: place, expected: "one element type among \(known)",
        found: "a structured or other type")
    }
    let order = descriptor.first
    let name = String(descriptor.dropFirst())
    if name.first == "O" {
      throw FileError(
        .unsupported, source: source, at: place, expected: "numbers (\(known))",
        found: "Python objects \(FileError.quoted(descriptor)), which are pickled; pickles are never read")
    }
    guard let type = NumPyElementType(rawValue: name), order == "<" || order == ">" || (order == "|" && type.size == 1)
    else {
      throw FileError(
        .unsupported, source: source, at: place, expected: "an element type among \(known) with its byte order",
        found: FileError.quoted(descriptor))
    }
    return (type, order == ">")
  }
}

/// The few Python literals that an npy header is made of.
struct PythonLiteral {
  /// A value in a header's dictionary.
  enum Value {
    case text(String)
    case boolean(Bool)
    case sizes([Int])
    /// A list, as structured element types have: recognised by its bracket, not read.
    case list
  }

  private let bytes: [UInt8]
  private let source: String
  private let baseOffset: Int
  private var index = 0

  init(_ bytes: [UInt8], source: String, baseOffset: Int) {
    self.bytes = bytes
    self.source = source
    self.baseOffset = baseOffset
  }

  /// Reads a dictionary with text keys that fills all of the bytes but white space. After a
  /// ``Value/list`` the rest is not read.
  mutating func dictionary() throws(FileError) -> [String: Value] {
    var result: [String: Value] = [:]
    try expect(UInt8(ascii: "{"), "'{'")
    while !take(UInt8(ascii: "}")) {
      let key = try text()
      try expect(UInt8(ascii: ":"), "':'")
      let value = try value()
      guard result.updateValue(value, forKey: key) == nil else { throw fault("the key \(FileError.quoted(key)) once") }
      if case .list = value {
        throw FileError(
          .unsupported, source: source, at: [.byte(baseOffset + index), .key(key)], expected: "one plain element type",
          found: "a structured one, of named fields")
      }
      if !take(UInt8(ascii: ",")) {
        try expect(UInt8(ascii: "}"), "',' or '}'")
        break
      }
    }
    skipSpaces()
    if index < bytes.count { throw fault("the end of the header") }
    return result
  }

  private mutating func value() throws(FileError) -> Value {
    skipSpaces()
    guard index < bytes.count else { throw fault("a value") }
    switch bytes[index] {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "("): return .sizes(try tuple())
    case UInt8(ascii: "["): return .list
    default:
      if takeWord("True") { return .boolean(true) }
      if takeWord("False") { return .boolean(false) }
      throw fault("a text, a tuple, True or False")
    }
  }

  private mutating func text() throws(FileError) -> String {
    skipSpaces()
    guard index < bytes.count, case let quote = bytes[index], quote == 0x27 || quote == 0x22 else {
      throw fault("a quoted text")
    }
    index += 1
    let start = index
    while index < bytes.count, bytes[index] != quote {
      // The names in a header are plain ASCII; anything else cannot be one that is known here.
      guard bytes[index] >= 0x20, bytes[index] < 0x7f, bytes[index] != UInt8(ascii: "\\") else {
        throw fault("plain ASCII text")
      }
      index += 1
    }
    guard index < bytes.count else { throw fault("a closing quotation mark") }
    defer { index += 1 }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private mutating func tuple() throws(FileError) -> [Int] {
    try expect(UInt8(ascii: "("), "'('")
    var values: [Int] = []
    while !take(UInt8(ascii: ")")) {
      values.append(try size())
      if !take(UInt8(ascii: ",")) {
        guard values.count != 1 else { throw fault("',', which makes a tuple of one") }
        try expect(UInt8(ascii: ")"), "',' or ')'")
        break
      }
    }
    return values
  }

  private mutating func size() throws(FileError) -> Int {
    skipSpaces()
    let start = index
    var value = 0
    while index < bytes.count, case let digit = bytes[index], digit >= 0x30 && digit <= 0x39 {
      let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowedAgain) = product.addingReportingOverflow(Int(digit - 0x30))
      if overflowed || overflowedAgain {
        throw FileError(
          .tooLarge, source: source, at: [.byte(baseOffset + start), .key("shape")], expected: "a size below 2^63",
          found: "a larger")
      }
      value = sum
      index += 1
    }
    if index == start { throw fault("a non-negative integer") }
    // Python 2 wrote long integers with a letter.
    _ = take(UInt8(ascii: "L"))
    return value
  }

  private mutating func takeWord(_ word: String) -> Bool {
    guard bytes[index...].starts(with: word.utf8) else { return false }
    index += word.utf8.count
    return true
  }

  private mutating func skipSpaces() {
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x0a || bytes[index] == 0x09 { index += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpaces()
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ byte: UInt8, _ what: String) throws(FileError) {
    if !take(byte) { throw fault(what) }
  }

  private func fault(_ expected: String) -> FileError {
    let found =
      index >= bytes.count
      ? "the end of the header" : FileError.quoted(String(decoding: bytes[index...].prefix(8), as: UTF8.self))
    return FileError(.malformed, source: source, at: [.byte(baseOffset + index)], expected: expected, found: found)
  }
}
