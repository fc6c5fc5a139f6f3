import Files
import Foundation

/// A tensor whose values an ONNX file holds: an initialiser, or the value of an attribute.
public struct ONNXTensor: Sendable, Equatable {
  /// The values, by their type. The types that ONNX has beyond these are an error on reading.
  public enum Values: Sendable, Equatable {
    case float32([Float])
    case float64([Double])
    case int32([Int32])
    case int64([Int64])
    case boolean([Bool])

    /// The number of values.
    public var count: Int {
      switch self {
      case .float32(let values): values.count
      case .float64(let values): values.count
      case .int32(let values): values.count
      case .int64(let values): values.count
      case .boolean(let values): values.count
      }
    }

    /// The format's name for the type.
    public var elementType: ONNXElementType {
      switch self {
      case .float32: .float32
      case .float64: .float64
      case .int32: .int32
      case .int64: .int64
      case .boolean: .boolean
      }
    }
  }

  /// The name by which nodes refer to it; often empty for the value of an attribute.
  public private(set) var name: String
  /// The dimensions, outermost first; empty for a single number.
  public let shape: [Int]
  /// The values in C order; as many as the shape has elements.
  public let values: Values
  /// The file that the tensor came from, for messages; it plays no part in comparisons.
  public let source: String
  /// The type of the elements in the file, where they were widened on reading; it plays no part in
  /// comparisons.
  public let narrowType: ONNXElementType?

  /// A tensor from its parts.
  ///
  /// - Throws: `FileError` if the shape is negative or overflows, or does not have as many
  ///   elements as there are values.
  public init(name: String, shape: [Int], values: Values, source: String = "(in memory)") throws(FileError) {
    guard let count = CheckedSizes.elementCount(shape), count == values.count else {
      throw FileError(
        .malformed, source: source, at: [.tensor(name)], expected: "a shape of \(values.count) elements",
        found: CheckedSizes.text(shape))
    }
    self.name = name
    self.shape = shape
    self.values = values
    self.source = source
    narrowType = nil
  }

  /// The same tensor under another name.
  func named(_ name: String) -> ONNXTensor {
    var tensor = self
    tensor.name = name
    return tensor
  }

  /// The values of a tensor of type FLOAT.
  ///
  /// - Throws: `FileError` of kind `wrongType` for any other type.
  public func floats() throws(FileError) -> [Float] {
    if case .float32(let values) = values { return values }
    throw wrongType(expected: .float32)
  }

  /// The values of a tensor of type INT64; any other type is an error.
  public func int64s() throws(FileError) -> [Int64] {
    if case .int64(let values) = values { return values }
    throw wrongType(expected: .int64)
  }

  /// Whether name, shape and values are the same. As for numbers, NaN differs from itself.
  public static func == (left: ONNXTensor, right: ONNXTensor) -> Bool {
    left.name == right.name && left.shape == right.shape && left.values == right.values
  }

  /// More dimensions than any tensor of a network has.
  private static let greatestRank = 64

  /// Reads a message; `place` is where it stands in the file.
  init(
    reading message: Tombola_Onnx_TensorProto, at place: [FileError.Location], _ source: String
  ) throws(FileError) {
    let place = place + [.tensor(message.name)]
    let type = try ONNXElementType.named(message.dataType, at: place, source)
    if message.dataLocation != .default || !message.externalData.isEmpty {
      throw FileError(
        .unsupported, source: source, at: place, expected: "values inside the file",
        found: "external data, which is kept in another file: read the model from a path, or save it whole")
    }
    if message.hasSegment {
      throw FileError(.unsupported, source: source, at: place, expected: "a whole tensor", found: "a segment of one")
    }
    guard message.dims.count <= Self.greatestRank else {
      throw FileError(
        .unsupported, source: source, at: place, expected: "at most \(Self.greatestRank) dimensions",
        found: "\(message.dims.count)")
    }
    var shape: [Int] = []
    for dimension in message.dims {
      guard let size = Int(exactly: dimension), size >= 0 else {
        throw FileError(
          .malformed, source: source, at: place, expected: "dimensions from 0", found: "\(dimension)")
      }
      shape.append(size)
    }
    guard CheckedSizes.byteCount(shape, bitsPerElement: 64) != nil,
      let count = CheckedSizes.elementCount(shape)
    else {
      throw FileError(
        .tooLarge, source: source, at: place, expected: "a shape below 2^63 bits", found: CheckedSizes.text(shape))
    }
    let stored = Stored(message: message, shape: shape, count: count, type: type, place: place, source: source)
    let values: Values
    switch type {
    case .float32: values = .float32(try stored.values(message.floatData))
    case .float64: values = .float64(try stored.values(message.doubleData))
    case .int32: values = .int32(try stored.values(message.int32Data))
    case .int64: values = .int64(try stored.values(message.int64Data))
    case .boolean: values = .boolean(try stored.booleans())
    case .float16: values = .float32(try stored.patterns(bytes: 2).map { Float(Float16(bitPattern: UInt16($0))) })
    case .bfloat16: values = .float32(try stored.patterns(bytes: 2).map { Float(bitPattern: $0 << 16) })
    case .uint8: values = .int32(try stored.patterns(bytes: 1).map { Int32($0) })
    case .uint16: values = .int32(try stored.patterns(bytes: 2).map { Int32($0) })
    case .int8: values = .int32(try stored.patterns(bytes: 1).map { Int32(Int8(truncatingIfNeeded: $0)) })
    case .int16: values = .int32(try stored.patterns(bytes: 2).map { Int32(Int16(truncatingIfNeeded: $0)) })
    default:
      throw FileError(
        .unsupported, source: source, at: place,
        expected: "values of a floating-point type from 16 bits on, an integer type of 8 to 64 bits, or BOOL",
        found: "\(type)")
    }
    narrowType = type == values.elementType ? nil : type
    name = message.name
    self.shape = shape
    self.values = values
    self.source = source
  }

  /// The tensor as a message, its values as raw bytes.
  var message: Tombola_Onnx_TensorProto {
    var message = Tombola_Onnx_TensorProto()
    message.name = name
    message.dims = shape.map(Int64.init)
    message.dataType = values.elementType.rawValue
    switch values {
    case .float32(let values): message.rawData = ElementCoding.encode(values)
    case .float64(let values): message.rawData = ElementCoding.encode(values)
    case .int32(let values): message.rawData = ElementCoding.encode(values)
    case .int64(let values): message.rawData = ElementCoding.encode(values)
    case .boolean(let values): message.rawData = Data(values.map { $0 ? 1 : 0 })
    }
    return message
  }

  private func wrongType(expected: ONNXElementType) -> FileError {
    FileError(
      .wrongType, source: source, at: [.tensor(name)], expected: "values of type \(expected)",
      found: "\(values.elementType)")
  }
}

/// A message's values, of a shape that has been checked.
private struct Stored {
  let message: Tombola_Onnx_TensorProto
  let shape: [Int]
  /// Elements of the shape; eight times as many do not overflow.
  let count: Int
  let type: ONNXElementType
  let place: [FileError.Location]
  let source: String

  /// The values, from the raw bytes or from the field of their own type.
  func values<Element: StoredElement>(_ typed: [Element]) throws(FileError) -> [Element] {
    let typedCount =
      message.floatData.count + message.doubleData.count + message.int32Data.count + message.int64Data.count
      + message.uint64Data.count + message.stringData.count
    guard typedCount == typed.count, typedCount == 0 || message.rawData.isEmpty else {
      throw FileError(
        .malformed, source: source, at: place, expected: "values in one field, fit for \(type)",
        found: "values in several fields or in another")
    }
    if typedCount > 0 || (count == 0 && message.rawData.isEmpty) {
      guard typed.count == count else { throw wrongSize(count, "values", typed.count) }
      return typed
    }
    let size = count * MemoryLayout<Element>.size
    guard message.rawData.count == size else { throw wrongSize(size, "bytes", message.rawData.count) }
    return ElementCoding.decode(Element.self, from: message.rawData)
  }

  /// The bits of elements of one or two bytes: raw, or a number each in the field of 32-bit
  /// integers.
  func patterns(bytes width: Int) throws(FileError) -> [UInt32] {
    let mask: UInt32 = width == 1 ? 0xff : 0xffff
    if !message.int32Data.isEmpty {
      return try values(message.int32Data).map { UInt32(truncatingIfNeeded: $0) & mask }
    }
    if width == 1 { return try values([UInt8]()).map { UInt32($0) } }
    guard message.rawData.count == 2 * count else {
      if message.rawData.isEmpty { return try values([Int32]()).map { UInt32(truncatingIfNeeded: $0) } }
      throw wrongSize(2 * count, "bytes", message.rawData.count)
    }
    let raw = [UInt8](message.rawData)
    return (0..<count).map { UInt32(raw[2 * $0]) | UInt32(raw[2 * $0 + 1]) << 8 }
  }

  /// BOOL values: a raw byte each, or a number each in the field of 32-bit integers; 0 or 1.
  func booleans() throws(FileError) -> [Bool] {
    let numbers =
      message.int32Data.isEmpty ? try values([UInt8]()).map(Int32.init) : try values(message.int32Data)
    if let wrong = numbers.first(where: { $0 != 0 && $0 != 1 }) {
      throw FileError(.malformed, source: source, at: place, expected: "BOOL values 0 or 1", found: "\(wrong)")
    }
    return numbers.map { $0 == 1 }
  }

  private func wrongSize(_ expected: Int, _ unit: String, _ found: Int) -> FileError {
    FileError(
      expected > found ? .truncated : .oversized, source: source, at: place,
      expected: "\(expected) \(unit) for \(CheckedSizes.text(shape)) of \(type)", found: "\(found)")
  }
}
