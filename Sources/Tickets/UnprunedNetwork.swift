import Convolution
import LinearAlgebra

extension Ticket {
  /// The random network behind its blocked mask, nothing removed: per layer all 2N hidden filters
  /// of each input channel, those with u ≤ 0 among them that a non-negative input never lets
  /// through.
  ///
  /// It is laid out, scaled and biased as `prunedNetwork`, and computes what
  /// `RandomNetwork.collapseUnpruned` sums.
  ///
  /// - Parameter workers: tasks at a time; the result does not depend on it.
  /// - Throws: `ConvolutionError` for sizes that overflow.
  /// - Complexity: every weight of the network once; memory, with packing it: `unprunedBytes()`.
  public func unprunedNetwork(workers: Int = Workers.availableCores) throws -> Network<Float> {
    _ = try unprunedCost()
    let random = try randomNetwork
    return try graph.network { layer in
      let filters = (0..<layer.inputChannels).flatMap { channel in
        random.scalars(layer: layer.number, channel: channel).enumerated().map {
          HiddenFilter(channel: channel, index: $0.offset, scalar: $0.element)
        }
      }
      return try operations(of: layer, keeping: filters, in: random, workers: workers)
    }
  }

  /// What `unprunedNetwork` holds and computes for one image, without making it. What the blocked
  /// mask hides is not counted: of the 1×1 layer's c · 2N·c entries these are 2N·c.
  ///
  /// - Throws: `ConvolutionError.invalidSize` for counts that overflow.
  public func unprunedCost() throws -> NetworkCost {
    try unprunedLayerCosts().reduce(NetworkCost()) { try $0.adding($1.cost) }
  }

  /// Bytes that making, packing and running `unprunedNetwork` on one image takes, near enough: its
  /// weights three times (kernels, and panels with rounded sides), the largest layer's once more,
  /// and two values of the largest hidden layer.
  ///
  /// - Throws: `ConvolutionError.invalidSize` for counts that overflow.
  public func unprunedBytes() throws -> Int {
    let layers = try unprunedLayerCosts()
    let weights = layers.map { Double($0.cost.weights) }
    let scalars = 3 * weights.reduce(0, +) + (weights.max() ?? 0) + 2 * (layers.map { Double($0.hidden) }.max() ?? 0)
    return Int(min(4 * scalars, 0x1p62))
  }

  /// Per layer, both of its random layers together, and the entries of its hidden value for one
  /// image.
  private func unprunedLayerCosts() throws -> [(cost: NetworkCost, hidden: Int)] {
    let shapes = graph.shapes
    let filters = try randomNetwork.filtersPerChannel
    var costs: [(cost: NetworkCost, hidden: Int)] = []
    for (index, node) in graph.nodes.enumerated() {
      guard case .convolution(let layer) = node.operation else { continue }
      let (hidden, overflow) = layer.inputChannels.multipliedReportingOverflow(by: filters)
      guard !overflow else {
        throw ConvolutionError.invalidSize(
          of: "hidden channels of layer \(layer.number)", expected: "a number that fits",
          found: "\(layer.inputChannels) · \(filters)")
      }
      let scalars = try NetworkCost.blockedPointwise(
        hiddenChannels: hidden, pixels: shapes[node.inputs[0]].pixels)
      let slices = try NetworkCost.convolution(
        window: layer.window, inputChannels: hidden, outputChannels: layer.outputChannels,
        hasBias: biases[layer.number - 1] != nil, outputPixels: shapes[index].pixels)
      costs.append((try scalars.adding(slices), scalars.multiplyAdds))
    }
    return costs
  }
}
