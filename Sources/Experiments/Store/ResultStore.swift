import Foundation
import GRDB

/// The results of a sweep in a file, open for reading. A sweep may be writing to it meanwhile: what is read is what it had stored.
public final class ResultStore: Sendable {
  public let path: String
  /// SHA-256 of the specification's canonical text.
  public let digest: String
  /// The specification's canonical text.
  public let specification: String
  /// The file that the specification was read from, as it was; nil where it was made by a program.
  public let source: String?
  /// Trials that the specification asks for in each cell.
  public let trialsPerCell: Int
  /// The errors that the specification counts successes for.
  public let epsilons: [Double]
  /// The grid, by number.
  public let cells: [SweepCell]
  private let queue: DatabaseQueue

  /// Opens the store at `path`.
  ///
  /// - Throws: `StoreError` when there is none, it is of another format, or cannot be read.
  public init(reading path: String) throws(StoreError) {
    self.path = path
    (queue, digest, specification, source, trialsPerCell, epsilons, cells) = try StoreError.wrapping(path) {
      let queue = try Self.open(path)
      return try queue.read { database in
        let meta = try StoreSchema.meta(of: database, path: path)
        guard let digest = meta["specification_digest"], let text = meta["specification"],
          let trials = meta["trials"].flatMap({ Int($0) }), trials >= 1
        else { throw StoreError.notAStore(path: path, found: "no specification") }
        let epsilons = (meta["epsilon"] ?? "").split(separator: " ").compactMap { Double($0) }
        let cells = try Row.fetchAll(database, sql: "SELECT * FROM cells ORDER BY cell").map(SweepCell.init(row:))
        guard cells.map(\.number) == Array(cells.indices) else {
          throw StoreError.notAStore(path: path, found: "cells that are not numbered from 0")
        }
        return (queue, digest, text, meta["source"], trials, epsilons, cells)
      }
    }
  }

  /// A connection that reads. Where the file may be written, what a killed writer left is put in order first, which SQLite does on its own.
  static func open(_ path: String) throws -> DatabaseQueue {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw StoreError.notFound(path: path, found: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw StoreError.notAStore(path: path, found: "no regular file") }
    guard status.st_size > 0 else { throw StoreError.notAStore(path: path, found: "an empty file") }
    var configuration = Configuration()
    configuration.readonly = access(path, W_OK) != 0
    configuration.busyMode = .timeout(30)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Trials stored.
  public func count() throws(StoreError) -> Int {
    try reading { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM trials") ?? 0 }
  }

  /// Calls `body` with each trial in the order of (cell, trial). Cost: about 0.5 µs a trial.
  ///
  /// - Parameter cell: this one's trials alone; nil for all.
  /// - Throws: `StoreError`, and what `body` throws.
  public func forEachTrial(in cell: Int? = nil, _ body: (TrialResult) throws -> Void) throws {
    // What `body` throws is not this store's.
    var failure: (any Error)?
    try reading { database in
      let condition = cell == nil ? "" : "WHERE cell = ? "
      let rows = try Row.fetchCursor(
        database,
        sql: "SELECT cell, trial, error, size, lower_bound, work FROM trials \(condition)ORDER BY cell, trial",
        arguments: cell.map { [$0] } ?? [])
      while let row = try rows.next() {
        let result = TrialResult(
          cell: row[0], trial: row[1], error: row[2], size: row[3], lowerBound: row[4],
          work: UInt64(bitPattern: row[5] as Int64))
        do { try body(result) } catch {
          failure = error
          return
        }
      }
    }
    if let failure { throw failure }
  }

  /// A call of `Sweep.run` that wrote to the store.
  public struct Run: Sendable, Hashable {
    public let number: Int
    public let program: String
    public let commit: String?
    public let machine: String
    public let cpu: String
    public let blas: String
    public let blasCore: String
    public let threads: Int
    public let shard: String
    /// UTC, ISO 8601; the end is nil where the run was killed.
    public let started: String
    public let ended: String?
    /// Trials that it stored.
    public let trials: Int
    /// Seconds that they took, added up over threads.
    public let seconds: Double
  }

  /// The runs that wrote to the store, by number.
  public func runs() throws(StoreError) -> [Run] {
    try reading { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT runs.*, COALESCE(SUM(timings.trials), 0) AS done, COALESCE(SUM(timings.seconds), 0.0) AS spent
          FROM runs LEFT JOIN timings ON timings.run = runs.run GROUP BY runs.run ORDER BY runs.run
          """
      ).map { row in
        Run(
          number: row["run"], program: row["program"], commit: row["source_commit"], machine: row["machine"],
          cpu: row["cpu"], blas: row["blas"], blasCore: row["blas_core"], threads: row["threads"],
          shard: row["shard"], started: row["started"], ended: row["ended"], trials: row["done"],
          seconds: row["spent"])
      }
    }
  }

  private func reading<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
    try StoreError.wrapping(path) { try queue.read(body) }
  }
}

extension SweepCell {
  fileprivate init(row: Row) {
    self.init(
      number: row["cell"], instance: row["instance"], dimension: row["dimension"], count: row["count"],
      candidates: row["candidates"], target: row["target"], norm: row["norm"], size: row["size"],
      sizeRule: row["size_rule"], solver: row["solver"], deviation: row["deviation"])
  }
}
