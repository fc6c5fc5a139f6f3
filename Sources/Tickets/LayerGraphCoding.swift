import Convolution

/// The JSON of format 1: nodes that name layers by their numbers, and the layers beside them.
extension LayerGraph: Codable {
  private enum Key: String, CodingKey { case inputShape, nodes, output, layers }

  /// Nodes by layer number, and the layers.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(inputShape, forKey: .inputShape)
    try container.encode(nodes.map(StoredNode.init), forKey: .nodes)
    try container.encode(output, forKey: .output)
    try container.encode(layers.map(StoredLayer.init), forKey: .layers)
  }

  /// - Throws: `TicketError.invalidTicket` for a graph that is not one, or too large.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let inputShape = try container.decode(ImageShape.self, forKey: .inputShape)
    let layers = try container.decode([StoredLayer].self, forKey: .layers)
    let nodes = try container.decode([StoredNode].self, forKey: .nodes)
    do {
      let built = try nodes.map { stored in
        Node(name: stored.name, operation: try stored.operation(layers), inputs: stored.inputs)
      }
      try self.init(
        Graph(
          inputShape: inputShape, nodes: built, output: container.decode(Int.self, forKey: .output)))
    } catch let error as ConvolutionError {
      throw TicketError.invalidTicket(
        at: "layer graph", expected: "layers that fit together, within limits",
        found: error.description)
    }
    guard self.layers.count == layers.count else {
      throw TicketError.invalidTicket(
        at: "layer graph", expected: "a convolution for each of \(layers.count) layers",
        found: "\(self.layers.count)")
    }
  }
}

/// One node's flat JSON: `name`, `type`, `inputs`, and what the type has beside.
private struct StoredNode: Codable {
  private enum Key: String, CodingKey { case name, type, inputs, layer }
  private enum Kind {
    case input
    case convolution(number: Int)
    case plain(PlainLayer)
  }

  let name: String
  let inputs: [Int]
  private let kind: Kind

  init(_ node: LayerGraph.Node) {
    name = node.name
    inputs = node.inputs
    kind =
      switch node.operation {
      case .input: .input
      case .convolution(let layer): .convolution(number: layer.number)
      case .plain(let layer): .plain(layer)
      }
  }

  func operation(_ layers: [StoredLayer]) throws(ConvolutionError) -> LayerGraph.Operation {
    switch kind {
    case .input: return .input
    case .plain(let layer): return .plain(layer)
    case .convolution(let number):
      guard number >= 1, number <= layers.count else {
        throw .invalidGraph(node: name, expected: "a layer of 1 to \(layers.count)", found: "\(number)")
      }
      return .convolution(layers[number - 1].layer(number: number))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    switch kind {
    case .input: try container.encode("input", forKey: .type)
    case .plain(let layer): try layer.encode(to: encoder)
    case .convolution(let number):
      try container.encode("convolution", forKey: .type)
      try container.encode(number, forKey: .layer)
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    name = try container.decode(String.self, forKey: .name)
    inputs = try container.decode([Int].self, forKey: .inputs)
    switch try container.decode(String.self, forKey: .type) {
    case "input": kind = .input
    case "convolution": kind = .convolution(number: try container.decode(Int.self, forKey: .layer))
    default: kind = .plain(try PlainLayer(from: decoder))
    }
  }
}

/// One layer's JSON.
private struct StoredLayer: Codable {
  let name: String
  let window: SlidingWindow
  let inputChannels: Int
  let outputChannels: Int

  init(_ layer: LayerGraph.Layer) {
    name = layer.name
    window = layer.window
    inputChannels = layer.inputChannels
    outputChannels = layer.outputChannels
  }

  func layer(number: Int) -> LayerGraph.Layer {
    LayerGraph.Layer(
      number: number, name: name, window: window, inputChannels: inputChannels,
      outputChannels: outputChannels)
  }
}
