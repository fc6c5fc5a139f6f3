import Experiments
import Foundation
import ModelFiles
import SubsetSum
import Testing

/// Damaged stores: whatever a file holds, reading it ends, in what it says or in an error with the
/// place.
@Suite struct StoreDamageTests {
  /// A store whose grid has free and fixed sizes, laws with and without a deviation, and undecided
  /// trials.
  private static let specification = Result {
    try SweepSpecification(
      dimensions: [1, 2], counts: [4, 6], epsilons: [0.1, 0.01],
      candidates: [StandardCandidates.nsn, FeatureCandidates(channels: 2, isMasked: true)],
      methods: [.exact, .existence], sizes: [.any, .share(divisor: 2)], trials: 2, seed: 7)
  }

  /// The folder with a whole store in it, which no test changes.
  private static let whole = Result {
    let folder = try StoreFolder()
    try Sweep(try specification.get(), source: "seed = 7\n").run(storingIn: folder.file("whole"), workers: 1)
    return folder
  }

  private static func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: whole.get().file("whole"))) }

  /// Reads all that is in a store in all ways, and returns the error, which is a `StoreError` in
  /// one line or nil.
  private func read(_ path: String) throws -> StoreError? {
    do {
      let store = try ResultStore(reading: path)
      let summaries = try CellSummary.all(of: store)
      _ = ThresholdTable(summaries).text(.csv)
      for plot in SweepPlot.allCases {
        for chart in plot.charts(of: summaries) { _ = try GnuplotScript(chart, format: .svg) }
      }
      try SweepTable(store, format: .jsonLines).writeTrials { _ in }
      _ = try store.runs()
      try? FileManager.default.removeItem(atPath: path + ".merged")
      #expect(try StoreMerge.merge([path], into: path + ".merged").trials == store.count())
      return nil
    } catch let error as StoreError {
      let line = error.description
      let breaks = line.count { $0.isNewline }
      #expect(line.contains("expected") && line.contains("found") && breaks == 0, "\(line)")
      // What a reader refuses no writer goes on with.
      #expect(throws: StoreError.self) {
        try Sweep(try Self.specification.get()).run(storingIn: path, resumes: true, workers: 1)
      }
      return error
    }
  }

  private static let columns: [(table: String, names: [String])] = [
    ("meta", ["key", "value"]),
    (
      "cells",
      [
        "cell", "instance", "dimension", "count", "candidates", "target", "norm", "size", "size_rule", "solver",
        "deviation",
      ]
    ),
    ("trials", ["cell", "trial", "error", "size", "lower_bound", "work"]),
    (
      "runs",
      [
        "run", "program", "source_commit", "machine", "cpu", "blas", "blas_core", "threads", "shard", "started",
        "ended",
      ]
    ),
    ("timings", ["run", "cell", "trials", "seconds"]),
  ]

  /// Values of every type, and the ends of what each can be. All are wrong in a column of numbers;
  /// in one of texts those of other types.
  private static let values = [
    "NULL", "'abc'", "''", "x'00FF'", "-1", "9223372036854775807", "-9223372036854775808", "0.5", "-0.5", "1e400",
    "-1e400", "1e308", "5e-324", "'\u{1B}[31m'", "zeroblob(100000)", "CAST(x'FF' AS TEXT)",
  ]

  /// The schema is changed as well where it would turn a value into its own type: text columns keep
  /// numbers as text.
  @Test(arguments: columns.map(\.table)) func aValueThatDoesNotBelongIsNamed(table: String) throws {
    let folder = try StoreFolder()
    let path = folder.file("s")
    let names = try #require(Self.columns.first { $0.table == table }).names
    for name in names {
      for value in Self.values {
        try Self.bytes().write(to: URL(fileURLWithPath: path))
        let database = try SQLiteFile(path)
        // Constraints are a promise of the file's own, which another program need not have kept.
        let place = table == "meta" ? "key = 'trials'" : "\(names[0]) = (SELECT MAX(\(names[0])) FROM \(table))"
        guard
          database.tries("PRAGMA ignore_check_constraints = ON; UPDATE \(table) SET \(name) = \(value) WHERE \(place)")
        else { continue }
        let error = try read(path)
        let isText = ["program", "source_commit", "machine", "cpu", "blas", "blas_core", "shard", "started", "ended"]
          .contains(name)
        let isFree = isText || (table == "trials" && name == "work") || (table == "timings" && name == "seconds")
        let isNull = value == "NULL" && ["size", "deviation", "source_commit", "ended"].contains(name)
        if let error {
          #expect("\(error)".contains(table), "\(table).\(name) = \(value): \(error)")
        } else {
          // Finite numbers from 0 on belong in a column of lengths.
          let isLength =
            ["deviation", "error", "lower_bound"].contains(name)
            && ["0.5", "1e308", "5e-324", "9223372036854775807"].contains(value)
          #expect(isFree || isNull || isLength, "\(table).\(name) = \(value) is read")
        }
      }
    }
  }

  @Test(arguments: [
    ("ALTER TABLE trials RENAME TO t; CREATE VIEW trials AS SELECT * FROM t", "schema", "a table trials", "found view"),
    (
      "ALTER TABLE runs RENAME TO r; CREATE VIEW runs AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT r.* FROM r, n",
      "schema", "a table runs", "found view"
    ),
    ("DROP TABLE timings", "schema", "a table timings", "none"),
    (
      "ALTER TABLE cells RENAME COLUMN solver TO solvers", "table cells, column solver", "'solver TEXT NOT NULL'",
      "solvers"
    ),
    ("ALTER TABLE cells ADD COLUMN more", "table cells", "'end'", "'more'"),
    ("ALTER TABLE cells DROP COLUMN deviation", "table cells, column deviation", "deviation REAL", "end"),
    ("CREATE TRIGGER t AFTER INSERT ON trials BEGIN DELETE FROM trials; END", "schema", "alone", "trigger t"),
    ("CREATE INDEX i ON trials (error)", "schema", "alone", "index i"),
    ("CREATE VIEW v AS SELECT 1", "schema", "alone", "view v"),
    ("CREATE TABLE other (x)", "schema", "alone", "table other"),
    ("DELETE FROM cells WHERE cell = 3", "table cells, row 4, column cell", "3", "4"),
    ("DELETE FROM cells WHERE cell = 31", "table cells", "32 rows", "31"),
    ("DELETE FROM meta WHERE key = 'epsilon'", "table meta", "'epsilon'", "none"),
    ("INSERT INTO meta VALUES ('else', 'x')", "table meta, row", "one of", "'else'"),
    (
      "UPDATE meta SET value = replace(value, '0.1, 0.01', '0.1, 0.0') WHERE key = 'specification'", "epsilon",
      "above 0", "0.0"
    ),
    (
      "UPDATE meta SET value = replace(value, 'seed = 7', 'seed = 8') WHERE key = 'specification'",
      "specification_digest", "by the specification", "'"
    ),
    ("UPDATE meta SET value = '0.5' WHERE key = 'epsilon'", "key 'epsilon'", "0.1 0.01", "0.5"),
    (
      "UPDATE meta SET value = replace(value, 'count = 4, 6', 'count = 4, 3000000000') WHERE key = 'specification'",
      "count", "2^31", "3000000000"
    ),
    (
      "UPDATE meta SET value = replace(value, 'trials = 2', 'trials = 9000000000000000000') WHERE key = 'specification'",
      "trials", "at most", "far more"
    ),
    (
      "UPDATE trials SET lower_bound = error + 1 WHERE cell = 2", "table trials, row 5, column lower_bound",
      "a number from 0", "1."
    ),
    ("UPDATE trials SET size = 5 WHERE cell = 0", "table trials, row 1, column size", "from 0 to 4", "5"),
    ("UPDATE cells SET deviation = 2 WHERE cell = 0", "table cells, row 1, column deviation", "1.0", "2.0"),
    ("UPDATE timings SET run = 5", "table timings, row 1, column run", "the table runs", "5"),
  ])
  func aStoreOfAnotherShapeIsRefused(sql: String, place: String, expected: String, found: String) throws {
    let folder = try StoreFolder()
    let path = folder.file("s")
    try Self.bytes().write(to: URL(fileURLWithPath: path))
    try SQLiteFile(path).execute(sql)
    let line = "\(try #require(try read(path)))"
    #expect(line.hasPrefix("\(path): "))
    for part in [place, expected, found] { #expect(line.contains(part), "\(part): \(line)") }
  }

  @Test func flippedBitsAndCutFilesEndInAnErrorOrInWhatTheySay() throws {
    let folder = try StoreFolder()
    let path = folder.file("s")
    let bytes = try Self.bytes()
    var generator = SplitMix64(state: 2)
    var refused = 0
    for round in 0..<120 {
      var damaged = bytes
      switch round % 4 {
      case 0: damaged = damaged.prefix(Int.random(in: 1..<bytes.count, using: &generator))
      case 1:
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
          damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
      case 2:
        // A page over another: trees that share pages, or lead back to themselves.
        let pages = bytes.count / 4096
        let (from, to) = (Int.random(in: 0..<pages, using: &generator), Int.random(in: 0..<pages, using: &generator))
        damaged.replaceSubrange(to * 4096..<(to + 1) * 4096, with: bytes[from * 4096..<(from + 1) * 4096])
      default:
        let start = Int.random(in: 0..<bytes.count - 64, using: &generator)
        for place in start..<start + Int.random(in: 1...64, using: &generator) {
          damaged[place] = UInt8.random(in: 0...255, using: &generator)
        }
      }
      try damaged.write(to: URL(fileURLWithPath: path))
      if try read(path) != nil { refused += 1 }
    }
    #expect(refused > 40)
  }

  @Test func aWriteAheadLogAndOtherFilesAreRefused() throws {
    let folder = try StoreFolder()
    let path = folder.file("s")
    try Self.bytes().write(to: URL(fileURLWithPath: path))
    try SQLiteFile(path).execute("PRAGMA journal_mode = WAL")
    #expect("\(try #require(try read(path)))".contains("write-ahead log"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["s"])
    for text in ["x", "SQLite format 3\u{0}", String(repeating: "SQLite format 3\u{0}", count: 1000)] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      #expect(try read(path) != nil)
    }
  }
}

/// A small generator with a seed.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
