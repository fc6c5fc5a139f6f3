import LinearAlgebra

/// x where x ≥ 0, else slope · x: the LeakyReLU.
public struct LeakyRectifier: PlainLayerRules {
  public static let typeName = "leaky_relu"
  public var properties: [(name: String, value: String)] { [("slope", "\(slope)")] }
  public var summary: String { "LeakyReLU, slope \(slope)" }

  /// What negative numbers are multiplied by.
  public let slope: Float

  /// - Throws: `ConvolutionError.notFinite` for a slope that is no number.
  public init(slope: Float) throws(ConvolutionError) {
    guard slope.isFinite else { throw .notFinite(at: "slope of a LeakyReLU", index: 0) }
    self.slope = slope
  }

  public var isElementwise: Bool { true }
  public var worksInPlace: Bool { true }

  public func outputShape(over input: ImageShape, at name: String) throws(ConvolutionError) -> ImageShape {
    input
  }

  public func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    value.rectify(slope: Scalar(slope))
  }

  /// At 0 the function counts as one of slope 1.
  public func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    gradient.scaled(by: Scalar(slope), whereNegative: input)
  }

  public func isSigned(_ inputs: [Bool]) -> Bool { slope > 0 && inputs.contains(true) }

  public func bounds(positive: Double, negative: Double) -> (positive: Double, negative: Double) {
    let below = negative == 0 ? 0 : (Double(slope.magnitude) * negative).nextUp
    return slope >= 0 ? (positive, below) : (max(positive, below), 0)
  }

  public var steepness: Double { max(1, Double(slope.magnitude)) }
  public func roundings(over input: ImageShape) -> Int { 1 }
}

extension Tensor {
  /// Multiplies every negative entry by `slope`. NaN stays NaN.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  mutating func rectify(slope: Scalar) {
    values.withUnsafeMutableBufferPointer { values in
      for index in values.indices where values[index] < 0 { values[index] *= slope }
    }
  }

  /// The entries, multiplied by `factor` where those of `other` are negative.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func scaled(by factor: Scalar, whereNegative other: Tensor) -> Tensor {
    var scaled = values
    scaled.withUnsafeMutableBufferPointer { scaled in
      other.values.withUnsafeBufferPointer { other in
        for index in scaled.indices where other[index] < 0 { scaled[index] *= factor }
      }
    }
    return Tensor(uncheckedBatch: batch, shape: shape, values: scaled)
  }
}
