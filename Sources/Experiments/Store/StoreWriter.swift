import Foundation
import GRDB
import GRDBSQLite
import LinearAlgebra

/// Who ran a sweep: what a store keeps beside the results.
public struct Provenance: Sendable, Hashable {
  /// The program and its version.
  public var program: String
  /// The commit that it was built from, where that is known.
  public var commit: String?

  public init(program: String = ProcessInfo.processInfo.processName, commit: String? = nil) {
    self.program = program
    self.commit = commit
  }
}

/// The one writer of a store: collects results of all threads, and stores them in transactions of up to a second's worth.
///
/// A transaction is on disk before the next one starts, and holds trials and their timings together: whenever the process is killed, the
/// store has whole transactions, and the trials that it lacks are run again.
final class StoreWriter: Sendable {
  private struct Pending {
    var results: [TrialResult] = []
    /// Trials and seconds by cell.
    var timings: [Int: (trials: Int, seconds: Double)] = [:]
    /// Whether the writing queue has been asked to store, and what went wrong there.
    var isAsked = false
    var failure: StoreError?
    let start = ContinuousClock.now
    var lastCommit = ContinuousClock.now

    /// Up to a second, less at the start so that a short run does not lose all of its time.
    var interval: Duration { max(.milliseconds(50), min(.seconds(1), (ContinuousClock.now - start) / 10)) }
  }

  let path: String
  private let lock: StoreLock
  private let queue: DatabaseQueue
  private let run: Int64
  private let pending = Guarded(Pending())
  /// Stores while the others go on: a transaction waits for the disk, not for a core.
  private let writing = DispatchQueue(label: "tombola.store")
  /// Held by the thread that stores, with the seconds that storing has taken so far.
  private let storing = Guarded(0.0)
  /// The trials that were there when it was opened.
  let stored: StoredTrials

  private static let mostPending = 1 << 18

  /// Opens or makes the store of a specification's results, and notes a run.
  ///
  /// - Throws: `StoreError`: `.exists` for a store that is not to be resumed, `.otherSpecification`, `.otherFormat`, `.inUse`, `.unwritable`.
  init(
    _ path: String, _ specification: SweepSpecification, source: String?, resumes: Bool, provenance: Provenance,
    threads: Int, shard: SweepShard
  ) throws(StoreError) {
    self.path = path
    (lock, queue, run, stored) = try StoreError.wrapping(path) {
      if !resumes { try Self.requireNone(path, specification) }
      let lock = try StoreLock(store: path)
      // Another writer may have made it before this one had the lock.
      if !resumes { try Self.requireNone(path, specification) }
      if try Self.isThere(path), access(path, W_OK) != 0 {
        throw StoreError.unwritable(path: path, found: String(cString: strerror(errno)))
      }
      var configuration = Configuration()
      configuration.busyMode = .timeout(30)
      configuration.prepareDatabase { database in
        // 64 MiB of pages, so that results that come in another order than the table's do not wait for the disk.
        try database.execute(sql: "PRAGMA cache_size = -65536")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      let isNew = try Self.isEmpty(queue)
      if !isNew { try Self.check(queue, path, specification) }
      let (run, stored) = try queue.write { database in
        if isNew { try StoreSchema.create(specification, source: source, in: database) }
        try database.execute(
          sql: """
            INSERT INTO runs (program, source_commit, machine, cpu, blas, blas_core, threads, shard, started)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            provenance.program, provenance.commit, Self.hostName, MachineDescription.cpu,
            MachineDescription.openBLAS, BLASLibrary.coreName, threads, shard.description, Self.now,
          ])
        let run = database.lastInsertedRowID
        let stored = try StoredTrials(
          database, path: path, cells: specification.cellCount, trials: specification.trials)
        return (run, stored)
      }
      return (lock, queue, run, stored)
    }
  }

  /// Whether there is a file with something in it. One without a byte is what a writer leaves that is killed at once.
  private static func isThere(_ path: String) throws -> Bool {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else { throw StoreError.notAStore(path: path, found: "no regular file") }
      return status.st_size > 0
    }
    if errno != ENOENT { throw StoreError.unwritable(path: path, found: String(cString: strerror(errno))) }
    return false
  }

  private static func requireNone(_ path: String, _ specification: SweepSpecification) throws {
    guard try isThere(path) else { return }
    let queue = try ResultStore.open(path)
    if try isEmpty(queue) { return }
    // Another specification's results are no reason to resume.
    try check(queue, path, specification)
    throw StoreError.exists(path: path)
  }

  /// Whether nothing was ever stored: what is left of a writer that was killed in its first transaction is taken back when it is opened.
  private static func isEmpty(_ queue: DatabaseQueue) throws -> Bool {
    try queue.read { try Int.fetchOne($0, sql: "PRAGMA page_count") == 0 }
  }

  private static func check(_ queue: DatabaseQueue, _ path: String, _ specification: SweepSpecification) throws {
    let meta = try queue.read { try StoreSchema.meta(of: $0, path: path) }
    guard meta["specification_digest"] == specification.digest else {
      throw StoreError.otherSpecification(
        path: path, expected: specification.digest, found: meta["specification_digest"] ?? "none")
    }
  }

  private static var now: String { Date().formatted(.iso8601) }

  private static var hostName: String {
    var name = [UInt8](repeating: 0, count: 256)
    _ = name.withUnsafeMutableBytes { gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count - 1) }
    return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Takes results of one cell and the seconds that they took, and now and then has all that is pending stored, without waiting for it.
  ///
  /// - Throws: what storing threw since the last call. Where the disk is so slow that much is pending, this call stores it.
  func add(_ results: [TrialResult], cell: Int, seconds: Double) throws(StoreError) {
    if results.isEmpty { return }
    let (failure, isDue, isMuch) = pending.withLock { pending in
      pending.results += results
      let sum = pending.timings[cell] ?? (0, 0)
      pending.timings[cell] = (sum.trials + results.count, sum.seconds + seconds)
      let isMuch = pending.results.count >= Self.mostPending
      let isDue = !pending.isAsked && (isMuch || ContinuousClock.now - pending.lastCommit >= pending.interval)
      if isDue { (pending.isAsked, pending.lastCommit) = (true, ContinuousClock.now) }
      return (pending.failure, isDue, isMuch)
    }
    if let failure { throw failure }
    if isDue {
      writing.async { [self] in
        var failure: StoreError?
        do throws(StoreError) { try flush() } catch { failure = error }
        pending.withLock { ($0.isAsked, $0.failure) = (false, $0.failure ?? failure) }
      }
    } else if isMuch {
      try flush()
    }
  }

  /// Stores all that is pending.
  func flush() throws(StoreError) {
    try StoreError.wrapping(path) {
      try storing.withLock { seconds in
        let began = ContinuousClock.now
        let (results, timings) = pending.withLock { pending in
          defer { (pending.results, pending.timings) = ([], [:]) }
          return (pending.results, pending.timings)
        }
        if !results.isEmpty { try queue.write { try insert(results, timings, $0) } }
        seconds += (ContinuousClock.now - began) / .seconds(1)
      }
    }
  }

  /// Stores what is pending, notes the end of the run, and returns the seconds that storing took altogether.
  func finish() throws(StoreError) -> Double {
    writing.sync {}
    if let failure = pending.withLock({ $0.failure }) { throw failure }
    try flush()
    try StoreError.wrapping(path) {
      try queue.write {
        try $0.execute(sql: "UPDATE runs SET ended = ? WHERE run = ?", arguments: [Self.now, run])
      }
      try queue.close()
    }
    return storing.withLock { $0 }
  }

  private func insert(
    _ results: [TrialResult], _ timings: [Int: (trials: Int, seconds: Double)], _ database: Database
  ) throws {
    // Bound through SQLite's own calls: a thirtieth of a 100 µs trial is not to be spent on boxing numbers.
    let statement = try database.cachedStatement(sql: "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?)")
    let handle = statement.sqliteStatement
    for result in results.sorted(by: { ($0.cell, $0.trial) < ($1.cell, $1.trial) }) {
      sqlite3_bind_int64(handle, 1, Int64(result.cell))
      sqlite3_bind_int64(handle, 2, Int64(result.trial))
      sqlite3_bind_double(handle, 3, result.error)
      sqlite3_bind_int64(handle, 4, Int64(result.size))
      sqlite3_bind_double(handle, 5, result.lowerBound)
      sqlite3_bind_int64(handle, 6, Int64(bitPattern: result.work))
      let code = sqlite3_step(handle)
      sqlite3_reset(handle)
      if code != SQLITE_DONE {
        throw DatabaseError(
          resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(database.sqliteConnection)))
      }
    }
    for (cell, sum) in timings.sorted(by: { $0.key < $1.key }) {
      try database.execute(
        sql: """
          INSERT INTO timings VALUES (?, ?, ?, ?) ON CONFLICT (run, cell)
          DO UPDATE SET trials = trials + excluded.trials, seconds = seconds + excluded.seconds
          """,
        arguments: [run, cell, sum.trials, sum.seconds])
    }
  }
}

/// Which trials of a grid a store has: a bit each, for cells that have any.
struct StoredTrials: Sendable {
  private var bits: [[UInt64]]
  private(set) var count = 0

  init(_ database: Database, path: String, cells: Int, trials: Int) throws {
    bits = [[UInt64]](repeating: [], count: cells)
    let rows = try Row.fetchCursor(database, sql: "SELECT cell, trial FROM trials")
    while let row = try rows.next() {
      let (cell, trial): (Int, Int) = (row[0], row[1])
      guard (0..<cells).contains(cell), (0..<trials).contains(trial) else {
        throw StoreError.notAStore(path: path, found: "trial \(trial) of cell \(cell), which the grid does not have")
      }
      if bits[cell].isEmpty { bits[cell] = [UInt64](repeating: 0, count: (trials + 63) / 64) }
      bits[cell][trial / 64] |= 1 << UInt64(trial % 64)
      count += 1
    }
  }

  func contains(cell: Int, trial: Int) -> Bool {
    !bits[cell].isEmpty && bits[cell][trial / 64] >> UInt64(trial % 64) & 1 == 1
  }
}
