import Files
import Foundation

/// One tensor of a safetensors file: a name, a type, a shape, and bytes in C order, little-endian.
public struct SafetensorsTensor: Sendable, Equatable {
  /// The tensor's name.
  public let name: String
  /// The type of the elements; the format calls it dtype.
  public let dtype: SafetensorsElementType
  /// The dimensions, outermost first; empty for a single number.
  public let shape: [Int]
  /// The elements; exactly as many bytes as type and shape take, from index 0.
  public let bytes: Data
  /// The file that the tensor came from, for messages; it plays no part in comparisons.
  public let source: String

  /// A tensor of raw bytes.
  ///
  /// - Throws: `FileError` if the shape is negative or overflows, or its size is not that of
  ///   `bytes`.
  public init(
    name: String, dtype: SafetensorsElementType, shape: [Int], bytes: Data, source: String = "(in memory)"
  ) throws(FileError) {
    guard let size = CheckedSizes.byteCount(shape, bitsPerElement: dtype.bits) else {
      throw FileError(
        .tooLarge, source: source, at: [.tensor(name)], expected: "a shape of whole bytes below 2^63 bits",
        found: "\(CheckedSizes.text(shape)) of \(dtype)")
    }
    guard size == bytes.count else {
      throw FileError(
        size > bytes.count ? .truncated : .oversized, source: source, at: [.tensor(name)],
        expected: "\(size) bytes for \(CheckedSizes.text(shape)) of \(dtype)", found: "\(bytes.count)")
    }
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes.rebased
    self.source = source
  }

  /// A tensor of type F32.
  public init(name: String, shape: [Int], floats: [Float]) throws(FileError) {
    try self.init(name: name, dtype: .float32, shape: shape, bytes: ElementCoding.encode(floats))
  }

  /// A tensor of type F64.
  public init(name: String, shape: [Int], doubles: [Double]) throws(FileError) {
    try self.init(name: name, dtype: .float64, shape: shape, bytes: ElementCoding.encode(doubles))
  }

  /// A tensor of type U8.
  public init(name: String, shape: [Int], uint8s: [UInt8]) throws(FileError) {
    try self.init(name: name, dtype: .uint8, shape: shape, bytes: Data(uint8s))
  }

  /// A tensor of type I32.
  public init(name: String, shape: [Int], int32s: [Int32]) throws(FileError) {
    try self.init(name: name, dtype: .int32, shape: shape, bytes: ElementCoding.encode(int32s))
  }

  /// A tensor of type U32.
  public init(name: String, shape: [Int], uint32s: [UInt32]) throws(FileError) {
    try self.init(name: name, dtype: .uint32, shape: shape, bytes: ElementCoding.encode(uint32s))
  }

  /// A tensor of type I64.
  public init(name: String, shape: [Int], int64s: [Int64]) throws(FileError) {
    try self.init(name: name, dtype: .int64, shape: shape, bytes: ElementCoding.encode(int64s))
  }

  /// A tensor of type U64.
  public init(name: String, shape: [Int], uint64s: [UInt64]) throws(FileError) {
    try self.init(name: name, dtype: .uint64, shape: shape, bytes: ElementCoding.encode(uint64s))
  }

  /// The number of elements.
  public var count: Int { bytes.count * 8 / dtype.bits }

  /// The elements of a tensor of type F32.
  ///
  /// - Throws: `FileError` of kind `wrongType` for any other type. No accessor converts.
  public func floats() throws(FileError) -> [Float] { try elements(.float32) }

  /// The elements of a tensor of type F64; any other type is an error.
  public func doubles() throws(FileError) -> [Double] { try elements(.float64) }

  /// The elements of a tensor of type U8; any other type is an error.
  public func uint8s() throws(FileError) -> [UInt8] { try elements(.uint8) }

  /// The elements of a tensor of type I32; any other type is an error.
  public func int32s() throws(FileError) -> [Int32] { try elements(.int32) }

  /// The elements of a tensor of type U32; any other type is an error.
  public func uint32s() throws(FileError) -> [UInt32] { try elements(.uint32) }

  /// The elements of a tensor of type I64; any other type is an error.
  public func int64s() throws(FileError) -> [Int64] { try elements(.int64) }

  /// The elements of a tensor of type U64; any other type is an error.
  public func uint64s() throws(FileError) -> [UInt64] { try elements(.uint64) }

  /// Whether name (byte for byte), type, shape and bytes are the same.
  public static func == (left: SafetensorsTensor, right: SafetensorsTensor) -> Bool {
    left.name.utf8.elementsEqual(right.name.utf8) && left.dtype == right.dtype && left.shape == right.shape
      && left.bytes == right.bytes
  }

  private func elements<Element: StoredElement>(
    _ wanted: SafetensorsElementType, as type: Element.Type = Element.self
  ) throws(FileError) -> [Element] {
    guard dtype == wanted else {
      throw FileError(
        .wrongType, source: source, at: [.tensor(name)], expected: "elements of type \(wanted)", found: "\(dtype)")
    }
    return ElementCoding.decode(type, from: bytes)
  }
}
