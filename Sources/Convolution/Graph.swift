/// What a node of a graph computes, as far as wiring and shapes are concerned.
public protocol GraphOperation: Sendable, Equatable {
  /// The operation of node 0, which reads nothing.
  static var input: Self { get }
  /// How many earlier values the operation reads: 0 for the input alone.
  var arity: Int { get }

  /// The shape of the operation's value.
  ///
  /// - Parameters:
  ///   - inputs: shapes of the values that it reads, `arity` of them, 1 or more.
  ///   - name: the node's, for messages.
  /// - Throws: `ConvolutionError` where they do not fit.
  func outputShape(over inputs: [ImageShape], at name: String) throws(ConvolutionError) -> ImageShape
}

/// A feed-forward graph: nodes in an order in which each reads only earlier ones, with shapes that
/// fit together.
///
/// Node 0 is the input; `output` names the node whose value the graph stands for. `Network` is such
/// a graph with weights, a ticket's layer graph one without.
public struct Graph<Operation: GraphOperation>: Sendable, Equatable {
  /// A named operation and what it reads.
  public struct Node: Sendable, Equatable {
    /// For messages; two nodes may have one name.
    public let name: String
    /// What the node computes.
    public let operation: Operation
    /// Indices of earlier nodes, `operation.arity` of them.
    public let inputs: [Int]

    /// A node; `Graph` checks that it fits.
    public init(name: String, operation: Operation, inputs: [Int]) {
      self.name = name
      self.operation = operation
      self.inputs = inputs
    }
  }

  /// Shape of the input's value for one image.
  public let inputShape: ImageShape
  /// The nodes, node 0 the input.
  public let nodes: [Node]
  /// Index of the node whose value the graph stands for.
  public let output: Int
  /// Shape of each node's value for one image.
  public let shapes: [ImageShape]

  /// A graph over checked nodes.
  ///
  /// - Parameters:
  ///   - inputShape: of one image.
  ///   - nodes: node 0 is the input; the others read earlier ones.
  ///   - output: the last node unless another is named.
  /// - Throws: `ConvolutionError` that names the node: wrong wiring, or shapes that do not fit.
  /// - Complexity: O(nodes).
  public init(inputShape: ImageShape, nodes: [Node], output: Int? = nil) throws(ConvolutionError) {
    guard inputShape.height > 0, inputShape.width > 0, inputShape.channels > 0,
      elementCount(inputShape.height, inputShape.width, inputShape.channels) != nil
    else {
      throw .invalidSize(
        of: "network input", expected: "positive sizes whose product fits", found: "\(inputShape)")
    }
    guard let first = nodes.first, first.operation == .input, first.inputs.isEmpty else {
      throw .invalidGraph(
        node: nodes.first?.name ?? "", expected: "the input as first node",
        found: nodes.isEmpty ? "no node" : "another")
    }
    var shapes = [inputShape]
    for (index, node) in nodes.enumerated().dropFirst() {
      shapes.append(try Self.shape(of: node, at: index, over: shapes))
    }
    let output = output ?? nodes.count - 1
    guard nodes.indices.contains(output) else {
      throw .invalidGraph(
        node: "output", expected: "a node index in 0..<\(nodes.count)", found: "\(output)")
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
  static func shape(
    of node: Node, at index: Int, over shapes: [ImageShape]
  ) throws(ConvolutionError) -> ImageShape {
    let arity = node.operation.arity
    guard node.inputs.count == arity, arity > 0, node.inputs.allSatisfy({ $0 >= 0 && $0 < index }) else {
      throw .invalidGraph(
        node: node.name, expected: "\(arity) input(s) among the earlier nodes",
        found: "\(node.inputs) at \(index)")
    }
    let name = "node '\(node.name)'"
    let inputs = node.inputs.map { shapes[$0] }
    if arity > 1, let other = inputs.first(where: { $0 != inputs[0] }) {
      throw .shapeMismatch(at: name, expected: "values of one shape, \(inputs[0])", found: "\(other)")
    }
    let shape = try node.operation.outputShape(over: inputs, at: name)
    guard elementCount(shape.height, shape.width, shape.channels) != nil else {
      throw .invalidSize(of: name, expected: "a value whose entries can be counted", found: "\(shape)")
    }
    return shape
  }

  /// Shape of the output's value for one image.
  public var outputShape: ImageShape { shapes[output] }

  /// A graph in which a chain of other operations stands for each node but the input.
  ///
  /// - Parameters:
  ///   - last: the node whose value the new graph stands for; nil for the output.
  ///   - replacement: operations to chain, with names, for a node. The first reads what the node
  ///     reads; the value of the last stands for the node's. None at all: the node's first input
  ///     does.
  /// - Throws: `ConvolutionError` where the replacement does not fit; what `replacement` throws.
  public func replacing<Other: GraphOperation>(
    upTo last: Int? = nil, _ replacement: (Node) throws -> [(name: String, operation: Other)]
  ) throws -> Graph<Other> {
    var built: [Graph<Other>.Node] = []
    var places: [Int] = []
    for node in nodes {
      var source = node.inputs.map { places[$0] }
      if node.inputs.isEmpty {
        built.append(.init(name: node.name, operation: .input, inputs: []))
        source = [built.count - 1]
      } else {
        for part in try replacement(node) {
          built.append(.init(name: part.name, operation: part.operation, inputs: source))
          source = [built.count - 1]
        }
      }
      places.append(source[0])
    }
    return try Graph<Other>(inputShape: inputShape, nodes: built, output: places[last ?? output])
  }
}

extension Graph.Node: Hashable where Operation: Hashable {}
extension Graph: Hashable where Operation: Hashable {}
