import Convolution
import Tickets

/// How much an error of each layer's outputs can add to the certified error of the network's outputs.
///
/// A certificate is linear in the errors that layers add: one of size e at output o of a layer adds λ_o·e to the sum of the bounds on all outputs of the
/// network, where λ is 1 there and is carried back through |K| of the layers behind, the target's in place of the pruned one's. With x in a box, a
/// layer's own errors are sums of weight errors' magnitudes, so the part of a block is at most its inputs' bound times Σ λ_o·|Δ|: a weighted ℓ₁ norm.
package struct CertificateWeights {
  /// λ by layer and output channel.
  package private(set) var layers: [[Double]]

  /// - Parameter kernels: the target's, HWIO, layer by layer. Cost: a pass over the weights.
  package init(graph: LayerGraph, kernels: [[Float]]) throws {
    let shapes = try graph.shapes()
    layers = graph.layers.map { [Double](repeating: 0, count: $0.outputChannels) }
    var weights: [[Double]] = shapes.map { [Double](repeating: 0, count: $0.channels) }
    weights[graph.output] = [Double](repeating: 1, count: shapes[graph.output].channels)
    for (index, node) in graph.nodes.enumerated().reversed() {
      let own = weights[index]
      switch node.operation {
      case .input: break
      case .rectifier, .pooling, .globalAveragePooling, .addition:
        for input in node.inputs { for c in own.indices { weights[input][c] += own[c] } }
      case .flatten:
        let pixels = shapes[node.inputs[0]].pixels
        for (c, weight) in own.enumerated() { weights[node.inputs[0]][c / pixels] += weight }
      case .convolution(let number):
        layers[number - 1] = own
        let (inputs, outputs) = (graph.layers[number - 1].inputChannels, own.count)
        for (k, weight) in kernels[number - 1].enumerated() {
          weights[node.inputs[0]][k / outputs % inputs] += own[k % outputs] * Double(abs(weight))
        }
      }
    }
  }
}
