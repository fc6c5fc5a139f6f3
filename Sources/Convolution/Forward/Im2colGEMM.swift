import LinearAlgebra

/// A convolution as GEMM calls over im2col tiles: the way of machines without the vector kernels,
/// and their oracle.
///
/// A 1×1 layer with stride 1 and no padding multiplies the images where they lie. Bits depend on
/// the BLAS core and on the tile.
struct Im2colGEMM<Scalar: BLASScalar> {
  let layer: Convolution<Scalar>
  let shape: ImageShape
  let outputShape: ImageShape
  let scratch: Scratch<Scalar>

  /// Writes the layer's value for `batch` images to `output`.
  func apply(
    to images: UnsafePointer<Scalar>, batch: Int, kernel: UnsafePointer<Scalar>,
    into output: UnsafeMutablePointer<Scalar>
  ) throws {
    let rows = batch * outputShape.pixels
    if let bias = layer.bias { fillRows(output, rows: rows, with: bias) }
    for group in 0..<layer.groups {
      let patches = Im2col<Scalar>(
        window: layer.window, shape: shape, outputHeight: outputShape.height, outputWidth: outputShape.width,
        channelOffset: group * (layer.inputChannels / layer.groups), groupChannels: layer.inputChannels / layer.groups)
      try multiply(group, patches, images: images, kernel: kernel, output: output, rows: rows)
    }
  }

  private func multiply(
    _ group: Int, _ patches: Im2col<Scalar>, images: UnsafePointer<Scalar>, kernel: UnsafePointer<Scalar>,
    output: UnsafeMutablePointer<Scalar>, rows: Int
  ) throws {
    let channels = layer.outputChannels
    let filters = channels / layer.groups
    let weights = MatrixView(
      kernel + group * filters, rows: patches.rowLength, columns: filters, leadingDimension: channels)
    let beta: Scalar = layer.bias == nil ? 0 : 1
    func outputRows(_ range: Range<Int>) -> MutableMatrixView<Scalar> {
      MutableMatrixView(
        output + range.lowerBound * channels + group * filters, rows: range.count, columns: filters,
        leadingDimension: channels)
    }
    if layer.isPointwise {
      let input = MatrixView(
        images + patches.channelOffset, rows: rows, columns: patches.groupChannels,
        leadingDimension: layer.inputChannels)
      return try LinearAlgebra.multiply(input, weights, into: outputRows(0..<rows), beta: beta)
    }
    let tileRows = max(1, min(rows, scratch.tileCount / max(1, patches.rowLength)))
    let tile = scratch.tile(tileRows * patches.rowLength)
    var start = 0
    while start < rows {
      let range = start..<min(rows, start + tileRows)
      patches.pack(range, of: images, into: tile)
      let packed = MatrixView(UnsafePointer(tile), rows: range.count, columns: patches.rowLength)
      try LinearAlgebra.multiply(packed, weights, into: outputRows(range), beta: beta)
      start = range.upperBound
    }
  }
}

/// Writes `values` to each of `rows` successive rows.
func fillRows<Scalar: BLASScalar>(_ output: UnsafeMutablePointer<Scalar>, rows: Int, with values: [Scalar]) {
  values.withUnsafeBufferPointer { values in
    for row in 0..<rows { (output + row * values.count).update(from: values.baseAddress!, count: values.count) }
  }
}
