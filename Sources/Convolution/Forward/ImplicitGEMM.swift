import ConvolutionKernels
import LinearAlgebra

/// A convolution as the GEMM of its patches by its kernel, no patch copied and the ReLU done on the
/// way out.
///
/// Sums run in kernel order (i, j, c): the bits depend on the machine's vectors alone, not on tiles
/// or workers.
enum ImplicitGEMM {
  /// What panels `range` make of a tile.
  ///
  /// - Parameters:
  ///   - weights: the first entry of the first panel in `range`.
  ///   - bias: one number an output channel, or nil.
  ///   - images: the batch, NHWC.
  ///   - output: channel 0 of the pixel at the tile's first row and column; its rows are
  ///     `outputRow` entries apart.
  ///   - memory: `tiles.tileEntries` entries of the calling worker.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func apply<Scalar: BLASScalar>(
    _ range: Range<Int>, of layout: KernelPanels, weights: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    to images: UnsafePointer<Scalar>, over tile: PatchTiles<Scalar>.Tile, of tiles: PatchTiles<Scalar>,
    into output: UnsafeMutablePointer<Scalar>, outputRow: Int, rectifying: Bool, memory: UnsafeMutablePointer<Scalar>
  ) {
    tiles.withPatches(over: tile, of: images, outputRow: outputRow, memory: memory) { patches, input in
      for panel in layout.panels[range] {
        multiply(
          &patches, input + panel.group * tiles.groupInputs, panel,
          weights + (panel.offset - layout.panels[range.lowerBound].offset), bias: bias.map { $0 + panel.first },
          into: output + panel.first, rectifying: rectifying)
      }
    }
  }

  /// One panel over all pixels of a tile: as many of its rows at a time as stay in cache while the
  /// pixels pass by.
  static func multiply<Scalar: BLASScalar>(
    _ patches: inout TombolaPatches, _ input: UnsafePointer<Scalar>, _ panel: KernelPanels.Panel,
    _ weights: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?, into output: UnsafeMutablePointer<Scalar>,
    rectifying: Bool
  ) {
    let rowsInCache = max(1, panelBytes / (panel.width * MemoryLayout<Scalar>.stride))
    let (offsets, segments, run) = (patches.offsets!, patches.segments, patches.run)
    // Whole segments at a time, or parts of one that is too long alone.
    let parts = (run + rowsInCache - 1) / rowsInCache
    let part = (run + parts - 1) / parts
    let together = parts > 1 ? 1 : max(1, rowsInCache / run)
    var weights = weights
    for segment in stride(from: 0, to: segments, by: together) {
      for start in stride(from: 0, to: run, by: part) {
        patches.segments = min(together, segments - segment)
        patches.run = min(part, run - start)
        patches.offsets = offsets + segment
        patches.accumulate = segment == 0 && start == 0 ? 0 : 1
        let isLast = segment + together >= segments && start + part >= run
        patches.rectify = rectifying && isLast ? 1 : 0
        VectorKernels.convolve(
          &patches, input + start, panel: weights, width: panel.width, bias: bias, into: output,
          columns: panel.columns)
        weights += patches.segments * patches.run * panel.width
      }
    }
    (patches.offsets, patches.segments, patches.run) = (offsets, segments, run)
  }
  /// Bytes of a panel that stay in L2 beside a tile.
  private static var panelBytes: Int { 256 << 10 }
}
