import Convolution
import LinearAlgebra

extension Ticket {
  /// The kernels that the kept filters of each layer sum to, exactly (see `RandomNetwork.collapse`).
  ///
  /// - Throws: `TicketError.invalidTicket` when a kept filter's scalar has the other half's sign, or a block
  ///   claims another number of candidates than the random network has.
  public func collapsedLayers(workers: Int = Workers.availableCores) throws -> [CollapsedLayer] {
    let network = try randomNetwork
    let blocks = blocks
    let sums = try Workers.map(count: blocks.count, workers: workers) { task in
      let block = blocks[task]
      let scalars = try network.checkedScalars(of: block)
      return network.collapse(
        layer: block.address.layer, channel: block.address.channel, filters: block.kept.lazy.map { Int($0) },
        scalars: scalars)
    }
    return CollapsedLayer.assemble(
      layers: graph.layers, addresses: blocks.map(\.address), sums: sums, scales: scales)
  }

  /// The pruned network, slim: per layer the kept scalars (blocked 1×1 layer), ReLU, and the kept slices.
  ///
  /// Hidden filters stand in order of (channel, q); removed filters and their slices are not there. Slices
  /// carry the layer's scale, a power of two, so their bits are the random ones but for the exponent. A layer's bias
  /// is the target's.
  ///
  /// - Throws: `TicketError.invalidTicket` as `collapsedLayers`.
  public func prunedNetwork(workers: Int = Workers.availableCores) throws -> Network<Float> {
    let random = try randomNetwork
    return try graph.network { number in
      let layer = graph.layers[number - 1]
      let kept = try keptFilters(ofLayer: number, in: random)
      let outputs = layer.outputChannels
      let hidden = kept.count
      let scale = Float(scales[number - 1])
      // Slices are made filter by filter and laid out HWIO: (tap, hidden, output).
      let slices = try Workers.map(count: hidden, workers: workers) { index in
        [Float](unsafeUninitializedCapacity: layer.sliceCount) { buffer, initialized in
          let whole = UnsafeMutableBufferPointer(start: buffer.baseAddress, count: layer.sliceCount)
          random.fillSlice(whole, layer: number, channel: kept[index].channel, filter: kept[index].filter)
          initialized = layer.sliceCount
        }
      }
      var kernel = [Float](repeating: 0, count: layer.sliceCount * hidden)
      for (index, slice) in slices.enumerated() {
        for (position, value) in slice.enumerated() {
          let (tap, o) = position.quotientAndRemainder(dividingBy: outputs)
          kernel[(tap * hidden + index) * outputs + o] = value * scale
        }
      }
      let pointwise = try BlockedPointwise(
        inputChannels: layer.inputChannels, sources: kept.map(\.channel), scalars: kept.map(\.scalar))
      let convolution = try Convolution(
        window: layer.window, inputChannels: hidden, outputChannels: outputs, kernel: kernel,
        bias: biases[number - 1])
      return [
        (layer.name + ".scalars", .blockedPointwise(pointwise)), (layer.name + ".hidden", .rectifier),
        (layer.name, .convolution(convolution)),
      ]
    }
  }

  /// The collapsed network: the target's architecture over the kernels that the kept filters sum to.
  ///
  /// - Throws: as `collapsedLayers`.
  public func collapsedNetwork(workers: Int = Workers.availableCores) throws -> Network<Float> {
    let layers = try collapsedLayers(workers: workers)
    return try graph.network { try layers[$0 - 1].operations(of: graph.layers[$0 - 1], bias: biases[$0 - 1]) }
  }

  /// Whether the kept filters have their halves' signs and the candidate counts are the random network's.
  ///
  /// - Throws: `TicketError.invalidTicket` where they don't.
  public func validateSigns() throws(TicketError) {
    let network = try randomNetwork
    for block in blocks { _ = try network.checkedScalars(of: block) }
  }

  private func keptFilters(
    ofLayer number: Int, in network: RandomNetwork
  ) throws(TicketError) -> [(channel: Int, filter: Int, scalar: Float)] {
    var kept: [(channel: Int, filter: Int, scalar: Float)] = []
    for block in blocks where block.address.layer == number {
      let scalars = try network.checkedScalars(of: block)
      kept += block.kept.map { (block.address.channel, Int($0), scalars[Int($0)]) }
    }
    kept.sort { ($0.channel, $0.filter) < ($1.channel, $1.filter) }
    return kept
  }
}

extension RandomNetwork {
  func checkedScalars(of block: Block) throws(TicketError) -> [Float] {
    let (layer, channel, half) = (block.address.layer, block.address.channel, block.address.half)
    let scalars = scalars(layer: layer, channel: channel)
    let place = "layer \(layer), channel \(channel), \(half.rawValue)"
    let candidates = scalars.reduce(0) { $0 + (half.contains($1) ? 1 : 0) }
    guard candidates == block.candidates else {
      throw .invalidTicket(at: place, expected: "\(candidates) candidates", found: "\(block.candidates)")
    }
    for index in block.kept where !half.contains(scalars[Int(index)]) {
      throw .invalidTicket(
        at: place, expected: "filters of the \(half.rawValue) half", found: "filter \(index) with the other sign")
    }
    return scalars
  }
}
