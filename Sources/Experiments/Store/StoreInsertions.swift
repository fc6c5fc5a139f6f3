extension StoreDatabase {
  /// Fills the tables of a new store but for trials, runs and timings.
  ///
  /// - Parameter cells: Those of the grid, by number.
  func write(_ grid: SweepGrid, source: String?, _ cells: some Sequence<SweepCell>) throws(StoreError) {
    try StoreSchema.create(in: self)
    let meta = try insertion(into: StoreSchema.meta)
    for (key, value) in MetaKey.values(of: grid) + (source.map { [(.source, $0)] } ?? []) {
      try meta.bind(1, key.rawValue)
      try meta.bind(2, value)
      _ = try meta.step()
    }
    let insertion = try insertion(into: StoreSchema.cells)
    for cell in cells {
      insertion.bind(1, cell.number)
      insertion.bind(2, cell.instance)
      insertion.bind(3, cell.dimension)
      insertion.bind(4, cell.count)
      try insertion.bind(5, cell.candidates)
      try insertion.bind(6, cell.target)
      try insertion.bind(7, cell.norm)
      insertion.bind(8, cell.size)
      try insertion.bind(9, cell.sizeRule)
      try insertion.bind(10, cell.solver)
      insertion.bind(11, cell.deviation)
      _ = try insertion.step()
    }
  }

  /// A statement that adds a row to a table, a parameter a column; or, where one of its key is
  /// there, may leave that as it is.
  func insertion(into table: StoreTable, orIgnore ignores: Bool = false) throws(StoreError) -> StoreStatement {
    let marks = [String](repeating: "?", count: table.columns.count).joined(separator: ", ")
    return try StoreStatement("INSERT\(ignores ? " OR IGNORE" : "") INTO \(table.name) VALUES (\(marks))", in: self)
  }
}

extension TrialResult {
  /// Binds a trial's values to an insertion into its table.
  func bind(to statement: StoreStatement) {
    statement.bind(1, cell)
    statement.bind(2, trial)
    statement.bind(3, error)
    statement.bind(4, size)
    statement.bind(5, lowerBound)
    statement.bind(6, Int(truncatingIfNeeded: work))
  }
}

extension StoreContents.Run {
  /// Binds a run's values to an insertion into its table.
  ///
  /// - Parameter number: Its number there; nil for the next one.
  func bind(to statement: StoreStatement, number: Int?) throws(StoreError) {
    statement.bind(1, number)
    let texts = [program, commit, machine, cpu, blas, blasCore]
    for (index, text) in texts.enumerated() { try statement.bind(Int32(2 + index), text) }
    statement.bind(8, threads)
    for (index, text) in [shard, started, ended].enumerated() { try statement.bind(Int32(9 + index), text) }
  }
}
