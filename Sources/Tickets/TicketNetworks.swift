import Convolution
import LinearAlgebra

extension Ticket {
  /// The pruned network, slim: per layer the kept scalars (blocked 1×1 layer), ReLU, and the kept
  /// slices.
  ///
  /// Hidden filters stand in order of (channel, q); removed filters and their slices are not there.
  /// Slices carry the layer's scale, a power of two, so their bits are the random ones but for the
  /// exponent. A layer's bias is the target's.
  ///
  /// - Parameter workers: tasks at a time; the result does not depend on it.
  /// - Throws: `TicketError.invalidTicket` as `Collapse`.
  /// - Complexity: one slice of normals per kept filter, and the scalars of each block's channel;
  ///   memory for the kept slices.
  public func prunedNetwork(workers: Int = Workers.availableCores) throws -> Network<Float> {
    let random = try randomNetwork
    return try graph.network { layer in
      try operations(
        of: layer, keeping: try keptFilters(ofLayer: layer.number, in: random), in: random,
        workers: workers)
    }
  }

  /// A layer made of some hidden filters, in the order given: their scalars, ReLU, and their slices
  /// times the layer's scale, with the target's bias.
  ///
  /// Cost: one slice of normals per filter; memory: the kernel once.
  func operations(
    of layer: LayerGraph.Layer, keeping filters: [HiddenFilter], in random: RandomNetwork, workers: Int
  ) throws -> [(name: String, operation: Network<Float>.Operation)] {
    let pointwise = try BlockedPointwise(
      inputChannels: layer.inputChannels, sources: filters.map(\.channel), scalars: filters.map(\.scalar))
    let kernel = try random.kernel(of: layer, filters, scale: Float(scales[layer.number - 1]), workers: workers)
    let convolution = try Convolution(
      window: layer.window, inputChannels: filters.count, outputChannels: layer.outputChannels, kernel: kernel,
      bias: biases[layer.number - 1])
    return [
      (layer.name + ".scalars", .blockedPointwise(pointwise)), (layer.name + ".hidden", .rectifier),
      (layer.name, .convolution(convolution)),
    ]
  }

  /// Whether the kept filters have their halves' signs and the candidate counts are the random
  /// network's.
  ///
  /// - Throws: `TicketError.invalidTicket` where they don't.
  /// - Complexity: 2N words of the generator a channel.
  public func validateSigns() throws(TicketError) {
    let network = try randomNetwork
    var signs: (layer: Int, channel: Int, values: FilterSigns)?
    for block in blocks {
      let (layer, channel) = (block.address.layer, block.address.channel)
      let known = signs.flatMap { ($0.layer, $0.channel) == (layer, channel) ? $0.values : nil }
      let values = known ?? FilterSigns(network, layer: layer, channel: channel)
      signs = (layer, channel, values)
      try block.requireSigns(values)
    }
  }

  private func keptFilters(
    ofLayer number: Int, in network: RandomNetwork
  ) throws(TicketError) -> [HiddenFilter] {
    var kept: [HiddenFilter] = []
    for block in blocks where block.address.layer == number {
      let channel = block.address.channel
      try block.requireSigns(FilterSigns(network, layer: number, channel: channel))
      kept += block.kept.map {
        HiddenFilter(
          channel: channel, index: Int($0), scalar: network.scalar(layer: number, channel: channel, filter: Int($0)))
      }
    }
    kept.sort { ($0.channel, $0.index) < ($1.channel, $1.index) }
    return kept
  }
}

/// A hidden filter of one layer: the input channel it reads, its index within that channel, its
/// scalar.
struct HiddenFilter {
  let channel: Int
  let index: Int
  let scalar: Float
}

extension RandomNetwork {
  /// Filters a task makes at a time.
  private static let filtersPerTask = 64

  /// The slices of hidden filters as one kernel, HWIO: (tap, position in `filters`, output
  /// channel), times `scale`.
  fileprivate func kernel(
    of layer: LayerGraph.Layer, _ filters: [HiddenFilter], scale: Float, workers: Int
  ) throws -> [Float] {
    let (hidden, outputs) = (filters.count, layer.outputChannels)
    if hidden == 0 { return [] }
    return try [Float](unsafeUninitializedCapacity: layer.sliceCount * hidden) { buffer, initialized in
      // Each task writes the entries of its own filters.
      nonisolated(unsafe) let kernel = buffer.baseAddress!
      let chunk = Self.filtersPerTask
      try Workers.forEach(count: (hidden + chunk - 1) / chunk, workers: workers) { task, _ in
        var slice = [Float](repeating: 0, count: layer.sliceCount)
        for index in task * chunk..<min(hidden, (task + 1) * chunk) {
          slice.withUnsafeMutableBufferPointer {
            fillSlice(
              $0, layer: layer.number, channel: filters[index].channel, filter: filters[index].index)
          }
          for tap in 0..<layer.taps {
            let start = kernel + (tap * hidden + index) * outputs
            for o in 0..<outputs { (start + o).initialize(to: slice[tap * outputs + o] * scale) }
          }
        }
      }
      initialized = layer.sliceCount * hidden
    }
  }
}

extension Block {
  /// Whether the kept filters have their half's sign, and there are as many candidates as stated.
  ///
  /// - Parameter signs: of the block's channel.
  /// - Throws: `TicketError.invalidTicket` where not.
  func requireSigns(_ signs: FilterSigns) throws(TicketError) {
    let half = address.half
    guard signs.count(half) == candidates else {
      throw .invalidTicket(
        at: "\(address)", expected: "\(signs.count(half)) candidates", found: "\(candidates)")
    }
    for filter in kept where !signs.contains(Int(filter), half) {
      throw .invalidTicket(
        at: "\(address)", expected: "filters of the \(half.rawValue) half",
        found: "filter \(filter) with the other sign")
    }
  }
}
