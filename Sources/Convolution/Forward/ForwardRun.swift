import LinearAlgebra

/// A network run over any number of images, a chunk at a time on several threads.
///
/// ```swift
/// let run = try ForwardRun(network, way: .automatic)
/// let outputs = try run(images, workers: 4)
/// ```
///
/// For one batch that fits in memory, call the network itself.
public struct ForwardRun<Scalar: BLASScalar>: Sendable {
  /// How convolutions are computed.
  public enum Way: String, Sendable, CaseIterable {
    /// What is fastest for each layer on this machine; ReLU and pooling inside the layer before
    /// them.
    case automatic
    /// Every layer by the kernels that read patches where the image lies.
    case kernels
    /// Every layer by copied patches and OpenBLAS.
    case im2col
    /// Every layer by the slow reference: one fixed order, the same bits anywhere.
    case direct
  }

  /// The network that is run.
  public let network: Network<Scalar>
  /// How its convolutions are computed.
  public let way: Way
  private let packed: PackedNetwork<Scalar>?

  /// - Throws: `ConvolutionError` for layers that the machine's kernels cannot take.
  public init(_ network: Network<Scalar>, way: Way = .automatic) throws {
    self.network = network
    self.way = way
    packed = way == .automatic ? try network.packed() : nil
  }

  /// Images that one task runs together: values of about 8 MiB, at most 100 images and at least
  /// one.
  public var chunk: Int {
    let largest = packed?.largestValue ?? (network.shapes.map(\.count).max() ?? 1)
    return max(1, min(100, (8 << 20) / (MemoryLayout<Scalar>.size * max(1, largest))))
  }

  /// The network's value for every image, in order.
  ///
  /// - Parameters:
  ///   - images: NHWC, of the network's input shape.
  ///   - workers: tasks at a time.
  ///   - before: called before each chunk, from any thread, with its images; what it throws ends
  ///     the run.
  /// - Throws: `ConvolutionError` for images of another shape; what `before` throws.
  /// - Complexity: one pass of the network an image; memory for the values of `chunk` images a
  ///   task.
  public func callAsFunction(
    _ images: Tensor<Scalar>, workers: Int, before: @Sendable (Range<Int>) throws -> Void = { _ in }
  ) throws -> Tensor<Scalar> {
    let chunk = chunk
    let chunks = (images.batch + chunk - 1) / chunk
    let parts = try Workers.map(count: chunks, workers: workers) { task in
      let range = task * chunk..<min(images.batch, (task + 1) * chunk)
      try before(range)
      return try value(of: images.images(range)).values
    }
    return try Tensor(
      batch: images.batch, shape: network.outputShape, values: Array(parts.joined()))
  }

  private func value(of images: Tensor<Scalar>) throws -> Tensor<Scalar> {
    if let packed { return try packed(images) }
    switch way {
    case .automatic: return try network(images)
    case .direct: return try network.evaluatedDirectly(images)
    case .kernels: return try network.evaluated(images, by: .implicitGEMM)
    case .im2col: return try network.evaluated(images, by: .im2colGEMM)
    }
  }
}

extension Network {
  /// The network's value for a batch, every convolution by one method and nothing joined.
  func evaluated(_ images: Tensor<Scalar>, by method: ConvolutionMethod) throws -> Tensor<Scalar> {
    let steps = nodes.indices.dropFirst().map {
      ForwardStep<Scalar>(node: $0, inputs: nodes[$0].inputs, work: .operation(nodes[$0].operation))
    }
    let scratch = Scratch<Scalar>()
    return try evaluate(images, steps, nil) { step, value, second in
      guard case .operation(.convolution(let layer)) = step.work else { return try step.direct(&value, second) }
      value = try layer(value, scratch: scratch, method: method)
    }
  }
}
