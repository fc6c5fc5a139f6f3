import LinearAlgebra

/// The shape of one image or activation map: height × width × channels.
public struct ImageShape: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int
  /// Numbers a pixel.
  public var channels: Int

  /// A shape of given sizes, which are not checked here.
  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Pixels: height · width.
  public var pixels: Int { height * width }
  /// Entries: height · width · channels.
  public var count: Int { height * width * channels }

  public var description: String { "\(height) × \(width) × \(channels)" }
}

/// A batch of images or activation maps, NHWC: entry (n, h, w, c) at ((n·H + h)·W + w)·C + c.
public struct Tensor<Scalar: BLASScalar>: Sendable, Equatable {
  /// Images in the batch.
  public let batch: Int
  /// Shape of each image.
  public let shape: ImageShape
  /// All entries; `batch · shape.count` of them.
  public var values: [Scalar] {
    didSet { precondition(values.count == batch * shape.count, "a tensor keeps its number of entries") }
  }

  /// A tensor over given entries.
  ///
  /// - Throws: `ConvolutionError` when a size is negative, overflows, or does not match `values`.
  public init(batch: Int, shape: ImageShape, values: [Scalar]) throws(ConvolutionError) {
    let count = try Self.count(batch, shape)
    guard values.count == count else {
      throw .shapeMismatch(at: "tensor", expected: "\(count) values for \(batch) × \(shape)", found: "\(values.count)")
    }
    self.batch = batch
    self.shape = shape
    self.values = values
  }

  /// A tensor filled with one value.
  public init(batch: Int, shape: ImageShape, repeating value: Scalar = 0) throws(ConvolutionError) {
    let count = try Self.count(batch, shape)
    self.batch = batch
    self.shape = shape
    values = [Scalar](repeating: value, count: count)
  }

  /// A tensor whose entries `body` writes, all of them.
  init(
    batch: Int, shape: ImageShape, initializingWith body: (UnsafeMutablePointer<Scalar>) throws -> Void
  ) throws {
    let count = try Self.count(batch, shape)
    self.batch = batch
    self.shape = shape
    values = try [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
      if count > 0 { try body(buffer.baseAddress!) }
      initialized = count
    }
  }

  private static func count(_ batch: Int, _ shape: ImageShape) throws(ConvolutionError) -> Int {
    guard let count = elementCount(batch, shape.height, shape.width, shape.channels) else {
      throw .invalidSize(of: "tensor", expected: "sizes ≥ 0 whose product fits", found: "\(batch) × \(shape)")
    }
    return count
  }

  /// Entry (image, row, column, channel).
  public subscript(image: Int, row: Int, column: Int, channel: Int) -> Scalar {
    get { values[index(image, row, column, channel)] }
    set { values[index(image, row, column, channel)] = newValue }
  }

  private func index(_ image: Int, _ row: Int, _ column: Int, _ channel: Int) -> Int {
    precondition(
      image >= 0 && image < batch && row >= 0 && row < shape.height && column >= 0 && column < shape.width
        && channel >= 0 && channel < shape.channels, "tensor index out of range")
    return ((image * shape.height + row) * shape.width + column) * shape.channels + channel
  }

  /// Images `range` of the batch, copied.
  public func images(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= batch, "image range out of the batch")
    let slice = values[range.lowerBound * shape.count..<range.upperBound * shape.count]
    return Tensor(uncheckedBatch: range.count, shape: shape, values: Array(slice))
  }

  init(uncheckedBatch batch: Int, shape: ImageShape, values: [Scalar]) {
    self.batch = batch
    self.shape = shape
    self.values = values
  }

  /// The same tensor in another scalar type.
  public func converted<Other: BLASScalar>(to: Other.Type) -> Tensor<Other> {
    Tensor<Other>(uncheckedBatch: batch, shape: shape, values: values.map { Other($0) })
  }
}
