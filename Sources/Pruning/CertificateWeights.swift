import Convolution
import Tickets

/// How much an error of each layer's outputs can add to the certified error of the network's
/// outputs.
///
/// A certificate is linear in the errors that layers add: one of size e at output o of a layer adds
/// λ_o·e to the sum of the bounds on all outputs of the network, where λ is 1 there and is carried
/// back through the magnitudes of the kernels behind, the target's in place of the pruned one's.
/// With x in a box, a layer's own errors are sums of weight errors' magnitudes, so the part of a
/// block is at most its inputs' bound times Σ λ_o·|Δ|: a weighted ℓ₁ norm.
package struct CertificateWeights {
  /// λ by layer and output channel.
  package private(set) var layers: [[Double]]

  /// - Complexity: a pass over the weights.
  package init(of target: Target) {
    let graph = target.graph
    let shapes = graph.shapes
    layers = graph.layers.map { [Double](repeating: 0, count: $0.outputChannels) }
    var weights: [[Double]] = shapes.map { [Double](repeating: 0, count: $0.channels) }
    weights[graph.output] = [Double](repeating: 1, count: shapes[graph.output].channels)
    for (index, node) in graph.nodes.enumerated().reversed() {
      let own = weights[index]
      switch node.operation {
      case .input: break
      case .plain(let layer):
        let rules = layer.rules
        for input in node.inputs {
          for (c, weight) in own.enumerated() {
            guard let source = rules.source(ofChannel: c, of: own.count, over: shapes[input].channels) else { continue }
            weights[input][source] += rules.steepness(ofChannel: c) * weight
          }
        }
      case .convolution(let layer):
        layers[layer.number - 1] = own
        let (inputs, outputs) = (layer.inputChannels, own.count)
        for (k, weight) in target.kernels[layer.number - 1].values.enumerated() {
          weights[node.inputs[0]][k / outputs % inputs] += own[k % outputs] * Double(abs(weight))
        }
      }
    }
  }
}
