import Files
import Foundation

/// An array in the IDX format, in which MNIST and its relatives are published; gzipped or not.
public struct IDXFile: Sendable, Equatable {
  /// The element types of the format, by their codes.
  public enum ElementType: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    case uint8 = 0x08
    case int8 = 0x09
    case int16 = 0x0b
    case int32 = 0x0c
    case float32 = 0x0d
    case float64 = 0x0e

    /// The size of one element in bytes.
    public var size: Int {
      switch self {
      case .uint8, .int8: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }

    public var description: String {
      switch self {
      case .uint8: "uint8"
      case .int8: "int8"
      case .int16: "int16"
      case .int32: "int32"
      case .float32: "float32"
      case .float64: "float64"
      }
    }
  }

  /// The type of the elements.
  public let elementType: ElementType
  /// The sizes, outermost first: images, rows, columns for a set of images.
  public let dimensions: [Int]
  /// The elements in C order and little-endian (in a file they are big-endian); index 0 is the
  /// first byte.
  public let bytes: Data
  /// The file that the array came from, for messages; it plays no part in comparisons.
  public let source: String

  /// An array of raw bytes.
  ///
  /// - Throws: `FileError` if a dimension does not fit the format, or the size is not that of
  ///   `bytes`.
  public init(
    elementType: ElementType, dimensions: [Int], bytes: Data, source: String = "(in memory)"
  ) throws(FileError) {
    guard dimensions.count <= 255, dimensions.allSatisfy({ $0 >= 0 && $0 <= Int(UInt32.max) }) else {
      throw FileError(
        .unsupported, source: source, expected: "at most 255 dimensions from 0 to 2^32 - 1",
        found: CheckedSizes.text(dimensions))
    }
    let size = try Self.size(of: elementType, dimensions, source)
    guard size == bytes.count else {
      throw Self.wrongSize(size, elementType, dimensions, found: bytes.count, at: [], source)
    }
    self.elementType = elementType
    self.dimensions = dimensions
    self.bytes = bytes.rebased
    self.source = source
  }

  /// Reads the file at `path`.
  public init(path: String) throws(FileError) { try self.init(reading: ByteSource(path: path)) }

  /// Reads the first entries along the outermost dimension, as the first images of a set.
  ///
  /// What lies behind them is not inflated, so neither it nor the checksum is verified. The
  /// dimensions at the start are, against the size of a file that is not compressed.
  ///
  /// - Parameter count: the most entries to read.
  /// - Throws: `FileError`.
  public init(path: String, first count: Int) throws(FileError) {
    try self.init(reading: ByteSource(path: path), first: max(0, count))
  }

  /// Reads a whole file from its bytes. Gzipped bytes are told by their first two; they are
  /// inflated no further than the dimensions at their start demand, and their checksum is verified.
  ///
  /// - Throws: `FileError`.
  public init(bytes: Data, source: String) throws(FileError) {
    try self.init(reading: ByteSource(bytes, name: source))
  }

  /// The elements of a file of type uint8.
  ///
  /// - Throws: `FileError` of kind `wrongType` for any other type.
  public func uint8s() throws(FileError) -> [UInt8] {
    guard elementType == .uint8 else {
      throw FileError(.wrongType, source: source, expected: "elements of type uint8", found: "\(elementType)")
    }
    return [UInt8](bytes)
  }

  /// The bytes of an IDX file, not compressed.
  public func serialized() -> Data {
    var data = Data([0, 0, elementType.rawValue, UInt8(dimensions.count)])
    data.append(ElementCoding.encode(dimensions.map { UInt32($0).byteSwapped }))
    data.append(ElementCoding.reversingBytes(of: bytes, inGroupsOf: elementType.size))
    return data
  }

  /// Whether type, dimensions and bytes are the same.
  public static func == (left: IDXFile, right: IDXFile) -> Bool {
    left.elementType == right.elementType && left.dimensions == right.dimensions && left.bytes == right.bytes
  }

  private init(reading source: ByteSource, first count: Int = .max) throws(FileError) {
    let header = try Self.header(of: source)
    let type = header.elementType
    var dimensions = header.dimensions
    let isPart = dimensions.first.map { count < $0 } ?? false
    if isPart {
      try header.stream.require(
        try Self.size(of: type, dimensions, source.name), "\(CheckedSizes.text(dimensions)) elements of \(type)")
      dimensions[0] = count
    }
    let elements = try header.stream.take(
      try Self.size(of: type, dimensions, source.name), "\(CheckedSizes.text(dimensions)) elements of \(type)")
    if !isPart { try header.stream.finish() }
    try self.init(
      elementType: type, dimensions: dimensions,
      bytes: ElementCoding.reversingBytes(of: elements, inGroupsOf: type.size), source: source.name)
  }

  /// What the start of a file says, checked against the file's size where that is known without
  /// inflating it, and the stream that goes on with the elements.
  static func header(
    of source: ByteSource
  ) throws(FileError) -> (elementType: ElementType, dimensions: [Int], stream: ByteStream) {
    let start = try source.bytes(0..<min(2, source.count))
    let stream = try ByteStream(source, encoding: start.elementsEqual([0x1f, 0x8b]) ? .gzipped : .plain)
    let (type, rank) = try typeAndRank(try stream.take(4, "the mark of an IDX file"), source.name)
    let dimensions = dimensions(try stream.take(4 * rank, "the dimensions"))
    let size = try size(of: type, dimensions, source.name)
    if let remaining = stream.remaining, remaining != size {
      throw wrongSize(size, type, dimensions, found: remaining, at: [.byte(stream.position)], source.name)
    }
    return (type, dimensions, stream)
  }

  private static func typeAndRank(_ mark: Data, _ source: String) throws(FileError) -> (ElementType, rank: Int) {
    guard mark[0] == 0, mark[1] == 0 else {
      throw FileError(
        .malformed, source: source, at: [.byte(0)], expected: "the mark of an IDX file, two zero bytes",
        found: "\(mark[0]) and \(mark[1])")
    }
    guard let type = ElementType(rawValue: mark[2]) else {
      throw FileError(
        .malformed, source: source, at: [.byte(2)],
        expected: "a type code among \(ElementType.allCases.map { String($0.rawValue) }.joined(separator: " "))",
        found: "\(mark[2])")
    }
    return (type, Int(mark[3]))
  }

  private static func dimensions(_ bytes: Data) -> [Int] {
    ElementCoding.decode(UInt32.self, from: bytes).map { Int($0.byteSwapped) }
  }

  private static func size(of type: ElementType, _ dimensions: [Int], _ source: String) throws(FileError) -> Int {
    guard let size = CheckedSizes.byteCount(dimensions, bitsPerElement: 8 * type.size) else {
      throw FileError(
        .tooLarge, source: source, at: [.byte(4)], expected: "dimensions below 2^63 bits",
        found: "\(CheckedSizes.text(dimensions)) of \(type)")
    }
    return size
  }

  private static func wrongSize(
    _ size: Int, _ type: ElementType, _ dimensions: [Int], found: Int, at place: [FileError.Location], _ source: String
  ) -> FileError {
    FileError(
      size > found ? .truncated : .oversized, source: source, at: place,
      expected: "\(size) bytes for \(CheckedSizes.text(dimensions)) of \(type)", found: "\(found)")
  }
}
