import LinearAlgebra

/// φ(x) = max(x, 0), the ReLU.
struct Rectifier: PlainLayerRules {
  static let typeName = "relu"
  var summary: String { "ReLU" }

  var isElementwise: Bool { true }
  var worksInPlace: Bool { true }

  func outputShape(over input: ImageShape, at name: String) throws(ConvolutionError) -> ImageShape {
    input
  }

  func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    value.rectify()
  }

  /// At 0, φ counts as flat.
  func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    gradient.masked(by: value)
  }

  func isSigned(_ inputs: [Bool]) -> Bool { false }
  func bounds(positive: Double, negative: Double) -> (positive: Double, negative: Double) {
    (positive, 0)
  }
}

extension Tensor {
  /// Replaces every negative entry (and −0) by 0. NaN stays NaN.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func rectify() {
    values.withUnsafeMutableBufferPointer { values in
      for index in values.indices { values[index] = values[index] <= 0 ? 0 : values[index] }
    }
  }

  /// A gradient behind ReLU, given the ReLU's value: 0 where that is 0.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func masked(by rectified: Tensor) -> Tensor {
    var kept = values
    kept.withUnsafeMutableBufferPointer { kept in
      rectified.values.withUnsafeBufferPointer { rectified in
        for index in kept.indices { kept[index] = rectified[index] > 0 ? kept[index] : 0 }
      }
    }
    return Tensor(uncheckedBatch: batch, shape: shape, values: kept)
  }
}
