/// The tables of a result store. Format version 2.
///
/// | table | a row |
/// | --- | --- |
/// | `meta` | a key and its value (`MetaKey`) |
/// | `cells` | a `SweepCell` |
/// | `trials` | a `TrialResult`; (cell, trial) is the primary key |
/// | `runs` | a call of sweep: program, commit, machine, threads, shard, start, end (UTC) |
/// | `timings` | trials of a cell in a run, and their seconds, added up over threads |
///
/// A run that was killed has no end.
enum StoreSchema {
  static let formatVersion = 2
  /// "Tmbl" in ASCII, in SQLite's header: how a store is told from other databases.
  static let applicationID = 0x546D_626C

  static let meta = StoreTable("meta", ["key TEXT PRIMARY KEY NOT NULL", "value TEXT NOT NULL"])
  static let cells = StoreTable(
    "cells",
    [
      "cell INTEGER PRIMARY KEY", "instance INTEGER NOT NULL", "dimension INTEGER NOT NULL", "count INTEGER NOT NULL",
      "candidates TEXT NOT NULL", "target TEXT NOT NULL", "norm TEXT NOT NULL", "size INTEGER",
      "size_rule TEXT NOT NULL", "solver TEXT NOT NULL", "deviation REAL",
    ], keepsRowNumbers: true)
  static let trials = StoreTable(
    "trials",
    [
      "cell INTEGER NOT NULL", "trial INTEGER NOT NULL", "error REAL NOT NULL", "size INTEGER NOT NULL",
      "lower_bound REAL NOT NULL", "work INTEGER NOT NULL",
    ], key: ["cell", "trial"])
  static let runs = StoreTable(
    "runs",
    [
      "run INTEGER PRIMARY KEY", "program TEXT NOT NULL", "source_commit TEXT", "machine TEXT NOT NULL",
      "cpu TEXT NOT NULL", "blas TEXT NOT NULL", "blas_core TEXT NOT NULL", "threads INTEGER NOT NULL",
      "shard TEXT NOT NULL", "started TEXT NOT NULL", "ended TEXT",
    ], keepsRowNumbers: true)
  static let timings = StoreTable(
    "timings",
    ["run INTEGER NOT NULL", "cell INTEGER NOT NULL", "trials INTEGER NOT NULL", "seconds REAL NOT NULL"],
    key: ["run", "cell"])

  static let tables = [meta, cells, trials, runs, timings]

  /// Makes the tables, without rows.
  static func create(in database: StoreDatabase) throws(StoreError) {
    try database.execute("PRAGMA application_id = \(applicationID)")
    for table in tables { try database.execute(table.sql) }
  }

  /// Checks that a database is a store of this format: its tables are those of `create`, and it has
  /// neither other ones nor views, triggers or indices.
  ///
  /// - Throws: `StoreError`: `.notAStore`, `.otherFormat`, `.invalid`.
  static func check(_ database: StoreDatabase) throws(StoreError) {
    let path = database.path.name
    let identity = try StoreStatement("PRAGMA application_id", in: database)
    guard try identity.step(), identity.value(0) == .integer(Int64(applicationID)) else {
      throw .notAStore(path: path, found: "another database")
    }
    let (definitions, others) = try objects(of: database)
    // A store of another format may have other tables, so its format is read before they are looked
    // for.
    if let sql = definitions[meta.name] {
      try meta.check(sql, path: path)
      try checkFormat(database)
    }
    for table in tables {
      guard let sql = definitions[table.name] else {
        let found = others.first { $0.name == table.name }.map(\.type)
        throw .invalid(path: path, place: "schema", expected: "a table \(table.name)", found: found ?? "none")
      }
      try table.check(sql, path: path)
    }
    if let other = others.first {
      throw .invalid(
        path: path, place: "schema", expected: "the tables \(tables.map(\.name).joined(separator: ", ")) alone",
        found: "\(other.type) \(other.name)")
    }
  }

  /// The definitions of this format's tables that a database has, and what else is in its schema.
  private static func objects(
    of database: StoreDatabase
  ) throws(StoreError) -> (definitions: [String: String], others: [(type: String, name: String)]) {
    var definitions: [String: String] = [:]
    var others: [(type: String, name: String)] = []
    let objects = try StoreStatement(
      "SELECT type, name, sql FROM sqlite_schema ORDER BY rowid LIMIT 64", in: database)
    while try objects.step() {
      if case .text("table") = objects.value(0), case .text(let name) = objects.value(1),
        case .text(let sql) = objects.value(2), tables.contains(where: { $0.name == name }),
        definitions.updateValue(sql, forKey: name) == nil
      {
        continue
      }
      let words = [objects.value(0), objects.value(1)].map { value in
        if case .text(let text) = value { String(text.prefix(60)) } else { value.summary }
      }
      others.append((words[0], words[1]))
    }
    return (definitions, others)
  }

  private static func checkFormat(_ database: StoreDatabase) throws(StoreError) {
    let version = try StoreStatement("SELECT value FROM meta WHERE key = 'format_version'", in: database)
    var found = "none"
    if try version.step() {
      if case .text(let text) = version.value(0) { found = text } else { found = version.value(0).summary }
    }
    guard found == "\(formatVersion)" else {
      throw .otherFormat(path: database.path.name, expected: formatVersion, found: found)
    }
  }
}
