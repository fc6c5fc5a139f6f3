import Files
import Foundation

/// A NumPy array of numbers: the content of an npy file.
public struct NumPyArray: Sendable, Equatable {
  /// The type of the elements.
  public let elementType: NumPyElementType
  /// The dimensions, outermost first; empty for a single number.
  public let shape: [Int]
  /// The elements in C order, little-endian, whatever the file's order was; index 0 is the first
  /// byte.
  public let bytes: Data
  /// The file that the array came from, for messages; it plays no part in comparisons.
  public let source: String

  /// An array of raw bytes.
  ///
  /// - Throws: `FileError` if the shape is negative, overflows or has more than 64 dimensions, or
  ///   its size is not that of `bytes`.
  public init(
    elementType: NumPyElementType, shape: [Int], bytes: Data, source: String = "(in memory)"
  ) throws(FileError) {
    guard shape.count <= NumPyHeader.greatestRank else {
      throw FileError(
        .unsupported, source: source, expected: "at most \(NumPyHeader.greatestRank) dimensions",
        found: "\(shape.count)")
    }
    let size = try Self.size(of: elementType, shape, source)
    guard size == bytes.count else {
      throw FileError(
        size > bytes.count ? .truncated : .oversized, source: source,
        expected: "\(size) bytes for \(CheckedSizes.text(shape)) of \(elementType)", found: "\(bytes.count)")
    }
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes.rebased
    self.source = source
  }

  /// An array of type f4.
  public init(shape: [Int], floats: [Float]) throws(FileError) {
    try self.init(elementType: .float32, shape: shape, bytes: ElementCoding.encode(floats))
  }

  /// An array of type f8.
  public init(shape: [Int], doubles: [Double]) throws(FileError) {
    try self.init(elementType: .float64, shape: shape, bytes: ElementCoding.encode(doubles))
  }

  /// An array of type u1.
  public init(shape: [Int], uint8s: [UInt8]) throws(FileError) {
    try self.init(elementType: .uint8, shape: shape, bytes: Data(uint8s))
  }

  /// An array of type i4.
  public init(shape: [Int], int32s: [Int32]) throws(FileError) {
    try self.init(elementType: .int32, shape: shape, bytes: ElementCoding.encode(int32s))
  }

  /// An array of type u4.
  public init(shape: [Int], uint32s: [UInt32]) throws(FileError) {
    try self.init(elementType: .uint32, shape: shape, bytes: ElementCoding.encode(uint32s))
  }

  /// An array of type i8.
  public init(shape: [Int], int64s: [Int64]) throws(FileError) {
    try self.init(elementType: .int64, shape: shape, bytes: ElementCoding.encode(int64s))
  }

  /// Reads the npy file at `path`.
  public init(path: String) throws(FileError) { try self.init(reading: ByteSource(path: path)) }

  /// Reads a whole npy file, of version 1, 2 or 3, from its bytes. Big-endian elements and Fortran
  /// order are converted.
  ///
  /// - Throws: `FileError`; for arrays of Python objects too, since pickles are never read.
  public init(bytes: Data, source: String) throws(FileError) {
    try self.init(reading: ByteSource(bytes, name: source))
  }

  private init(reading source: ByteSource) throws(FileError) {
    let elements = try NumPyElements(ByteStream(source), byteCount: source.count)
    try self.init(reading: elements)
  }

  /// Reads all elements.
  init(reading elements: NumPyElements) throws(FileError) {
    let header = elements.header
    let source = elements.source
    var bytes = try elements.rest()
    if header.isBigEndian {
      bytes = ElementCoding.reversingBytes(of: bytes, inGroupsOf: header.elementType.size)
    }
    if header.isFortranOrder {
      bytes = Self.inCOrder(bytes, shape: header.shape, elementSize: header.elementType.size)
    }
    if header.elementType == .boolean, let index = bytes.firstIndex(where: { $0 > 1 }) {
      throw FileError(
        .malformed, source: source, at: [.byte(header.dataStart)], expected: "booleans of 0 or 1",
        found: "\(bytes[index])")
    }
    try self.init(elementType: header.elementType, shape: header.shape, bytes: bytes, source: source)
  }

  /// The bytes of an npy file: C order, little-endian. The same array gives the same bytes.
  public func serialized() -> Data {
    NumPyHeader.bytes(elementType: elementType, shape: shape) + bytes
  }

  /// The number of elements.
  public var count: Int { bytes.count / elementType.size }

  /// The elements of an array of type f4.
  ///
  /// - Throws: `FileError` of kind `wrongType` for any other type. Only ``integers()`` converts.
  public func floats() throws(FileError) -> [Float] { try elements(.float32) }

  /// The elements of an array of type f8; any other type is an error.
  public func doubles() throws(FileError) -> [Double] { try elements(.float64) }

  /// The elements of an array of type u1; any other type is an error.
  public func uint8s() throws(FileError) -> [UInt8] { try elements(.uint8) }

  /// The elements of an array of type i4; any other type is an error.
  public func int32s() throws(FileError) -> [Int32] { try elements(.int32) }

  /// The elements of an array of type u4; any other type is an error.
  public func uint32s() throws(FileError) -> [UInt32] { try elements(.uint32) }

  /// The elements of an array of type i8; any other type is an error.
  public func int64s() throws(FileError) -> [Int64] { try elements(.int64) }

  /// The elements of an array of type b1; any other type is an error.
  public func booleans() throws(FileError) -> [Bool] {
    try requireType(.boolean)
    return bytes.map { $0 != 0 }
  }

  /// The elements of an array of any integer type, as `Int`.
  ///
  /// - Throws: `FileError` if the elements are not integers, or one of type u8 exceeds `Int`.
  public func integers() throws(FileError) -> [Int] {
    switch elementType {
    case .int8: return ElementCoding.decode(Int8.self, from: bytes).map(Int.init)
    case .uint8: return bytes.map(Int.init)
    case .int16: return ElementCoding.decode(Int16.self, from: bytes).map(Int.init)
    case .uint16: return ElementCoding.decode(UInt16.self, from: bytes).map(Int.init)
    case .int32: return ElementCoding.decode(Int32.self, from: bytes).map(Int.init)
    case .uint32: return ElementCoding.decode(UInt32.self, from: bytes).map(Int.init)
    case .int64: return ElementCoding.decode(Int64.self, from: bytes).map(Int.init)
    case .uint64:
      let values = ElementCoding.decode(UInt64.self, from: bytes)
      if let value = values.first(where: { $0 > UInt64(Int.max) }) {
        throw FileError(.tooLarge, source: source, expected: "integers below 2^63", found: "\(value)")
      }
      return values.map(Int.init)
    case .boolean, .float32, .float64:
      throw FileError(.wrongType, source: source, expected: "elements of an integer type", found: "\(elementType)")
    }
  }

  /// Whether type, shape and bytes are the same.
  public static func == (left: NumPyArray, right: NumPyArray) -> Bool {
    left.elementType == right.elementType && left.shape == right.shape && left.bytes == right.bytes
  }

  private func elements<Element: StoredElement>(
    _ wanted: NumPyElementType, as type: Element.Type = Element.self
  ) throws(FileError) -> [Element] {
    try requireType(wanted)
    return ElementCoding.decode(type, from: bytes)
  }

  private func requireType(_ wanted: NumPyElementType) throws(FileError) {
    guard elementType == wanted else {
      throw FileError(.wrongType, source: source, expected: "elements of type \(wanted)", found: "\(elementType)")
    }
  }

  private static func size(
    of elementType: NumPyElementType, _ shape: [Int], _ source: String
  ) throws(FileError) -> Int {
    guard let size = CheckedSizes.byteCount(shape, bitsPerElement: 8 * elementType.size) else {
      throw FileError(
        .tooLarge, source: source, expected: "a shape below 2^63 bits",
        found: "\(CheckedSizes.text(shape)) of \(elementType)")
    }
    return size
  }

  /// Elements stored with the first index fastest, as elements with the last index fastest.
  private static func inCOrder(_ elements: Data, shape: [Int], elementSize: Int) -> Data {
    guard !elements.isEmpty, shape.count > 1 else { return elements }
    var strides: [Int] = []
    var stride = elementSize
    for dimension in shape {
      strides.append(stride)
      stride *= dimension
    }
    var result = Data(count: elements.count)
    result.withUnsafeMutableBytes { (target: UnsafeMutableRawBufferPointer) in
      elements.withUnsafeBytes { (origin: UnsafeRawBufferPointer) in
        var index = [Int](repeating: 0, count: shape.count)
        var from = 0
        var to = 0
        while to < target.count {
          for byte in 0..<elementSize { target[to + byte] = origin[from + byte] }
          to += elementSize
          var axis = shape.count - 1
          while axis >= 0 {
            index[axis] += 1
            from += strides[axis]
            if index[axis] < shape[axis] { break }
            from -= strides[axis] * shape[axis]
            index[axis] = 0
            axis -= 1
          }
        }
      }
    }
    return result
  }
}
