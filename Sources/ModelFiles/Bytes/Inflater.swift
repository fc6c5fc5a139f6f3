import CZlib
import Files
import Foundation

/// Deflated bytes, inflated a stated number at a time: what comes out is never more than was asked
/// for.
package final class Inflater {
  /// How the deflated bytes are wrapped.
  package enum Wrapping {
    /// Bare, as in a zip archive.
    case none
    /// With gzip's header and checksum, which is verified at the end.
    case gzip
  }

  /// No deflate stream grows by more than this factor: 258 bytes from two bits.
  package static let greatestExpansion = 1032

  /// What more than ``alwaysPlausible`` inflated bytes may have grown by: measured numbers, noisy
  /// as they are, stay far below it, and what unfolds from a few kilobytes into gigabytes is told
  /// before there is room for it.
  package static let plausibleExpansion = 200

  /// Inflated bytes that any stream may have, if it can have them at all: 64 MiB.
  package static let alwaysPlausible = 64 << 20

  private let source: ByteSource
  /// The compressed bytes that are still in the source.
  private var unread: Range<Int>
  /// Compressed bytes taken from the source, and how many of them are used.
  private var piece = Data()
  private var used = 0
  /// At a fixed address: zlib keeps its state there.
  private let stream: UnsafeMutablePointer<z_stream>
  private let inputCount: Int
  private var hasEnded = false
  private var produced = 0

  private static let pieceCount = 1 << 18

  /// Starts at the first byte of `range` of the source.
  package init(_ source: ByteSource, range: Range<Int>, wrapping: Wrapping) throws(FileError) {
    self.source = source
    unread = range
    inputCount = range.count
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let windowBits: Int32 = wrapping == .gzip ? 15 + 16 : -15
    let status = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      // `deinit` runs all the same, and `inflateEnd` accepts a stream that was never started.
      throw FileError(
        .unsupported, source: source.name, expected: "zlib to start", found: "its error \(status)")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// The most bytes that so much input can inflate to, for checking a claimed size.
  package static func greatestOutput(of inputCount: Int) -> Int { times(greatestExpansion, inputCount) }

  /// The most bytes that room is made for, given so much input.
  package static func plausibleOutput(of inputCount: Int) -> Int {
    min(greatestOutput(of: inputCount), max(alwaysPlausible, times(plausibleExpansion, inputCount)))
  }

  private static func times(_ factor: Int, _ count: Int) -> Int {
    let (product, overflow) = count.multipliedReportingOverflow(by: factor)
    return overflow ? Int.max : product
  }

  /// Checks, before room is made for so many bytes in all, that the input may well hold them.
  package func requirePlausible(_ count: Int, _ what: String) throws(FileError) {
    guard count <= Self.plausibleOutput(of: inputCount) else {
      throw FileError(
        .tooLarge, source: source.name,
        expected: "at most \(Self.plausibleOutput(of: inputCount)) bytes of \(inputCount) compressed ones",
        found: "\(what) of \(count) bytes")
    }
  }

  /// The next `count` bytes, whose role `what` names.
  package func take(_ count: Int, _ what: String) throws(FileError) -> Data {
    guard count <= Self.greatestOutput(of: inputCount) else {
      throw FileError(
        .truncated, source: source.name, at: [.byte(produced)], expected: "\(what) (\(count) bytes)",
        found: "\(inputCount) compressed bytes, which cannot hold them")
    }
    try requirePlausible(count, what)
    var output = Data(count: count)
    let written = try inflate(into: &output)
    produced += written
    guard written == count else {
      throw FileError(
        .truncated, source: source.name, at: [.byte(produced)], expected: "\(what) (\(count) bytes)",
        found: hasEnded ? "the end of the compressed stream after \(written)" : "the end of the bytes after \(written)")
    }
    return output
  }

  /// Checks that the stream ends here, with its checksum right, and that no input follows it.
  package func finish() throws(FileError) {
    if !hasEnded {
      var probe = Data(count: 1)
      let written = try inflate(into: &probe)
      guard written == 0 else {
        throw FileError(
          .oversized, source: source.name, at: [.byte(produced)], expected: "the end of the inflated bytes",
          found: "more")
      }
    }
    guard hasEnded else {
      throw FileError(
        .truncated, source: source.name, at: [.byte(produced)], expected: "the end of the compressed stream",
        found: "the end of the bytes")
    }
    let left = unread.count + piece.count - used
    guard left == 0 else {
      throw FileError(
        .oversized, source: source.name, expected: "nothing after the compressed stream", found: "\(left) bytes")
    }
  }

  /// Fills `output` as far as the stream goes; returns the count of bytes written.
  private func inflate(into output: inout Data) throws(FileError) -> Int {
    let capacity = output.count
    var written = 0
    var status = Z_OK
    // Z_BUF_ERROR says that no progress was possible: the input is used up.
    while written < capacity && !hasEnded && status == Z_OK {
      if used == piece.count && !unread.isEmpty {
        let end = min(unread.upperBound, unread.lowerBound + Self.pieceCount)
        piece = try source.bytes(unread.lowerBound..<end)
        (used, unread) = (0, end..<unread.upperBound)
      }
      status = step(&output, &written)
    }
    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
      let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib's error \(status)"
      throw FileError(
        .malformed, source: source.name, at: [.byte(produced + written)], expected: "a valid compressed stream",
        found: reason)
    }
    return written
  }

  /// Inflates from the piece at hand, and returns zlib's status.
  private func step(_ output: inout Data, _ written: inout Int) -> Int32 {
    let start = written
    let (room, available) = (min(output.count - start, 1 << 30), piece.count - used)
    let status = output.withUnsafeMutableBytes { target in
      piece.withUnsafeBytes { bytes in
        if let input = bytes.bindMemory(to: UInt8.self).baseAddress {
          stream.pointee.next_in = UnsafeMutablePointer(mutating: input + used)
        }
        stream.pointee.avail_in = UInt32(available)
        stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress.map { $0 + start }
        stream.pointee.avail_out = UInt32(room)
        defer { (stream.pointee.next_in, stream.pointee.next_out) = (nil, nil) }
        return CZlib.inflate(stream, Z_NO_FLUSH)
      }
    }
    used += available - Int(stream.pointee.avail_in)
    written += room - Int(stream.pointee.avail_out)
    if status == Z_STREAM_END { hasEnded = true }
    return status
  }
}

/// The checksum that zip archives carry.
package enum CyclicRedundancyCheck {
  /// CRC-32 of `data`, behind bytes whose checksum is `previous`.
  package static func of(_ data: Data, after previous: UInt32 = 0) -> UInt32 {
    data.withUnsafeBytes { bytes in
      guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return previous }
      return UInt32(truncatingIfNeeded: crc32_z(UInt(previous), start, bytes.count))
    }
  }
}
