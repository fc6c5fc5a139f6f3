import LinearAlgebra

// How layers with weights hand a gradient on to their input. Sums run in a fixed order but for the
// GEMM inside a convolution.

extension Convolution {
  /// Entries of patches that are whole at a time.
  private static var tileEntries: Int { 1 << 17 }

  /// Σ_o k(i, j, c, o)·g(…, o), added up over the windows that read an entry: one GEMM a tile, then
  /// im2col backwards.
  ///
  /// - Parameter shape: the input's, for one image.
  func inputGradient(_ gradient: Tensor<Scalar>, over shape: ImageShape) throws -> Tensor<Scalar> {
    let output = try outputShape(over: shape)
    var result = try Tensor<Scalar>(batch: gradient.batch, shape: shape)
    if taps == 0 || gradient.batch == 0 { return result }
    let (groupInputs, groupOutputs) = (inputChannels / groups, outputChannels / groups)
    let rows = gradient.batch * output.pixels
    let tile = max(1, min(rows, Self.tileEntries / taps))
    var patches = try Matrix<Scalar>(rows: tile, columns: taps)
    let all = MatrixShape(rows: rows, output: output, input: shape)
    try result.values.withUnsafeMutableBufferPointer { result in
      try gradient.values.withUnsafeBufferPointer { gradient in
        try kernel.withUnsafeBufferPointer { kernel in
          let gradients = MatrixView(gradient.baseAddress, rows: rows, columns: outputChannels)
          let filters = MatrixView(kernel.baseAddress, rows: taps, columns: outputChannels)
          for group in 0..<groups {
            let columns = group * groupOutputs..<(group + 1) * groupOutputs
            for start in stride(from: 0, to: rows, by: tile) {
              let range = start..<min(rows, start + tile)
              try patches.withMutableView { view in
                let part = view.block(rows: 0..<range.count, columns: 0..<taps)
                try multiply(
                  gradients.block(rows: range, columns: columns),
                  filters.block(rows: 0..<taps, columns: columns).transposed, into: part)
                scatter(
                  UnsafePointer(view.baseAddress!), range, all, channelOffset: group * groupInputs,
                  into: result.baseAddress!)
              }
            }
          }
        }
      }
    }
    return result
  }

  private struct MatrixShape {
    let rows: Int
    let output: ImageShape
    let input: ImageShape
  }

  /// Adds rows of patches back to where their entries came from.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func scatter(
    _ patches: UnsafePointer<Scalar>, _ range: Range<Int>, _ shapes: MatrixShape, channelOffset: Int,
    into images: UnsafeMutablePointer<Scalar>
  ) {
    let (input, output) = (shapes.input, shapes.output)
    let channels = inputChannels / groups
    var source = patches
    for row in range {
      let (image, pixel) = row.quotientAndRemainder(dividingBy: output.pixels)
      let (outputRow, outputColumn) = pixel.quotientAndRemainder(dividingBy: output.width)
      let base = images + image * input.count + channelOffset
      for i in 0..<window.height {
        let y = outputRow * window.strideHeight - window.padding.top + i * window.dilationHeight
        for j in 0..<window.width {
          let x = outputColumn * window.strideWidth - window.padding.left + j * window.dilationWidth
          if y >= 0 && y < input.height && x >= 0 && x < input.width {
            let target = base + (y * input.width + x) * input.channels
            for c in 0..<channels { target[c] += source[c] }
          }
          source += channels
        }
      }
    }
  }
}

extension BlockedPointwise {
  /// Σ over the hidden channels that read an input channel of scalar · gradient.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func inputGradient(_ gradient: Tensor<Scalar>) throws -> Tensor<Scalar> {
    var shape = gradient.shape
    shape.channels = inputChannels
    var sums = [Scalar](repeating: 0, count: gradient.batch * shape.count)
    for pixel in 0..<gradient.batch * shape.pixels {
      for (q, source) in sources.enumerated() {
        sums[pixel * inputChannels + source] += scalars[q] * gradient.values[pixel * sources.count + q]
      }
    }
    return Tensor(uncheckedBatch: gradient.batch, shape: shape, values: sums)
  }
}
