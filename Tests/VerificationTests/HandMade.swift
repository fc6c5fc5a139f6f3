import Convolution
import LinearAlgebra
import Tickets
import Verification

extension Target {
  /// A target of an architecture over kernels and biases written by hand.
  init(_ graph: LayerGraph, kernels: [[Float]], biases: [[Float]?]? = nil) throws {
    try self.init(
      graph.network { layer in
        let convolution = try Convolution(
          window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
          kernel: kernels[layer.number - 1], bias: biases?[layer.number - 1])
        return [(layer.name, .convolution(convolution))]
      })
  }
}

extension CollapsedLayer {
  /// A layer over sums written by hand.
  init(_ positive: [Double], _ negative: [Double]?, of layer: LayerGraph.Layer) {
    self.init(
      positive: Kernel(positive, of: layer), negative: negative.map { Kernel($0, of: layer) })
  }
}
