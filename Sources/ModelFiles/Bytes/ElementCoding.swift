import Foundation

/// A number that files store as a fixed count of little-endian bytes.
package protocol StoredElement: BitwiseCopyable, Sendable {
  /// The same number with its bytes in the other order.
  var withReversedBytes: Self { get }
}

extension StoredElement where Self: FixedWidthInteger {
  package var withReversedBytes: Self { byteSwapped }
}

extension Int8: StoredElement {}
extension UInt8: StoredElement {}
extension Int16: StoredElement {}
extension UInt16: StoredElement {}
extension Int32: StoredElement {}
extension UInt32: StoredElement {}
extension Int64: StoredElement {}
extension UInt64: StoredElement {}
extension Float: StoredElement {
  package var withReversedBytes: Float { Float(bitPattern: bitPattern.byteSwapped) }
}
extension Double: StoredElement {
  package var withReversedBytes: Double { Double(bitPattern: bitPattern.byteSwapped) }
}

/// Little-endian bytes ↔ arrays of numbers, bit for bit.
package enum ElementCoding {
  /// The numbers in `bytes`. Bytes after the last whole number are not read: callers have checked
  /// the size.
  package static func decode<Element: StoredElement>(_ type: Element.Type, from bytes: Data) -> [Element] {
    let stride = MemoryLayout<Element>.stride
    let count = bytes.count / stride
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      if count > 0 {
        let raw = UnsafeMutableRawBufferPointer(buffer)
        _ = bytes.copyBytes(to: raw, count: count * stride)
      }
      initializedCount = count
    }
    #if _endian(big)
      return values.map(\.withReversedBytes)
    #else
      return values
    #endif
  }

  /// The bytes of `values`.
  package static func encode<Element: StoredElement>(_ values: [Element]) -> Data {
    #if _endian(big)
      return values.map(\.withReversedBytes).withUnsafeBytes { Data($0) }
    #else
      return values.withUnsafeBytes { Data($0) }
    #endif
  }

  /// `bytes` with the order of the bytes in each group of `size` reversed.
  package static func reversingBytes(of bytes: Data, inGroupsOf size: Int) -> Data {
    if size < 2 { return bytes }
    var result = bytes.rebased
    result.withUnsafeMutableBytes { buffer in
      var start = 0
      while start + size <= buffer.count {
        for index in 0..<size / 2 { buffer.swapAt(start + index, start + size - 1 - index) }
        start += size
      }
    }
    return result
  }
}
