import Convolution
import LinearAlgebra
import RunControl
import Tickets

/// Measures a layer on the calibration images, behind the layers pruned so far.
struct LayerStatistics {
  private typealias Operations = [(name: String, operation: Network<Float>.Operation)]

  let setting: SearchSetting
  let calibration: CalibrationPlan
  let images: Tensor<Float>
  let workers: Int
  let control: RunControl
  /// The pruned layers' biases; nil for the target's.
  var prunedBiases: [[Float]?]?

  private var graph: LayerGraph { setting.graph }

  /// The wanted kernel and the geometry in which to miss it.
  ///
  /// - Parameter isAboutMeans: whether the layer's bias will make good what it misses on average,
  ///   in the layer's own metric.
  /// - Throws: `Interruption` when the run must stop; `PruningError.singularStatistics`.
  func refit(
    _ layer: LayerGraph.Layer, _ addresses: [BlockAddress], behind pruned: [CollapsedLayer],
    isAboutMeans: Bool = false
  ) throws -> LayerRefit {
    let kernel = setting.target.kernels[layer.number - 1]
    let scale = setting.scales[layer.number - 1]
    let moments = try moments(layer, behind: pruned)
    switch calibration.metric {
    case .layer:
      return try LayerRefit(
        isAboutMeans ? moments.aboutMeans() : moments, of: kernel, addresses: addresses, scale: scale,
        damping: calibration.damping, interruption: interruption)
    case .logits:
      return try LayerRefit(
        try logitMoments(layer, behind: pruned), moments, of: kernel, addresses: addresses, scale: scale,
        mix: calibration.mix, damping: calibration.damping, interruption: interruption)
    }
  }

  private func moments(
    _ layer: LayerGraph.Layer, behind pruned: [CollapsedLayer]
  ) throws -> LayerMoments {
    let node = graph.node(ofLayer: layer.number)
    let inputs: Network<Float> = try graph.network(upTo: graph.nodes[node].inputs[0]) {
      try operations($0, behind: pruned)
    }
    let wanted: Network<Float> = try graph.network(upTo: node) {
      try operations($0, hasBias: $0.number != layer.number, behind: [])
    }
    return try LayerMoments(
      of: layer, inputs: inputs, wanted: wanted, isSigned: setting.signedInputs[layer.number - 1],
      on: images, workers: workers, interruption: interruption)
  }

  private func logitMoments(
    _ layer: LayerGraph.Layer, behind pruned: [CollapsedLayer]
  ) throws -> LogitMoments {
    // Nodes by which splits of pruned layers put those behind them off.
    var added = 0
    let hybrid: Network<Float> = try graph.network {
      let parts = try operations($0, behind: pruned)
      if $0.number < layer.number { added += parts.count - 1 }
      return parts
    }
    let target: Network<Float> = try graph.network { try operations($0, behind: []) }
    return try LogitMoments(
      of: layer, pruned: hybrid, node: graph.node(ofLayer: layer.number) + added, target: target,
      isSigned: setting.signedInputs[layer.number - 1], on: images, workers: workers,
      interruption: interruption)
  }

  /// A pruned layer's operations, or the target's own.
  private func operations(
    _ layer: LayerGraph.Layer, hasBias: Bool = true, behind pruned: [CollapsedLayer]
  ) throws -> Operations {
    if layer.number <= pruned.count {
      let bias = (prunedBiases ?? setting.target.biases)[layer.number - 1]
      return try pruned[layer.number - 1].operations(bias: bias)
    }
    let bias = hasBias ? setting.target.biases[layer.number - 1] : nil
    let convolution = try Convolution(
      window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
      kernel: setting.target.kernels[layer.number - 1].values, bias: bias)
    return [(layer.name, .convolution(convolution))]
  }

  private func interruption() throws {
    try control.checkInterruption()
  }
}
