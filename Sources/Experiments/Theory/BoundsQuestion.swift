import Foundation

/// The target layer and the accuracy that bounds are asked for.
public struct BoundsQuestion: Sendable, Hashable {
  /// d of a d×d kernel.
  public let kernel: Int
  /// c_in.
  public let channelsIn: Int
  /// c_out.
  public let channelsOut: Int
  /// ℓ, layers of the target; the random network has 2ℓ.
  public let layers: Int
  /// ε in (0, 1).
  public let epsilon: Double
  /// Probability of failure in (0, 1); ε where none was given, as in the theorem.
  public let delta: Double
  /// Width N, the expected number of candidates per input channel and sign, if figures for one are
  /// wanted.
  public let count: Int?

  /// Sizes up to which Float64 logarithms of Γ still tell neighbouring counts apart.
  static let largestKernel = 1 << 10
  static let largestChannels = 1 << 20
  static let largestDimension = 1 << 30
  static let largestCount = 1 << 40

  /// - Throws: `ExperimentError.outOfRange` for a size below 1 or above its limit, and for ε or δ
  ///   outside (0, 1).
  public init(
    kernel: Int, channelsIn: Int, channelsOut: Int, layers: Int, epsilon: Double, delta: Double? = nil,
    count: Int? = nil
  ) throws {
    try Self.require(kernel, in: 1...Self.largestKernel, "kernel")
    try Self.require(channelsIn, in: 1...Self.largestChannels, "channels in")
    try Self.require(channelsOut, in: 1...Self.largestChannels, "channels out")
    try Self.require(layers, in: 1...Self.largestChannels, "layers")
    try Self.require(kernel * kernel * channelsOut, in: 1...Self.largestDimension, "kernel² · channels out")
    try Self.require(epsilon, "epsilon")
    if let delta { try Self.require(delta, "delta") }
    if let count { try Self.require(count, in: 1...Self.largestCount, "count") }
    (self.kernel, self.channelsIn, self.channelsOut, self.layers) = (kernel, channelsIn, channelsOut, layers)
    (self.epsilon, self.delta, self.count) = (epsilon, delta ?? epsilon, count)
  }

  private static func require(_ value: Int, in range: ClosedRange<Int>, _ quantity: String) throws {
    guard range.contains(value) else {
      throw ExperimentError.outOfRange(
        quantity: quantity, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }
  }

  private static func require(_ value: Double, _ quantity: String) throws {
    guard value > 0, value < 1 else {
      throw ExperimentError.outOfRange(
        quantity: quantity, expected: "a number between 0 and 1, both excluded", found: "\(value)")
    }
  }

  /// m = d²·c_out, the dimension of one channel's subset-sum problem: one subset serves all output
  /// channels.
  public var dimension: Int { kernel * kernel * channelsOut }

  /// d²·c_in·c_out, the weights of the target's layer.
  var layerWeights: Double { Double(dimension) * Double(channelsIn) }

  /// ln(d²·c_out·c_in·ℓ/ε).
  var logarithmOfSize: Double { log(layerWeights) + log(Double(layers)) - log(epsilon) }
}
