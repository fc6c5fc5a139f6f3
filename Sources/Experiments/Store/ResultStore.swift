import Foundation

/// The results of a sweep in a file, open for reading. A sweep may be writing to it meanwhile: what
/// is read is what it had stored.
///
/// ```swift
/// let store = try ResultStore(reading: path)
/// var errors: [Double] = []
/// try store.forEachTrial(in: 0) { errors.append($0.error) }
/// ```
///
/// Nothing of the file is trusted: its tables must be those that sweep makes, and each value is
/// checked when it is read. What is not as it should be is a `StoreError.invalid` with table, row
/// and column.
public final class ResultStore: Sendable {
  /// The file, as it was named.
  public let path: String
  private let contents: StoreContents
  private let database: StoreDatabase
  private let lock = NSLock()

  /// SHA-256 of the specification's canonical text.
  public var digest: String { contents.digest }
  /// The specification's canonical text.
  public var specification: String { contents.text }
  /// The file that the specification was read from, as it was; nil where it was made by a program.
  public var source: String? { contents.source }
  /// Trials that the specification asks for in each cell.
  public var trialsPerCell: Int { contents.grid.trials }
  /// The errors that the specification counts successes for.
  public var epsilons: [Double] { contents.grid.epsilons }
  /// The grid, by number.
  public var cells: [SweepCell] { contents.cells }

  /// Opens the store at `path`, a name on the disk whatever it looks like, and checks all of it but
  /// trials, runs and timings.
  ///
  /// - Throws: `StoreError` when there is none, it is of another format, damaged, or cannot be
  ///   read.
  public init(reading path: String) throws(StoreError) {
    self.path = path
    let database = try StoreDatabase.reading(try StorePath(path))
    contents = try database.snapshot { () throws(StoreError) in try StoreContents(database) }
    self.database = database
  }

  /// Trials stored.
  ///
  /// - Complexity: O(trials), about 0.3 µs each.
  public func count() throws(StoreError) -> Int {
    var count = 0
    try reading { (contents, database) throws(StoreError) in
      try contents.forEachTrial(of: database) { _ in count += 1 }
    }
    return count
  }

  /// Calls `body` with each trial in the order of (cell, trial).
  ///
  /// - Complexity: O(trials), about 0.3 µs each.
  /// - Parameters:
  ///   - cell: this one's trials alone; nil for all.
  ///   - body: called once a trial, on the calling thread.
  /// - Throws: `StoreError`, and what `body` throws.
  public func forEachTrial(in cell: Int? = nil, _ body: (TrialResult) throws -> Void) throws {
    // An error of `body` is carried past the reading, which throws `StoreError` alone.
    var failure: (any Error)?
    do {
      try reading { (contents, database) throws(StoreError) in
        try contents.forEachTrial(of: database, in: cell) { result throws(StoreError) in
          do { try body(result) } catch {
            failure = error
            throw .stopped(path: path)
          }
        }
      }
    } catch { throw failure ?? error }
  }

  /// A call of `Sweep.run` that wrote to the store.
  public struct Run: Sendable, Hashable {
    /// The run's number in the store, from 1.
    public let number: Int
    /// The program that ran it, and its version.
    public let program: String
    /// The commit that the program was built from; nil where it was not known.
    public let commit: String?
    /// The host's name.
    public let machine: String
    /// The CPU, as the system names it.
    public let cpu: String
    /// OpenBLAS's version and threading.
    public let blas: String
    /// OpenBLAS's kernels.
    public let blasCore: String
    /// Trials at a time.
    public let threads: Int
    /// The part of the sweep, as `1/8`.
    public let shard: String
    /// The start, UTC, ISO 8601.
    public let started: String
    /// The end, UTC, ISO 8601; nil where the run was killed.
    public let ended: String?
    /// Trials that it stored.
    public let trials: Int
    /// Seconds that they took, added up over threads.
    public let seconds: Double
  }

  /// The runs that wrote to the store, by number.
  public func runs() throws(StoreError) -> [Run] {
    let (runs, timings) = try reading { (contents, database) throws(StoreError) in
      try contents.runs(of: database)
    }
    var sums: [Int: (trials: Int, seconds: Double)] = [:]
    for timing in timings {
      let sum = sums[timing.run] ?? (0, 0)
      sums[timing.run] = (sum.trials + timing.trials, sum.seconds + timing.seconds)
    }
    return runs.map { run in
      Run(
        number: run.number, program: run.program, commit: run.commit, machine: run.machine, cpu: run.cpu,
        blas: run.blas, blasCore: run.blasCore, threads: run.threads, shard: run.shard, started: run.started,
        ended: run.ended, trials: sums[run.number]?.trials ?? 0, seconds: sums[run.number]?.seconds ?? 0)
    }
  }

  /// Runs `body` alone, on one state of the file.
  func reading<Value>(
    _ body: (StoreContents, StoreDatabase) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    lock.lock()
    defer { lock.unlock() }
    database.allowReading()
    return try database.snapshot { () throws(StoreError) in try body(contents, database) }
  }
}
