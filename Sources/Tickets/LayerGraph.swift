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
  }

  public struct Node: Sendable, Hashable {
    public let name: String
    public let operation: Operation
    /// Indices of earlier nodes.
    public let inputs: [Int]
  }

  /// One convolution's shape.
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

  /// The architecture of a target, if structured pruning as implemented can reach it: plain convolutions
  /// (one group, no bias), ReLU, pooling, global averages, flattening. Identity nodes are dropped.
  ///
  /// - Throws: `TicketError.unsupportedTarget` that names the first node outside this class.
  public init(of target: Network<Float>) throws(TicketError) {
    var nodes: [Node] = []
    var layers: [Layer] = []
    var place: [Int] = []
    for node in target.nodes.prefix(target.output + 1) {
      let operation: Operation
      switch node.operation {
      case .input: operation = .input
      case .rectifier: operation = .rectifier
      case .pooling(let pooling): operation = .pooling(pooling)
      case .globalAveragePooling: operation = .globalAveragePooling
      case .flatten: operation = .flatten
      case .identity:
        place.append(place[node.inputs[0]])
        continue
      case .convolution(let layer):
        guard layer.groups == 1 else {
          throw .unsupportedTarget(
            node: node.name, expected: "a convolution of one group", found: "\(layer.groups) groups")
        }
        guard layer.bias == nil || layer.bias!.allSatisfy({ $0 == 0 }) else {
          throw .unsupportedTarget(
            node: node.name, expected: "a convolution without bias, as in the theorem", found: "a bias")
        }
        if let wrong = layer.kernel.firstIndex(where: { !$0.isFinite }) {
          throw .unsupportedTarget(
            node: node.name, expected: "finite weights", found: "\(layer.kernel[wrong]) at index \(wrong)")
        }
        layers.append(
          Layer(
            name: node.name, window: layer.window, inputChannels: layer.inputChannels,
            outputChannels: layer.outputChannels))
        operation = .convolution(layer: layers.count)
      case .dense:
        throw .unsupportedTarget(
          node: node.name, expected: "convolutions, ReLU and pooling", found: "a fully connected layer")
      case .blockedPointwise:
        throw .unsupportedTarget(
          node: node.name, expected: "convolutions, ReLU and pooling", found: "a blocked 1×1 layer")
      }
      place.append(nodes.count)
      nodes.append(Node(name: node.name, operation: operation, inputs: node.inputs.map { place[$0] }))
    }
    guard !layers.isEmpty else {
      throw .unsupportedTarget(node: "output", expected: "at least one convolution", found: "none")
    }
    inputShape = target.inputShape
    self.nodes = nodes
    output = place[target.output]
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
      case .convolution:
        perLayer.append(input)
        signed.append(true)
      }
    }
    return perLayer
  }

  /// A network of this architecture in which `replacement(layer)` stands for each convolution.
  ///
  /// - Parameter replacement: operations to chain, with names, for layer 1…ℓ.
  /// - Throws: `ConvolutionError` when the replacement does not fit; what `replacement` throws.
  public func network<Scalar>(
    _ replacement: (Int) throws -> [(name: String, operation: Network<Scalar>.Operation)]
  ) throws -> Network<Scalar> {
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
      case .convolution(let layer):
        var source = inputs
        for part in try replacement(layer) {
          append(part.name, part.operation, source)
          source = [built.count - 1]
        }
      }
      place.append(built.count - 1)
    }
    return try Network(inputShape: inputShape, nodes: built, output: place[output])
  }
}

extension Network where Scalar == Float {
  /// The kernels (HWIO) of the convolutions that `LayerGraph(of:)` numbers 1…ℓ, from index 0.
  public var kernels: [[Float]] {
    nodes.prefix(output + 1).compactMap {
      if case .convolution(let layer) = $0.operation { layer.kernel } else { nil }
    }
  }
}
