/// Which trials of a grid a store has: a bit each, for cells that have any.
struct StoredTrials: Sendable {
  private var bits: [[UInt64]]
  private(set) var count = 0

  /// None.
  init(cells: Int) { bits = [[UInt64]](repeating: [], count: cells) }

  /// Those of a store, all of whose trials are checked on the way. Memory: at most a bit for each
  /// trial of the grid.
  ///
  /// - Throws: `StoreError`.
  init(_ contents: StoreContents, _ database: StoreDatabase) throws(StoreError) {
    self.init(cells: contents.cells.count)
    let words = (contents.grid.trials + 63) / 64
    var (bits, count) = (bits, 0)
    try contents.forEachTrial(of: database) { result in
      if bits[result.cell].isEmpty { bits[result.cell] = [UInt64](repeating: 0, count: words) }
      bits[result.cell][result.trial / 64] |= 1 << UInt64(result.trial % 64)
      count += 1
    }
    (self.bits, self.count) = (bits, count)
  }

  func contains(cell: Int, trial: Int) -> Bool {
    !bits[cell].isEmpty && bits[cell][trial / 64] >> UInt64(trial % 64) & 1 == 1
  }
}
