import LinearAlgebra

/// The slow reference: convolution by its definition, in one fixed order.
///
/// Each output entry starts from the bias (or 0) and adds kernel rows, columns and channels in
/// order, with separately rounded products and sums. Padding is skipped. No BLAS, no fma: the same
/// bits everywhere.
public enum DirectReference {
  /// y(n, h, w, o) = b(o) + Σ k(i, j, c, o) · x(n, h·s + i·d − p, w·s + j·d − p, c).
  ///
  /// - Throws: `ConvolutionError` when the shapes do not fit.
  public static func convolve<Scalar: BLASScalar>(
    _ images: Tensor<Scalar>, _ layer: Convolution<Scalar>
  ) throws -> Tensor<Scalar> {
    let shape = images.shape
    let outputShape = try layer.outputShape(over: shape)
    return try Tensor(batch: images.batch, shape: outputShape) { output in
      images.values.withUnsafeBufferPointer { input in
        layer.kernel.withUnsafeBufferPointer { kernel in
          guard let input = input.baseAddress else { return }
          if let bias = layer.bias {
            fillRows(output, rows: images.batch * outputShape.pixels, with: bias)
          } else {
            output.update(repeating: 0, count: images.batch * outputShape.count)
          }
          for image in 0..<images.batch {
            convolve(
              input + image * shape.count, shape, layer, kernel.baseAddress!,
              into: output + image * outputShape.count, outputShape)
          }
        }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func convolve<Scalar: BLASScalar>(
    _ image: UnsafePointer<Scalar>, _ shape: ImageShape, _ layer: Convolution<Scalar>,
    _ kernel: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>, _ outputShape: ImageShape
  ) {
    let window = layer.window
    let (groupInputs, groupOutputs) = (layer.inputChannels / layer.groups, layer.outputChannels / layer.groups)
    for outputRow in 0..<outputShape.height {
      for outputColumn in 0..<outputShape.width {
        let target = output + (outputRow * outputShape.width + outputColumn) * layer.outputChannels
        for i in 0..<window.height {
          let y = outputRow * window.strideHeight - window.padding.top + i * window.dilationHeight
          if y < 0 || y >= shape.height { continue }
          for j in 0..<window.width {
            let x = outputColumn * window.strideWidth - window.padding.left + j * window.dilationWidth
            if x < 0 || x >= shape.width { continue }
            let source = image + (y * shape.width + x) * shape.channels
            for group in 0..<layer.groups {
              for c in 0..<groupInputs {
                let value = source[group * groupInputs + c]
                let filters =
                  kernel + ((i * window.width + j) * groupInputs + c) * layer.outputChannels + group * groupOutputs
                let sums = target + group * groupOutputs
                for o in 0..<groupOutputs { sums[o] = sums[o] + filters[o] * value }
              }
            }
          }
        }
      }
    }
  }
}
