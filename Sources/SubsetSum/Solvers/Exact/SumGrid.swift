import RunControl
import SubsetSumKernels

/// The sums of a half in cells of their first columns, so that those within a box can be looked up.
///
/// In up to three columns, where boxes are narrow, there are slabs of the first column, sorted by
/// the second within each, and a bitmap of the finer cells of both columns that hold any sum. In
/// more columns there are prisms of the first and second column, sorted by the third. Either way
/// `starts` has the place where each part of a slab or prism begins. The outermost cells hold all
/// sums beyond four deviations from the mean. Memory: about 12 bytes a sum.
final class SumGrid {
  /// One column for each of the list that the grid was made of. Places are indices into them.
  let columns: [UnsafeMutablePointer<Double>]
  let masks: UnsafeMutablePointer<UInt32>
  /// The extremes of the first column.
  let least: Double
  let most: Double
  /// The slabs, or the first sides of prisms.
  let rows: CellAxis
  /// The second sides of prisms; one cell where there are slabs.
  let sides: CellAxis
  let sideCount: Int
  /// The column by which a slab or prism is sorted.
  let sorted: Int
  /// The parts of a slab or prism, by that column.
  let parts: CellAxis
  private let partCount: Int
  /// Where part c of slab or prism s begins, at s·partCount + c; then the end.
  private let starts: UnsafeMutablePointer<UInt32>
  private let bitmap: CellBitmap?
  private let memory: (columns: [OwnedBuffer<Double>], masks: OwnedBuffer<UInt32>, starts: OwnedBuffer<UInt32>)
  /// Sums that are placed between two questions whether the run may go on.
  private static let piece = 1 << 14

  /// - Precondition: at least two columns, fewer than 2³¹ sums in one group.
  /// - Throws: `Interruption` when the run must stop.
  init(_ list: SortedHalf, _ control: RunControl) throws(Interruption) {
    let (count, m) = (list.count, list.columns.count)
    let isSlab = m < 4
    let rowCount = max(16, Int(power(Double(count), isSlab ? 0.5 : 0.4)))
    sideCount = isSlab ? 1 : rowCount
    partCount = isSlab ? 2 * rowCount : max(1, 2 * count / (rowCount * rowCount))
    sorted = isSlab ? 1 : 2
    let rows = try CellAxis(list, column: 0, count: rowCount, control)
    let sides =
      isSlab ? CellAxis(low: 0, inverse: 0, count: 1) : try CellAxis(list, column: 1, count: sideCount, control)
    let parts = try CellAxis(list, column: sorted, count: partCount, control)
    (self.rows, self.sides, self.parts) = (rows, sides, parts)
    (least, most) = (list.columns[0][0], list.columns[0][count - 1])
    let (first, second, key, sideCount) = (list.columns[0], list.columns[1], list.columns[sorted], sideCount)
    let cells = try control.map(0..<count, askingEvery: Self.piece) {
      UInt32(rows.place(first[$0]) * sideCount + sides.place(second[$0]))
    }
    var order = try control.map(0..<count, askingEvery: Self.piece) { $0 }
    try control.sort(&order) { a, b in
      cells[a] != cells[b] ? cells[a] < cells[b] : key[a] != key[b] ? key[a] < key[b] : a < b
    }
    let slots = rowCount * sideCount * partCount
    memory = (
      list.columns.map { _ in OwnedBuffer(count: count) }, OwnedBuffer(count: count), OwnedBuffer(count: slots + 1)
    )
    let (columns, masks, starts) = (memory.columns.map(\.base), memory.masks.base, memory.starts.base)
    (self.columns, self.masks, self.starts) = (columns, masks, starts)
    let partCount = partCount
    try control.forEach(0..<count, askingEvery: Self.piece) { masks[$0] = list.masks[order[$0]] }
    for (source, column) in zip(list.columns, columns) {
      try control.forEach(0..<count, askingEvery: Self.piece) { column[$0] = source[order[$0]] }
    }
    try control.inPieces(0..<slots + 1, of: 1 << 16) {
      (starts + $0.lowerBound).update(repeating: 0, count: $0.count)
    }
    try control.forEach(0..<count, askingEvery: Self.piece) {
      starts[Int(cells[$0]) * partCount + parts.place(key[$0]) + 1] += 1
    }
    try control.forEach(0..<slots, askingEvery: 1 << 16) { starts[$0 + 1] += starts[$0] }
    bitmap = isSlab ? try CellBitmap(list, side: rowCount, control) : nil
  }

  /// Leaves in `places` the indices of those of `count` points (x_i, y_i) for which (x − x_i, y −
  /// y_i) may lie within `reach` of a sum in both of the first columns, and returns their number.
  /// That is all of them where there is no bitmap, or where `reach` is wider than its cells.
  /// `places` has room for 8 more.
  func near(
    _ x: Double, _ y: Double, reach: Double, _ xs: UnsafePointer<Double>, _ ys: UnsafePointer<Double>, count: Int,
    _ places: UnsafeMutablePointer<Int32>
  ) -> Int {
    if let bitmap, let met = bitmap.near(x, y, reach: reach, xs, ys, count: count, places) { return met }
    for i in 0..<count { places[i] = Int32(truncatingIfNeeded: i) }
    return count
  }

  /// The first place in a slab or prism of a part.
  @inline(__always) func start(_ cell: Int, part: Int) -> Int { Int(starts[cell &* partCount &+ part]) }

  @inline(__always) func end(_ cell: Int) -> Int { Int(starts[(cell &+ 1) &* partCount]) }

  /// At most four places near a point of the first columns and the sorted one, in the cell of that
  /// point.
  func places(near first: Double, _ second: Double, _ key: Double) -> Range<Int> {
    let cell = rows.place(first) &* sideCount &+ sides.place(second)
    let start = start(cell, part: parts.place(key))
    return start..<max(start, min(start + 4, end(cell)))
  }
}

extension CellAxis {
  /// Cells over four deviations to each side of the mean of a list's column.
  ///
  /// - Throws: `Interruption` when the run must stop.
  fileprivate init(_ list: SortedHalf, column: Int, count: Int, _ control: RunControl) throws(Interruption) {
    try control.checkInterruption()
    let (mean, deviation) = (list.mean(column), list.deviation(column))
    let scale = Double(count) / (8 * deviation)
    self.init(low: mean - 4 * deviation, inverse: deviation > 0 && scale.isFinite ? scale : 0, count: count)
  }
}

/// Which fine cells of two columns hold any sum. There are about 32 cells for each sum.
private final class CellBitmap {
  private let rows: CellAxis
  private let cells: CellAxis
  private let bits: OwnedBuffer<UInt32>
  private let wordsOfRow: Int

  /// - Throws: `Interruption` when the run must stop.
  init(_ list: SortedHalf, side: Int, _ control: RunControl) throws(Interruption) {
    let (rowCount, cellCount) = (4 * side, 8 * side)
    let rows = try CellAxis(list, column: 0, count: rowCount, control)
    let cells = try CellAxis(list, column: 1, count: cellCount, control)
    let words = cellCount / 32 + 1
    (self.rows, self.cells, wordsOfRow) = (rows, cells, words)
    let made = OwnedBuffer<UInt32>(count: rowCount * words)
    bits = made
    try control.inPieces(0..<rowCount * words, of: 1 << 16) {
      (made.base + $0.lowerBound).update(repeating: 0, count: $0.count)
    }
    try control.forEach(0..<list.count, askingEvery: 1 << 14) { k in
      let (row, cell) = (rows.place(list.columns[0][k]), cells.place(list.columns[1][k]))
      made.base[row * words + cell >> 5] |= 1 << UInt32(cell & 31)
    }
  }

  /// As `SumGrid.near`; nil where `reach` is too wide.
  func near(
    _ x: Double, _ y: Double, reach: Double, _ xs: UnsafePointer<Double>, _ ys: UnsafePointer<Double>, count: Int,
    _ places: UnsafeMutablePointer<Int32>
  ) -> Int? {
    guard 2 * reach * max(rows.inverse, cells.inverse) < 0.99 else { return nil }
    var window = tombola_cell_window(
      x: x, y: y, reach: reach, low_x: rows.low, inverse_x: rows.inverse, last_x: rows.last,
      low_y: cells.low, inverse_y: cells.inverse, last_y: cells.last, words: Int32(wordsOfRow))
    return tombola_near_cells(xs, ys, count, &window, bits.base, places)
  }
}
