import Foundation

/// A position in bytes from a file: reads never leave the bytes, they throw.
package struct ByteCursor {
  /// All the bytes; index 0 is the first.
  package let bytes: Data
  /// The name of the bytes, for messages.
  package let source: String
  /// The offset of the next byte.
  package private(set) var offset: Int
  /// The offset at which reading stops.
  package let end: Int

  /// A cursor over `range` of the bytes, or over all of them. `bytes` must start at index 0, and hold the range.
  package init(_ bytes: Data, source: String, range: Range<Int>? = nil) {
    precondition(bytes.startIndex == 0 && (range?.upperBound ?? 0) <= bytes.count)
    self.bytes = bytes
    self.source = source
    offset = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// How many bytes are left.
  package var remaining: Int { end - offset }

  /// The next `count` bytes, whose role `what` names.
  package mutating func take(_ count: Int, _ what: String) throws(FileError) -> Data {
    try require(count, what)
    defer { offset += count }
    return bytes.subdata(in: offset..<offset + count)
  }

  /// Moves on by `count` bytes, whose role `what` names.
  package mutating func skip(_ count: Int, _ what: String) throws(FileError) {
    try require(count, what)
    offset += count
  }

  /// The next integer, little-endian.
  package mutating func integer<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self, _ what: String
  ) throws(FileError) -> Value {
    let size = MemoryLayout<Value>.size
    try require(size, what)
    var value: Value = 0
    for index in 0..<size {
      value |= Value(truncatingIfNeeded: bytes[offset + index]) << Value(truncatingIfNeeded: 8 * index)
    }
    offset += size
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

extension Data {
  /// The same bytes with index 0 for the first: a slice of other data keeps that data's indices.
  package var rebased: Data { startIndex == 0 ? self : subdata(in: startIndex..<endIndex) }
}
