import Convolution
import LinearAlgebra
import RunControl
import Tickets

/// Measures a layer on the calibration images, behind the layers pruned so far.
struct LayerStatistics {
  let search: TicketSearch
  let calibration: Calibration
  let damping: Double
  let workers: Int
  let control: RunControl
  private typealias Operations = [(name: String, operation: Network<Float>.Operation)]
  private var graph: LayerGraph { search.graph }
  private var biases: [[Float]?] { search.target.biases }

  /// The wanted kernel and the geometry in which to miss it.
  ///
  /// - Throws: `Interruption` when the run must stop; `PruningError.singularStatistics`.
  func refit(
    layer number: Int, _ addresses: [BlockAddress], behind pruned: [CollapsedLayer]
  ) throws -> LayerRefit {
    let layer = graph.layers[number - 1]
    let (kernel, scale) = (search.target.kernels[number - 1], search.scales[number - 1])
    let moments = try moments(layer: number, behind: pruned)
    switch calibration.metric {
    case .layer:
      return try LayerRefit(
        moments, layer, layer: number, addresses: addresses, kernel: kernel, scale: scale, damping: damping,
        interruption: interruption)
    case .logits:
      return try LayerRefit(
        try logitMoments(layer: number, behind: pruned), moments, layer, layer: number, addresses: addresses,
        kernel: kernel, scale: scale, mix: calibration.mix, damping: damping, interruption: interruption)
    }
  }

  private func moments(layer number: Int, behind pruned: [CollapsedLayer]) throws -> LayerMoments {
    let node = graph.nodes.firstIndex { $0.operation == .convolution(layer: number) }!
    let kernels = search.target.kernels
    let inputs: Network<Float> = try graph.network(upTo: graph.nodes[node].inputs[0]) {
      try operations($0, kernels, behind: pruned)
    }
    let wanted: Network<Float> = try graph.network(upTo: node) {
      try operations($0, kernels, hasBias: $0 != number, behind: [])
    }
    return try LayerMoments(
      of: graph.layers[number - 1], inputs: inputs, wanted: wanted, isSigned: isSigned(number),
      on: calibration.images, workers: workers, interruption: interruption)
  }

  private func logitMoments(layer number: Int, behind pruned: [CollapsedLayer]) throws -> LogitMoments {
    let kernels = search.target.kernels
    // Nodes by which splits of pruned layers put those behind them off.
    var added = 0
    let hybrid: Network<Float> = try graph.network {
      let parts = try operations($0, kernels, behind: pruned)
      if $0 < number { added += parts.count - 1 }
      return parts
    }
    let target: Network<Float> = try graph.network { try operations($0, kernels, behind: []) }
    return try LogitMoments(
      of: graph.layers[number - 1], pruned: hybrid,
      node: graph.nodes.firstIndex { $0.operation == .convolution(layer: number) }! + added, target: target,
      isSigned: isSigned(number), on: calibration.images, workers: workers, interruption: interruption)
  }

  /// A pruned layer's, or the target's own.
  private func operations(
    _ number: Int, _ kernels: [[Float]], hasBias: Bool = true, behind pruned: [CollapsedLayer]
  ) throws -> Operations {
    let layer = graph.layers[number - 1]
    let bias = hasBias ? biases[number - 1] : nil
    if number <= pruned.count { return try pruned[number - 1].operations(of: layer, bias: bias) }
    let convolution = try Convolution(
      window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
      kernel: kernels[number - 1], bias: bias)
    return [(layer.name, .convolution(convolution))]
  }

  private func isSigned(_ number: Int) -> Bool {
    graph.signedInputs(networkInputIsSigned: search.inputRange.isSigned)[number - 1]
  }

  private func interruption() throws {
    try control.checkInterruption()
  }
}
