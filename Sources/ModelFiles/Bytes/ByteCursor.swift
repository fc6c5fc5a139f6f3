import Files
import Foundation

/// A position in bytes from a file: reads never leave the bytes, they throw.
package struct ByteCursor {
  private let bytes: Data
  /// The name of the bytes, for messages.
  package let source: String
  /// The offset in the file of the first of the bytes.
  private let baseOffset: Int
  private var index = 0

  /// A cursor over `bytes`, which lie at `baseOffset` in what `source` names.
  package init(_ bytes: Data, source: String, baseOffset: Int = 0) {
    self.bytes = bytes.rebased
    self.source = source
    self.baseOffset = baseOffset
  }

  /// The offset in the file of the next byte.
  package var offset: Int { baseOffset + index }

  /// How many bytes are left.
  package var remaining: Int { bytes.count - index }

  /// The next `count` bytes, whose role `what` names.
  package mutating func take(_ count: Int, _ what: String) throws(FileError) -> Data {
    try require(count, what)
    defer { index += count }
    return bytes.subdata(in: index..<index + count)
  }

  /// Moves on by `count` bytes, whose role `what` names.
  package mutating func skip(_ count: Int, _ what: String) throws(FileError) {
    try require(count, what)
    index += count
  }

  /// The next integer, little-endian.
  package mutating func integer<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self, _ what: String
  ) throws(FileError) -> Value {
    let size = MemoryLayout<Value>.size
    try require(size, what)
    var value: Value = 0
    for position in 0..<size {
      value |= Value(truncatingIfNeeded: bytes[index + position]) << Value(truncatingIfNeeded: 8 * position)
    }
    index += size
    return value
  }

  /// The next integer, little-endian and unsigned, as a size.
  package mutating func size<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type, _ what: String
  ) throws(FileError) -> Int {
    let start = offset
    let value = try integer(type, what)
    guard let size = Int(exactly: value) else {
      throw FileError(
        .tooLarge, source: source, at: [.byte(start)], expected: "\(what) below 2^63", found: "\(value)")
    }
    return size
  }

  private func require(_ count: Int, _ what: String) throws(FileError) {
    if count < 0 || count > remaining {
      throw FileError(
        .truncated, source: source, at: [.byte(offset)], expected: "\(what) (\(count) bytes)",
        found: "\(remaining) bytes")
    }
  }
}
