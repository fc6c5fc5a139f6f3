import LinearAlgebra

/// What the layers with weights of a network hold, and what they compute for one image.
///
/// Counted are convolutions, fully connected layers among them, and blocked 1×1 layers. A
/// multiply-add is one product of a weight and an activation, with the addition that it goes into;
/// taps that fall on padding count like any other, and the single product of a blocked 1×1 layer
/// counts as one, though nothing is added to it. Adding biases, ReLU, pooling and residual
/// additions are left out.
public struct NetworkCost: Sendable, Hashable {
  /// Entries of kernels, of 1×1 layers behind their masks (one a hidden channel), and of fully
  /// connected layers.
  public var weights: Int
  /// Entries of biases, zeros included.
  public var biases: Int
  /// Multiply-adds for one image.
  public var multiplyAdds: Int

  /// A cost of given counts; of nothing unless some are named.
  public init(weights: Int = 0, biases: Int = 0, multiplyAdds: Int = 0) {
    self.weights = weights
    self.biases = biases
    self.multiplyAdds = multiplyAdds
  }

  /// Weights and biases together.
  public var parameters: Int { weights + biases }

  /// Floating-point operations for one image, FLOPs: two a multiply-add.
  public var operations: Int { 2 * multiplyAdds }
}

extension NetworkCost {
  /// A convolution's: height · width · (input channels / groups) · output channels weights, each
  /// used once an output pixel.
  ///
  /// - Throws: `ConvolutionError.invalidSize` for counts that overflow.
  public static func convolution(
    window: SlidingWindow, inputChannels: Int, outputChannels: Int, groups: Int = 1, hasBias: Bool, outputPixels: Int
  ) throws(ConvolutionError) -> NetworkCost {
    let weights = try count(window.height, window.width, inputChannels / groups, outputChannels)
    return NetworkCost(
      weights: weights, biases: hasBias ? outputChannels : 0, multiplyAdds: try count(weights, outputPixels))
  }

  /// The 1×1 layer's behind a blocked mask: one weight a hidden channel. What the mask hides is not
  /// counted.
  ///
  /// - Throws: `ConvolutionError.invalidSize` for counts that overflow.
  public static func blockedPointwise(hiddenChannels: Int, pixels: Int) throws(ConvolutionError) -> NetworkCost {
    NetworkCost(weights: hiddenChannels, multiplyAdds: try count(hiddenChannels, pixels))
  }

  /// Both together.
  ///
  /// - Throws: `ConvolutionError.invalidSize` for sums beyond 2⁶⁰.
  public func adding(_ other: NetworkCost) throws(ConvolutionError) -> NetworkCost {
    let sum = NetworkCost(
      weights: weights &+ other.weights, biases: biases &+ other.biases,
      multiplyAdds: multiplyAdds &+ other.multiplyAdds)
    let limit = 1 << 60
    guard sum.weights <= limit, sum.biases <= limit, sum.multiplyAdds <= limit else { throw Self.overflow([]) }
    return sum
  }

  private static func count(_ sizes: Int...) throws(ConvolutionError) -> Int {
    var product = 1
    for size in sizes {
      guard let next = elementCount(product, size) else { throw overflow(sizes) }
      product = next
    }
    return product
  }

  private static func overflow(_ sizes: [Int]) -> ConvolutionError {
    .invalidSize(
      of: "cost of a network", expected: "counts of at most 2^60",
      found: sizes.isEmpty ? "a larger sum" : sizes.map(String.init).joined(separator: " · "))
  }
}

extension Network {
  /// Weights, biases and multiply-adds of every node up to the output.
  ///
  /// - Throws: `ConvolutionError.invalidSize` for counts that overflow.
  public func cost() throws(ConvolutionError) -> NetworkCost {
    var total = NetworkCost()
    for (index, node) in nodes.enumerated().prefix(output + 1) {
      switch node.operation {
      case .convolution(let layer):
        total = try total.adding(
          .convolution(
            window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
            groups: layer.groups, hasBias: layer.bias != nil, outputPixels: shapes[index].pixels))
      case .blockedPointwise(let layer):
        total = try total.adding(
          .blockedPointwise(hiddenChannels: layer.sources.count, pixels: shapes[index].pixels))
      case .input, .plain: break
      }
    }
    return total
  }
}
