import Convolution
import LinearAlgebra

/// The two kernels that a layer's kept filters sum to: the layer is positive ∗ x⁺ + negative ∗ x⁻.
///
/// φ(u·x) = u⁺x⁺ + u⁻x⁻ makes this exact. Entries are in the target's units (the layer's scale
/// applied).
public struct CollapsedLayer: Sendable, Hashable {
  /// Σ_{u>0} u·V: approximates the target's kernel K.
  public private(set) var positive: Kernel<Double>
  /// Σ_{u<0} |u|·V: approximates −K; nil where the layer's input cannot be negative.
  public private(set) var negative: Kernel<Double>?

  /// A layer over given sums, both of one layer.
  public init(positive: Kernel<Double>, negative: Kernel<Double>?) {
    self.positive = positive
    self.negative = negative
  }

  /// The layer of the empty subset: zeros.
  public init(emptyOf layer: LayerGraph.Layer, isSigned: Bool) {
    let zeros = Kernel<Double>(zerosOf: layer)
    self.init(positive: zeros, negative: isSigned ? zeros : nil)
  }

  /// The layer whose kernels these are.
  public var layer: LayerGraph.Layer { positive.layer }

  /// A half's kernel, and the sign of the target that it approximates; nil for a half that the
  /// layer does not have.
  func half(_ half: Half) -> (kernel: Kernel<Double>, sign: Double)? {
    switch half {
    case .positive: (positive, 1)
    case .negative: negative.map { ($0, -1) }
    }
  }

  /// The largest |collapsed ∓ K| over the entries that one block makes.
  ///
  /// - Precondition: the layer has the half.
  public func error(ofChannel channel: Int, _ half: Half, from kernel: Kernel<Float>) -> Double {
    guard let (own, sign) = self.half(half) else { preconditionFailure("a half of the layer") }
    return zip(own.slice(ofChannel: channel), kernel.slice(ofChannel: channel)).reduce(0) {
      max($0, abs($1.0 - sign * Double($1.1)))
    }
  }

  /// The largest |positive − K| and |negative + K|.
  public func error(from kernel: Kernel<Float>) -> Double {
    Half.allCases.compactMap { half($0) }.reduce(0.0) { largest, half in
      zip(half.kernel.values, kernel.values).reduce(largest) {
        max($0, abs($1.0 - half.sign * Double($1.1)))
      }
    }
  }
}

/// A ticket's kept filters summed up exactly: what its pruned network computes, as a network of the
/// target's architecture.
///
/// It is made once, and everything measured of a ticket reads it.
public struct Collapse: Sendable, Hashable {
  /// The ticket that was summed up.
  public let ticket: Ticket
  /// Layers 1…ℓ, from index 0.
  public let layers: [CollapsedLayer]

  /// Sums the kept filters (see `RandomNetwork.collapse`).
  ///
  /// - Parameters:
  ///   - ticket: whose filters are summed.
  ///   - workers: tasks at a time; the result does not depend on it.
  /// - Throws: `TicketError.invalidTicket` when a kept filter's scalar has the other half's sign,
  ///   or a block claims another number of candidates than the random network has.
  /// - Complexity: a slice of normals per kept filter, and 2N words of the generator a block.
  public init(of ticket: Ticket, workers: Int = Workers.availableCores) throws {
    let network = try ticket.randomNetwork
    let blocks = ticket.blocks
    let sums = try Workers.map(count: blocks.count, workers: workers) { task in
      let block = blocks[task]
      let (layer, channel) = (block.address.layer, block.address.channel)
      try block.requireSigns(FilterSigns(network, layer: layer, channel: channel))
      return network.collapse(layer: layer, channel: channel, filters: block.kept.lazy.map { Int($0) })
    }
    self.ticket = ticket
    layers = CollapsedLayer.assemble(
      layers: ticket.graph.layers, addresses: blocks.map(\.address), sums: sums, scales: ticket.scales)
  }

  /// The collapsed network: the target's architecture over the kernels that the kept filters sum
  /// to.
  ///
  /// - Throws: `ConvolutionError` only for sizes that overflow.
  /// - Complexity: a pass over the kernels.
  public func network<Scalar: BLASScalar>(of type: Scalar.Type = Float.self) throws -> Network<Scalar> {
    try ticket.graph.network(of: layers, biases: ticket.biases)
  }
}

extension LayerGraph {
  /// A network of this architecture over collapsed layers, with a ticket's biases.
  ///
  /// - Parameters:
  ///   - collapsed: layers 1…ℓ, from index 0.
  ///   - biases: theirs, nil for a layer without.
  /// - Complexity: a pass over the kernels.
  public func network<Scalar: BLASScalar>(
    of collapsed: [CollapsedLayer], biases: [[Float]?]
  ) throws -> Network<Scalar> {
    try network { try collapsed[$0.number - 1].operations(bias: biases[$0.number - 1]) }
  }
}

extension CollapsedLayer {
  /// Puts the channels' sums together into kernels.
  ///
  /// - Parameters:
  ///   - sums: a slice for each address, from `RandomNetwork.collapse`.
  ///   - scales: the layers', applied to the sums.
  static func assemble(
    layers: [LayerGraph.Layer], addresses: [BlockAddress], sums: [[Double]], scales: [Double]
  ) -> [CollapsedLayer] {
    let signed = Set(addresses.filter { $0.half == .negative }.map(\.layer))
    var collapsed = layers.map { CollapsedLayer(emptyOf: $0, isSigned: signed.contains($0.number)) }
    for (address, sum) in zip(addresses, sums) {
      let index = layers.firstIndex { $0.number == address.layer }!
      let scaled = sum.map { $0 * scales[index] }
      switch address.half {
      case .positive: collapsed[index].positive.setSlice(ofChannel: address.channel, to: scaled)
      case .negative: collapsed[index].negative?.setSlice(ofChannel: address.channel, to: scaled)
      }
    }
    return collapsed
  }

  /// Puts the sums of one layer's blocks together.
  ///
  /// - Parameters:
  ///   - layer: whose kernel it is.
  ///   - addresses: its blocks.
  ///   - sums: a slice for each of them, from `RandomNetwork.collapse`.
  ///   - scale: the layer's, applied to the sums.
  public static func assemble(
    _ layer: LayerGraph.Layer, addresses: [BlockAddress], sums: [[Double]], scale: Double
  ) -> CollapsedLayer {
    assemble(layers: [layer], addresses: addresses, sums: sums, scales: [scale])[0]
  }

  /// The layer as network operations: one convolution where the input cannot be negative; else a
  /// split into x⁺ and x⁻ (a grouped 1×1 convolution and ReLU) before a convolution over both.
  /// `bias` is added behind either.
  ///
  /// - Throws: `ConvolutionError` only for a bias of another size than the layer's.
  public func operations<Scalar: BLASScalar>(
    bias: [Float]? = nil
  ) throws -> [(name: String, operation: Network<Scalar>.Operation)] {
    let bias = bias.map { $0.map { Scalar($0) } }
    let channels = layer.inputChannels
    guard let negative else {
      let convolution = try Convolution(
        window: layer.window, inputChannels: channels, outputChannels: layer.outputChannels,
        kernel: positive.values.map { Scalar($0) }, bias: bias)
      return [(layer.name, .convolution(convolution))]
    }
    let split = try BlockedPointwise<Scalar>(
      inputChannels: channels, sources: (0..<2 * channels).map { $0 / 2 },
      scalars: (0..<2 * channels).map { $0 % 2 == 0 ? 1 : -1 })
    var kernel: [Scalar] = []
    kernel.reserveCapacity(2 * layer.weightCount)
    let outputs = layer.outputChannels
    for start in stride(from: 0, to: layer.weightCount, by: outputs) {
      kernel += positive.values[start..<start + outputs].map { Scalar($0) }
      kernel += negative.values[start..<start + outputs].map { Scalar($0) }
    }
    let convolution = try Convolution(
      window: layer.window, inputChannels: 2 * channels, outputChannels: outputs, kernel: kernel, bias: bias)
    return [
      (layer.name + ".split", .blockedPointwise(split)), (layer.name + ".signs", .rectifier),
      (layer.name, .convolution(convolution)),
    ]
  }
}
