/// A table of a store: what SQLite is told when it is made, and must say of it when it is read.
struct StoreTable: Sendable, Hashable {
  struct Column: Sendable, Hashable {
    let name: String
    /// Type and constraints, in SQL.
    let declaration: String
  }

  let name: String
  let columns: [Column]
  /// The columns that rows are ordered by.
  let key: [String]
  /// The statement that makes it.
  let sql: String

  /// - Parameters:
  ///   - columns: Each a name and its declaration.
  ///   - key: Columns of a primary key that is not declared with a column.
  ///   - keepsRowNumbers: Whether rows have numbers of SQLite's own.
  init(_ name: String, _ columns: [String], key: [String] = [], keepsRowNumbers: Bool = false) {
    self.name = name
    self.columns = columns.map { text in
      let words = text.split(separator: " ", maxSplits: 1).map(String.init)
      return Column(name: words[0], declaration: words[1])
    }
    self.key = key.isEmpty ? [self.columns[0].name] : key
    let primary = key.isEmpty ? [] : ["PRIMARY KEY (\(key.joined(separator: ", ")))"]
    let rows = keepsRowNumbers ? "" : " WITHOUT ROWID"
    sql = "CREATE TABLE \(name) (\((columns + primary).joined(separator: ", ")))\(rows)"
  }

  /// Checks what a file says that it was made with; white space is free.
  ///
  /// - Throws: `StoreError.invalid` with the first part that differs.
  func check(_ found: String, path: String) throws(StoreError) {
    let (expected, found) = (Self.parts(sql), Self.parts(found))
    for index in 0..<max(expected.count, found.count) {
      let wanted = index < expected.count ? expected[index] : "no more"
      let given = index < found.count ? found[index] : "no more"
      if wanted == given { continue }
      let column = index > 0 && index <= columns.count ? ", column \(columns[index - 1].name)" : ""
      throw .invalid(
        path: path, place: "table \(name)\(column)", expected: "'\(wanted)'", found: "'\(given.prefix(120))'")
    }
  }

  /// What stands before the parentheses, what commas part within them, and what stands behind.
  private static func parts(_ sql: String) -> [String] {
    let words = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ").replacing("( ", with: "(")
    guard let open = words.firstIndex(of: "("), let close = words.lastIndex(of: ")"), open < close else {
      return [words]
    }
    let inner = words[words.index(after: open)..<close].split(separator: ", ", omittingEmptySubsequences: false)
    return [String(words[..<open])] + inner.map(String.init) + ["end" + words[words.index(after: close)...]]
  }
}
