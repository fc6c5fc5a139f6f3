import LinearAlgebra

/// factor · x + shift, with a factor and a shift of its own for each channel: a batch normalisation
/// in inference that could not join a convolution, say.
///
/// It is no convolution to be searched for: its numbers are taken from the target, as biases are.
public struct ChannelMap: PlainLayerRules {
  public static let typeName = "channel_map"
  public var properties: [(name: String, value: String)] {
    [("factors", factors), ("shifts", shifts)].map { ($0, $1.map { "\($0)" }.joined(separator: ",")) }
  }
  public var summary: String { "factor and shift per channel" }

  /// What each channel is multiplied by.
  public let factors: [Float]
  /// What is added to each channel then.
  public let shifts: [Float]

  /// A map of as many channels as there are factors.
  ///
  /// - Parameters:
  ///   - factors: one a channel.
  ///   - shifts: as many; zeros where nil.
  /// - Throws: `ConvolutionError` for another number of shifts, none at all, or what is no number.
  public init(factors: [Float], shifts: [Float]? = nil) throws(ConvolutionError) {
    let shifts = shifts ?? [Float](repeating: 0, count: factors.count)
    guard !factors.isEmpty, factors.count == shifts.count else {
      throw .shapeMismatch(at: "map per channel", expected: "\(factors.count) shifts", found: "\(shifts.count)")
    }
    if let wrong = (factors + shifts).firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(at: "map per channel", index: wrong % factors.count)
    }
    self.factors = factors
    self.shifts = shifts
  }

  public var scalarsTaken: Int { factors.count + (shifts.contains { $0 != 0 } ? shifts.count : 0) }
  public var worksInPlace: Bool { true }
  public func operationsPerEntry(over input: ImageShape) -> Int { 2 }

  public func outputShape(over input: ImageShape, at name: String) throws(ConvolutionError) -> ImageShape {
    guard input.channels == factors.count else {
      throw .shapeMismatch(at: name, expected: "\(factors.count) channels", found: "\(input.channels)")
    }
    return input
  }

  public func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    try value.mapChannels(factors.map { Scalar($0) }, shifts.map { Scalar($0) })
  }

  public func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    var gradient = gradient
    try gradient.mapChannels(factors.map { Scalar($0) }, factors.map { _ in 0 })
    return gradient
  }

  public func isSigned(_ inputs: [Bool]) -> Bool {
    factors.contains { $0 < 0 || ($0 > 0 && inputs.contains(true)) } || shifts.contains { $0 < 0 }
  }

  public func bounds(
    ofChannel channel: Int, positive: Double, negative: Double
  ) -> (positive: Double, negative: Double) {
    let (factor, shift) = (Double(factors[channel]), Double(shifts[channel]))
    func product(_ bound: Double) -> Double {
      let product = factor.magnitude * bound
      return product == 0 ? 0 : product.nextUp
    }
    let (above, below) = factor < 0 ? (negative, positive) : (positive, negative)
    func sum(_ first: Double, _ second: Double) -> Double {
      let sum = first + second
      return second == 0 ? first : max(0, sum.nextUp)
    }
    return (sum(product(above), shift), sum(product(below), -shift))
  }

  public var steepness: Double { factors.reduce(0) { max($0, Double($1.magnitude)) } }
  public func steepness(ofChannel channel: Int) -> Double { Double(factors[channel].magnitude) }
  public func shift(ofChannel channel: Int) -> Double { Double(shifts[channel]) }
  public func roundings(over input: ImageShape) -> Int { 2 }
}

extension Tensor {
  /// factors[c] · x + shifts[c] at every entry of channel c: two roundings, so its bits are fixed.
  ///
  /// - Throws: `ConvolutionError` for images of other channels.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  mutating func mapChannels(_ factors: [Scalar], _ shifts: [Scalar]) throws {
    let channels = shape.channels
    guard factors.count == channels, shifts.count == channels else {
      throw ConvolutionError.shapeMismatch(
        at: "map per channel", expected: "\(factors.count) channels", found: "\(channels)")
    }
    values.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: channels) {
        for c in 0..<channels {
          let product = values[start + c] * factors[c]
          values[start + c] = product + shifts[c]
        }
      }
    }
  }
}
