import Foundation
import GRDB

/// The tables of a result store. Format version 1.
///
/// | table | a row |
/// | --- | --- |
/// | `meta` | a key and its value: `format_version`, `specification` (`SweepSpecification.canonicalText`), `specification_digest`, `source` (the file it was read from, as it was), `trials` (of each cell), `epsilon` (separated by spaces), `seed` |
/// | `cells` | a `SweepCell` |
/// | `trials` | a `TrialResult`; (cell, trial) is the primary key |
/// | `runs` | a call of sweep: program, commit, machine, threads, shard, start and end in UTC (no end where it was killed) |
/// | `timings` | what a run did of a cell: trials and the seconds that they took, added up over threads |
enum StoreSchema {
  static let formatVersion = 2
  /// "Tmbl" in ASCII, in SQLite's header: how a store is told from other databases.
  static let applicationID = 0x546D_626C

  static let tables = """
    CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE cells (
      cell INTEGER PRIMARY KEY, instance INTEGER NOT NULL, dimension INTEGER NOT NULL, count INTEGER NOT NULL,
      candidates TEXT NOT NULL, target TEXT NOT NULL, norm TEXT NOT NULL, size INTEGER, size_rule TEXT NOT NULL,
      solver TEXT NOT NULL, deviation REAL);
    CREATE TABLE trials (
      cell INTEGER NOT NULL, trial INTEGER NOT NULL, error REAL NOT NULL, size INTEGER NOT NULL,
      lower_bound REAL NOT NULL, work INTEGER NOT NULL, PRIMARY KEY (cell, trial)) WITHOUT ROWID;
    CREATE TABLE runs (
      run INTEGER PRIMARY KEY, program TEXT NOT NULL, source_commit TEXT, machine TEXT NOT NULL, cpu TEXT NOT NULL,
      blas TEXT NOT NULL, blas_core TEXT NOT NULL, threads INTEGER NOT NULL, shard TEXT NOT NULL,
      started TEXT NOT NULL, ended TEXT);
    CREATE TABLE timings (
      run INTEGER NOT NULL, cell INTEGER NOT NULL, trials INTEGER NOT NULL, seconds REAL NOT NULL,
      PRIMARY KEY (run, cell)) WITHOUT ROWID;
    """

  /// Makes the tables of a specification's results.
  static func create(_ specification: SweepSpecification, source: String?, in database: Database) throws {
    try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    try database.execute(sql: tables)
    var meta = [
      ("format_version", "\(formatVersion)"), ("specification", specification.canonicalText),
      ("specification_digest", specification.digest), ("trials", "\(specification.trials)"),
      ("epsilon", specification.epsilons.map { "\($0)" }.joined(separator: " ")), ("seed", "\(specification.seed)"),
    ]
    if let source { meta.append(("source", source)) }
    for (key, value) in meta {
      try database.execute(sql: "INSERT INTO meta VALUES (?, ?)", arguments: [key, value])
    }
    for number in 0..<specification.cellCount {
      let cell = specification.cell(number)
      try database.execute(
        sql: "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          cell.number, cell.instance, cell.dimension, cell.count, cell.candidates, cell.target, cell.norm, cell.size,
          cell.sizeRule, cell.solver, cell.deviation,
        ])
    }
  }

  /// Reads a store's description.
  ///
  /// - Throws: `StoreError.notAStore`, `.otherFormat`.
  static func meta(of database: Database, path: String) throws -> [String: String] {
    guard try Int.fetchOne(database, sql: "PRAGMA application_id") == applicationID else {
      throw StoreError.notAStore(path: path, found: "another database")
    }
    var meta: [String: String] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT key, value FROM meta") { meta[row[0]] = row[1] }
    guard let version = meta["format_version"], Int(version) == formatVersion else {
      throw StoreError.otherFormat(path: path, expected: formatVersion, found: meta["format_version"] ?? "none")
    }
    return meta
  }
}
