import LinearAlgebra

extension BlockedPointwise {
  /// The layer applied to a batch, then on request the ReLU. Cost: one product per output entry; no
  /// BLAS, so its bits are fixed.
  ///
  /// - Throws: `ConvolutionError` when the channels differ.
  public func callAsFunction(_ images: Tensor<Scalar>, rectifying: Bool = false) throws -> Tensor<Scalar> {
    try requireChannels(images.shape)
    var shape = images.shape
    shape.channels = sources.count
    return try Tensor(batch: images.batch, shape: shape) { output in
      images.values.withUnsafeBufferPointer { input in
        guard let input = input.baseAddress else { return }
        apply(to: input, pixels: images.batch * shape.pixels, rectifying: rectifying, into: output)
      }
    }
  }

  func requireChannels(_ shape: ImageShape) throws(ConvolutionError) {
    guard shape.channels == inputChannels else {
      throw .shapeMismatch(
        at: "blocked 1×1 layer", expected: "\(inputChannels) input channels", found: "\(shape.channels)")
    }
  }

  /// The layer over successive pixels.
  private func apply(
    to input: UnsafePointer<Scalar>, pixels: Int, rectifying: Bool, into output: UnsafeMutablePointer<Scalar>
  ) {
    runs.sources.withUnsafeBufferPointer { sources in
      runs.ends.withUnsafeBufferPointer { ends in
        scalars.withUnsafeBufferPointer { scalars in
          guard let source = sources.baseAddress, let end = ends.baseAddress, let scalar = scalars.baseAddress else {
            return
          }
          VectorKernels.blocked(
            input, pixels: pixels, channels: inputChannels, runs: sources.count, sources: source, ends: end,
            scalars: scalar, rectifying: rectifying, into: output)
        }
      }
    }
  }

  /// Rectified hidden channels that read one input channel, of which `input` has one entry a pixel.
  func apply(
    _ channels: Range<Int>, to input: UnsafePointer<Scalar>, pixels: Int, into output: UnsafeMutablePointer<Scalar>
  ) {
    var (source, end) = (0, channels.count)
    scalars.withUnsafeBufferPointer { scalars in
      VectorKernels.blocked(
        input, pixels: pixels, channels: 1, runs: 1, sources: &source, ends: &end,
        scalars: scalars.baseAddress! + channels.lowerBound, rectifying: true, into: output)
    }
  }
}
