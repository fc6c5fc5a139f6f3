import LinearAlgebra

extension BlockedPointwise {
  /// The layer applied to a batch, then on request the ReLU. Cost: one product per output entry; no BLAS, so its bits
  /// are fixed.
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

extension Tensor {
  /// Replaces every negative entry (and −0) by 0. NaN stays NaN.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func rectify() {
    values.withUnsafeMutableBufferPointer { values in
      for index in values.indices { values[index] = values[index] <= 0 ? 0 : values[index] }
    }
  }

  /// Adds another batch of the same shape, entry by entry: one rounding each, so its bits are fixed.
  ///
  /// - Throws: `ConvolutionError` when batch or shape differ.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func add(_ other: Tensor) throws {
    guard other.batch == batch, other.shape == shape else {
      throw ConvolutionError.shapeMismatch(
        at: "addition", expected: "\(batch) images of \(shape)", found: "\(other.batch) of \(other.shape)")
    }
    values.withUnsafeMutableBufferPointer { values in
      other.values.withUnsafeBufferPointer { other in
        for index in values.indices { values[index] += other[index] }
      }
    }
  }

  /// The mean over all pixels of each channel, as a batch of 1 × 1 images; sums in pixel order.
  ///
  /// - Throws: `ConvolutionError` for images without pixels.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func averagedOverPixels() throws -> Tensor {
    guard shape.pixels > 0 else {
      throw ConvolutionError.invalidSize(
        of: "global average pooling", expected: "an image with pixels", found: "\(shape)")
    }
    let channels = shape.channels
    var means = [Scalar](repeating: 0, count: batch * channels)
    for image in 0..<batch {
      for pixel in 0..<shape.pixels {
        let start = (image * shape.pixels + pixel) * channels
        for c in 0..<channels { means[image * channels + c] += values[start + c] }
      }
    }
    let count = Scalar(shape.pixels)
    for index in means.indices { means[index] /= count }
    return Tensor(
      uncheckedBatch: batch, shape: ImageShape(height: 1, width: 1, channels: channels), values: means)
  }

  /// Each image as one flat row in channel, row, column order: the order of exporters that store NCHW.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func flattenedChannelsFirst() -> Tensor {
    let flat = ImageShape(height: 1, width: 1, channels: shape.count)
    if shape.pixels == 1 { return Tensor(uncheckedBatch: batch, shape: flat, values: values) }
    var result = values
    for image in 0..<batch {
      let base = image * shape.count
      for pixel in 0..<shape.pixels {
        for c in 0..<shape.channels {
          result[base + c * shape.pixels + pixel] = values[base + pixel * shape.channels + c]
        }
      }
    }
    return Tensor(uncheckedBatch: batch, shape: flat, values: result)
  }
}

extension Dense {
  /// The layer applied to a batch of flat rows, through GEMM. Bits depend on the BLAS core.
  ///
  /// - Throws: `ConvolutionError` when the input is not flat or has another length.
  public func callAsFunction(_ images: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let shape = try outputShape(over: images.shape)
    return try Tensor(batch: images.batch, shape: shape) { output in
      if let bias { fillRows(output, rows: images.batch, with: bias) }
      try images.values.withUnsafeBufferPointer { input in
        try weights.withUnsafeBufferPointer { weights in
          try multiply(
            MatrixView(input.baseAddress, rows: images.batch, columns: inputs),
            MatrixView(weights.baseAddress, rows: inputs, columns: outputs),
            into: MutableMatrixView(output, rows: images.batch, columns: outputs), beta: bias == nil ? 0 : 1)
        }
      }
    }
  }

  func outputShape(over shape: ImageShape, at name: String = "dense layer") throws(ConvolutionError) -> ImageShape {
    guard shape.pixels == 1, shape.channels == inputs else {
      throw .shapeMismatch(at: name, expected: "a flat input of \(inputs) entries", found: "\(shape)")
    }
    return ImageShape(height: 1, width: 1, channels: outputs)
  }
}
