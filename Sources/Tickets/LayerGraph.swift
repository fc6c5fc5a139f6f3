import LinearAlgebra
import Convolution

/// A target's architecture without its weights: what a ticket stores of it.
///
/// Convolutions are numbered 1…ℓ in graph order, as the paper numbers them.
public struct LayerGraph: Sendable, Hashable, Codable {
  /// What a node does; a convolution's weights are named by its layer number.
  public enum Operation: Sendable, Hashable {
    case input
    case convolution(layer: Int)
    case rectifier
    case pooling(Pooling)
    case globalAveragePooling
    case flatten
    /// The sum of two earlier values of one shape.
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

  public struct Node: Sendable, Hashable {
    public let name: String
    public let operation: Operation
    /// Indices of earlier nodes.
    public let inputs: [Int]
  }

  /// The shape of one convolution, or of a fully connected layer written as one.
  public struct Layer: Sendable, Hashable, Codable {
    public let name: String
    public let window: SlidingWindow
    public let inputChannels: Int
    public let outputChannels: Int

    /// Entries of one hidden filter's slice, m = height · width · output channels.
    public var sliceCount: Int { window.height * window.width * outputChannels }
    /// Entries of the layer's kernel.
    public var weightCount: Int { sliceCount * inputChannels }
  }

  public let inputShape: ImageShape
  public let nodes: [Node]
  public let output: Int
  public let layers: [Layer]

  /// Weights of all layers' kernels together.
  public var weightCount: Int { layers.reduce(0) { $0 + $1.weightCount } }

  /// The architecture of a target, if structured pruning as implemented can reach it: convolutions of one group and
  /// fully connected layers, with or without biases, ReLU, additions, pooling, global averages, flattening. It is
  /// that of the target's `prunableForm()`.
  ///
  /// - Throws: `TicketError.unsupportedTarget` that names the first node outside this class.
  public init(of target: Network<Float>) throws(TicketError) {
    let form = try target.prunableForm()
    var nodes: [Node] = []
    var layers: [Layer] = []
    for node in form.nodes {
      let operation: Operation
      switch node.operation {
      case .input: operation = .input
      case .rectifier: operation = .rectifier
      case .pooling(let pooling): operation = .pooling(pooling)
      case .globalAveragePooling: operation = .globalAveragePooling
      case .flatten: operation = .flatten
      case .addition: operation = .addition
      case .convolution(let layer):
        guard layer.groups == 1 else {
          let isAffine = layer.groups == layer.outputChannels && layer.taps == 1
          throw .unsupportedTarget(
            node: node.name, expected: "a convolution of one group",
            found: isAffine
              ? "a factor per channel (a batch normalisation that follows no convolution?)" : "\(layer.groups) groups")
        }
        for (what, values) in [("weights", layer.kernel), ("biases", layer.bias ?? [])] {
          if let wrong = values.firstIndex(where: { !$0.isFinite }) {
            throw .unsupportedTarget(
              node: node.name, expected: "finite \(what)", found: "\(values[wrong]) at index \(wrong)")
          }
        }
        layers.append(
          Layer(
            name: node.name, window: layer.window, inputChannels: layer.inputChannels,
            outputChannels: layer.outputChannels))
        operation = .convolution(layer: layers.count)
      case .dense, .identity, .blockedPointwise:
        throw .unsupportedTarget(
          node: node.name, expected: "convolutions, dense layers, ReLU, additions and pooling",
          found: "another layer")
      }
      nodes.append(Node(name: node.name, operation: operation, inputs: node.inputs))
    }
    guard !layers.isEmpty else {
      throw .unsupportedTarget(node: "output", expected: "at least one convolution", found: "none")
    }
    inputShape = target.inputShape
    self.nodes = nodes
    output = form.output
    self.layers = layers
  }

  /// Whether the input of each layer can be negative, given whether the network's can.
  public func signedInputs(networkInputIsSigned: Bool) -> [Bool] {
    var signed: [Bool] = []
    var perLayer: [Bool] = []
    for node in nodes {
      let input = node.inputs.first.map { signed[$0] } ?? networkInputIsSigned
      switch node.operation {
      case .input, .pooling, .globalAveragePooling, .flatten: signed.append(input)
      case .rectifier: signed.append(false)
      case .addition: signed.append(node.inputs.contains { signed[$0] })
      case .convolution:
        perLayer.append(input)
        signed.append(true)
      }
    }
    return perLayer
  }

  /// A network of this architecture in which `replacement(layer)` stands for each convolution.
  ///
  /// - Parameters:
  ///   - node: the node whose value the network returns; nil for the output.
  ///   - replacement: operations to chain, with names, for layer 1…ℓ.
  /// - Throws: `ConvolutionError` when the replacement does not fit; what `replacement` throws.
  public func network<Scalar>(
    upTo node: Int? = nil, _ replacement: (Int) throws -> [(name: String, operation: Network<Scalar>.Operation)]
  ) throws -> Network<Scalar> {
    let last = node
    var built: [Network<Scalar>.Node] = []
    var place: [Int] = []
    func append(_ name: String, _ operation: Network<Scalar>.Operation, _ inputs: [Int]) {
      built.append(.init(name: name, operation: operation, inputs: inputs))
    }
    for node in nodes {
      let inputs = node.inputs.map { place[$0] }
      switch node.operation {
      case .input: append(node.name, .input, inputs)
      case .rectifier: append(node.name, .rectifier, inputs)
      case .pooling(let pooling): append(node.name, .pooling(pooling), inputs)
      case .globalAveragePooling: append(node.name, .globalAveragePooling, inputs)
      case .flatten: append(node.name, .flatten, inputs)
      case .addition: append(node.name, .addition, inputs)
      case .convolution(let layer):
        var source = inputs
        for part in try replacement(layer) {
          append(part.name, part.operation, source)
          source = [built.count - 1]
        }
      }
      place.append(built.count - 1)
    }
    return try Network(inputShape: inputShape, nodes: built, output: place[last ?? output])
  }
}
