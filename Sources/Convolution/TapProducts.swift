import LinearAlgebra

/// A stride-1 convolution from many channels to few: each input pixel is multiplied by the kernels of all taps
/// at once, and each product is added to the output pixel that its tap belongs to.
///
/// im2col copies taps · c_in numbers a pixel; this writes and adds taps · c_out. A pruned network's layers,
/// thousands of kept filters to a few channels, gain by their ratio.
struct TapProducts<Scalar: BLASScalar> {
  let window: SlidingWindow
  let shape: ImageShape
  let outputHeight: Int
  let outputWidth: Int
  let outputChannels: Int

  /// Entries of a product row: taps · c_out.
  var rowLength: Int { window.height * window.width * outputChannels }

  /// Whether it is the cheaper way for a layer.
  static func suits(_ layer: Convolution<Scalar>) -> Bool {
    layer.groups == 1 && layer.window.strideHeight == 1 && layer.window.strideWidth == 1
      && layer.outputChannels < layer.inputChannels
  }

  /// Adds the layer's value for a batch to `output`.
  ///
  /// - Parameters:
  ///   - images: `batch` images, NHWC, of `shape`.
  ///   - kernel: HWIO.
  ///   - output: the output images, initialised.
  ///   - scratch: takes the reordered kernel and a tile of products.
  func accumulate(
    _ images: UnsafePointer<Scalar>, batch: Int, kernel: UnsafePointer<Scalar>,
    into output: UnsafeMutablePointer<Scalar>,
    _ scratch: Scratch<Scalar>
  ) throws {
    let channels = shape.channels
    let pixels = batch * shape.pixels
    let rowBytes = max(1, rowLength * MemoryLayout<Scalar>.stride)
    let tilePixels = max(1, min(pixels, scratch.tileBytes / rowBytes))
    let weights = scratch.buffer(channels * rowLength + tilePixels * rowLength)
    let products = weights + channels * rowLength
    reorder(kernel, into: weights)
    let weightView = MatrixView(UnsafePointer(weights), rows: channels, columns: rowLength)
    var start = 0
    while start < pixels {
      let range = start..<min(pixels, start + tilePixels)
      try multiply(
        MatrixView(images + start * channels, rows: range.count, columns: channels), weightView,
        into: MutableMatrixView(products, rows: range.count, columns: rowLength))
      add(products, ofPixels: range, to: output)
      start = range.upperBound
    }
  }

  /// HWIO (tap, c, o) to rows of channels: (c, tap, o).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func reorder(_ kernel: UnsafePointer<Scalar>, into weights: UnsafeMutablePointer<Scalar>) {
    for tap in 0..<window.height * window.width {
      for c in 0..<shape.channels {
        (weights + c * rowLength + tap * outputChannels)
          .update(from: kernel + (tap * shape.channels + c) * outputChannels, count: outputChannels)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func add(
    _ products: UnsafePointer<Scalar>, ofPixels range: Range<Int>, to output: UnsafeMutablePointer<Scalar>
  ) {
    let count = outputChannels
    for pixel in range {
      let (image, place) = pixel.quotientAndRemainder(dividingBy: shape.pixels)
      let (y, x) = place.quotientAndRemainder(dividingBy: shape.width)
      let row = products + (pixel - range.lowerBound) * rowLength
      let target = output + image * outputHeight * outputWidth * count
      for i in 0..<window.height {
        let outputRow = y + window.padding.top - i * window.dilationHeight
        if outputRow < 0 || outputRow >= outputHeight { continue }
        for j in 0..<window.width {
          let outputColumn = x + window.padding.left - j * window.dilationWidth
          if outputColumn < 0 || outputColumn >= outputWidth { continue }
          let source = row + (i * window.width + j) * count
          let sum = target + (outputRow * outputWidth + outputColumn) * count
          for o in 0..<count { sum[o] += source[o] }
        }
      }
    }
  }
}
