import LinearAlgebra

/// x + y, entry by entry, of two values of one shape: a residual connection.
struct Addition: PlainLayerRules {
  static let typeName = "add"
  var summary: String { "addition" }

  var arity: Int { 2 }
  var isElementwise: Bool { true }
  var worksInPlace: Bool { true }

  func outputShape(over input: ImageShape, at name: String) throws(ConvolutionError) -> ImageShape {
    input
  }

  func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    guard let second else {
      throw ConvolutionError.invalidGraph(node: "addition", expected: "two values", found: "one")
    }
    try value.add(second)
  }

  func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    gradient
  }

  func roundings(over input: ImageShape) -> Int { 1 }
}

extension Tensor {
  /// Adds another batch of the same shape, entry by entry: one rounding each, so its bits are
  /// fixed.
  ///
  /// - Throws: `ConvolutionError` when batch or shape differ.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func add(_ other: Tensor) throws {
    guard other.batch == batch, other.shape == shape else {
      throw ConvolutionError.shapeMismatch(
        at: "addition", expected: "\(batch) images of \(shape)",
        found: "\(other.batch) of \(other.shape)")
    }
    values.withUnsafeMutableBufferPointer { values in
      other.values.withUnsafeBufferPointer { other in
        for index in values.indices { values[index] += other[index] }
      }
    }
  }
}
