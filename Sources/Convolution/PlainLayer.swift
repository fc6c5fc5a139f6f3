import LinearAlgebra

/// A layer without weights, as a node of a network has it and a ticket stores it.
///
/// What each of them computes and how it is bounded is said by one type a layer, `rules`, in a file
/// of its own. To add a layer: such a type, a case here, and its operators in `ModelFiles`.
public enum PlainLayer: Sendable, Hashable {
  /// φ(x) = max(x, 0).
  case rectifier
  /// x where x ≥ 0, else slope · x.
  case leakyRectifier(LeakyRectifier)
  case pooling(Pooling)
  /// The mean over pixels: 1 × 1 × channels.
  case globalAveragePooling
  /// One flat row per image in channel, row, column order.
  case flatten
  /// x + y, entry by entry, of two values of one shape: a residual connection.
  case addition
  /// factor · x + shift, with numbers per channel.
  case channelMap(ChannelMap)
  /// Channels in a given order, and channels of zeros.
  case channelSelection(ChannelSelection)

  /// What the layer computes, and what holds of its values.
  public var rules: any PlainLayerRules {
    switch self {
    case .rectifier: Rectifier()
    case .leakyRectifier(let layer): layer
    case .pooling(let layer): layer
    case .globalAveragePooling: GlobalAverage()
    case .flatten: Flattening()
    case .addition: Addition()
    case .channelMap(let layer): layer
    case .channelSelection(let layer): layer
    }
  }
}

/// What the project needs to know of a layer without weights.
///
/// Statements about values hold channel by channel: an output channel depends on one input channel
/// alone, its `source`, and not at all on where in the image a value stands.
public protocol PlainLayerRules: Sendable, Hashable {
  /// The layer's name in tickets and in a target's digest.
  static var typeName: String { get }
  /// What parametrises the layer, by name, in an order that never changes: a target's digest reads
  /// it.
  var properties: [(name: String, value: String)] { get }
  /// The layer in a few words for people.
  var summary: String { get }

  /// How many earlier values the layer reads.
  var arity: Int { get }
  /// Whether entry i of the value depends on entries i of the inputs alone.
  var isElementwise: Bool { get }
  /// Whether the layer's value is written where its first input was.
  var worksInPlace: Bool { get }
  /// The shape of the layer's value.
  ///
  /// - Throws: `ConvolutionError` where the layer does not fit on images of the input's shape.
  func outputShape(over input: ImageShape, at name: String) throws(ConvolutionError) -> ImageShape
  /// What one entry of the value costs, in multiplications, comparisons or additions.
  func operationsPerEntry(over input: ImageShape) -> Int
  /// Refuses what is well defined but only asked for by a file that was made to do harm.
  ///
  /// - Throws: `ConvolutionError.invalidSize`.
  func requireModest(over input: ImageShape, at name: String) throws(ConvolutionError)

  /// Replaces a batch by the layer's value, in one fixed order of plain operations.
  ///
  /// - Parameters:
  ///   - value: the layer's first input, NHWC; its value afterwards.
  ///   - second: the second input of a layer that reads two.
  /// - Throws: `ConvolutionError` where shapes do not fit.
  func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws
  /// The gradient at each of the layer's inputs, given that at its value.
  ///
  /// - Parameters:
  ///   - gradient: that at the layer's value, of its shape.
  ///   - input: the first input, NHWC.
  ///   - value: what the layer made of it.
  /// - Returns: the gradient at an input, of its shape.
  func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar>

  /// The input's channel that a channel of the value is made of; nil for one that is 0 everywhere.
  ///
  /// - Parameters:
  ///   - channel: of the value, from 0.
  ///   - channels: how many the value has.
  ///   - inputChannels: how many the input has.
  func source(ofChannel channel: Int, of channels: Int, over inputChannels: Int) -> Int?
  /// Numbers that the layer takes from the target.
  var scalarsTaken: Int { get }
  /// Whether the value can be negative, given whether each input can.
  func isSigned(_ inputs: [Bool]) -> Bool
  /// Bounds on the value's positive and negative parts, max(y, 0) and max(−y, 0), given bounds on
  /// those of one input; rounded outward. Values of a layer that reads several are their sum.
  func bounds(positive: Double, negative: Double) -> (positive: Double, negative: Double)
  /// The same for one channel of the value, where these differ.
  func bounds(ofChannel channel: Int, positive: Double, negative: Double) -> (positive: Double, negative: Double)
  /// L: where one input's entries move by at most δ, the value's move by at most L·δ.
  var steepness: Double { get }
  /// The same for one channel of the value, where these differ.
  func steepness(ofChannel channel: Int) -> Double
  /// What the layer adds to a channel of its value.
  func shift(ofChannel channel: Int) -> Double
  /// Roundings on the way from an entry of the input to one of the value.
  func roundings(over input: ImageShape) -> Int
}

extension PlainLayerRules {
  public var properties: [(name: String, value: String)] { [] }
  public var arity: Int { 1 }
  public var isElementwise: Bool { false }
  public var worksInPlace: Bool { false }
  public func operationsPerEntry(over input: ImageShape) -> Int { 1 }
  public func requireModest(over input: ImageShape, at name: String) throws(ConvolutionError) {}
  public func isSigned(_ inputs: [Bool]) -> Bool { inputs.contains(true) }
  public func bounds(positive: Double, negative: Double) -> (positive: Double, negative: Double) {
    (positive, negative)
  }
  public var steepness: Double { 1 }
  public func roundings(over input: ImageShape) -> Int { 0 }
  /// Flattening makes several entries of each channel; most layers one.
  public func source(ofChannel channel: Int, of channels: Int, over inputChannels: Int) -> Int? {
    channel / (channels / inputChannels)
  }
  public var scalarsTaken: Int { 0 }
  public func bounds(
    ofChannel channel: Int, positive: Double, negative: Double
  ) -> (positive: Double, negative: Double) {
    bounds(positive: positive, negative: negative)
  }
  public func steepness(ofChannel channel: Int) -> Double { steepness }
  public func shift(ofChannel channel: Int) -> Double { 0 }

  /// The layer's name in tickets and in a target's digest.
  public var typeName: String { Self.typeName }
}

extension PlainLayer: Codable {
  private enum Key: String, CodingKey { case type, pooling, slope, factors, shifts, inputs = "channels", sources }

  /// Flat JSON: `type`, and what parametrises it where the type has something: `pooling`, `slope`,
  /// `factors` and `shifts`, or `channels` and `sources` (−1 for zeros).
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(rules.typeName, forKey: .type)
    switch self {
    case .pooling(let pooling): try container.encode(pooling, forKey: .pooling)
    case .leakyRectifier(let layer): try container.encode(layer.slope, forKey: .slope)
    case .channelMap(let layer):
      try container.encode(layer.factors, forKey: .factors)
      try container.encode(layer.shifts, forKey: .shifts)
    case .channelSelection(let layer):
      try container.encode(layer.inputChannels, forKey: .inputs)
      try container.encode(layer.stored, forKey: .sources)
    case .rectifier, .globalAveragePooling, .flatten, .addition: break
    }
  }

  /// - Throws: `DecodingError` for a type of no layer, or parameters that it cannot have.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let type = try container.decode(String.self, forKey: .type)
    switch type {
    case Rectifier.typeName: self = .rectifier
    case LeakyRectifier.typeName:
      self = .leakyRectifier(try LeakyRectifier(slope: container.decode(Float.self, forKey: .slope)))
    case Pooling.typeName: self = .pooling(try container.decode(Pooling.self, forKey: .pooling))
    case GlobalAverage.typeName: self = .globalAveragePooling
    case Flattening.typeName: self = .flatten
    case Addition.typeName: self = .addition
    case ChannelMap.typeName:
      self = .channelMap(
        try ChannelMap(
          factors: container.decode([Float].self, forKey: .factors),
          shifts: container.decode([Float].self, forKey: .shifts)))
    case ChannelSelection.typeName:
      self = .channelSelection(
        try ChannelSelection(
          inputChannels: container.decode(Int.self, forKey: .inputs),
          sources: container.decode([Int].self, forKey: .sources).map { $0 == -1 ? nil : $0 }))
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container, debugDescription: "unknown layer type '\(type)'")
    }
  }
}
