/// Which sums lie where in one coordinate: chains of sums by cells, and before them a bitmap of
/// finer cells that have a sum within a window.
///
/// The outermost cells hold all sums beyond four deviations.
final class CellTable {
  private let cells: Int
  private let heads: UnsafeMutablePointer<UInt32>
  private let nexts: UnsafeMutablePointer<UInt32>
  private let bitmap: UnsafeMutablePointer<UInt64>
  private let bits: Int
  private let coarse: CellAxis
  private let fine: CellAxis
  private var values: UnsafeMutablePointer<Double>?
  private var isFiltering = false
  let width: Double

  init(capacity: Int, _ lists: PairedLists, wanted: Int) {
    let (least, most) = (lists.lows[1], lists.highs[1])
    let middle = least + (most - least) / 2
    let half = min((most - least) / 2, 4 * lists.deviations[1])
    cells = wanted
    bits = 32 * wanted
    width = 2 * half / Double(cells)
    let inverse = width > 0 && (1 / width).isFinite ? 1 / width : 0
    coarse = CellAxis(low: middle - half, inverse: inverse, count: cells)
    fine = CellAxis(low: middle - half, inverse: inverse * Double(bits / cells), count: bits)
    heads = .allocate(capacity: cells)
    nexts = .allocate(capacity: capacity + 1)
    bitmap = .allocate(capacity: bits / 64)
  }

  deinit {
    heads.deallocate()
    nexts.deallocate()
    bitmap.deallocate()
  }

  /// Takes the sums, for looks within `window`. Of equal sums it takes the first, as far as it sees
  /// that they are equal.
  ///
  /// - Parameter isSame: whether two sums with equal values are equal in their other coordinates
  ///   too; nil where all sums are to be taken.
  func fill(_ sums: RangeSums, window: Double, isSame: ((Int, Int) -> Bool)?) {
    values = sums.values
    let (values, heads, nexts, bitmap) = (sums.values, heads, nexts, bitmap)
    heads.update(repeating: 0, count: cells)
    isFiltering = window * fine.inverse < 4
    if isFiltering { bitmap.update(repeating: 0, count: bits / 64) }
    for k in 0..<sums.count {
      let cell = coarse.place(values[k])
      if let isSame, holds(k, cell, isSame) { continue }
      nexts[k &+ 1] = heads[cell]
      heads[cell] = UInt32(truncatingIfNeeded: k &+ 1)
      if isFiltering {
        let last = fine.place(values[k] + window)
        for bit in fine.place(values[k] - window)...last { bitmap[bit >> 6] |= 1 << UInt64(bit & 63) }
      }
    }
  }

  /// Whether one of the last few sums of a cell is the same as sum k.
  private func holds(_ k: Int, _ cell: Int, _ isSame: (Int, Int) -> Bool) -> Bool {
    var entry = Int(heads[cell])
    var left = 16
    while entry != 0, left > 0 {
      if values![entry &- 1] == values![k], isSame(entry &- 1, k) { return true }
      entry = Int(nexts[entry])
      left &-= 1
    }
    return false
  }

  /// False only where no sum lies within the window that the table was filled for.
  @inline(__always) func mayHold(_ value: Double) -> Bool {
    if !isFiltering { return true }
    let bit = fine.place(value)
    return bitmap[bit >> 6] >> UInt64(bit & 63) & 1 == 1
  }

  /// Visits the sums with values in low...high, and returns how many had to be looked at.
  @inline(__always) func forEach(_ low: Double, _ high: Double, _ body: (Int) -> Void) -> Int {
    let last = coarse.place(high)
    var cell = coarse.place(low)
    var seen = 0
    while cell <= last {
      var entry = Int(heads[cell])
      while entry != 0 {
        seen &+= 1
        let value = values![entry &- 1]
        if value >= low && value <= high { body(entry &- 1) }
        entry = Int(nexts[entry])
      }
      cell &+= 1
    }
    return seen
  }
}
