import LinearAlgebra

/// A convolution: kernel HWIO, optional bias, window and groups.
public struct Convolution<Scalar: BLASScalar>: Sendable, Equatable {
  /// Size, strides, dilations and padding.
  public let window: SlidingWindow
  /// Channels read by all groups together; 0 in a pruned layer that kept no filter, whose output is
  /// its bias or 0.
  public let inputChannels: Int
  /// Filters of all groups together; group g's are g·(outputChannels / groups) ….
  public let outputChannels: Int
  /// Parts that inputs and outputs are divided into; each output reads one part.
  public let groups: Int
  /// Entry (i, j, c, o) at ((i·width + j)·(inputChannels / groups) + c)·outputChannels + o.
  public let kernel: [Scalar]
  /// One number per output channel, or nil.
  public let bias: [Scalar]?

  /// A convolution over given weights.
  ///
  /// - Throws: `ConvolutionError` when groups do not divide the channels or counts do not match.
  public init(
    window: SlidingWindow, inputChannels: Int, outputChannels: Int, groups: Int = 1, kernel: [Scalar],
    bias: [Scalar]? = nil
  ) throws(ConvolutionError) {
    guard groups > 0, inputChannels >= 0, outputChannels > 0, inputChannels % groups == 0, outputChannels % groups == 0
    else {
      throw .invalidSize(
        of: "convolution", expected: "positive groups that divide the channels, and output channels",
        found: "\(inputChannels) to \(outputChannels) channels in \(groups) groups")
    }
    let expected = elementCount(window.height, window.width, inputChannels / groups, outputChannels)
    guard let expected, kernel.count == expected else {
      throw .shapeMismatch(
        at: "convolution kernel",
        expected: "\(window.height) × \(window.width) × \(inputChannels / groups) × \(outputChannels) values",
        found: "\(kernel.count)")
    }
    if let bias, bias.count != outputChannels {
      throw .shapeMismatch(at: "convolution bias", expected: "\(outputChannels) values", found: "\(bias.count)")
    }
    self.window = window
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.kernel = kernel
    self.bias = bias
  }

  /// The same layer in another scalar type.
  public func converted<Other: BLASScalar>(to: Other.Type) throws(ConvolutionError) -> Convolution<Other> {
    try Convolution<Other>(
      window: window, inputChannels: inputChannels, outputChannels: outputChannels, groups: groups,
      kernel: kernel.map { Other($0) }, bias: bias.map { $0.map { Other($0) } })
  }

  /// The same layer with another kernel and bias of the same sizes.
  ///
  /// - Throws: `ConvolutionError` for other counts.
  public func with(kernel: [Scalar], bias: [Scalar]?) throws(ConvolutionError) -> Convolution {
    try Convolution(
      window: window, inputChannels: inputChannels, outputChannels: outputChannels, groups: groups,
      kernel: kernel, bias: bias)
  }

  /// Products summed into one output entry: window height · width · input channels of a group.
  public var taps: Int { window.height * window.width * (inputChannels / groups) }

  /// The shape this layer makes of `shape`.
  ///
  /// - Throws: `ConvolutionError` when the channels differ or the window does not fit.
  public func outputShape(over shape: ImageShape, at name: String = "convolution") throws(ConvolutionError)
    -> ImageShape
  {
    guard shape.channels == inputChannels else {
      throw .shapeMismatch(at: name, expected: "\(inputChannels) input channels", found: "\(shape.channels)")
    }
    let (height, width) = try window.outputSize(over: shape, at: name)
    return ImageShape(height: height, width: width, channels: outputChannels)
  }
}

/// The 1×1 layer behind an n-channel-blocked mask: hidden channel q is one scalar times one input
/// channel.
///
/// y(p, q) = scalars[q] · x(p, sources[q]). Removed filters are simply not there.
public struct BlockedPointwise<Scalar: BLASScalar>: Sendable, Equatable {
  /// Channels of the value that it reads.
  public let inputChannels: Int
  /// Input channel that each hidden channel reads.
  public let sources: [Int]
  /// The 1×1 filter's one weight.
  public let scalars: [Scalar]
  /// Neighbouring hidden channels that read the same input channel: that channel, and one past the
  /// last of them.
  let runs: (sources: [Int], ends: [Int])

  /// By what the layer computes.
  public static func == (first: BlockedPointwise, second: BlockedPointwise) -> Bool {
    first.inputChannels == second.inputChannels && first.sources == second.sources && first.scalars == second.scalars
  }

  /// - Throws: `ConvolutionError` when counts differ or a source is not an input channel.
  public init(inputChannels: Int, sources: [Int], scalars: [Scalar]) throws(ConvolutionError) {
    guard sources.count == scalars.count else {
      throw .shapeMismatch(
        at: "blocked 1×1 layer", expected: "\(sources.count) scalars", found: "\(scalars.count)")
    }
    if let wrong = sources.first(where: { $0 < 0 || $0 >= inputChannels }) {
      throw .shapeMismatch(
        at: "blocked 1×1 layer", expected: "source channels in 0..<\(inputChannels)", found: "\(wrong)")
    }
    self.inputChannels = inputChannels
    self.sources = sources
    self.scalars = scalars
    let ends = sources.indices.map { $0 + 1 }.filter { $0 == sources.count || sources[$0] != sources[$0 - 1] }
    runs = (ends.map { sources[$0 - 1] }, ends)
  }
}
