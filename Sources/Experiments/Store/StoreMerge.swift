import Files
import Foundation

/// Stores of the same specification made one: the shards of a sweep, or parts of it run twice.
public enum StoreMerge {
  /// What a merge came to.
  public struct Outcome: Sendable, Hashable {
    /// Trials of the result.
    public let trials: Int
    /// Trials that the specification asks for.
    public let total: Int
    /// Trials that more than one store had, and that agreed.
    public let duplicates: Int

    /// An outcome: `trials` of `total` are there, `duplicates` of them from several stores.
    public init(trials: Int, total: Int, duplicates: Int) {
      (self.trials, self.total, self.duplicates) = (trials, total, duplicates)
    }
  }

  /// Writes a store with the trials, runs and timings of all `inputs`. Runs are numbered anew, in
  /// the order of the inputs; one that an earlier input had, with the same timings, is not written
  /// again, so merging a merged store with its inputs changes nothing.
  ///
  /// The output appears whole or not at all.
  ///
  /// - Complexity: about 2 µs a trial, each of which is checked on the way.
  /// - Parameters:
  ///   - inputs: Stores of the same specification, at least one.
  ///   - output: The store to write.
  ///   - force: Whether an output that exists is replaced; it may be one of the inputs.
  /// - Throws: `FileError` for an output that cannot be written or exists; `StoreError` for inputs
  ///   that are no stores, of another specification than the first (`.otherSpecification`), or that
  ///   contradict those before them (`.disagreement`).
  public static func merge(_ inputs: [String], into output: String, force: Bool = false) throws -> Outcome {
    try AtomicFile.check(output, force: force)
    guard let first = inputs.first else {
      throw ExperimentError.outOfRange(quantity: "merge", expected: "at least one store", found: "none")
    }
    let model = try ResultStore(reading: first)
    for input in inputs.dropFirst() {
      let digest = try ResultStore(reading: input).digest
      guard digest == model.digest else {
        throw StoreError.otherSpecification(path: input, expected: model.digest, found: digest)
      }
    }
    // Held until the end, so that no sweep goes on writing to a store that is no longer there.
    let lock = try StoreLock(store: StorePath(output))
    defer { withExtendedLifetime(lock) {} }
    // A store that is replaced is opened once: SQLite takes back what a killed sweep left half
    // stored beside it, and would apply that to whatever has the name later. What is no store stays
    // as it is.
    if force { _ = try? ResultStore(reading: output) }
    for suffix in ["-journal", "-wal"] where access(output + suffix, F_OK) == 0 {
      throw StoreError.unwritable(path: output, found: "\(output)\(suffix), which SQLite would take for this store's")
    }
    return try AtomicFile.write(to: output, force: force) { place in
      do { return try merge(inputs, like: model, at: place) } catch let error as StoreError {
        throw error.renamed(from: place, to: output)
      }
    }
  }

  /// Makes the store, and closes it.
  private static func merge(
    _ inputs: [String], like model: ResultStore, at path: String
  ) throws(StoreError) -> Outcome {
    let merger = try Merger(at: path, like: model)
    for (index, input) in inputs.enumerated() {
      try merger.add(try index == 0 ? model : ResultStore(reading: input))
    }
    return merger.outcome
  }
}

/// A store in the making, of others' rows.
private final class Merger {
  private(set) var outcome: StoreMerge.Outcome
  private let database: StoreDatabase
  private var runs = 0
  /// The runs of the stores so far, numbers left out.
  private var known: Set<KnownRun> = []

  private struct KnownRun: Hashable {
    let run: StoreContents.Run
    let timings: [StoreContents.Timing]
  }

  init(at path: String, like model: ResultStore) throws(StoreError) {
    outcome = StoreMerge.Outcome(trials: 0, total: model.trialsPerCell * model.cells.count, duplicates: 0)
    let database = try StoreDatabase(try StorePath(path), .writing)
    self.database = database
    try model.reading { (contents, _) throws(StoreError) in
      try database.transaction { () throws(StoreError) in
        try database.write(contents.grid, source: contents.source, contents.cells)
      }
    }
  }

  /// Adds one store's rows, of the same specification.
  func add(_ store: ResultStore) throws(StoreError) {
    try store.reading { (contents, input) throws(StoreError) in
      try database.transaction { () throws(StoreError) in
        try addTrials(contents, input)
        try addRuns(contents, input)
      }
    }
  }

  private func addTrials(_ contents: StoreContents, _ input: StoreDatabase) throws(StoreError) {
    var (trials, duplicates) = (outcome.trials, outcome.duplicates)
    let insertion = try database.insertion(into: StoreSchema.trials, orIgnore: true)
    let others = try StoreStatement(
      "SELECT error, size, lower_bound, work FROM trials WHERE cell = ? AND trial = ?", in: database)
    try contents.forEachTrial(of: input) { result throws(StoreError) in
      result.bind(to: insertion)
      _ = try insertion.step()
      if database.changes == 1 {
        trials += 1
        return
      }
      duplicates += 1
      others.bind(1, result.cell)
      others.bind(2, result.trial)
      _ = try others.step()
      let before = (0..<4).map { others.value($0) }
      others.reset()
      let here: [StoreValue] = [
        .real(result.error), .integer(Int64(result.size)), .real(result.lowerBound),
        .integer(Int64(bitPattern: result.work)),
      ]
      if before == here { return }
      func words(_ values: [StoreValue]) -> String {
        zip(["error", "size", "lower_bound", "work"], values).map { "\($0) \($1.summary)" }.joined(separator: ", ")
      }
      throw .disagreement(
        path: input.path.name, cell: result.cell, trial: result.trial, expected: words(before), found: words(here))
    }
    outcome = StoreMerge.Outcome(trials: trials, total: outcome.total, duplicates: duplicates)
  }

  private func addRuns(_ contents: StoreContents, _ input: StoreDatabase) throws(StoreError) {
    let (others, timings) = try contents.runs(of: input)
    let own = Dictionary(grouping: timings, by: \.run).mapValues { $0.map(\.withoutNumber) }
    var numbers: [Int: Int] = [:]
    var new: [KnownRun] = []
    let insertion = try database.insertion(into: StoreSchema.runs)
    for run in others {
      let record = KnownRun(run: run.withoutNumber, timings: own[run.number] ?? [])
      if known.contains(record) { continue }
      new.append(record)
      runs += 1
      numbers[run.number] = runs
      try run.bind(to: insertion, number: runs)
      _ = try insertion.step()
    }
    known.formUnion(new)
    let timed = try database.insertion(into: StoreSchema.timings)
    for timing in timings {
      guard let number = numbers[timing.run] else { continue }
      timed.bind(1, number)
      timed.bind(2, timing.cell)
      timed.bind(3, timing.trials)
      timed.bind(4, timing.seconds)
      _ = try timed.step()
    }
  }
}

extension StoreContents.Run {
  /// The run as every store that has it says it.
  fileprivate var withoutNumber: Self {
    Self(
      number: 0, program: program, commit: commit, machine: machine, cpu: cpu, blas: blas, blasCore: blasCore,
      threads: threads, shard: shard, started: started, ended: ended)
  }
}

extension StoreContents.Timing {
  fileprivate var withoutNumber: Self { Self(run: 0, cell: cell, trials: trials, seconds: seconds) }
}
