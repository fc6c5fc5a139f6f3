/// The current row of a query over a table's columns, as values of the types that a store has
/// there.
///
/// Whatever is in the file, a value is of its type and within its range, or an error that names
/// table, row and column.
struct StoreRow {
  let statement: StoreStatement
  let table: StoreTable
  let path: String
  /// From 1, in the order of the table's key.
  let number: Int

  /// An error at a column.
  func error(_ column: Int, expected: String, found: String? = nil) -> StoreError {
    .invalid(
      path: path, place: "table \(table.name), row \(number), column \(table.columns[column].name)",
      expected: expected, found: found ?? value(column).summary)
  }

  private func value(_ column: Int) -> StoreValue { statement.value(Int32(column)) }

  /// - Throws: `StoreError.invalid` unless an integer of the range.
  func integer(_ column: Int, in range: ClosedRange<Int>) throws(StoreError) -> Int {
    guard case .integer(let value) = value(column), let number = Int(exactly: value), range.contains(number) else {
      throw error(column, expected: Self.words(range))
    }
    return number
  }

  /// - Throws: `StoreError.invalid` unless NULL.
  func null(_ column: Int) throws(StoreError) {
    guard case .null = value(column) else { throw error(column, expected: "NULL") }
  }

  /// Any 64 bits.
  func bits(_ column: Int) throws(StoreError) -> UInt64 {
    guard case .integer(let value) = value(column) else { throw error(column, expected: "an integer") }
    return UInt64(bitPattern: value)
  }

  /// - Throws: `StoreError.invalid` unless a number of the range; NaN is in none.
  func number(_ column: Int, in range: ClosedRange<Double>) throws(StoreError) -> Double {
    guard case .real(let value) = value(column), range.contains(value) else {
      throw error(column, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// - Throws: `StoreError.invalid` unless a number above 0 or NULL.
  func optionalPositiveNumber(_ column: Int) throws(StoreError) -> Double? {
    switch value(column) {
    case .null: return nil
    case .real(let value) where value > 0 && value.isFinite: return value
    default: throw error(column, expected: "a finite number above 0, or NULL")
    }
  }

  /// - Throws: `StoreError.invalid` unless a text.
  func text(_ column: Int) throws(StoreError) -> String {
    guard case .text(let text) = value(column) else { throw error(column, expected: "a text") }
    return text
  }

  /// - Throws: `StoreError.invalid` unless a text or NULL.
  func optionalText(_ column: Int) throws(StoreError) -> String? {
    switch value(column) {
    case .null: return nil
    case .text(let text): return text
    default: throw error(column, expected: "a text, or NULL")
    }
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    range.lowerBound == range.upperBound
      ? "\(range.lowerBound)" : "an integer from \(range.lowerBound) to \(range.upperBound)"
  }
}

extension StoreDatabase {
  /// Calls `body` with the rows of a table in the order of its key.
  ///
  /// - Parameter condition: An SQL condition with one parameter, and its value.
  /// - Throws: `StoreError`: a file of which SQLite cannot read a row, and what `body` throws.
  func forEachRow(
    of table: StoreTable, where condition: (sql: String, value: Int)? = nil,
    _ body: (StoreRow) throws(StoreError) -> Void
  ) throws(StoreError) {
    let names = table.columns.map(\.name).joined(separator: ", ")
    let filter = condition.map { " WHERE \($0.sql)" } ?? ""
    let statement = try StoreStatement(
      "SELECT \(names) FROM \(table.name)\(filter) ORDER BY \(table.key.joined(separator: ", "))", in: self)
    if let condition { statement.bind(1, condition.value) }
    var number = 0
    while try statement.step() {
      number += 1
      try body(StoreRow(statement: statement, table: table, path: path.name, number: number))
    }
  }
}
