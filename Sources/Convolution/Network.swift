import LinearAlgebra

/// A feed-forward network: a graph whose convolutions hold their weights.
///
/// Fully connected layers are convolutions whose window is the whole image; `NetworkBuilder` makes
/// them.
public struct Network<Scalar: BLASScalar>: Sendable, Equatable {
  /// What a node computes from its inputs.
  public enum Operation: GraphOperation {
    /// The image batch itself.
    case input
    case convolution(Convolution<Scalar>)
    case blockedPointwise(BlockedPointwise<Scalar>)
    case plain(PlainLayer)
  }

  /// A named operation and the nodes that it reads.
  public typealias Node = Graph<Operation>.Node

  /// The nodes and how they are wired.
  public let graph: Graph<Operation>

  /// A network over a checked graph.
  public init(_ graph: Graph<Operation>) { self.graph = graph }

  /// A network over checked nodes.
  ///
  /// - Throws: as `Graph`.
  public init(inputShape: ImageShape, nodes: [Node], output: Int? = nil) throws(ConvolutionError) {
    graph = try Graph(inputShape: inputShape, nodes: nodes, output: output)
  }

  /// Shape of the images that the network reads.
  public var inputShape: ImageShape { graph.inputShape }
  /// The nodes, node 0 the input.
  public var nodes: [Node] { graph.nodes }
  /// Index of the node whose value the network returns.
  public var output: Int { graph.output }
  /// Shape of each node's value for one image.
  public var shapes: [ImageShape] { graph.shapes }
  /// Shape of the network's value for one image.
  public var outputShape: ImageShape { graph.outputShape }

  /// The same network in another scalar type; from Float to Double exactly.
  public func converted<Other: BLASScalar>(to: Other.Type) throws -> Network<Other> {
    Network<Other>(try graph.replacing { [($0.name, try $0.operation.converted(to: Other.self))] })
  }
}

extension Network.Operation {
  /// φ(x) = max(x, 0).
  public static var rectifier: Self { .plain(.rectifier) }
  /// The mean over pixels: 1 × 1 × channels.
  public static var globalAveragePooling: Self { .plain(.globalAveragePooling) }
  /// One flat row per image in channel, row, column order.
  public static var flatten: Self { .plain(.flatten) }
  /// x + y, entry by entry, of two values of one shape.
  public static var addition: Self { .plain(.addition) }
  /// A pooling layer.
  public static func pooling(_ layer: Pooling) -> Self { .plain(.pooling(layer)) }

  /// How many earlier values the operation reads.
  public var arity: Int {
    switch self {
    case .input: 0
    case .convolution, .blockedPointwise: 1
    case .plain(let layer): layer.rules.arity
    }
  }

  /// The shape of the operation's value.
  ///
  /// - Throws: `ConvolutionError` where the shapes read do not fit.
  public func outputShape(
    over inputs: [ImageShape], at name: String
  ) throws(ConvolutionError) -> ImageShape {
    let shape = inputs[0]
    switch self {
    case .input: return shape
    case .convolution(let layer): return try layer.outputShape(over: shape, at: name)
    case .blockedPointwise(let layer):
      guard layer.inputChannels == shape.channels else {
        throw .shapeMismatch(
          at: name, expected: "\(layer.inputChannels) input channels", found: "\(shape.channels)")
      }
      return ImageShape(height: shape.height, width: shape.width, channels: layer.sources.count)
    case .plain(let layer): return try layer.rules.outputShape(over: shape, at: name)
    }
  }

  /// The same operation in another scalar type.
  func converted<Other: BLASScalar>(to: Other.Type) throws(ConvolutionError) -> Network<Other>.Operation {
    switch self {
    case .input: .input
    case .plain(let layer): .plain(layer)
    case .convolution(let layer): .convolution(try layer.converted(to: Other.self))
    case .blockedPointwise(let layer):
      .blockedPointwise(
        try BlockedPointwise<Other>(
          inputChannels: layer.inputChannels, sources: layer.sources,
          scalars: layer.scalars.map { Other($0) }))
    }
  }
}
