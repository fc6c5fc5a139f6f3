/// What a store's file holds, checked value by value: a specification whose digest it has, the
/// cells of its grid, and trials, runs and timings that can come of it.
struct StoreContents: Sendable {
  /// Errors up to this are read: no sum of numbers that problems may have is larger, and no sum of
  /// such errors overflows.
  private static let largestError = 0x1p450
  private static let largestSeconds = 1e15
  private static let largestThreads = 1 << 20
  private static let largestRun = 1 << 40

  let grid: SweepGrid
  let digest: String
  let text: String
  let source: String?
  let cells: [SweepCell]

  /// Reads all but trials, runs and timings.
  ///
  /// - Throws: `StoreError`.
  init(_ database: StoreDatabase) throws(StoreError) {
    try StoreSchema.check(database)
    let path = database.path.name
    let meta = try MetaKey.values(in: database)
    func value(_ key: MetaKey) throws(StoreError) -> String {
      guard let value = meta[key] else {
        throw .invalid(path: path, place: "table meta", expected: "a key '\(key.rawValue)'", found: "none")
      }
      return value
    }
    text = try value(.specification)
    digest = try value(.digest)
    source = meta[.source]
    do { grid = try SweepGrid(canonicalText: text) } catch {
      throw .invalid(
        path: path, place: "table meta, key 'specification'", expected: "a specification", found: "\(error)")
    }
    for (key, expected) in MetaKey.values(of: grid) where try value(key) != expected {
      throw .invalid(
        path: path, place: "table meta, key '\(key.rawValue)'",
        expected: "'\(expected.prefix(80))', by the specification", found: "'\(try value(key).prefix(80))'")
    }
    cells = try Self.cells(of: database, grid)
  }

  /// The cells of the grid, as the file has them.
  private static func cells(of database: StoreDatabase, _ grid: SweepGrid) throws(StoreError) -> [SweepCell] {
    var cells: [SweepCell] = []
    try database.forEachRow(of: StoreSchema.cells) { row throws(StoreError) in
      let number = try row.integer(0, in: cells.count...cells.count)
      guard number < grid.cellCount else {
        throw row.error(0, expected: "\(grid.cellCount) cells, by the specification", found: "one more")
      }
      let deviation = try row.optionalPositiveNumber(10)
      let cell = grid.cell(number, deviation: deviation)
      func require(_ column: Int, _ expected: Int) throws(StoreError) {
        _ = try row.integer(column, in: expected...expected)
      }
      func require(_ column: Int, _ expected: String) throws(StoreError) {
        guard try row.text(column) == expected else { throw row.error(column, expected: "'\(expected)'") }
      }
      try require(1, cell.instance)
      try require(2, cell.dimension)
      try require(3, cell.count)
      try require(4, cell.candidates)
      try require(5, cell.target)
      try require(6, cell.norm)
      if let size = cell.size { try require(7, size) } else { try row.null(7) }
      try require(8, cell.sizeRule)
      try require(9, cell.solver)
      if let law = StandardCandidates(rawValue: cell.candidates), law.deviation != deviation {
        throw row.error(10, expected: law.deviation.map { "\($0)" } ?? "NULL")
      }
      cells.append(cell)
    }
    guard cells.count == grid.cellCount else {
      throw .invalid(
        path: database.path.name, place: "table cells", expected: "\(grid.cellCount) rows, by the specification",
        found: "\(cells.count)")
    }
    return cells
  }

  /// Calls `body` with each trial in the order of (cell, trial).
  ///
  /// - Parameter cell: this one's trials alone; nil for all.
  /// - Throws: `StoreError` at the first value that no trial of its cell has, and what `body`
  ///   throws.
  func forEachTrial(
    of database: StoreDatabase, in cell: Int? = nil, _ body: (TrialResult) throws(StoreError) -> Void
  ) throws(StoreError) {
    var last = (cell: -1, trial: -1)
    try database.forEachRow(of: StoreSchema.trials, where: cell.map { ("cell = ?", $0) }) { row throws(StoreError) in
      let number = try row.integer(0, in: 0...cells.count - 1)
      let trial = try row.integer(1, in: 0...grid.trials - 1)
      guard (number, trial) > last else {
        throw row.error(1, expected: "a trial behind cell \(last.cell), trial \(last.trial)")
      }
      last = (number, trial)
      let (size, count) = (cells[number].size, cells[number].count)
      let error = try row.number(2, in: 0...Self.largestError)
      try body(
        TrialResult(
          cell: number, trial: trial, error: error, size: try row.integer(3, in: (size ?? 0)...(size ?? count)),
          lowerBound: try row.number(4, in: 0...error), work: try row.bits(5)))
    }
  }
}

extension StoreContents {
  /// A row of the table of runs.
  struct Run: Sendable, Hashable {
    let number: Int
    let program: String
    let commit: String?
    let machine: String
    let cpu: String
    let blas: String
    let blasCore: String
    let threads: Int
    let shard: String
    let started: String
    let ended: String?
  }

  /// A row of the table of timings.
  struct Timing: Sendable, Hashable {
    let run: Int
    let cell: Int
    let trials: Int
    let seconds: Double
  }

  /// The runs that wrote to a store, by number, and what each did of which cell.
  ///
  /// - Throws: `StoreError`.
  func runs(of database: StoreDatabase) throws(StoreError) -> (runs: [Run], timings: [Timing]) {
    var runs: [Run] = []
    try database.forEachRow(of: StoreSchema.runs) { row throws(StoreError) in
      let number = try row.integer(0, in: 1...Self.largestRun)
      guard number > runs.last?.number ?? 0 else { throw row.error(0, expected: "runs in order") }
      runs.append(
        Run(
          number: number, program: try row.text(1), commit: try row.optionalText(2), machine: try row.text(3),
          cpu: try row.text(4), blas: try row.text(5), blasCore: try row.text(6),
          threads: try row.integer(7, in: 1...Self.largestThreads), shard: try row.text(8), started: try row.text(9),
          ended: try row.optionalText(10)))
    }
    let numbers = Set(runs.map(\.number))
    var timings: [Timing] = []
    try database.forEachRow(of: StoreSchema.timings) { row throws(StoreError) in
      let run = try row.integer(0, in: 1...Self.largestRun)
      guard numbers.contains(run) else { throw row.error(0, expected: "a run of the table runs") }
      let cell = try row.integer(1, in: 0...cells.count - 1)
      if let last = timings.last, (last.run, last.cell) >= (run, cell) {
        throw row.error(1, expected: "timings in order")
      }
      timings.append(
        Timing(
          run: run, cell: cell, trials: try row.integer(2, in: 0...grid.trials),
          seconds: try row.number(3, in: 0...Self.largestSeconds)))
    }
    return (runs, timings)
  }
}

/// The keys of the table `meta`.
enum MetaKey: String, CaseIterable {
  case formatVersion = "format_version"
  /// `SweepSpecification.canonicalText`.
  case specification
  /// SHA-256 of the specification's text.
  case digest = "specification_digest"
  /// Trials of each cell.
  case trials
  /// The errors to count successes for, separated by spaces.
  case epsilon
  case seed
  /// The file that the specification was read from, as it was.
  case source

  /// What a grid says of all keys but the source.
  static func values(of grid: SweepGrid) -> [(key: MetaKey, value: String)] {
    let text = grid.canonicalText
    return [
      (.formatVersion, "\(StoreSchema.formatVersion)"), (.specification, text), (.digest, SweepGrid.digest(of: text)),
      (.trials, "\(grid.trials)"), (.epsilon, grid.epsilons.map { "\($0)" }.joined(separator: " ")),
      (.seed, "\(grid.seed)"),
    ]
  }

  /// The keys and values that a file has.
  ///
  /// - Throws: `StoreError` for other keys, and values that are no texts.
  static func values(in database: StoreDatabase) throws(StoreError) -> [MetaKey: String] {
    var values: [MetaKey: String] = [:]
    try database.forEachRow(of: StoreSchema.meta) { row throws(StoreError) in
      guard let key = MetaKey(rawValue: try row.text(0)) else {
        throw row.error(0, expected: "one of \(allCases.map(\.rawValue).joined(separator: ", "))")
      }
      guard values.updateValue(try row.text(1), forKey: key) == nil else {
        throw row.error(0, expected: "each key once")
      }
    }
    return values
  }
}
