import LinearAlgebra
import Convolution

extension Network where Scalar == Float {
  /// SHA-256 of the target's canonical form, in hexadecimal: what a ticket remembers of its target.
  ///
  /// Digested are one line of text per node of `graph` (type, parameters, inputs; no names), then the kernels, HWIO,
  /// little-endian, layer by layer, then the biases of the layers that have one. A re-exported file with other names
  /// or tensor encodings, or a dense layer written as a convolution, has the same digest.
  ///
  /// - Throws: `TicketError.unsupportedTarget` as `LayerGraph(of:)`.
  public func targetDigest() throws(TicketError) -> String {
    let graph = try LayerGraph(of: self)
    let biases = biases
    var digest = SHA256Digest()
    let shape = graph.inputShape
    digest.update("tombola target 1\ninput \(shape.height) \(shape.width) \(shape.channels)\n")
    for node in graph.nodes {
      let inputs = node.inputs.map(String.init).joined(separator: " ")
      switch node.operation {
      case .input: digest.update("input\n")
      case .rectifier: digest.update("relu \(inputs)\n")
      case .globalAveragePooling: digest.update("global_average_pool \(inputs)\n")
      case .flatten: digest.update("flatten \(inputs)\n")
      case .pooling(let pooling):
        digest.update("pool \(inputs) \(pooling.kind.rawValue) \(pooling.window.canonicalText)\n")
      case .convolution(let number):
        let layer = graph.layers[number - 1]
        digest.update(
          "convolution \(inputs) \(layer.inputChannels) \(layer.outputChannels) \(layer.window.canonicalText)"
            + (biases[number - 1] == nil ? "\n" : " bias\n"))
      case .addition: digest.update("add \(inputs)\n")
      }
    }
    digest.update("output \(graph.output)\n")
    for kernel in kernels { digest.update(kernel) }
    for case let bias? in biases { digest.update(bias) }
    return digest.hexadecimal()
  }
}

extension SlidingWindow {
  var canonicalText: String {
    [
      height, width, strideHeight, strideWidth, dilationHeight, dilationWidth, padding.top, padding.left,
      padding.bottom, padding.right, roundsUp ? 1 : 0,
    ].map(String.init).joined(separator: " ")
  }
}
