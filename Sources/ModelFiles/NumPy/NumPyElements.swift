import Files
import Foundation

/// The elements of an array in a file, a run at a time: what has been read is not held.
final class NumPyElements {
  /// What the array's header says; its size has been checked against the bytes that there are.
  let header: NumPyHeader
  private let stream: ByteStream

  /// The file, for messages.
  var source: String { stream.name }

  /// Reads the header.
  ///
  /// - Parameters:
  ///   - stream: at the start of an npy file.
  ///   - byteCount: the length of that file.
  init(_ stream: ByteStream, byteCount: Int) throws(FileError) {
    header = try NumPyHeader(reading: stream)
    try header.require(dataCount: byteCount - header.dataStart, stream.name)
    self.stream = stream
  }

  /// Whether elements lie in the file as they do in memory: little-endian and in C order.
  var areInOrder: Bool { !header.isBigEndian && !header.isFortranOrder }

  /// Checks that all elements are of a size that the file may well hold, before there is room for
  /// them.
  func requirePlausible() throws(FileError) { try stream.require(header.byteCount, "elements") }

  /// The bytes of all elements not read yet, as they lie in the file; the stream is checked.
  func rest() throws(FileError) -> Data {
    let data = try stream.take(header.byteCount - (stream.position - header.dataStart), "the elements")
    try stream.finish()
    return data
  }

  /// Calls `body` with all elements in C order, `count` at a time; the last time there may be
  /// fewer.
  ///
  /// Elements must be of the stored type. Arrays in another order are read whole first.
  func forEachRun<Element: StoredElement>(
    of count: Int, _ type: Element.Type, _ body: ([Element]) throws(FileError) -> Void
  ) throws(FileError) {
    let size = MemoryLayout<Element>.size
    let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, count > 0 else {
      throw FileError(.tooLarge, source: source, expected: "a run of elements that fits", found: "\(count)")
    }
    guard areInOrder else {
      let array = try NumPyArray(reading: self).bytes
      var start = 0
      while start < array.count {
        let end = min(array.count, start + bytes)
        try body(ElementCoding.decode(type, from: array.subdata(in: start..<end)))
        start = end
      }
      return
    }
    var left = header.byteCount
    while left > 0 {
      let data = try stream.take(min(left, bytes), "the elements")
      try body(ElementCoding.decode(type, from: data))
      left -= data.count
    }
    try stream.finish()
  }
}
