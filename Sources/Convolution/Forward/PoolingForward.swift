import ConvolutionKernels
import LinearAlgebra

extension Pooling {
  /// The layer applied to a batch, in a fixed order of plain loops. Cost: one operation per tap and
  /// entry.
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

  /// One image, or some of its rows: windows that lie on it in vectors, those over an edge one by
  /// one.
  func pool<Scalar: BLASScalar>(
    _ image: UnsafePointer<Scalar>, _ shape: ImageShape, into output: UnsafeMutablePointer<Scalar>,
    _ outputShape: ImageShape
  ) {
    let channels = shape.channels
    func whole(_ count: Int, _ size: Int, _ stride: Int, _ span: Int, _ padding: Int) -> Range<Int> {
      let first = min(count, (padding + stride - 1) / stride)
      let room = size + padding - span
      return first..<max(first, min(count, room < 0 ? 0 : room / stride + 1))
    }
    let span = window.span
    let rows = whole(outputShape.height, shape.height, window.strideHeight, span.height, window.padding.top)
    let columns = whole(outputShape.width, shape.width, window.strideWidth, span.width, window.padding.left)
    if !rows.isEmpty && !columns.isEmpty {
      let taps = window.height * window.width
      withUnsafeTemporaryAllocation(of: Int.self, capacity: taps) { offsets in
        for tap in 0..<taps {
          let (i, j) = tap.quotientAndRemainder(dividingBy: window.width)
          offsets[tap] = (i * window.dilationHeight * shape.width + j * window.dilationWidth) * channels
        }
        var patches = TombolaPatches(
          rows: rows.count, pixels: columns.count, input_row: window.strideHeight * shape.width * channels,
          input_pixel: window.strideWidth * channels, output_row: outputShape.width * channels,
          output_pixel: channels, segments: taps, run: channels, offsets: UnsafePointer(offsets.baseAddress!),
          accumulate: 0, rectify: 0)
        let top = rows.lowerBound * window.strideHeight - window.padding.top
        let left = columns.lowerBound * window.strideWidth - window.padding.left
        VectorKernels.pool(
          &patches, image + (top * shape.width + left) * channels,
          into: output + (rows.lowerBound * outputShape.width + columns.lowerBound) * channels,
          mean: kind != .maximum, divisor: Double(taps))
      }
    }
    if rows.count < outputShape.height || columns.count < outputShape.width {
      poolEdges(image, shape, into: output, outputShape, whole: rows, columns)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func poolEdges<Scalar: BLASScalar>(
    _ image: UnsafePointer<Scalar>, _ shape: ImageShape, into output: UnsafeMutablePointer<Scalar>,
    _ outputShape: ImageShape, whole rows: Range<Int>, _ columns: Range<Int>
  ) {
    let channels = shape.channels
    var target = output
    for outputRow in 0..<outputShape.height {
      let top = outputRow * window.strideHeight - window.padding.top
      for outputColumn in 0..<outputShape.width {
        if rows.contains(outputRow) && columns.contains(outputColumn) {
          target += channels
          continue
        }
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

  /// Window positions on the image or its padding; a window that hangs over the padded edge counts
  /// less.
  func countWithPadding(_ top: Int, _ left: Int, _ shape: ImageShape) -> Int {
    func count(_ start: Int, _ size: Int, _ dilation: Int, _ end: Int) -> Int {
      min(size, max(0, (end - start + dilation - 1) / dilation))
    }
    return count(top, window.height, window.dilationHeight, shape.height + window.padding.bottom)
      * count(left, window.width, window.dilationWidth, shape.width + window.padding.right)
  }
}
