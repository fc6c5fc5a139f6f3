import CSQLite
import Foundation

extension StoreDatabase {
  /// Whether there is a file with something in it. One without a byte is what a writer leaves that
  /// is killed at once.
  ///
  /// - Throws: `StoreError.notAStore` for anything else than a file, `.unreadable`.
  static func isThere(_ path: StorePath) throws(StoreError) -> Bool {
    try status(of: path).map { $0.st_size > 0 } ?? false
  }

  /// What the system says of a file; nil where there is nothing.
  ///
  /// - Throws: as `isThere`.
  static func status(of path: StorePath) throws(StoreError) -> stat? {
    var status = stat()
    guard stat(path.resolved, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw .unreadable(path: path.name, found: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAStore(path: path.name, found: "no regular file") }
    return status
  }

  /// A connection that only reads. What a killed writer left half done is taken back first, where
  /// the file may be written.
  ///
  /// - Throws: `StoreError`: `.notFound`, `.notAStore` for an empty file and one with a write-ahead
  ///   log, `.unreadable`.
  static func reading(
    _ path: StorePath, isStopped: @escaping @Sendable () -> Bool = { false }
  ) throws(StoreError) -> StoreDatabase {
    guard let status = try status(of: path) else {
      throw .notFound(path: path.name, found: String(cString: strerror(ENOENT)))
    }
    guard status.st_size > 0 else { throw .notAStore(path: path.name, found: "an empty file") }
    let database = try StoreDatabase(path, .reading, isStopped: isStopped)
    try database.requireRollbackJournal()
    guard database.needsRollback else { return database }
    guard access(path.resolved, W_OK) == 0 else {
      throw .unreadable(
        path: path.name, found: "half a transaction of a writer that was killed, and no permission to take it back")
    }
    _ = try StoreDatabase(path, .writing).pageCount()
    return try StoreDatabase(path, .reading, isStopped: isStopped)
  }

  /// Whether a killed writer's transaction must be taken back before anything can be read.
  private var needsRollback: Bool {
    sqlite3_exec(connection, "SELECT 1 FROM sqlite_schema LIMIT 1", nil, nil, nil) == SQLITE_READONLY | 3 << 8
  }

  /// A store is never made with a write-ahead log, whose files even a reader would have to make and
  /// leave behind.
  private func requireRollbackJournal() throws(StoreError) {
    // Bytes 18 and 19 of SQLite's header: 1 for a journal that is rolled back, 2 for a log.
    var header = [UInt8](repeating: 0, count: 20)
    guard csqlite_read_start(connection, &header, Int32(header.count)) == SQLITE_OK,
      header.starts(with: "SQLite format 3\u{0}".utf8), header[18] == 2 || header[19] == 2
    else { return }
    throw .notAStore(
      path: path.name,
      found: "a database with a write-ahead log; 'PRAGMA journal_mode = DELETE' in the program sqlite3 ends it")
  }
}
