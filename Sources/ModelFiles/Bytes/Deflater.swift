import CZlib
import Files
import Foundation

/// Bytes in fewer bytes: a bare deflate stream, as `Inflater` reads it.
enum Deflater {
  /// The whole stream, made by zlib at its best level. Other builds of zlib may choose other bytes
  /// for the same content.
  ///
  /// - Throws: `FileError` of kind `tooLarge` from 2³¹ bytes on.
  static func deflated(_ data: Data, source: String) throws(FileError) -> Data {
    guard data.count < 1 << 31 else {
      throw FileError(.tooLarge, source: source, expected: "fewer than 2^31 bytes to deflate", found: "\(data.count)")
    }
    var stream = z_stream()
    let status = deflateInit2_(
      &stream, Z_BEST_COMPRESSION, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw FileError(.unsupported, source: source, expected: "zlib to start", found: "its error \(status)")
    }
    defer { deflateEnd(&stream) }
    var input = [UInt8](data)
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))))
    let written = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        _ = deflate(&stream, Z_FINISH)
        defer { (stream.next_in, stream.next_out) = (nil, nil) }
        return output.count - Int(stream.avail_out)
      }
    }
    return Data(output[..<written])
  }
}
