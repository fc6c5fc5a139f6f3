import LinearAlgebra

/// Patches of an image batch laid out as matrix rows, a tile at a time.
///
/// Row p is the patch under output pixel p (images, then rows, then columns), its entries in kernel
/// order (i, j, c) over one group's channels; taps on the padding are 0. The whole matrix is never
/// made.
struct Im2col<Scalar: BLASScalar> {
  let window: SlidingWindow
  let shape: ImageShape
  let outputHeight: Int
  let outputWidth: Int
  /// First channel and number of channels of the group.
  let channelOffset: Int
  let groupChannels: Int

  /// Entries of a row.
  var rowLength: Int { window.height * window.width * groupChannels }

  /// Writes rows `range` to `rows`, densely.
  ///
  /// - Parameter images: the batch, NHWC, of `shape`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func pack(_ range: Range<Int>, of images: UnsafePointer<Scalar>, into rows: UnsafeMutablePointer<Scalar>) {
    let (channels, width, height) = (shape.channels, shape.width, shape.height)
    let runLength = window.width * groupChannels
    // Taps of one window row that are also neighbours in memory are copied as one run.
    let contiguous = window.dilationWidth == 1 && groupChannels == channels
    var target = rows
    for row in range {
      let (image, pixel) = row.quotientAndRemainder(dividingBy: outputHeight * outputWidth)
      let (outputRow, outputColumn) = pixel.quotientAndRemainder(dividingBy: outputWidth)
      let top = outputRow * window.strideHeight - window.padding.top
      let left = outputColumn * window.strideWidth - window.padding.left
      let base = images + image * shape.count + channelOffset
      for i in 0..<window.height {
        let y = top + i * window.dilationHeight
        if y < 0 || y >= height {
          target.update(repeating: 0, count: runLength)
          target += runLength
          continue
        }
        let line = base + y * width * channels
        if contiguous {
          let first = max(0, -left)
          let end = min(window.width, width - left)
          if first >= end {
            target.update(repeating: 0, count: runLength)
          } else {
            for k in 0..<first * channels { target[k] = 0 }
            let source = line + (left + first) * channels
            let destination = target + first * channels
            for k in 0..<(end - first) * channels { destination[k] = source[k] }
            for k in end * channels..<runLength { target[k] = 0 }
          }
          target += runLength
        } else {
          for j in 0..<window.width {
            let x = left + j * window.dilationWidth
            if x < 0 || x >= width {
              for k in 0..<groupChannels { target[k] = 0 }
            } else {
              let source = line + x * channels
              for k in 0..<groupChannels { target[k] = source[k] }
            }
            target += groupChannels
          }
        }
      }
    }
  }
}

extension Convolution {
  /// Writes rows of the im2col matrix of one group, densely: row p is the patch under output pixel
  /// p (images, then rows, then columns), its `taps` entries in kernel order (i, j, c), 0 on the
  /// padding.
  ///
  /// For tests and measurements; the forward pass never makes the whole matrix.
  ///
  /// - Parameters:
  ///   - rows: which rows, below images × output pixels.
  ///   - images: NHWC, of the layer's input channels.
  ///   - group: which of the layer's groups, from 0.
  ///   - target: `rows.count · taps` entries, row by row.
  /// - Throws: `ConvolutionError` for images that do not fit the layer, rows or a group that it
  ///   does not have, or a target of another count.
  /// - Complexity: one copy of each entry.
  public func packPatches(
    _ rows: Range<Int>, of images: Tensor<Scalar>, group: Int = 0, into target: UnsafeMutableBufferPointer<Scalar>
  ) throws(ConvolutionError) {
    let output = try outputShape(over: images.shape)
    let all = images.batch * output.pixels
    guard rows.lowerBound >= 0, rows.upperBound <= all, group >= 0, group < groups else {
      throw .shapeMismatch(
        at: "im2col", expected: "rows in 0..<\(all) and a group in 0..<\(groups)", found: "\(rows) and \(group)")
    }
    guard target.count == rows.count * taps else {
      throw .shapeMismatch(
        at: "im2col", expected: "\(rows.count) × \(taps) entries to write", found: "\(target.count)")
    }
    let channels = inputChannels / groups
    let patches = Im2col<Scalar>(
      window: window, shape: images.shape, outputHeight: output.height, outputWidth: output.width,
      channelOffset: group * channels, groupChannels: channels)
    images.values.withUnsafeBufferPointer { images in
      guard let images = images.baseAddress, let target = target.baseAddress else { return }
      patches.pack(rows, of: images, into: target)
    }
  }
}
