import LinearAlgebra

extension Pooling {
  /// The shape this layer makes of `shape`.
  ///
  /// - Throws: `ConvolutionError` when the window does not fit or a padding is as large as the window.
  public func outputShape(over shape: ImageShape, at name: String = "pooling") throws(ConvolutionError) -> ImageShape {
    let (height, width) = try window.outputSize(over: shape, at: name)
    let padding = window.padding
    guard max(padding.top, padding.bottom) < window.span.height, max(padding.left, padding.right) < window.span.width
    else {
      throw .invalidSize(
        of: name, expected: "padding smaller than the window", found: "\(padding) around \(window.span)")
    }
    return ImageShape(height: height, width: width, channels: shape.channels)
  }

  /// The layer applied to a batch, in a fixed order of plain loops. Cost: one operation per tap and entry.
  ///
  /// - Throws: `ConvolutionError` as `outputShape(over:at:)`.
  public func callAsFunction<Scalar: BLASScalar>(_ images: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let outputShape = try outputShape(over: images.shape)
    return try Tensor(batch: images.batch, shape: outputShape) { output in
      images.values.withUnsafeBufferPointer { input in
        guard let start = input.baseAddress else { return }
        for image in 0..<images.batch {
          pool(
            start + image * images.shape.count, images.shape, into: output + image * outputShape.count, outputShape)
        }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func pool<Scalar: BLASScalar>(
    _ image: UnsafePointer<Scalar>, _ shape: ImageShape, into output: UnsafeMutablePointer<Scalar>,
    _ outputShape: ImageShape
  ) {
    let channels = shape.channels
    var target = output
    for outputRow in 0..<outputShape.height {
      let top = outputRow * window.strideHeight - window.padding.top
      for outputColumn in 0..<outputShape.width {
        let left = outputColumn * window.strideWidth - window.padding.left
        var taps = 0
        for i in 0..<window.height {
          let y = top + i * window.dilationHeight
          if y < 0 || y >= shape.height { continue }
          for j in 0..<window.width {
            let x = left + j * window.dilationWidth
            if x < 0 || x >= shape.width { continue }
            let source = image + (y * shape.width + x) * channels
            if taps == 0 {
              for c in 0..<channels { target[c] = source[c] }
            } else if kind == .maximum {
              for c in 0..<channels where source[c] > target[c] || source[c].isNaN { target[c] = source[c] }
            } else {
              for c in 0..<channels { target[c] += source[c] }
            }
            taps += 1
          }
        }
        if taps == 0 { for c in 0..<channels { target[c] = kind == .maximum ? -.infinity : 0 } }
        if kind != .maximum {
          let divisor = Scalar(kind == .average ? max(1, taps) : countWithPadding(top, left, shape))
          for c in 0..<channels { target[c] /= divisor }
        }
        target += channels
      }
    }
  }

  /// Window positions on the image or its padding; a window that hangs over the padded edge counts less.
  private func countWithPadding(_ top: Int, _ left: Int, _ shape: ImageShape) -> Int {
    func count(_ start: Int, _ size: Int, _ dilation: Int, _ end: Int) -> Int {
      min(size, max(0, (end - start + dilation - 1) / dilation))
    }
    return count(top, window.height, window.dilationHeight, shape.height + window.padding.bottom)
      * count(left, window.width, window.dilationWidth, shape.width + window.padding.right)
  }
}
