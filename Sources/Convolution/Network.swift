import LinearAlgebra

/// A feed-forward network: nodes in an order in which each reads only earlier ones.
///
/// Node 0 is the input; `output` names the node whose value the network returns.
public struct Network<Scalar: BLASScalar>: Sendable, Equatable {
  /// What a node computes from its inputs.
  public enum Operation: Sendable, Equatable {
    /// The image batch itself.
    case input
    case convolution(Convolution<Scalar>)
    case blockedPointwise(BlockedPointwise<Scalar>)
    /// φ(x) = max(x, 0).
    case rectifier
    case pooling(Pooling)
    /// The mean over pixels: 1 × 1 × channels.
    case globalAveragePooling
    /// One flat row per image in channel, row, column order.
    case flatten
    case dense(Dense<Scalar>)
    /// x unchanged, whatever an exporter called it.
    case identity
    /// x + y, entry by entry, of two values of one shape: a residual connection.
    case addition

    /// How many earlier values the operation reads.
    public var arity: Int {
      switch self {
      case .input: 0
      case .addition: 2
      default: 1
      }
    }
  }

  public struct Node: Sendable, Equatable {
    public let name: String
    public let operation: Operation
    /// Indices of earlier nodes, `operation.arity` of them.
    public let inputs: [Int]

    public init(name: String, operation: Operation, inputs: [Int]) {
      self.name = name
      self.operation = operation
      self.inputs = inputs
    }
  }

  public let inputShape: ImageShape
  public let nodes: [Node]
  public let output: Int
  /// Shape of each node's value for one image.
  public let shapes: [ImageShape]

  /// A network over checked nodes.
  ///
  /// - Throws: `ConvolutionError` that names the node: wrong wiring, or shapes that do not fit.
  public init(inputShape: ImageShape, nodes: [Node], output: Int? = nil) throws(ConvolutionError) {
    guard inputShape.height > 0, inputShape.width > 0, inputShape.channels > 0,
      elementCount(inputShape.height, inputShape.width, inputShape.channels) != nil
    else {
      throw .invalidSize(of: "network input", expected: "positive sizes whose product fits", found: "\(inputShape)")
    }
    guard let first = nodes.first, first.operation == .input, first.inputs.isEmpty else {
      throw .invalidGraph(
        node: nodes.first?.name ?? "", expected: "the input as first node", found: nodes.isEmpty ? "no node" : "another"
      )
    }
    var shapes = [inputShape]
    for (index, node) in nodes.enumerated().dropFirst() {
      shapes.append(try Self.shape(of: node, at: index, over: shapes))
    }
    let output = output ?? nodes.count - 1
    guard nodes.indices.contains(output) else {
      throw .invalidGraph(node: "output", expected: "a node index in 0..<\(nodes.count)", found: "\(output)")
    }
    self.inputShape = inputShape
    self.nodes = nodes
    self.output = output
    self.shapes = shapes
  }

  /// The shape of the value of a node, given those of all nodes before it.
  ///
  /// - Throws: `ConvolutionError` that names the node: wrong wiring, shapes that do not fit, or a
  ///   value whose entries cannot be counted.
  package static func shape(
    of node: Node, at index: Int, over shapes: [ImageShape]
  ) throws(ConvolutionError) -> ImageShape {
    let arity = node.operation.arity
    guard node.inputs.count == arity, arity > 0, node.inputs.allSatisfy({ $0 >= 0 && $0 < index }) else {
      throw .invalidGraph(
        node: node.name, expected: "\(arity) input(s) among the earlier nodes", found: "\(node.inputs) at \(index)")
    }
    let input = shapes[node.inputs[0]]
    if let second = node.inputs.dropFirst().first, shapes[second] != input {
      throw .shapeMismatch(
        at: "node '\(node.name)'", expected: "two values of one shape, \(input)", found: "\(shapes[second])")
    }
    let shape = try shape(of: node, over: input)
    guard elementCount(shape.height, shape.width, shape.channels) != nil else {
      throw .invalidSize(
        of: "node '\(node.name)'", expected: "a value whose entries can be counted", found: "\(shape)")
    }
    return shape
  }

  private static func shape(of node: Node, over shape: ImageShape) throws(ConvolutionError) -> ImageShape {
    let name = "node '\(node.name)'"
    switch node.operation {
    case .input, .identity, .rectifier, .addition: return shape
    case .convolution(let layer): return try layer.outputShape(over: shape, at: name)
    case .blockedPointwise(let layer):
      guard layer.inputChannels == shape.channels else {
        throw .shapeMismatch(at: name, expected: "\(layer.inputChannels) input channels", found: "\(shape.channels)")
      }
      return ImageShape(height: shape.height, width: shape.width, channels: layer.sources.count)
    case .pooling(let layer): return try layer.outputShape(over: shape, at: name)
    case .globalAveragePooling: return ImageShape(height: 1, width: 1, channels: shape.channels)
    case .flatten: return ImageShape(height: 1, width: 1, channels: shape.count)
    case .dense(let layer): return try layer.outputShape(over: shape, at: name)
    }
  }

  /// Shape of the network's value for one image.
  public var outputShape: ImageShape { shapes[output] }

  /// Entries of the largest value any node has for one image.
  public var largestActivation: Int { shapes.map(\.count).max() ?? 0 }

  /// The same network in another scalar type; from Float to Double exactly.
  public func converted<Other: BLASScalar>(to: Other.Type) throws(ConvolutionError) -> Network<Other> {
    func convert(_ values: [Scalar]) -> [Other] { values.map { Other($0) } }
    var converted: [Network<Other>.Node] = []
    for node in nodes {
      let operation: Network<Other>.Operation
      switch node.operation {
      case .input: operation = .input
      case .rectifier: operation = .rectifier
      case .pooling(let pooling): operation = .pooling(pooling)
      case .globalAveragePooling: operation = .globalAveragePooling
      case .flatten: operation = .flatten
      case .identity: operation = .identity
      case .addition: operation = .addition
      case .convolution(let layer):
        operation = .convolution(
          try Convolution<Other>(
            window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
            groups: layer.groups, kernel: convert(layer.kernel), bias: layer.bias.map(convert)))
      case .blockedPointwise(let layer):
        operation = .blockedPointwise(
          try BlockedPointwise<Other>(
            inputChannels: layer.inputChannels, sources: layer.sources, scalars: convert(layer.scalars)))
      case .dense(let layer):
        operation = .dense(
          try Dense<Other>(
            inputs: layer.inputs, outputs: layer.outputs, weights: convert(layer.weights),
            bias: layer.bias.map(convert)))
      }
      converted.append(.init(name: node.name, operation: operation, inputs: node.inputs))
    }
    return try Network<Other>(inputShape: inputShape, nodes: converted, output: output)
  }
}
