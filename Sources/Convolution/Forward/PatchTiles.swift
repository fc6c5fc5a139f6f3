import ConvolutionKernels
import LinearAlgebra

/// The patches under a layer's output pixels, tile by tile, described for the vector kernels and
/// not copied.
///
/// In NHWC a row of a patch is one run of memory, so kernels read patches where the image lies:
/// directly, or, where there is padding, in a tile of the image copied with its zeros.
struct PatchTiles<Scalar: BLASScalar>: Sendable {
  let window: SlidingWindow
  let shape: ImageShape
  let outputShape: ImageShape
  let groups: Int
  /// Entries between one output pixel and the next: more than its channels when it is part of a
  /// wider row.
  let outputPixel: Int
  /// Channels of a group, per tap.
  let groupInputs: Int
  /// Pixel p of the output reads pixel p of the input: all images are one long row.
  private let isPointwise: Bool
  private let copiesTiles: Bool
  /// Output rows and columns of a tile.
  let tileRows: Int
  let tileColumns: Int
  /// Entries of neighbouring memory under a window, and how many such runs there are.
  private let run: Int
  private let segments: Int

  /// - Parameters:
  ///   - tileCount: entries of the input that a tile may span.
  ///   - wholeRows: rows that a tile's height is a multiple of, its width being the output's; 0 for
  ///     any tile.
  ///   - workers, batch: tiles of pointwise layers are small enough for each worker to get some.
  init(
    window: SlidingWindow, shape: ImageShape, outputShape: ImageShape, groups: Int, outputPixel: Int? = nil,
    tileCount: Int, wholeRows: Int = 0, workers: Int = 1, batch: Int = 1
  ) {
    self.window = window
    self.shape = shape
    self.outputShape = outputShape
    self.groups = groups
    self.outputPixel = outputPixel ?? outputShape.channels
    groupInputs = shape.channels / groups
    isPointwise =
      wholeRows == 0 && window.height == 1 && window.width == 1 && window.strideHeight == 1 && window.strideWidth == 1
      && window.padding == Padding()
    copiesTiles = window.padding != Padding()
    let joinsColumns = groups == 1 && window.dilationWidth == 1
    run = joinsColumns ? window.width * groupInputs : groupInputs
    segments = joinsColumns ? window.height : window.height * window.width
    let span = window.span
    if isPointwise {
      tileRows = 1
      // No larger than what gives each worker a few.
      let fair = (batch * shape.pixels + 4 * workers - 1) / (4 * workers)
      tileColumns = max(8, min(tileCount / shape.channels, workers > 1 ? fair : .max) / 8 * 8)
    } else {
      let columns = max(1, (tileCount / (span.height * shape.channels) - span.width) / window.strideWidth + 1)
      tileColumns = wholeRows > 0 ? outputShape.width : min(columns, outputShape.width)
      let line = ((tileColumns - 1) * window.strideWidth + span.width) * shape.channels
      let rows = min(outputShape.height, max(1, (tileCount / line - span.height) / window.strideHeight + 1))
      tileRows = wholeRows > 0 ? (rows + wholeRows - 1) / wholeRows * wholeRows : rows
    }
  }

  /// Entries a worker's copied tile takes; 0 where images are read in place.
  var tileEntries: Int {
    if !copiesTiles { return 0 }
    let span = window.span
    return ((tileRows - 1) * window.strideHeight + span.height)
      * ((tileColumns - 1) * window.strideWidth + span.width) * shape.channels
  }

  /// A rectangle of output pixels of one image; of a pointwise layer, pixels of all images in one
  /// row.
  struct Tile {
    let image: Int
    let rows: Range<Int>
    let columns: Range<Int>
  }

  /// Tiles of a batch.
  func count(batch: Int) -> Int {
    if isPointwise { return (batch * shape.pixels + tileColumns - 1) / tileColumns }
    return batch * tilesDown * tilesAcross
  }
  private var tilesDown: Int { (outputShape.height + tileRows - 1) / tileRows }
  private var tilesAcross: Int { (outputShape.width + tileColumns - 1) / tileColumns }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tile(_ index: Int, batch: Int) -> Tile {
    if isPointwise {
      let start = index * tileColumns
      return Tile(image: 0, rows: 0..<1, columns: start..<min(batch * shape.pixels, start + tileColumns))
    }
    let (image, place) = index.quotientAndRemainder(dividingBy: tilesDown * tilesAcross)
    let (down, across) = place.quotientAndRemainder(dividingBy: tilesAcross)
    return Tile(
      image: image,
      rows: down * tileRows..<min(outputShape.height, (down + 1) * tileRows),
      columns: across * tileColumns..<min(outputShape.width, (across + 1) * tileColumns))
  }

  /// Calls `body` with the patches of a tile, for an output whose rows are `outputRow` entries
  /// apart, and the entry that their offsets count from.
  ///
  /// - Parameters:
  ///   - images: the batch, NHWC.
  ///   - memory: `tileEntries` entries of the calling worker.
  @inline(__always)
  func withPatches(
    over tile: Tile, of images: UnsafePointer<Scalar>, outputRow: Int, memory: UnsafeMutablePointer<Scalar>,
    _ body: (inout TombolaPatches, UnsafePointer<Scalar>) -> Void
  ) {
    let channels = shape.channels
    let top = tile.rows.lowerBound * window.strideHeight
    let left = tile.columns.lowerBound * window.strideWidth
    let image = images + tile.image * shape.count
    let line: Int
    let input: UnsafePointer<Scalar>
    if copiesTiles {
      let span = window.span
      let height = (tile.rows.count - 1) * window.strideHeight + span.height
      let width = (tile.columns.count - 1) * window.strideWidth + span.width
      copyPadded(
        image, shape, top: top - window.padding.top, left: left - window.padding.left, height: height, width: width,
        into: memory)
      (input, line) = (UnsafePointer(memory), width * channels)
    } else {
      (input, line) = (image + (top * shape.width + left) * channels, shape.width * channels)
    }
    withUnsafeTemporaryAllocation(of: Int.self, capacity: segments) { offsets in
      let perRow = segments / window.height
      for segment in 0..<segments {
        let (i, j) = segment.quotientAndRemainder(dividingBy: perRow)
        offsets[segment] = i * window.dilationHeight * line + j * window.dilationWidth * channels
      }
      var patches = TombolaPatches(
        rows: tile.rows.count, pixels: tile.columns.count, input_row: window.strideHeight * line,
        input_pixel: window.strideWidth * channels, output_row: outputRow, output_pixel: outputPixel,
        segments: segments, run: run, offsets: UnsafePointer(offsets.baseAddress!), accumulate: 0, rectify: 0)
      body(&patches, input)
    }
  }
}

/// Writes a rectangle of an image, NHWC, that may reach over its edges: zeros there.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func copyPadded<Scalar: BLASScalar>(
  _ image: UnsafePointer<Scalar>, _ shape: ImageShape, top: Int, left: Int, height: Int, width: Int,
  into memory: UnsafeMutablePointer<Scalar>
) {
  let channels = shape.channels
  let first = min(width, max(0, -left))
  let end = max(first, min(width, shape.width - left))
  var target = memory
  for y in top..<top + height {
    if y < 0 || y >= shape.height {
      target.update(repeating: 0, count: width * channels)
    } else {
      target.update(repeating: 0, count: first * channels)
      if end > first {
        (target + first * channels)
          .update(from: image + (y * shape.width + left + first) * channels, count: (end - first) * channels)
      }
      (target + end * channels).update(repeating: 0, count: (width - end) * channels)
    }
    target += width * channels
  }
}
