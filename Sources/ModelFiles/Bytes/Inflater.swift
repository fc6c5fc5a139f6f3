import CZlib
import Foundation

/// Deflated bytes, inflated a stated number at a time: what comes out is never more than was asked for.
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

  private let input: Data
  private let source: String
  /// At a fixed address: zlib keeps a pointer to it.
  private let stream: UnsafeMutablePointer<z_stream>
  private var position = 0
  private var hasEnded = false
  private var produced = 0

  /// Starts at the first byte of `input`, a part of what `source` names.
  package init(_ input: Data, wrapping: Wrapping, source: String) throws(FileError) {
    self.input = input.rebased
    self.source = source
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let windowBits: Int32 = wrapping == .gzip ? 15 + 16 : -15
    let status = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      // `deinit` runs all the same, and `inflateEnd` accepts a stream that was never started.
      throw FileError(.unsupported, source: source, expected: "zlib to start", found: "its error \(status)")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// The most bytes that the whole input can inflate to, for checking a claimed size before room is made for it.
  package static func greatestOutput(of inputCount: Int) -> Int {
    let (product, overflow) = inputCount.multipliedReportingOverflow(by: greatestExpansion)
    return overflow ? Int.max : product
  }

  /// The next `count` bytes, whose role `what` names.
  package func take(_ count: Int, _ what: String) throws(FileError) -> Data {
    guard count <= Self.greatestOutput(of: input.count) else {
      throw FileError(
        .truncated, source: source, at: [.byte(produced)], expected: "\(what) (\(count) bytes)",
        found: "\(input.count) compressed bytes, which cannot hold them")
    }
    var output = Data(count: count)
    let written = try inflate(into: &output)
    produced += written
    guard written == count else {
      throw FileError(
        .truncated, source: source, at: [.byte(produced)], expected: "\(what) (\(count) bytes)",
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
          .oversized, source: source, at: [.byte(produced)], expected: "the end of the inflated bytes", found: "more")
      }
    }
    guard hasEnded else {
      throw FileError(
        .truncated, source: source, at: [.byte(produced)], expected: "the end of the compressed stream",
        found: "the end of the bytes")
    }
    guard position == input.count else {
      throw FileError(
        .oversized, source: source, expected: "nothing after the compressed stream",
        found: "\(input.count - position) bytes")
    }
  }

  /// Fills `output` as far as the stream goes; returns the count of bytes written.
  private func inflate(into output: inout Data) throws(FileError) -> Int {
    let capacity = output.count
    var written = 0
    var status = Z_OK
    output.withUnsafeMutableBytes { target in
      input.withUnsafeBytes { bytes in
        while written < capacity && !hasEnded && status == Z_OK {
          let room = min(capacity - written, 1 << 30)
          let available = min(bytes.count - position, 1 << 30)
          if let start = bytes.bindMemory(to: UInt8.self).baseAddress {
            stream.pointee.next_in = UnsafeMutablePointer(mutating: start + position)
          }
          stream.pointee.avail_in = UInt32(available)
          stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress! + written
          stream.pointee.avail_out = UInt32(room)
          status = CZlib.inflate(stream, Z_NO_FLUSH)
          position += available - Int(stream.pointee.avail_in)
          written += room - Int(stream.pointee.avail_out)
          if status == Z_STREAM_END { hasEnded = true }
        }
      }
    }
    stream.pointee.next_in = nil
    stream.pointee.next_out = nil
    // Z_BUF_ERROR says that no progress was possible: the input is used up.
    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
      let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib's error \(status)"
      throw FileError(
        .malformed, source: source, at: [.byte(produced + written)], expected: "a valid compressed stream",
        found: reason)
    }
    return written
  }
}

/// The checksum that zip archives carry.
package enum CyclicRedundancyCheck {
  /// CRC-32 of `data`.
  package static func of(_ data: Data) -> UInt32 {
    data.withUnsafeBytes { bytes in
      guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return 0 }
      return UInt32(truncatingIfNeeded: crc32_z(0, start, bytes.count))
    }
  }
}
