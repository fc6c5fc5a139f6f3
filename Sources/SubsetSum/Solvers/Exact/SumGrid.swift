import SubsetSumKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The sums of a half in cells of their first columns, so that those within a box can be looked up.
///
/// In up to three columns, where boxes are narrow: slabs of the first column, sorted by the second within each, and a bitmap of finer cells of both that hold
/// any. In more: prisms of the first and second column, sorted by the third. In either, `starts` has the place where each part of a slab or prism begins.
/// Beyond four deviations from the mean the outermost cells hold all. Memory: about 12 bytes a sum.
final class SumGrid {
  /// Cells of equal width: a function that never falls.
  struct Axis {
    let low: Double
    let inverse: Double
    let last: Double

    init(_ list: SortedHalf, column: Int, count: Int) {
      let (mean, deviation) = (list.mean(column), list.deviation(column))
      low = mean - 4 * deviation
      let scale = Double(count) / (8 * deviation)
      inverse = deviation > 0 && scale.isFinite ? scale : 0
      last = Double(count - 1)
    }

    /// An axis of one cell.
    init() { (low, inverse, last) = (0, 0, 0) }

    @inline(__always) func place(_ value: Double) -> Int {
      let place = (value - low) * inverse
      return place > 0 ? place < last ? Int(place) : Int(last) : 0
    }
  }

  /// A column each, in the order of the list that it was made of; places are indices into them.
  let columns: [UnsafeMutablePointer<Double>]
  let masks: UnsafeMutablePointer<UInt32>
  /// Extremes of the first column.
  let least: Double
  let most: Double
  /// Slabs, or prisms' first sides.
  let rows: Axis
  /// Prisms' second sides; one for slabs.
  let sides: Axis
  let sideCount: Int
  /// The column that a slab or prism is sorted by.
  let sorted: Int
  /// Parts of a slab or prism, by that column.
  let parts: Axis
  private let partCount: Int
  /// Where part c of slab or prism s begins, at s·partCount + c, and the end.
  private let starts: UnsafeMutablePointer<UInt32>
  private let bitmap: CellBitmap?

  /// - Precondition: at least two columns, fewer than 2³¹ sums in one group.
  init(_ list: SortedHalf) {
    let (count, m) = (list.count, list.columns.count)
    let isSlab = m < 4
    let rowCount = max(16, Int(pow(Double(count), isSlab ? 0.5 : 0.4)))
    sideCount = isSlab ? 1 : rowCount
    partCount = isSlab ? 2 * rowCount : max(1, 2 * count / (rowCount * rowCount))
    sorted = isSlab ? 1 : 2
    let rows = Axis(list, column: 0, count: rowCount)
    let sides = isSlab ? Axis() : Axis(list, column: 1, count: sideCount)
    let parts = Axis(list, column: sorted, count: partCount)
    (self.rows, self.sides, self.parts) = (rows, sides, parts)
    (least, most) = (list.columns[0][0], list.columns[0][count - 1])
    let (first, second, key, sideCount) = (list.columns[0], list.columns[1], list.columns[sorted], sideCount)
    let cells = (0..<count).map { UInt32(rows.place(first[$0]) * sideCount + sides.place(second[$0])) }
    let order = (0..<count).sorted { a, b in
      cells[a] != cells[b] ? cells[a] < cells[b] : key[a] != key[b] ? key[a] < key[b] : a < b
    }
    masks = .allocate(capacity: count)
    for (place, k) in order.enumerated() { masks[place] = list.masks[k] }
    columns = list.columns.map { source in
      let column = UnsafeMutablePointer<Double>.allocate(capacity: count)
      for (place, k) in order.enumerated() { column[place] = source[k] }
      return column
    }
    let slots = rowCount * sideCount * partCount
    starts = .allocate(capacity: slots + 1)
    starts.update(repeating: 0, count: slots + 1)
    for k in 0..<count { starts[Int(cells[k]) * partCount + parts.place(key[k]) + 1] += 1 }
    for slot in 0..<slots { starts[slot + 1] += starts[slot] }
    bitmap = isSlab ? CellBitmap(list, side: rowCount) : nil
  }

  deinit {
    for column in columns { column.deallocate() }
    masks.deallocate()
    starts.deallocate()
  }

  /// Leaves in `places` which of `count` points (x_i, y_i) leave of (x, y) what may lie within `reach` of a sum in both of the first columns; how many. All of
  /// them where there is no bitmap, or that is wider than its cells. `places` has room for 8 more.
  func near(
    _ x: Double, _ y: Double, reach: Double, _ xs: UnsafePointer<Double>, _ ys: UnsafePointer<Double>, count: Int,
    _ places: UnsafeMutablePointer<Int32>
  ) -> Int {
    if let bitmap, let met = bitmap.near(x, y, reach: reach, xs, ys, count: count, places) { return met }
    for i in 0..<count { places[i] = Int32(truncatingIfNeeded: i) }
    return count
  }

  /// The first place of a slab or prism in a part.
  @inline(__always) func start(_ cell: Int, part: Int) -> Int { Int(starts[cell &* partCount &+ part]) }

  @inline(__always) func end(_ cell: Int) -> Int { Int(starts[(cell &+ 1) &* partCount]) }

  /// At most four places near a point of the first columns and the sorted one, in its cell.
  func places(near first: Double, _ second: Double, _ key: Double) -> Range<Int> {
    let cell = rows.place(first) &* sideCount &+ sides.place(second)
    let start = start(cell, part: parts.place(key))
    return start..<max(start, min(start + 4, end(cell)))
  }
}

/// Which of fine cells of two columns hold any sum: about 32 cells for each.
private final class CellBitmap {
  private let rows: SumGrid.Axis
  private let cells: SumGrid.Axis
  private let bits: UnsafeMutablePointer<UInt32>
  private let wordsOfRow: Int

  init(_ list: SortedHalf, side: Int) {
    let (rowCount, cellCount) = (4 * side, 8 * side)
    rows = SumGrid.Axis(list, column: 0, count: rowCount)
    cells = SumGrid.Axis(list, column: 1, count: cellCount)
    wordsOfRow = cellCount / 32 + 1
    bits = .allocate(capacity: rowCount * wordsOfRow)
    bits.update(repeating: 0, count: rowCount * wordsOfRow)
    for k in 0..<list.count {
      let (row, cell) = (rows.place(list.columns[0][k]), cells.place(list.columns[1][k]))
      bits[row * wordsOfRow + cell >> 5] |= 1 << UInt32(cell & 31)
    }
  }

  deinit { bits.deallocate() }

  /// As `SumGrid.near`; nil where `reach` is too wide.
  func near(
    _ x: Double, _ y: Double, reach: Double, _ xs: UnsafePointer<Double>, _ ys: UnsafePointer<Double>, count: Int,
    _ places: UnsafeMutablePointer<Int32>
  ) -> Int? {
    guard 2 * reach * max(rows.inverse, cells.inverse) < 0.99 else { return nil }
    var window = tombola_cell_window(
      x: x, y: y, reach: reach, low_x: rows.low, inverse_x: rows.inverse, last_x: rows.last,
      low_y: cells.low, inverse_y: cells.inverse, last_y: cells.last, words: Int32(wordsOfRow))
    return tombola_near_cells(xs, ys, count, &window, bits, places)
  }
}
