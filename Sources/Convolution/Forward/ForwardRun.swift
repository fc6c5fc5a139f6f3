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
  public typealias Way = ConvolutionWay

  private let packed: PackedNetwork<Scalar>

  /// The network that is run.
  public var network: Network<Scalar> { packed.network }
  /// How its convolutions are computed.
  public var way: Way { packed.way }

  /// - Throws: `ConvolutionError` for layers that the machine's kernels cannot take.
  public init(_ network: Network<Scalar>, way: Way = .automatic) throws {
    packed = try network.packed(way)
  }

  /// Images that one task runs together: values of about 8 MiB, at most 100 images and at least
  /// one.
  public var chunk: Int {
    max(1, min(100, (8 << 20) / (MemoryLayout<Scalar>.size * max(1, packed.largestValue))))
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
      return try packed(images.images(range)).values
    }
    return try Tensor(
      batch: images.batch, shape: network.outputShape, values: Array(parts.joined()))
  }
}
