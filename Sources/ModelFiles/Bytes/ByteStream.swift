import Files
import Foundation

/// Bytes in order, each once: a part of a source as it is, or what it inflates to.
///
/// What is held is what was asked for, and of compressed bytes a piece.
package final class ByteStream {
  /// How the bytes lie in the source.
  package enum Encoding {
    case plain
    case deflated
    case gzipped
  }

  /// The name of the source, for messages.
  package let name: String
  /// How many bytes have been taken.
  package private(set) var position = 0
  /// CRC-32 of the bytes taken so far, and what it is to be after the last; nil where nobody says.
  private var checksum: UInt32 = 0
  private let expectedChecksum: UInt32?
  private let source: ByteSource
  private let range: Range<Int>
  /// Nil for bytes that lie in the source as they are.
  private let inflater: Inflater?

  /// Starts at the first byte of `range`, or of the whole source.
  ///
  /// - Parameters:
  ///   - source: where the bytes are.
  ///   - range: which of them; nil for all.
  ///   - encoding: how they are packed.
  ///   - checksum: CRC-32 of all bytes, once inflated.
  package init(
    _ source: ByteSource, range: Range<Int>? = nil, encoding: Encoding = .plain, checksum: UInt32? = nil
  ) throws(FileError) {
    name = source.name
    expectedChecksum = checksum
    self.source = source
    self.range = range ?? 0..<source.count
    switch encoding {
    case .plain: inflater = nil
    case .deflated: inflater = try Inflater(source, range: self.range, wrapping: .none)
    case .gzipped: inflater = try Inflater(source, range: self.range, wrapping: .gzip)
    }
  }

  /// How many bytes are left; nil for compressed bytes, which only inflating tells.
  package var remaining: Int? { inflater == nil ? range.count - position : nil }

  /// Checks, before room is made for the next `count` bytes, that a stream of this size may well
  /// hold them.
  package func require(_ count: Int, _ what: String) throws(FileError) {
    try inflater?.requirePlausible(count, what)
  }

  /// The next `count` bytes, whose role `what` names.
  package func take(_ count: Int, _ what: String) throws(FileError) -> Data {
    let data: Data
    if let inflater {
      data = try inflater.take(count, what)
    } else {
      let start = range.lowerBound + position
      guard count >= 0, count <= range.upperBound - start else {
        throw FileError(
          .truncated, source: name, at: [.byte(start)], expected: "\(what) (\(count) bytes)",
          found: "\(range.upperBound - start) bytes")
      }
      data = try source.bytes(start..<start + count)
    }
    position += count
    if expectedChecksum != nil { checksum = CyclicRedundancyCheck.of(data, after: checksum) }
    return data
  }

  /// Checks that nothing is left, and the checksum where there is one.
  package func finish() throws(FileError) {
    try inflater?.finish()
    if let remaining, remaining != 0 {
      throw FileError(
        .oversized, source: name, at: [.byte(range.lowerBound + position)], expected: "the end of the bytes",
        found: "\(remaining) more")
    }
    guard expectedChecksum == nil || expectedChecksum == checksum else {
      throw FileError(
        .malformed, source: name,
        expected: "bytes with the checksum \(String(expectedChecksum ?? 0, radix: 16))",
        found: String(checksum, radix: 16))
    }
  }
}
