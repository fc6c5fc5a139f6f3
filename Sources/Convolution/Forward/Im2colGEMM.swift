import LinearAlgebra

/// A convolution as GEMM calls over im2col tiles: the way of machines without the vector kernels,
/// and their oracle.
///
/// A 1×1 layer with stride 1 and no padding multiplies the images where they lie, one product on as
/// many threads as BLAS has. Other layers are tiles of patches; on several workers each packs and
/// multiplies tiles of its own, with BLAS at one thread. A tile has the entries of `scratch`'s, or
/// a row for each 1024 of them where rows are long: 64 rows by default, so that a layer of
/// thousands of channels is not multiplied by single rows. Bits depend on the BLAS core, its
/// threads, and the tile.
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
    if layer.isPointwise {
      let input = MatrixView(
        images + patches.channelOffset, rows: rows, columns: patches.groupChannels,
        leadingDimension: layer.inputChannels)
      let target = MutableMatrixView(
        output + group * filters, rows: rows, columns: filters, leadingDimension: channels)
      return try LinearAlgebra.multiply(input, weights, into: target, beta: beta)
    }
    let tileRows = Self.tileRows(of: patches.rowLength, rows, scratch.tileCount)
    let tiles = (rows + tileRows - 1) / tileRows
    nonisolated(unsafe) let (images, output, scratch, factor) = (images, output, scratch, weights)
    @Sendable func run(_ index: Int, _ worker: Int) throws {
      let range = index * tileRows..<min(rows, (index + 1) * tileRows)
      let tile = scratch.tile(tileRows * patches.rowLength, of: worker)
      patches.pack(range, of: images, into: tile)
      let packed = MatrixView(UnsafePointer(tile), rows: range.count, columns: patches.rowLength)
      let target = MutableMatrixView(
        output + range.lowerBound * channels + group * filters, rows: range.count, columns: filters,
        leadingDimension: channels)
      try LinearAlgebra.multiply(packed, factor, into: target, beta: beta)
    }
    if scratch.workers == 1 || tiles == 1 {
      for index in 0..<tiles { try run(index, 0) }
    } else {
      try Workers.forEach(count: tiles, workers: scratch.workers) { index, worker in try run(index, worker) }
    }
  }

  /// Rows of a tile, of patches of `rowLength` entries.
  private static func tileRows(of rowLength: Int, _ rows: Int, _ tileCount: Int) -> Int {
    max(1, min(rows, max(tileCount / max(1, rowLength), tileCount / 1024)))
  }
}

/// Writes `values` to each of `rows` successive rows.
func fillRows<Scalar: BLASScalar>(_ output: UnsafeMutablePointer<Scalar>, rows: Int, with values: [Scalar]) {
  values.withUnsafeBufferPointer { values in
    for row in 0..<rows { (output + row * values.count).update(from: values.baseAddress!, count: values.count) }
  }
}
