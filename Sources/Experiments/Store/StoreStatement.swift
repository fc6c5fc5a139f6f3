import CSQLite

/// A prepared statement: its parameters by number from 1, its rows one after the other. Used by one
/// thread at a time, as its connection is.
final class StoreStatement: @unchecked Sendable {
  private let database: StoreDatabase
  private let handle: OpaquePointer

  /// - Throws: `StoreError` where the file has not what the text names.
  init(_ sql: String, in database: StoreDatabase) throws(StoreError) {
    var made: OpaquePointer?
    try database.check(sqlite3_prepare_v2(database.connection, sql, -1, &made, nil))
    guard let made else { throw database.error(SQLITE_MISUSE) }
    (self.database, handle) = (database, made)
  }

  deinit { sqlite3_finalize(handle) }

  /// Whether there is another row.
  func step() throws(StoreError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE:
      sqlite3_reset(handle)
      return false
    case let code:
      let error = database.error(code)
      sqlite3_reset(handle)
      throw error
    }
  }

  /// Ends a query before its last row, so that it can be run again.
  func reset() { sqlite3_reset(handle) }

  func bind(_ position: Int32, _ value: Int?) {
    if let value {
      sqlite3_bind_int64(handle, position, Int64(value))
    } else {
      sqlite3_bind_null(handle, position)
    }
  }

  func bind(_ position: Int32, _ value: Double?) {
    if let value { sqlite3_bind_double(handle, position, value) } else { sqlite3_bind_null(handle, position) }
  }

  /// - Throws: `StoreError` for a text that is longer than a store's may be.
  func bind(_ position: Int32, _ value: String?) throws(StoreError) {
    guard let value else {
      sqlite3_bind_null(handle, position)
      return
    }
    // Copied by SQLite before this returns.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    try database.check(sqlite3_bind_text(handle, position, value, Int32(clamping: value.utf8.count), copied))
  }

  /// The value of a column of the current row, counted from 0.
  func value(_ column: Int32) -> StoreValue {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
    case SQLITE_NULL: return .null
    case SQLITE_TEXT:
      guard let start = sqlite3_column_text(handle, column) else { return .other("a text that does not fit memory") }
      let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
      guard let text = String(validating: bytes, as: UTF8.self) else { return .other("a text that is no UTF-8") }
      return .text(text)
    default: return .other("a blob of \(sqlite3_column_bytes(handle, column)) bytes")
    }
  }
}

/// A value as SQLite has it.
enum StoreValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  /// What no column of a store holds, in words.
  case other(String)

  /// For messages.
  var summary: String {
    switch self {
    case .null: "NULL"
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .text(let text): "the text '\(text.prefix(60))'"
    case .other(let words): words
    }
  }
}
