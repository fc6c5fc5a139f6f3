import LinearAlgebra

/// A forward pass that keeps every value, so that gradients can run back through it.
///
/// A network of ReLU and pooling is piecewise linear: the gradient is that of the piece the images
/// lie in. At a kink φ counts as flat, and the first of equal entries under a maximum as the
/// largest. Gradients go through BLAS: they propose, they do not decide.
public struct ForwardTape<Scalar: BLASScalar>: Sendable {
  /// The network that was run.
  public let network: Network<Scalar>
  /// Value of each node that the output depends on.
  private let values: [Tensor<Scalar>?]

  /// The network's value.
  public var output: Tensor<Scalar> { values[network.output]! }

  /// The value of a node; nil where the output does not depend on it.
  public func value(of node: Int) -> Tensor<Scalar>? { values[node] }

  /// Runs the network over a batch.
  ///
  /// Memory: all activations of the batch. Cost: a forward pass with nothing joined.
  ///
  /// - Parameter check: called before each node; what it throws ends the pass.
  /// - Throws: `ConvolutionError` when the images have another shape; what `check` throws.
  public init(
    _ network: Network<Scalar>, _ images: Tensor<Scalar>, scratch: Scratch<Scalar> = Scratch(),
    check: () throws -> Void = {}
  ) throws {
    guard images.shape == network.inputShape else {
      throw ConvolutionError.shapeMismatch(
        at: "network input", expected: "\(network.inputShape)", found: "\(images.shape)")
    }
    self.network = network
    var isNeeded = [Bool](repeating: false, count: network.nodes.count)
    isNeeded[network.output] = true
    for index in network.nodes.indices.reversed() where isNeeded[index] {
      for input in network.nodes[index].inputs { isNeeded[input] = true }
    }
    var values = [Tensor<Scalar>?](repeating: nil, count: network.nodes.count)
    values[0] = images
    for (index, node) in network.nodes.enumerated().dropFirst() where isNeeded[index] {
      try check()
      var value = values[node.inputs[0]]!
      switch node.operation {
      case .convolution(let layer): value = try layer(value, scratch: scratch)
      default:
        let second = node.inputs.count > 1 ? values[node.inputs[1]] : nil
        try ForwardStep(node: index, inputs: node.inputs, work: .operation(node.operation))(
          &value, second, scratch)
      }
      values[index] = value
    }
    self.values = values
  }

  /// The gradient of Σ seed·output with respect to a node's value.
  ///
  /// - Parameters:
  ///   - seed: of the output's batch and shape.
  ///   - node: the input unless another is named; zeros if the output does not depend on it.
  ///   - check: called before each node; what it throws ends the pass.
  /// - Throws: `ConvolutionError` for a seed of another batch or shape; what `check` throws. Cost:
  ///   about a forward pass.
  public func gradient(
    of seed: Tensor<Scalar>, at node: Int = 0, check: () throws -> Void = {}
  ) throws -> Tensor<Scalar> {
    guard seed.batch == output.batch, seed.shape == output.shape else {
      throw ConvolutionError.shapeMismatch(
        at: "gradient's seed", expected: "\(output.batch) of \(output.shape)", found: "\(seed.batch) of \(seed.shape)")
    }
    var gradients = [Tensor<Scalar>?](repeating: nil, count: network.nodes.count)
    gradients[network.output] = seed
    for index in stride(from: network.output, to: node, by: -1) {
      guard let gradient = gradients[index] else { continue }
      try check()
      gradients[index] = nil
      let inputs = network.nodes[index].inputs
      let behind = try pulledBack(gradient, through: index)
      for input in inputs {
        if gradients[input] == nil { gradients[input] = behind } else { try gradients[input]!.add(behind) }
      }
    }
    return try gradients[node] ?? Tensor(batch: output.batch, shape: network.shapes[node])
  }

  /// The gradient at each of a node's inputs, given that at its value.
  private func pulledBack(_ gradient: Tensor<Scalar>, through index: Int) throws -> Tensor<Scalar> {
    let node = network.nodes[index]
    let input = values[node.inputs[0]]!
    switch node.operation {
    case .input: return gradient
    case .convolution(let layer): return try layer.inputGradient(gradient, over: input.shape)
    case .blockedPointwise(let layer): return try layer.inputGradient(gradient)
    case .plain(let layer):
      return try layer.rules.inputGradient(gradient, over: input, value: values[index]!)
    }
  }
}
