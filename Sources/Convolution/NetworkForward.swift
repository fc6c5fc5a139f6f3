import LinearAlgebra

extension Network {
  /// The network's value for a batch, through BLAS.
  ///
  /// Activations are dropped after their last reader; the ReLU works in place where it can. Peak memory:
  /// the two or three largest activations of the batch and `scratch`. Bits depend on the BLAS core and tile.
  ///
  /// - Throws: `ConvolutionError` when the images have another shape.
  public func callAsFunction(
    _ images: Tensor<Scalar>, scratch: Scratch<Scalar> = Scratch()
  ) throws -> Tensor<Scalar> {
    try evaluate(images) { layer, input in
      try layer(input, scratch: scratch)
    } dense: {
      try $0($1)
    }
  }

  /// The network's value for a batch by the slow reference: one fixed order, no BLAS, the same bits anywhere.
  ///
  /// - Throws: `ConvolutionError` when the images have another shape.
  public func evaluatedDirectly(_ images: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try evaluate(images) {
      try DirectReference.convolve($1, $0)
    } dense: {
      try DirectReference.multiply($1, $0)
    }
  }

  private func evaluate(
    _ images: Tensor<Scalar>, convolution: (Convolution<Scalar>, Tensor<Scalar>) throws -> Tensor<Scalar>,
    dense: (Dense<Scalar>, Tensor<Scalar>) throws -> Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    guard images.shape == inputShape else {
      throw ConvolutionError.shapeMismatch(at: "network input", expected: "\(inputShape)", found: "\(images.shape)")
    }
    var lastReader = [Int](repeating: -1, count: nodes.count)
    for (index, node) in nodes.enumerated() { for input in node.inputs { lastReader[input] = index } }
    lastReader[output] = nodes.count
    var values = [Tensor<Scalar>?](repeating: nil, count: nodes.count)
    for (index, node) in nodes.enumerated() {
      if lastReader[index] < 0 { continue }
      if case .input = node.operation {
        values[index] = images
        continue
      }
      let source = node.inputs[0]
      var input = values[source]!
      if lastReader[source] == index { values[source] = nil }
      switch node.operation {
      case .input, .identity: break
      case .rectifier: input.rectify()
      case .convolution(let layer): input = try convolution(layer, input)
      case .blockedPointwise(let layer): input = try layer(input)
      case .pooling(let pooling): input = try pooling(input)
      case .globalAveragePooling: input = try input.averagedOverPixels()
      case .flatten: input = input.flattenedChannelsFirst()
      case .dense(let layer): input = try dense(layer, input)
      }
      values[index] = input
    }
    return values[output]!
  }
}
