import Convolution
import Files
import LinearAlgebra

/// A trained network as a ticket's target: everything that search, collapse and verification read
/// of it, made once.
///
/// ```swift
/// let target = try Target(ONNXModel.network(fromFile: "fashion-cnn.onnx"))
/// print(target.graph.layers.count, target.digest)
/// ```
public struct Target: Sendable {
  /// The network as it was given.
  public let network: Network<Float>
  /// Its architecture up to the output.
  public let graph: LayerGraph
  /// The kernels of layers 1…ℓ, from index 0.
  public let kernels: [Kernel<Float>]
  /// Their biases, one number per output channel; nil where there is none or all are zero.
  public let biases: [[Float]?]
  /// SHA-256 of the canonical form, in hexadecimal: what a ticket remembers of its target.
  ///
  /// Digested are one line of text per node of `graph` (type, parameters, inputs; no names), then
  /// the kernels, HWIO, little-endian, layer by layer, then the biases of the layers that have one.
  /// A re-exported file with other names or tensor encodings has the same digest.
  public let digest: String

  /// A target, if structured pruning as implemented can reach it: convolutions of one group, fully
  /// connected layers among them, with or without biases, and layers without weights.
  ///
  /// - Throws: `TicketError.unsupportedTarget` that names the first node outside this class,
  ///   weights that are no numbers, or sizes beyond the limits of `LayerGraph`.
  /// - Complexity: a pass over the weights.
  public init(_ network: Network<Float>) throws(TicketError) {
    self.network = network
    var nodes: [LayerGraph.Node] = []
    var kernels: [Kernel<Float>] = []
    var biases: [[Float]?] = []
    for node in network.nodes.prefix(network.output + 1) {
      let operation: LayerGraph.Operation
      switch node.operation {
      case .input: operation = .input
      case .plain(let layer): operation = .plain(layer)
      case .convolution(let convolution):
        try Self.requirePrunable(convolution, node.name)
        let layer = LayerGraph.Layer(
          number: kernels.count + 1, name: node.name, window: convolution.window,
          inputChannels: convolution.inputChannels, outputChannels: convolution.outputChannels)
        kernels.append(Kernel(convolution.kernel, of: layer))
        biases.append(convolution.bias.flatMap { $0.allSatisfy { $0 == 0 } ? nil : $0 })
        operation = .convolution(layer)
      case .blockedPointwise:
        throw .unsupportedTarget(
          node: node.name, expected: "convolutions, dense layers, and layers without weights",
          found: "a blocked 1×1 layer, as pruned networks have it")
      }
      nodes.append(LayerGraph.Node(name: node.name, operation: operation, inputs: node.inputs))
    }
    do {
      graph = try LayerGraph(
        Graph(inputShape: network.inputShape, nodes: nodes, output: network.output))
    } catch {
      throw .unsupportedTarget(node: "output", expected: "layers within limits", found: error.description)
    }
    self.kernels = kernels
    self.biases = biases
    digest = Self.digest(graph, kernels, biases)
  }

  private static func requirePrunable(
    _ layer: Convolution<Float>, _ name: String
  ) throws(TicketError) {
    guard layer.groups == 1 else {
      let isAffine = layer.groups == layer.outputChannels && layer.taps == 1
      throw .unsupportedTarget(
        node: name, expected: "a convolution of one group",
        found: isAffine
          ? "a factor per channel (a batch normalisation that follows no convolution?)"
          : "\(layer.groups) groups")
    }
    guard layer.inputChannels > 0 else {
      throw .unsupportedTarget(node: name, expected: "input channels", found: "none")
    }
    for (what, values) in [("weights", layer.kernel), ("biases", layer.bias ?? [])] {
      if let wrong = values.firstIndex(where: { !$0.isFinite }) {
        throw .unsupportedTarget(
          node: name, expected: "finite \(what)", found: "\(values[wrong]) at index \(wrong)")
      }
    }
  }

  private static func digest(
    _ graph: LayerGraph, _ kernels: [Kernel<Float>], _ biases: [[Float]?]
  ) -> String {
    var digest = SHA256Digest()
    digest.update("tombola target 1\n")
    for row in graph.canonicalRows {
      let hasBias = row.layer.map { biases[$0 - 1] != nil } ?? false
      digest.update(row.text + (hasBias ? " bias" : "") + "\n")
    }
    for kernel in kernels { digest.update(kernel.values) }
    for case let bias? in biases { digest.update(bias) }
    return digest.hexadecimal()
  }
}
