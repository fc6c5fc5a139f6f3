/// A dense row-major matrix that owns its entries.
///
/// ```swift
/// let a = try Matrix<Double>(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
/// let b = try Matrix<Double>(rows: 3, columns: 1, values: [1, 0, -1])
/// var c = try Matrix<Double>(rows: 2, columns: 1)
/// try a.withView { a in
///   try b.withView { b in try c.withMutableView { try multiply(a, b, into: $0) } }
/// }
/// // c.values is [-2, -2]
/// ```
///
/// Use it for results and small operands; a `MatrixView` works on memory that is there already, in
/// either order and with gaps between rows.
public struct Matrix<Scalar: BLASScalar>: Sendable, Equatable {
  /// Rows, at least 0.
  public let rows: Int
  /// Columns, at least 0.
  public let columns: Int
  /// Entry (i, j) at `i · columns + j`.
  public private(set) var values: [Scalar]

  /// A matrix of zeros.
  ///
  /// - Complexity: O(rows · columns).
  /// - Throws: `LinearAlgebraError.invalidShape` for a negative size or an element count that
  ///   overflows.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public init(rows: Int, columns: Int) throws(LinearAlgebraError) {
    let count = try Self.count(rows, columns, "Matrix.init")
    self.rows = rows
    self.columns = columns
    values = [Scalar](repeating: 0, count: count)
  }

  /// A matrix over given entries, row by row.
  ///
  /// - Complexity: O(1): the entries are not copied.
  /// - Throws: `LinearAlgebraError` when the shape is invalid or `values` has another count.
  public init(rows: Int, columns: Int, values: [Scalar]) throws(LinearAlgebraError) {
    let count = try Self.count(rows, columns, "Matrix.init")
    guard values.count == count else {
      throw .shapeMismatch(
        operation: "Matrix.init", expected: "\(count) values for \(rows) × \(columns)", found: "\(values.count)")
    }
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// A matrix whose entries `body` writes, all of them: no pass over memory is spent on zeros.
  ///
  /// - Complexity: that of `body`, and an allocation.
  /// - Throws: `LinearAlgebraError.invalidShape`.
  public init(
    rows: Int, columns: Int, initializingWith body: (UnsafeMutableBufferPointer<Scalar>) -> Void
  ) throws(LinearAlgebraError) {
    let count = try Self.count(rows, columns, "Matrix.init")
    self.rows = rows
    self.columns = columns
    values = [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
      body(UnsafeMutableBufferPointer(start: buffer.baseAddress, count: count))
      initialized = count
    }
  }

  private static func count(_ rows: Int, _ columns: Int, _ operation: String) throws(LinearAlgebraError) -> Int {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    let bytes = count.multipliedReportingOverflow(by: MemoryLayout<Scalar>.stride)
    guard rows >= 0, columns >= 0, !overflow, !bytes.overflow else {
      throw .invalidShape(operation: operation, rows: rows, columns: columns)
    }
    return count
  }

  /// Entry (row, column). Indices are checked: not for inner loops.
  ///
  /// - Complexity: O(1); the first write to entries that a copy shares is O(rows · columns).
  /// - Precondition: 0 ≤ `row` < `rows` and 0 ≤ `column` < `columns`.
  @inlinable public subscript(row: Int, column: Int) -> Scalar {
    get { values[index(row, column)] }
    set { setValue(newValue, at: index(row, column)) }
  }

  @inlinable func index(_ row: Int, _ column: Int) -> Int {
    precondition(row >= 0 && row < rows && column >= 0 && column < columns, "matrix index out of range")
    return row * columns + column
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @usableFromInline mutating func setValue(_ value: Scalar, at index: Int) { values[index] = value }

  /// Lends a read-only view, valid during `body`.
  ///
  /// - Complexity: O(1).
  public func withView<Result>(_ body: (MatrixView<Scalar>) throws -> Result) rethrows -> Result {
    try values.withUnsafeBufferPointer { try body(MatrixView($0.baseAddress, rows: rows, columns: columns)) }
  }

  /// Lends a writable view, valid during `body`.
  ///
  /// - Complexity: O(1), or O(rows · columns) where a copy shares the entries.
  public mutating func withMutableView<Result>(
    _ body: (MutableMatrixView<Scalar>) throws -> Result
  ) rethrows -> Result {
    let (rows, columns) = (rows, columns)
    return try values.withUnsafeMutableBufferPointer {
      try body(MutableMatrixView($0.baseAddress, rows: rows, columns: columns))
    }
  }
}
