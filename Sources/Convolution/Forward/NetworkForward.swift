import LinearAlgebra

extension Network {
  /// The network's value for a batch, with the machine's vectors or BLAS.
  ///
  /// ReLU and pooling run inside the convolution before them, and a blocked 1×1 layer with its ReLU
  /// inside the convolution after it, where that saves a pass. Activations are dropped after their
  /// last reader. Peak memory: the two or three largest activations of the batch and `scratch`.
  /// Bits depend on the machine, not on `scratch`. For many batches, `packed()` reorders the
  /// weights once.
  ///
  /// - Parameters:
  ///   - images: NHWC, of the network's input shape.
  ///   - scratch: working memory, which grows as needed and can be used again.
  /// - Throws: `ConvolutionError` when the images have another shape.
  /// - Complexity: the layers' multiplications, an image (`NetworkCost`).
  public func callAsFunction(
    _ images: Tensor<Scalar>, scratch: Scratch<Scalar> = Scratch()
  ) throws -> Tensor<Scalar> {
    try evaluate(images, fusedSteps(by: .automatic), scratch) { step, value, second in
      try step(&value, second, scratch)
    }
  }

  /// The network prepared for many batches: where the vector kernels run it, with the weights of
  /// its convolutions reordered once.
  ///
  /// - Parameter way: how convolutions are computed.
  /// - Complexity: a pass over the weights; memory for them a second time.
  public func packed(_ way: ConvolutionWay = .automatic) throws -> PackedNetwork<Scalar> {
    try PackedNetwork(self, way: way)
  }

  /// The network's value for a batch by the slow reference: one fixed order, no BLAS, the same bits
  /// anywhere.
  ///
  /// - Throws: `ConvolutionError` when the images have another shape.
  /// - Complexity: the layers' multiplications one by one, some hundred times as slow.
  public func evaluatedDirectly(_ images: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try evaluate(images, singleSteps(), nil) { step, value, second in try step.direct(&value, second) }
  }

  /// The nodes in order, nothing joined.
  fileprivate func singleSteps() -> [ForwardStep<Scalar>] {
    nodes.indices.dropFirst().map {
      ForwardStep(node: $0, inputs: nodes[$0].inputs, work: .operation(nodes[$0].operation))
    }
  }

  /// Runs steps in order, and drops each value after its last reader.
  func evaluate(
    _ images: Tensor<Scalar>, _ steps: [ForwardStep<Scalar>], _ scratch: Scratch<Scalar>?,
    _ perform: (ForwardStep<Scalar>, inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws -> Void
  ) throws -> Tensor<Scalar> {
    guard images.shape == inputShape else {
      throw ConvolutionError.shapeMismatch(at: "network input", expected: "\(inputShape)", found: "\(images.shape)")
    }
    var lastReader = [Int](repeating: -1, count: nodes.count)
    for (index, step) in steps.enumerated() { for input in step.inputs { lastReader[input] = index } }
    lastReader[output] = steps.count
    var values = [Tensor<Scalar>?](repeating: nil, count: nodes.count)
    values[0] = images
    for (index, step) in steps.enumerated() where lastReader[step.node] >= 0 {
      let source = step.inputs[0]
      var value = values[source]!
      let second = step.inputs.count > 1 ? values[step.inputs[1]] : nil
      for input in step.inputs where lastReader[input] == index { values[input] = nil }
      // A value that its step may change in place is held by nobody else.
      let input = step.changesInPlace ? nil : value
      try perform(step, &value, second)
      values[step.node] = value
      if lastReader[source] == index, source != 0, let input { scratch?.recycle(input) }
    }
    return values[output]!
  }

  /// The nodes in order, those that one pass can do together joined.
  ///
  /// A node joins its only reader, unless it is the output. A blocked 1×1 layer joins the one
  /// behind it in the automatic way alone.
  fileprivate func fusedSteps(by method: ConvolutionMethod) throws -> [ForwardStep<Scalar>] {
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() { for input in node.inputs { readers[input].append(index) } }
    func onlyReader(of node: Int) -> (index: Int, operation: Operation)? {
      guard node != output, readers[node].count == 1 else { return nil }
      return (readers[node][0], nodes[readers[node][0]].operation)
    }
    var steps: [ForwardStep<Scalar>] = []
    var done = Set<Int>()
    for (index, node) in nodes.enumerated().dropFirst() where !done.contains(index) {
      var step = ForwardStep(node: index, inputs: node.inputs, work: .operation(node.operation))
      var fused: ForwardStep<Scalar>.Fused?
      if case .convolution(let layer) = node.operation {
        fused = .init(layer: layer)
      } else if case .blockedPointwise(let blocked) = node.operation, !blocked.sources.isEmpty,
        let rectifier = onlyReader(of: index), rectifier.operation == .rectifier,
        let next = onlyReader(of: rectifier.index), case .convolution(let layer) = next.operation,
        try layer.resolved(method) == .tapProducts
      {
        let runs = try RectifiedRuns(blocked, layer)
        fused = .init(layer: runs.layer, hidden: runs)
        done.formUnion([rectifier.index, next.index])
        step.node = next.index
      }
      if var fused {
        if let next = onlyReader(of: step.node), next.operation == .rectifier {
          fused.rectifying = true
          step.node = next.index
          done.insert(next.index)
        }
        if let next = onlyReader(of: step.node), case .plain(.pooling(let pooling)) = next.operation {
          fused.pooling = pooling
          step.node = next.index
          done.insert(next.index)
        }
        step.work = .fused(fused)
      }
      steps.append(step)
    }
    return steps.sorted { $0.node < $1.node }
  }
}

/// A network prepared for many batches.
public struct PackedNetwork<Scalar: BLASScalar>: Sendable {
  /// The network as it was.
  public let network: Network<Scalar>
  /// How its convolutions are computed.
  public let way: ConvolutionWay
  private let steps: [ForwardStep<Scalar>]

  init(_ network: Network<Scalar>, way: ConvolutionWay) throws {
    self.network = network
    self.way = way
    guard let method = way.method else {
      steps = network.singleSteps()
      return
    }
    steps = try network.fusedSteps(by: method).map { step in
      guard case .fused(var fused) = step.work else { return step }
      var step = step
      fused.packed = try PackedConvolution(fused.layer, method: method)
      step.work = .fused(fused)
      return step
    }
  }

  /// Entries for one image of the largest value that a forward pass holds whole.
  public var largestValue: Int {
    steps.reduce(network.inputShape.count) { max($0, network.shapes[$1.node].count) }
  }

  /// As `Network.callAsFunction`, in the automatic way with the same bits.
  ///
  /// - Complexity: the layers' multiplications, an image.
  public func callAsFunction(
    _ images: Tensor<Scalar>, scratch: Scratch<Scalar> = Scratch()
  ) throws -> Tensor<Scalar> {
    if way == .direct { return try network.evaluatedDirectly(images) }
    return try network.evaluate(images, steps, scratch) { step, value, second in
      try step(&value, second, scratch)
    }
  }
}

/// One pass over the values of nodes `inputs` (two for an addition, else one) that makes the value
/// of `node`.
struct ForwardStep<Scalar: BLASScalar>: Sendable {
  /// A convolution with what runs in its tiles.
  struct Fused: Sendable {
    let layer: Convolution<Scalar>
    /// A 1×1 layer and ReLU before it.
    var hidden: RectifiedRuns<Scalar>?
    var rectifying = false
    var pooling: Pooling?
    var packed: PackedConvolution<Scalar>?
  }
  enum Work: Sendable {
    case operation(Network<Scalar>.Operation)
    case fused(Fused)
  }

  var node: Int
  let inputs: [Int]
  var work: Work

  /// Whether the step's value may lie where its input lay.
  var changesInPlace: Bool {
    guard case .operation(let operation) = work else { return false }
    switch operation {
    case .input: return true
    case .convolution, .blockedPointwise: return false
    case .plain(let layer): return layer.rules.worksInPlace
    }
  }

  /// - Parameter second: the second value of a step that reads two.
  func callAsFunction(
    _ value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?, _ scratch: Scratch<Scalar>
  ) throws {
    switch work {
    case .operation(let operation): try Self.perform(operation, &value, second)
    case .fused(let fused): value = try fused(value, scratch)
    }
  }

  func direct(_ value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    switch work {
    case .operation(.convolution(let layer)): value = try DirectReference.convolve(value, layer)
    case .operation(let operation): try Self.perform(operation, &value, second)
    case .fused: preconditionFailure("the slow reference joins nothing")
    }
  }

  /// Layers whose one way has fixed bits.
  private static func perform(
    _ operation: Network<Scalar>.Operation, _ value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?
  ) throws {
    switch operation {
    case .input: break
    case .blockedPointwise(let layer): value = try layer(value)
    case .plain(let layer): try layer.rules.apply(to: &value, second)
    case .convolution: preconditionFailure("a layer with two ways is told which")
    }
  }
}

extension ForwardStep.Fused {
  func callAsFunction(_ images: Tensor<Scalar>, _ scratch: Scratch<Scalar>) throws -> Tensor<Scalar> {
    guard let runs = hidden else {
      if let packed { return try packed(images, scratch: scratch, rectifying: rectifying, pooling: pooling) }
      return try layer(images, scratch: scratch, rectifying: rectifying, pooling: pooling)
    }
    try runs.blocked.requireChannels(images.shape)
    var shape = images.shape
    shape.channels = layer.inputChannels
    let outputShape = try layer.outputShape(over: shape)
    var result = try scratch.tensor(batch: images.batch, shape: outputShape) { output in
      try images.values.withUnsafeBufferPointer { input in
        guard let input = input.baseAddress else { return }
        try TapProducts(layer: layer, shape: shape, outputShape: outputShape)
          .apply(to: input, batch: images.batch, packed, scratch, into: output, hidden: runs)
      }
    }
    if rectifying { result.rectify() }
    guard let pooling else { return result }
    defer { scratch.recycle(result) }
    return try pooling(result)
  }
}
