import CSQLite
import Testing

/// A database as any other program could have it open.
final class SQLiteFile {
  private let connection: OpaquePointer

  init(_ path: String) throws {
    var opened: OpaquePointer?
    let code = sqlite3_open(path, &opened)
    connection = try #require(opened)
    try #require(code == SQLITE_OK)
  }

  deinit { sqlite3_close(connection) }

  /// Runs statements, and returns whether SQLite let them.
  @discardableResult
  func tries(_ sql: String) -> Bool { sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK }

  func execute(_ sql: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try #require(tries(sql), "\(String(cString: sqlite3_errmsg(connection))): \(sql)", sourceLocation: sourceLocation)
  }
}
