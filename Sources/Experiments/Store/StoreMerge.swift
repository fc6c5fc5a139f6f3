import Foundation
import GRDB
import ModelFiles

/// Stores of the same specification made one: the shards of a sweep, or parts of it run twice.
public enum StoreMerge {
  /// What a merge came to.
  public struct Outcome: Sendable, Hashable {
    /// Trials of the result, of those that the specification asks for.
    public let trials: Int
    public let total: Int
    /// Trials that more than one store had, and that agreed.
    public let duplicates: Int

    public init(trials: Int, total: Int, duplicates: Int) {
      (self.trials, self.total, self.duplicates) = (trials, total, duplicates)
    }
  }

  /// Writes a store with the trials, runs and timings of all `inputs`. Runs are numbered anew, in the order of the inputs.
  ///
  /// The output appears whole or not at all. Cost: about 2 µs a trial.
  ///
  /// - Parameter force: Whether an output that exists is replaced; it may be one of the inputs.
  /// - Throws: `FileError` for an output that cannot be written or exists; `StoreError` for inputs that are no stores, of another
  ///   specification than the first (`.otherSpecification`), or that contradict those before them (`.disagreement`).
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
    let temporary = "\(output).\(getpid()).partial"
    unlink(temporary)
    defer { unlink(temporary) }
    var duplicates = 0
    let trials = try StoreError.wrapping(output) {
      let queue = try DatabaseQueue(path: temporary)
      try queue.write { database in
        try database.execute(sql: "PRAGMA application_id = \(StoreSchema.applicationID)")
        try database.execute(sql: StoreSchema.tables)
      }
      for (index, input) in inputs.enumerated() {
        duplicates += try StoreError.wrapping(input) { try add(input, to: queue, isFirst: index == 0) }
      }
      let trials = try queue.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM trials") ?? 0 }
      try queue.close()
      return trials
    }
    // Without force a name that has appeared meanwhile is not taken.
    let failed = force ? rename(temporary, output) != 0 : link(temporary, output) != 0
    if failed { throw StoreError.unwritable(path: output, found: String(cString: strerror(errno))) }
    return Outcome(trials: trials, total: model.trialsPerCell * model.cells.count, duplicates: duplicates)
  }

  /// Copies one store's rows, and returns how many of its trials were there already.
  private static func add(_ input: String, to queue: DatabaseQueue, isFirst: Bool) throws -> Int {
    try queue.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS input", arguments: [input])
      defer { try? database.execute(sql: "DETACH DATABASE input") }
      var duplicates = 0
      try database.inTransaction {
        if isFirst {
          try database.execute(sql: "INSERT INTO meta SELECT * FROM input.meta")
          try database.execute(sql: "INSERT INTO cells SELECT * FROM input.cells")
        } else {
          let columns = "error, size, lower_bound, work"
          let row = try Row.fetchOne(
            database,
            sql: """
              SELECT * FROM main.trials AS a JOIN input.trials AS b USING (cell, trial)
              WHERE (a.error, a.size, a.lower_bound, a.work) IS NOT (b.error, b.size, b.lower_bound, b.work) LIMIT 1
              """)
          if let row {
            func words(_ table: String) throws -> String {
              let found = try Row.fetchOne(
                database, sql: "SELECT \(columns) FROM \(table).trials WHERE cell = ? AND trial = ?",
                arguments: [row["cell"] as Int, row["trial"] as Int])!
              return columns.split(separator: ", ").map { "\($0) \(found[String($0)] as DatabaseValue)" }
                .joined(separator: ", ")
            }
            throw StoreError.disagreement(
              path: input, cell: row["cell"], trial: row["trial"], expected: try words("main"),
              found: try words("input"))
          }
        }
        let before = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM main.trials") ?? 0
        let added = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM input.trials") ?? 0
        try database.execute(sql: "INSERT OR IGNORE INTO main.trials SELECT * FROM input.trials ORDER BY cell, trial")
        duplicates = before + added - (try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM main.trials") ?? 0)
        let last = try Int.fetchOne(database, sql: "SELECT COALESCE(MAX(run), 0) FROM main.runs") ?? 0
        try database.execute(
          sql: """
            INSERT INTO main.runs SELECT run + ?, program, source_commit, machine, cpu, blas, blas_core, threads, shard, started, ended
            FROM input.runs ORDER BY run
            """, arguments: [last])
        try database.execute(
          sql: "INSERT INTO main.timings SELECT run + ?, cell, trials, seconds FROM input.timings", arguments: [last])
        return .commit
      }
      return duplicates
    }
  }
}
