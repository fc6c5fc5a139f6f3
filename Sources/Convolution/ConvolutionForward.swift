import LinearAlgebra

/// Reused memory of forward passes: one buffer that grows to what a layer asks for.
public final class Scratch<Scalar: BLASScalar> {
  /// Bytes an im2col tile may take; a tile always holds at least one row.
  public let tileBytes: Int
  private var storage: UnsafeMutableBufferPointer<Scalar>

  /// The default of `tileBytes`: a tile that stays in a core's L2 cache beside the kernel.
  public static var defaultTileBytes: Int { 512 << 10 }

  public init(tileBytes: Int = Scratch.defaultTileBytes) {
    self.tileBytes = max(1, tileBytes)
    storage = .allocate(capacity: 0)
  }

  deinit { storage.deallocate() }

  func buffer(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    if storage.count < count {
      storage.deallocate()
      storage = .allocate(capacity: count)
    }
    return storage.baseAddress!
  }
}

extension Convolution {
  /// The layer applied to a batch, through im2col and GEMM.
  ///
  /// A 1×1 layer with stride 1 and no padding multiplies the images where they lie; a stride-1 layer to fewer
  /// channels adds up `TapProducts`; anything else is packed tile by tile into `scratch`. Bits depend on the BLAS core and on the tile. Cost: 2 · batch · output
  /// entries · taps operations.
  ///
  /// - Throws: `ConvolutionError` when the shapes do not fit.
  public func callAsFunction(_ images: Tensor<Scalar>, scratch: Scratch<Scalar>) throws -> Tensor<Scalar> {
    let outputShape = try outputShape(over: images.shape)
    let rows = images.batch * outputShape.pixels
    return try Tensor(batch: images.batch, shape: outputShape) { output in
      if let bias { fillRows(output, rows: rows, with: bias) }
      if inputChannels == 0 {
        if bias == nil { output.update(repeating: 0, count: rows * outputChannels) }
        return
      }
      try images.values.withUnsafeBufferPointer { input in
        try kernel.withUnsafeBufferPointer { kernel in
          if !isPointwise && TapProducts.suits(self) {
            if bias == nil { output.update(repeating: 0, count: rows * outputChannels) }
            let products = TapProducts<Scalar>(
              window: window, shape: images.shape, outputHeight: outputShape.height, outputWidth: outputShape.width,
              outputChannels: outputChannels)
            return try products.accumulate(
              input.baseAddress!, batch: images.batch, kernel: kernel.baseAddress!, into: output, scratch)
          }
          for group in 0..<groups {
            let patches = Im2col<Scalar>(
              window: window, shape: images.shape, outputHeight: outputShape.height, outputWidth: outputShape.width,
              channelOffset: group * (inputChannels / groups), groupChannels: inputChannels / groups)
            try multiplyGroup(
              group, patches, images: input.baseAddress!, kernel: kernel.baseAddress!, output: output, rows: rows,
              scratch)
          }
        }
      }
    }
  }

  private func multiplyGroup(
    _ group: Int, _ patches: Im2col<Scalar>, images: UnsafePointer<Scalar>, kernel: UnsafePointer<Scalar>,
    output: UnsafeMutablePointer<Scalar>, rows: Int, _ scratch: Scratch<Scalar>
  ) throws {
    let filters = outputChannels / groups
    let weights = MatrixView(
      kernel + group * filters, rows: patches.rowLength, columns: filters, leadingDimension: outputChannels)
    let beta: Scalar = bias == nil ? 0 : 1
    func outputRows(_ range: Range<Int>) -> MutableMatrixView<Scalar> {
      MutableMatrixView(
        output + range.lowerBound * outputChannels + group * filters, rows: range.count, columns: filters,
        leadingDimension: outputChannels)
    }
    if isPointwise {
      let input = MatrixView(
        images + patches.channelOffset, rows: rows, columns: patches.groupChannels, leadingDimension: inputChannels)
      return try multiply(input, weights, into: outputRows(0..<rows), beta: beta)
    }
    let rowBytes = max(1, patches.rowLength * MemoryLayout<Scalar>.stride)
    let tileRows = max(1, min(rows, scratch.tileBytes / rowBytes))
    let tile = scratch.buffer(tileRows * patches.rowLength)
    var start = 0
    while start < rows {
      let range = start..<min(rows, start + tileRows)
      patches.pack(range, of: images, into: tile)
      let packed = MatrixView(UnsafePointer(tile), rows: range.count, columns: patches.rowLength)
      try multiply(packed, weights, into: outputRows(range), beta: beta)
      start = range.upperBound
    }
  }

  /// Whether output pixel p reads input pixel p alone.
  private var isPointwise: Bool {
    window.height == 1 && window.width == 1 && window.strideHeight == 1 && window.strideWidth == 1
      && window.padding == Padding()
  }
}

/// Writes `values` to each of `rows` successive rows.
func fillRows<Scalar: BLASScalar>(_ output: UnsafeMutablePointer<Scalar>, rows: Int, with values: [Scalar]) {
  values.withUnsafeBufferPointer { values in
    for row in 0..<rows { (output + row * values.count).update(from: values.baseAddress!, count: values.count) }
  }
}
