/// A structured winning ticket: a seed, and which hidden filters of the random network stay.
///
/// It holds no weight. Together with the scale of each layer, seed and indices rebuild the pruned
/// network bit for bit.
public struct Ticket: Sendable, Hashable {
  /// The random network's seed.
  public let seed: UInt64
  /// N: 2N hidden filters per input channel.
  public let width: Int
  /// How its search measured errors.
  public let mode: PruningMode
  /// The box that inputs come from.
  public let inputRange: InputRange
  /// The target's architecture.
  public let graph: LayerGraph
  /// One power of two per layer, taken from the target: the random slices times it approximate the
  /// kernel.
  public let scales: [Double]
  /// Biases: per layer one number per output channel, added behind its convolution in the target's
  /// units, or nil for a layer without. The target's, bit for bit; of a ticket that was drawn to be
  /// small, rounded to few bits, and in calibrated mode moved by what its kernels miss on average.
  public let biases: [[Float]?]
  /// Ascending by address: every (layer, channel) with its positive half, and its negative one
  /// where the layer's input is signed.
  public let blocks: [Block]
  /// SHA-256 of the target's canonical tensors, in hexadecimal: all 64 digits, or the first 16 in a
  /// ticket that was drawn to be small.
  public let targetDigest: String
  /// SHA-256 of the images that calibrated mode measured errors on, and of how; nil in weights
  /// mode.
  public let calibrationDigest: String?
  /// Whether the search ended by itself.
  public let isComplete: Bool

  /// Digits of a short digest.
  public static let shortDigestLength = 16

  /// Whether target and images are named by the first 16 digits of their digests.
  public var hasShortDigests: Bool { targetDigest.count == Self.shortDigestLength }

  /// Whether a stated digest, whole or short, is that of a whole one.
  public static func isDigest(_ stated: String, of whole: String) -> Bool {
    stated == whole || stated.count == shortDigestLength && whole.hasPrefix(stated)
  }

  /// Weights that all kept filters of a ticket may have together: 2²⁸. A ticket stores four bytes a
  /// filter, whatever its weights take.
  static let greatestKeptWeightCount = 1 << 28

  /// How many blocks a ticket for this architecture and input box has: those of
  /// `addresses(graph:inputRange:)`.
  public static func blockCount(graph: LayerGraph, inputRange: InputRange) -> Int {
    let signed = graph.signedInputs(networkInputIsSigned: inputRange.isSigned)
    return zip(graph.layers, signed).reduce(0) { $0 + $1.0.inputChannels * ($1.1 ? 2 : 1) }
  }

  /// A checked ticket.
  ///
  /// - Parameters:
  ///   - seed: the random network's.
  ///   - width: N, 1…2³⁰.
  ///   - mode: how its search measured errors.
  ///   - inputRange: the box that inputs come from; it decides which layers have negative halves.
  ///   - graph: the target's architecture.
  ///   - scales: one power of two per layer, from 2⁻⁶⁴ to 2⁶⁴.
  ///   - biases: one entry per layer; none at all for a target without biases.
  ///   - blocks: those of `addresses(graph:inputRange:)`, in that order.
  ///   - targetDigest: SHA-256 of the target's canonical tensors, in hexadecimal.
  ///   - calibrationDigest: of the images, in calibrated mode alone.
  ///   - isComplete: whether the search ended by itself.
  /// - Throws: `TicketError.invalidTicket` for indices that do not ascend or are out of range,
  ///   missing or superfluous blocks, scales that are not powers of two, biases that do not fit.
  ///   Whether a filter has its half's sign is checked where weights are made, by
  ///   `validateSigns()`.
  /// - Complexity: O(kept filters).
  public init(
    seed: UInt64, width: Int, mode: PruningMode, inputRange: InputRange, graph: LayerGraph, scales: [Double],
    biases: [[Float]?] = [], blocks: [Block], targetDigest: String, calibrationDigest: String? = nil, isComplete: Bool
  ) throws(TicketError) {
    self.seed = seed
    self.width = width
    self.mode = mode
    self.inputRange = inputRange
    self.graph = graph
    self.scales = scales
    self.biases = biases.isEmpty ? graph.layers.map { _ in nil } : biases
    self.blocks = blocks
    self.targetDigest = targetDigest
    self.calibrationDigest = calibrationDigest
    self.isComplete = isComplete
    guard (mode == .calibrated) == (calibrationDigest != nil) else {
      throw .invalidTicket(
        at: "calibration", expected: mode == .calibrated ? "a digest of the images" : "none in weights mode",
        found: calibrationDigest ?? "none")
    }
    _ = try randomNetwork
    guard scales.count == graph.layers.count else {
      throw .invalidTicket(at: "scales", expected: "\(graph.layers.count)", found: "\(scales.count)")
    }
    for (index, scale) in scales.enumerated() {
      guard scale.isNormal, scale > 0, scale.significand == 1, abs(scale.exponent) <= 64 else {
        throw .invalidTicket(
          at: "scale of layer \(index + 1)", expected: "a power of two from 2^-64 to 2^64", found: "\(scale)")
      }
    }
    try Self.validate(self.biases, graph)
    let count = Self.blockCount(graph: graph, inputRange: inputRange)
    guard blocks.count == count,
      blocks.map(\.address) == Self.addresses(graph: graph, inputRange: inputRange)
    else {
      throw .invalidTicket(
        at: "blocks", expected: "\(count) blocks, one per layer, channel and half, in order",
        found: "\(blocks.count), or another order")
    }
    var keptWeights = 0
    for block in blocks {
      let place = "\(block.address)"
      guard block.candidates >= block.kept.count, block.candidates <= 2 * width else {
        throw .invalidTicket(
          at: place, expected: "\(block.kept.count) to \(2 * width) candidates", found: "\(block.candidates)")
      }
      let slices = block.kept.count.multipliedReportingOverflow(
        by: graph.layers[block.address.layer - 1].sliceCount)
      keptWeights += slices.partialValue
      guard !slices.overflow, keptWeights <= Self.greatestKeptWeightCount else {
        throw .invalidTicket(
          at: place, expected: "at most \(Self.greatestKeptWeightCount) weights in all kept filters",
          found: "\(slices.overflow ? block.kept.count : keptWeights) up to here")
      }
      for (position, index) in block.kept.enumerated() {
        guard Int(index) < 2 * width, position == 0 || block.kept[position - 1] < index else {
          throw .invalidTicket(
            at: place, expected: "filter indices below \(2 * width), strictly ascending",
            found: "\(index) at position \(position)")
        }
      }
    }
  }

  private static func validate(_ biases: [[Float]?], _ graph: LayerGraph) throws(TicketError) {
    guard biases.count == graph.layers.count else {
      throw .invalidTicket(at: "biases", expected: "\(graph.layers.count)", found: "\(biases.count)")
    }
    for (index, bias) in biases.enumerated() {
      guard let bias else { continue }
      let place = "bias of layer \(index + 1)"
      guard bias.count == graph.layers[index].outputChannels else {
        throw .invalidTicket(
          at: place, expected: "\(graph.layers[index].outputChannels) numbers", found: "\(bias.count)")
      }
      guard bias.allSatisfy(\.isFinite), bias.contains(where: { $0 != 0 }) else {
        throw .invalidTicket(at: place, expected: "finite numbers, not all of them 0", found: "others")
      }
    }
  }

  /// The blocks that a ticket for this architecture and input box has, ascending.
  public static func addresses(graph: LayerGraph, inputRange: InputRange) -> [BlockAddress] {
    BlockAddress.all(
      of: graph.layers, signedInputs: graph.signedInputs(networkInputIsSigned: inputRange.isSigned))
  }

  /// The random network that the ticket prunes.
  public var randomNetwork: RandomNetwork {
    get throws(TicketError) { try RandomNetwork(seed: seed, width: width, layers: graph.layers) }
  }

  /// Filters that stay.
  public var keptFilters: Int { blocks.reduce(0) { $0 + $1.kept.count } }

  /// Numbers taken from the target: one scale per layer, the biases, and what maps per channel
  /// multiply by and add.
  public var scalarsTaken: Int { scales.count + biasesTaken + mapScalarsTaken }

  /// Factors and shifts of all maps per channel together.
  public var mapScalarsTaken: Int {
    graph.nodes.reduce(0) { sum, node in
      if case .plain(let layer) = node.operation { sum + layer.rules.scalarsTaken } else { sum }
    }
  }

  /// Entries of all biases together.
  public var biasesTaken: Int { biases.reduce(0) { $0 + ($1?.count ?? 0) } }
}
