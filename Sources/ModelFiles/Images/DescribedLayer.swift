import Convolution
import LinearAlgebra
import Tickets

/// A layer in words: what lists and pictures show of it.
public struct DescribedLayer: Sendable, Encodable {
  /// The node's name in its file.
  public let name: String
  /// What it does, in a few words.
  public let summary: String
  /// Shape of its value for one image: height, width, channels.
  public let shape: [Int]
  /// Weights, biases and other numbers that it holds.
  public let parameters: Int
  /// Places of the layers that it reads, in the same list.
  public let inputs: [Int]

  /// Layers of a network, the input first.
  public static func list(of network: Network<Float>) -> [DescribedLayer] {
    network.nodes.enumerated().map { index, node in
      let parameters: Int
      switch node.operation {
      case .convolution(let layer): parameters = layer.kernel.count + (layer.bias?.count ?? 0)
      case .blockedPointwise(let layer): parameters = layer.scalars.count
      case .plain(let layer): parameters = layer.rules.scalarsTaken
      case .input: parameters = 0
      }
      return DescribedLayer(
        name: node.name, summary: summary(ofNode: index, in: network), shape: sizes(network.shapes[index]),
        parameters: parameters, inputs: node.inputs)
    }
  }

  /// Layers of a ticket's architecture, the input first.
  public static func list(of graph: LayerGraph) -> [DescribedLayer] {
    graph.nodes.enumerated().map { index, node in
      let (summary, parameters): (String, Int) =
        switch node.operation {
        case .input: ("input", 0)
        case .plain(let layer): (layer.rules.summary, layer.rules.scalarsTaken)
        case .convolution(let layer):
          (
            words(
              layer.window, layer.inputChannels, layer.outputChannels, groups: 1,
              over: graph.shapes[node.inputs[0]]), layer.weightCount
          )
        }
      return DescribedLayer(
        name: node.name, summary: summary, shape: sizes(graph.shapes[index]), parameters: parameters,
        inputs: node.inputs)
    }
  }

  private static func sizes(_ shape: ImageShape) -> [Int] { [shape.height, shape.width, shape.channels] }

  private static func summary(ofNode index: Int, in network: Network<Float>) -> String {
    switch network.nodes[index].operation {
    case .input: return "input"
    case .blockedPointwise(let layer): return "blocked 1×1, \(layer.inputChannels) → \(layer.sources.count)"
    case .plain(let layer): return layer.rules.summary
    case .convolution(let layer):
      let input = network.shapes[network.nodes[index].inputs[0]]
      return words(layer.window, layer.inputChannels, layer.outputChannels, groups: layer.groups, over: input)
        + (layer.bias == nil ? "" : ", bias")
    }
  }

  private static func words(
    _ window: SlidingWindow, _ inputs: Int, _ outputs: Int, groups: Int, over input: ImageShape
  ) -> String {
    func pair(_ first: Int, _ second: Int) -> String { first == second ? "\(first)" : "\(first)×\(second)" }
    let padding = window.padding
    let isDense =
      (window.height, window.width) == (input.height, input.width) && padding == Padding() && groups == 1
    if isDense { return "dense, \(input.count) → \(outputs)" }
    var text = "convolution \(window.height)×\(window.width), \(inputs) → \(outputs)"
    if window.strideHeight > 1 || window.strideWidth > 1 {
      text += ", stride \(pair(window.strideHeight, window.strideWidth))"
    }
    if window.dilationHeight > 1 || window.dilationWidth > 1 {
      text += ", dilation \(pair(window.dilationHeight, window.dilationWidth))"
    }
    if padding != Padding() {
      let isEven = padding.top == padding.bottom && padding.left == padding.right
      text +=
        ", padding "
        + (isEven
          ? pair(padding.top, padding.left) : "\(padding.top) \(padding.left) \(padding.bottom) \(padding.right)")
    }
    return text + (groups > 1 ? ", \(groups) groups" : "")
  }
}
