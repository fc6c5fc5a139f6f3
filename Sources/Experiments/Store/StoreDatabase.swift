import CSQLite
import Foundation

/// A connection to a store's file, with everything turned off that a file could use against its
/// reader.
///
/// No view, trigger, function of the schema or attached file is ever evaluated, sizes of cells are
/// checked, texts and statements are bounded, and a query that takes more steps than its file has
/// room for is ended. Its users see to it that one thread at a time calls it.
final class StoreDatabase: @unchecked Sendable {
  enum Access: Sendable {
    /// Reads a store, to which a sweep may be writing meanwhile.
    case reading
    /// Reads and writes a store, which is made if it is not there.
    case writing
  }

  let path: StorePath
  let connection: OpaquePointer
  private let watch: QueryWatch

  /// The longest text that is read or written: a specification's canonical text.
  static let longestText = 1 << 23
  /// Seconds that a lock of another process is waited for.
  private static let patience: Int32 = 30
  /// Steps of SQLite's machine to read a schema: five tables take some hundred.
  private static let schemaSteps = 1 << 16
  /// 64 MiB, so that results that come in another order than the table's do not wait for the disk.
  private static let writingCache = -65536

  /// - Parameter isStopped: Asked every few thousand steps of a query, which ends where it says so.
  /// - Throws: `StoreError`: `.unreadable`, `.unwritable`, `.notAStore`, `.inUse`.
  init(
    _ path: StorePath, _ access: Access, isStopped: @escaping @Sendable () -> Bool = { false }
  ) throws(StoreError) {
    var opened: OpaquePointer?
    let mode = access == .reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    // The path is absolute, so SQLite takes it neither for a URI nor for a name like ":memory:".
    let code = sqlite3_open_v2(path.resolved, &opened, mode | SQLITE_OPEN_FULLMUTEX, nil)
    guard code == SQLITE_OK, let opened else {
      let said = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory"
      sqlite3_close_v2(opened)
      throw StoreError(code: code, said: said, path: path.name)
    }
    self.path = path
    connection = opened
    watch = QueryWatch(isStopped: isStopped)
    watch.attach(to: opened)
    try protect()
    switch access {
    case .reading: allowReading()
    case .writing: try execute("PRAGMA cache_size = \(Self.writingCache)")
    }
  }

  deinit { sqlite3_close_v2(connection) }

  private func protect() throws(StoreError) {
    sqlite3_extended_result_codes(connection, 1)
    sqlite3_busy_timeout(connection, Self.patience * 1000)
    let switches: [(option: Int32, isOn: Int32)] = [
      (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0), (SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0),
      (SQLITE_DBCONFIG_ENABLE_VIEW, 0), (SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), (SQLITE_DBCONFIG_DQS_DDL, 0),
      (SQLITE_DBCONFIG_DQS_DML, 0), (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
    ]
    for (option, isOn) in switches { try check(csqlite_set_switch(connection, option, isOn)) }
    let limits: [(limit: Int32, most: Int)] = [
      (SQLITE_LIMIT_LENGTH, Self.longestText), (SQLITE_LIMIT_SQL_LENGTH, 1 << 16), (SQLITE_LIMIT_COLUMN, 32),
      (SQLITE_LIMIT_EXPR_DEPTH, 64), (SQLITE_LIMIT_COMPOUND_SELECT, 2), (SQLITE_LIMIT_VDBE_OP, 1 << 14),
      (SQLITE_LIMIT_FUNCTION_ARG, 8), (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64),
      (SQLITE_LIMIT_VARIABLE_NUMBER, 32), (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
    ]
    for (limit, most) in limits { sqlite3_limit(connection, limit, Int32(clamping: most)) }
    try execute("PRAGMA cell_size_check = ON")
    try execute("PRAGMA mmap_size = 0")
  }

  /// Runs statements without results.
  func execute(_ sql: String) throws(StoreError) { try check(sqlite3_exec(connection, sql, nil, nil, nil)) }

  /// Runs `body` in a transaction, which ends with all of its changes or none.
  func transaction<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
    try execute("BEGIN IMMEDIATE")
    do {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      // SQLite ends a transaction by itself after some failures, as on a full disk.
      if sqlite3_get_autocommit(connection) == 0 { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
      throw error
    }
  }

  /// Runs `body` with all its queries seeing the same state of the file.
  func snapshot<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
    try execute("BEGIN")
    defer { sqlite3_exec(connection, "COMMIT", nil, nil, nil) }
    return try body()
  }

  /// Bounds what queries from now on may cost: what it takes to read a schema, and the file once.
  func allowReading() {
    var status = stat()
    let bytes = stat(path.resolved, &status) == 0 ? Int(status.st_size) : 0
    // Reading a row takes about twenty steps, and a row has at least six bytes, so 16 steps a byte
    // are enough to read the whole file.
    let (steps, overflow) = bytes.multipliedReportingOverflow(by: 16)
    watch.allow(overflow ? .max : max(steps, Self.schemaSteps))
  }

  /// Pages of the database; 0 for one in which nothing was ever stored.
  func pageCount() throws(StoreError) -> Int {
    let pages = try StoreStatement("PRAGMA page_count", in: self)
    guard try pages.step(), case .integer(let count) = pages.value(0) else { return 0 }
    return Int(count)
  }

  /// Rows that the last insertion made.
  var changes: Int { Int(sqlite3_changes(connection)) }
  /// The key of the last row that was inserted into a table with numbers for keys.
  var lastKey: Int { Int(sqlite3_last_insert_rowid(connection)) }

  func check(_ code: Int32) throws(StoreError) {
    guard code == SQLITE_OK else { throw error(code) }
  }

  /// What a result code of SQLite's means for this store.
  func error(_ code: Int32) -> StoreError {
    if code & 0xFF == SQLITE_INTERRUPT {
      return watch.wasStopped
        ? .stopped(path: path.name)
        : .unreadable(path: path.name, found: "a query that takes more steps than the file has room for")
    }
    return StoreError(code: code, said: String(cString: sqlite3_errmsg(connection)), path: path.name)
  }
}

/// Counts the steps of a connection's queries, and ends those that are too many.
private final class QueryWatch {
  private var steps = Int.max
  private(set) var wasStopped = false
  private let isStopped: @Sendable () -> Bool
  private static let interval: Int32 = 1 << 12

  init(isStopped: @escaping @Sendable () -> Bool) { self.isStopped = isStopped }

  func allow(_ steps: Int) { self.steps = steps }

  /// The watch must outlive the connection's queries.
  func attach(to connection: OpaquePointer) {
    sqlite3_progress_handler(
      connection, Self.interval,
      { context in
        guard let context else { return 0 }
        return Unmanaged<QueryWatch>.fromOpaque(context).takeUnretainedValue().ends() ? 1 : 0
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func ends() -> Bool {
    if steps != .max { steps -= Int(Self.interval) }
    wasStopped = isStopped()
    return wasStopped || steps < 0
  }
}
