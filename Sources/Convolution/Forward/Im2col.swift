import LinearAlgebra

/// Patches of an image batch laid out as matrix rows, a tile at a time.
///
/// Row p is the patch under output pixel p (images, then rows, then columns), its entries in kernel order
/// (i, j, c) over one group's channels; taps on the padding are 0. The whole matrix is never made.
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
