import Convolution
import LinearAlgebra

/// A target's architecture without its weights: what a ticket stores of it.
///
/// Convolutions are numbered 1…ℓ in graph order, as the paper numbers them. A value of this type
/// has wiring and shapes that fit together and sizes within its limits, wherever it came from.
public struct LayerGraph: Sendable, Hashable {
  /// What a node does.
  public enum Operation: GraphOperation, Hashable {
    case input
    case convolution(Layer)
    case plain(PlainLayer)
  }

  /// A named operation and the nodes that it reads.
  public typealias Node = Graph<Operation>.Node

  /// The shape of one convolution, or of a fully connected layer written as one.
  public struct Layer: Sendable, Hashable {
    /// 1…ℓ.
    public let number: Int
    /// The node's name in the target.
    public let name: String
    /// Size, strides, dilations and padding.
    public let window: SlidingWindow
    /// Channels c of the value that it reads.
    public let inputChannels: Int
    /// Channels c' of its own value.
    public let outputChannels: Int

    /// A layer's shape; `LayerGraph` checks it.
    public init(number: Int, name: String, window: SlidingWindow, inputChannels: Int, outputChannels: Int) {
      self.number = number
      self.name = name
      self.window = window
      self.inputChannels = inputChannels
      self.outputChannels = outputChannels
    }

    /// Positions of the window: height · width.
    public var taps: Int { window.height * window.width }
    /// Entries of one hidden filter's slice, m = taps · output channels.
    public var sliceCount: Int { taps * outputChannels }
    /// Entries of the layer's kernel.
    public var weightCount: Int { sliceCount * inputChannels }
  }

  /// Weights of all kernels that a graph may speak of: 2²⁵. A ticket stores none of them, so its
  /// few bytes could speak of any number.
  public static let greatestWeightCount = 1 << 25
  /// Entries of one hidden filter's slice: 2²².
  static let greatestSliceCount = 1 << 22

  /// The nodes and how they are wired.
  public let graph: Graph<Operation>
  /// The convolutions, layer 1 first.
  public let layers: [Layer]

  /// A checked architecture.
  ///
  /// - Throws: `ConvolutionError` that says where layers are not numbered 1…ℓ in order, or sizes go
  ///   beyond the limits of this type or of `ForwardDemand`.
  public init(_ graph: Graph<Operation>) throws(ConvolutionError) {
    self.graph = graph
    layers = graph.nodes.compactMap {
      if case .convolution(let layer) = $0.operation { layer } else { nil }
    }
    guard !layers.isEmpty else {
      throw .invalidGraph(node: "output", expected: "at least one convolution", found: "none")
    }
    try requireNumbers()
    try requireModestSizes()
  }

  /// Shape of the images that the network reads.
  public var inputShape: ImageShape { graph.inputShape }
  /// The nodes, node 0 the input.
  public var nodes: [Node] { graph.nodes }
  /// Index of the node whose value is the network's.
  public var output: Int { graph.output }
  /// Shape of each node's value for one image.
  public var shapes: [ImageShape] { graph.shapes }

  /// Weights of all layers' kernels together.
  public var weightCount: Int { layers.reduce(0) { $0 + $1.weightCount } }

  /// Index of the node that is a layer's convolution.
  public func node(ofLayer number: Int) -> Int {
    nodes.firstIndex { $0.operation == .convolution(layers[number - 1]) }!
  }

  /// Whether the input of each layer can be negative, given whether the network's can.
  public func signedInputs(networkInputIsSigned: Bool) -> [Bool] {
    var signed: [Bool] = []
    var perLayer: [Bool] = []
    for node in nodes {
      let inputs = node.inputs.map { signed[$0] }
      switch node.operation {
      case .input: signed.append(networkInputIsSigned)
      case .plain(let layer): signed.append(layer.rules.isSigned(inputs))
      case .convolution:
        perLayer.append(inputs[0])
        signed.append(true)
      }
    }
    return perLayer
  }

  /// Numbers of the layers that read a value no ReLU has made non-negative, other than the
  /// network's input.
  var layersWithoutRectifierBetween: [Int] {
    let signed = signedInputs(networkInputIsSigned: false)
    return signed.indices.filter { signed[$0] }.map { $0 + 1 }
  }

  /// A network of this architecture in which `replacement(layer)` stands for each convolution.
  ///
  /// - Parameters:
  ///   - node: the node whose value the network returns; nil for the output.
  ///   - replacement: operations to chain, with names.
  /// - Throws: `ConvolutionError` when the replacement does not fit; what `replacement` throws.
  public func network<Scalar>(
    upTo node: Int? = nil,
    _ replacement: (Layer) throws -> [(name: String, operation: Network<Scalar>.Operation)]
  ) throws -> Network<Scalar> {
    Network(
      try graph.replacing(upTo: node) { node in
        switch node.operation {
        case .input: [(node.name, .input)]
        case .plain(let layer): [(node.name, .plain(layer))]
        case .convolution(let layer): try replacement(layer)
        }
      })
  }

  private func requireNumbers() throws(ConvolutionError) {
    for (index, layer) in layers.enumerated() where layer.number != index + 1 {
      throw .invalidGraph(
        node: layer.name, expected: "layer \(index + 1) of \(layers.count)", found: "\(layer.number)")
    }
  }

  private func requireModestSizes() throws(ConvolutionError) {
    var weights = 0
    for layer in layers {
      let sizes = [layer.window.height, layer.window.width, layer.inputChannels, layer.outputChannels]
      var product = 1
      for size in sizes {
        let (value, overflow) = product.multipliedReportingOverflow(by: size)
        guard size > 0, !overflow, value <= Self.greatestWeightCount else {
          throw .invalidSize(
            of: "layer '\(layer.name)'",
            expected: "positive sizes of at most \(Self.greatestWeightCount) weights", found: "\(sizes)")
        }
        product = value
      }
      weights += product
      guard weights <= Self.greatestWeightCount, layer.sliceCount <= Self.greatestSliceCount else {
        throw .invalidSize(
          of: "layer '\(layer.name)'",
          expected: "at most \(Self.greatestWeightCount) weights in all layers, "
            + "\(Self.greatestSliceCount) of a channel",
          found: "\(weights) up to here, \(layer.sliceCount) of a channel")
      }
    }
    var demand = ForwardDemand()
    for (index, node) in nodes.enumerated() {
      let name = "node '\(node.name)'"
      var operationsPerEntry = 1
      switch node.operation {
      case .input: break
      case .convolution(let layer):
        try layer.window.requireModestPadding(over: shapes[node.inputs[0]], at: name)
        operationsPerEntry = layer.taps * layer.inputChannels
      case .plain(let layer):
        try layer.rules.requireModest(over: shapes[node.inputs[0]], at: name)
        operationsPerEntry = layer.rules.operationsPerEntry(over: shapes[node.inputs[0]])
      }
      try demand.add(shapes[index], operationsPerEntry: operationsPerEntry, at: name)
    }
  }
}

extension LayerGraph.Operation {
  /// How many earlier values the operation reads.
  public var arity: Int {
    switch self {
    case .input: 0
    case .convolution: 1
    case .plain(let layer): layer.rules.arity
    }
  }

  /// The shape of the operation's value.
  ///
  /// - Throws: `ConvolutionError` where the shapes read do not fit.
  public func outputShape(
    over inputs: [ImageShape], at name: String
  ) throws(ConvolutionError) -> ImageShape {
    switch self {
    case .input: return inputs[0]
    case .plain(let layer): return try layer.rules.outputShape(over: inputs[0], at: name)
    case .convolution(let layer):
      guard inputs[0].channels == layer.inputChannels else {
        throw .shapeMismatch(
          at: name, expected: "\(layer.inputChannels) input channels", found: "\(inputs[0].channels)")
      }
      let (height, width) = try layer.window.outputSize(over: inputs[0], at: name)
      return ImageShape(height: height, width: width, channels: layer.outputChannels)
    }
  }
}
