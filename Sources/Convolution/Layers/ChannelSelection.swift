import LinearAlgebra

/// Channels of the input in a given order, and channels of zeros: y_c = x_{sources[c]}, or 0.
///
/// With channels of zeros around them channels get places in a larger value: the sum of several
/// such values is what lies side by side, so that concatenation is selections and additions.
public struct ChannelSelection: PlainLayerRules {
  public static let typeName = "channel_selection"
  public var properties: [(name: String, value: String)] {
    [("inputs", "\(inputChannels)"), ("sources", stored.map { "\($0)" }.joined(separator: ","))]
  }
  public var summary: String {
    let kept = sources.count { $0 != nil }
    return kept == sources.count
      ? "\(kept) of \(inputChannels) channels" : "\(kept) channels among \(sources.count), the others zero"
  }

  /// Channels of what is read.
  public let inputChannels: Int
  /// The input's channel that each channel repeats; nil for zeros.
  public let sources: [Int?]

  /// A selection.
  ///
  /// - Parameters:
  ///   - inputChannels: of what is read.
  ///   - sources: one a channel of the value, each below `inputChannels`, or nil for zeros.
  /// - Throws: `ConvolutionError` for no channels, or a source that the input does not have.
  public init(inputChannels: Int, sources: [Int?]) throws(ConvolutionError) {
    guard !sources.isEmpty else {
      throw .invalidSize(of: "channel selection", expected: "channels", found: "none")
    }
    if let wrong = sources.first(where: { $0.map { $0 < 0 || $0 >= inputChannels } ?? false }) {
      throw .shapeMismatch(
        at: "channel selection", expected: "source channels in 0..<\(inputChannels)",
        found: wrong.map { "\($0)" } ?? "none")
    }
    self.inputChannels = inputChannels
    self.sources = sources
  }

  /// All channels of a value at a place among those of a larger one, zeros around them.
  ///
  /// - Throws: `ConvolutionError` for a place outside the larger value.
  public init(placing channels: Int, at start: Int, among total: Int) throws(ConvolutionError) {
    guard start >= 0, channels > 0, total - start >= channels else {
      throw .invalidSize(
        of: "channel selection", expected: "\(channels) channels within \(total)", found: "a start at \(start)")
    }
    try self.init(
      inputChannels: channels,
      sources: (0..<total).map { $0 >= start && $0 < start + channels ? $0 - start : nil })
  }

  /// The sources as numbers, −1 for zeros: what tickets and digests read.
  var stored: [Int] { sources.map { $0 ?? -1 } }

  /// This selection from what another gives.
  ///
  /// - Throws: `ConvolutionError` where the other has fewer channels than this one reads.
  public func applied(to other: ChannelSelection) throws(ConvolutionError) -> ChannelSelection {
    guard other.sources.count == inputChannels else {
      throw .shapeMismatch(
        at: "channel selection", expected: "\(inputChannels) channels", found: "\(other.sources.count)")
    }
    return try ChannelSelection(
      inputChannels: other.inputChannels, sources: sources.map { $0.flatMap { other.sources[$0] } })
  }

  public func outputShape(over input: ImageShape, at name: String) throws(ConvolutionError) -> ImageShape {
    guard input.channels == inputChannels else {
      throw .shapeMismatch(at: name, expected: "\(inputChannels) channels", found: "\(input.channels)")
    }
    return ImageShape(height: input.height, width: input.width, channels: sources.count)
  }

  public func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    value = try value.selecting(self)
  }

  public func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    gradient.scattered(by: self)
  }

  public func source(ofChannel channel: Int, of channels: Int, over inputChannels: Int) -> Int? {
    sources[channel]
  }
}

extension Tensor {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func selecting(_ selection: ChannelSelection) throws -> Tensor {
    let (from, to) = (shape.channels, selection.sources.count)
    let target = try selection.outputShape(over: shape, at: "channel selection")
    let pairs = selection.sources.enumerated().compactMap { place, source in source.map { (place, $0) } }
    var result = try Tensor(batch: batch, shape: target)
    for pixel in 0..<batch * shape.pixels {
      for (place, source) in pairs { result.values[pixel * to + place] = values[pixel * from + source] }
    }
    return result
  }

  /// A gradient at a selection's value, as one at what it read.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func scattered(by selection: ChannelSelection) -> Tensor {
    let (from, to) = (shape.channels, selection.inputChannels)
    let target = ImageShape(height: shape.height, width: shape.width, channels: to)
    let pairs = selection.sources.enumerated().compactMap { place, source in source.map { (place, $0) } }
    var sums = [Scalar](repeating: 0, count: batch * target.count)
    for pixel in 0..<batch * shape.pixels {
      for (place, source) in pairs { sums[pixel * to + source] += values[pixel * from + place] }
    }
    return Tensor(uncheckedBatch: batch, shape: target, values: sums)
  }
}
