import Foundation
import LinearAlgebra
import RunControl

/// Who ran a sweep: what a store keeps beside the results.
public struct Provenance: Sendable, Hashable {
  /// The program and its version.
  public var program: String
  /// The commit that it was built from, where that is known.
  public var commit: String?

  /// By default the name of this process, and no commit.
  public init(program: String = ProcessInfo.processInfo.processName, commit: String? = nil) {
    self.program = program
    self.commit = commit
  }
}

/// The one writer of a store: collects results of all threads, and stores them in transactions of
/// up to a second's worth.
///
/// A transaction is on disk before the next one starts, and holds trials and their timings
/// together: whenever the process is killed, the store has whole transactions, and the trials that
/// it lacks are run again.
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

  private let lock: StoreLock
  /// Used under the lock of `storing` alone, as the statement is.
  private let database: StoreDatabase
  private let insertion: StoreStatement
  private let run: Int
  private let pending = Guarded(Pending())
  /// Stores while the others go on: a transaction waits for the disk, not for a core.
  private let writing = DispatchQueue(label: "tombola.store")
  /// Held by the thread that stores, with the seconds that storing has taken so far.
  private let storing = Guarded(0.0)
  /// The trials that were there when it was opened.
  let stored: StoredTrials

  private static let mostPending = 1 << 18

  /// Opens or makes the store of a specification's results, and notes a run. A store that is there
  /// is read whole, and checked, before it is opened for writing.
  ///
  /// - Parameter control: Stops reading what is there.
  /// - Throws: `StoreError`: `.exists` for a store that is not to be resumed,
  ///   `.otherSpecification`, `.otherFormat`, `.invalid`, `.inUse`, `.unwritable`, `.stopped`.
  init(
    _ name: String, _ specification: SweepSpecification, source: String?, resumes: Bool, provenance: Provenance,
    threads: Int, shard: SweepShard, control: RunControl
  ) throws(StoreError) {
    let place = try StorePath(name)
    if !resumes { try Self.requireNone(place, specification) }
    lock = try StoreLock(store: place)
    // Another writer may have made it before this one had the lock.
    if !resumes { try Self.requireNone(place, specification) }
    let stored = try Self.stored(place, specification, control)
    let database = try StoreDatabase(place, .writing)
    run = try database.transaction { () throws(StoreError) in
      if stored == nil {
        let cells = (0..<specification.cellCount).lazy.map { specification.cell($0) }
        try database.write(specification.grid, source: source, cells)
      }
      let run = StoreContents.Run(
        number: 0, program: provenance.program, commit: provenance.commit, machine: Self.hostName,
        cpu: MachineDescription.cpu, blas: MachineDescription.openBLAS, blasCore: BLASLibrary.coreName,
        threads: threads, shard: shard.description, started: Self.now, ended: nil)
      let insertion = try database.insertion(into: StoreSchema.runs)
      try run.bind(to: insertion, number: nil)
      _ = try insertion.step()
      return database.lastKey
    }
    insertion = try database.insertion(into: StoreSchema.trials)
    self.database = database
    self.stored = stored ?? StoredTrials(cells: specification.cellCount)
  }

  /// The trials of the store that is there; nil where there is none, or nothing was ever stored:
  /// what is left of a writer that was killed in its first transaction is taken back when it is
  /// opened.
  private static func stored(
    _ place: StorePath, _ specification: SweepSpecification, _ control: RunControl
  ) throws(StoreError) -> StoredTrials? {
    guard let status = try StoreDatabase.status(of: place) else { return nil }
    guard access(place.resolved, W_OK) == 0 else {
      throw .unwritable(path: place.name, found: String(cString: strerror(errno)))
    }
    // A file with two names would have a lock and a journal for each of them.
    guard status.st_nlink == 1 else {
      throw .unwritable(path: place.name, found: "a file of \(status.st_nlink) names (hard links)")
    }
    guard status.st_size > 0 else { return nil }
    let database = try StoreDatabase.reading(place) { control.cancellation.isCancelled }
    if try isEmpty(database) { return nil }
    return try database.snapshot { () throws(StoreError) in
      let contents = try check(database, specification)
      _ = try contents.runs(of: database)
      return try StoredTrials(contents, database)
    }
  }

  /// Whether nothing was ever stored, which leaves no byte; a file with less than a page in it is
  /// somebody else's.
  private static func isEmpty(_ database: StoreDatabase) throws(StoreError) -> Bool {
    guard try database.pageCount() == 0 else { return false }
    guard try !StoreDatabase.isThere(database.path) else {
      throw .notAStore(path: database.path.name, found: "less than a database has")
    }
    return true
  }

  private static func requireNone(_ place: StorePath, _ specification: SweepSpecification) throws(StoreError) {
    guard try StoreDatabase.isThere(place) else { return }
    let database = try StoreDatabase.reading(place)
    if try isEmpty(database) { return }
    // Results of another specification are an error of their own: resuming them would not help.
    _ = try check(database, specification)
    throw .exists(path: place.name)
  }

  private static func check(
    _ database: StoreDatabase, _ specification: SweepSpecification
  ) throws(StoreError) -> StoreContents {
    let contents = try StoreContents(database)
    guard contents.digest == specification.digest else {
      throw .otherSpecification(
        path: database.path.name, expected: specification.digest, found: contents.digest)
    }
    return contents
  }

  private static var now: String { Date().formatted(.iso8601) }

  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    _ = gethostname(&name, name.count - 1)
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Takes results of one cell and the seconds that they took, and now and then has all that is
  /// pending stored, without waiting for it.
  ///
  /// - Throws: what storing threw since the last call. Where the disk is so slow that much is
  ///   pending, this call stores it.
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
    try storing.withLock { seconds in
      let began = ContinuousClock.now
      let (results, timings) = pending.withLock { pending in
        defer { (pending.results, pending.timings) = ([], [:]) }
        return (pending.results, pending.timings)
      }
      let outcome = Result { () throws(StoreError) in
        if results.isEmpty { return }
        try database.transaction { () throws(StoreError) in try insert(results, timings) }
      }
      seconds += (ContinuousClock.now - began) / .seconds(1)
      return outcome
    }.get()
  }

  /// Stores what is pending, notes the end of the run, and returns the seconds that storing took
  /// altogether.
  func finish() throws(StoreError) -> Double {
    writing.sync {}
    if let failure = pending.withLock({ $0.failure }) { throw failure }
    try flush()
    return try storing.withLock { seconds in
      Result { () throws(StoreError) in
        let update = try StoreStatement("UPDATE runs SET ended = ? WHERE run = ?", in: database)
        try update.bind(1, Self.now)
        update.bind(2, run)
        _ = try update.step()
        return seconds
      }
    }.get()
  }

  private func insert(
    _ results: [TrialResult], _ timings: [Int: (trials: Int, seconds: Double)]
  ) throws(StoreError) {
    for result in results.sorted(by: { ($0.cell, $0.trial) < ($1.cell, $1.trial) }) {
      result.bind(to: insertion)
      _ = try insertion.step()
    }
    let sums = try StoreStatement(
      """
      INSERT INTO timings VALUES (?, ?, ?, ?) ON CONFLICT (run, cell)
      DO UPDATE SET trials = trials + excluded.trials, seconds = seconds + excluded.seconds
      """, in: database)
    for (cell, sum) in timings.sorted(by: { $0.key < $1.key }) {
      sums.bind(1, run)
      sums.bind(2, cell)
      sums.bind(3, sum.trials)
      sums.bind(4, sum.seconds)
      _ = try sums.step()
    }
  }
}
