/// How the entries of a matrix lie in memory.
public enum StorageOrder: Sendable, Hashable {
  /// Entry (i, j) at `i · leadingDimension + j`.
  case rowMajor
  /// Entry (i, j) at `i + j · leadingDimension`.
  case columnMajor

  /// The order of the same memory read as the transpose.
  public var transposed: StorageOrder { self == .rowMajor ? .columnMajor : .rowMajor }
}

/// A read-only window on a matrix that somebody else owns. Valid while the owner's memory is.
///
/// ```swift
/// let numbers: [Float] = [1, 2, 3, 4, 5, 6]
/// let sum = numbers.withUnsafeBufferPointer { numbers in
///   let a = MatrixView(numbers.baseAddress, rows: 2, columns: 3)
///   return a[0, 2] + a.transposed[0, 1] + a.block(rows: 1..<2, columns: 1..<3)[0, 0]
/// }
/// // 3 + 4 + 5
/// ```
///
/// Transposes and blocks are views too: nothing is copied.
public struct MatrixView<Scalar: BLASScalar> {
  /// The first entry; may be nil when there is none.
  public let baseAddress: UnsafePointer<Scalar>?
  /// Rows, at least 0.
  public let rows: Int
  /// Columns, at least 0.
  public let columns: Int
  /// Distance between successive rows (row-major) or columns (column-major), in entries.
  public let leadingDimension: Int
  /// Whether rows or columns are contiguous.
  public let order: StorageOrder

  /// A window of `rows` × `columns`; `leadingDimension` defaults to a dense layout.
  ///
  /// - Complexity: O(1).
  /// - Precondition: sizes ≥ 0, a leading dimension no smaller than a stored line, memory for the
  ///   extent.
  @inlinable public init(
    _ baseAddress: UnsafePointer<Scalar>?, rows: Int, columns: Int, leadingDimension: Int? = nil,
    order: StorageOrder = .rowMajor
  ) {
    let line = order == .rowMajor ? columns : rows
    let leading = leadingDimension ?? line
    precondition(rows >= 0 && columns >= 0 && leading >= line, "a matrix view needs a leading dimension ≥ its line")
    precondition(baseAddress != nil || rows == 0 || columns == 0, "a matrix view of entries needs memory")
    self.baseAddress = baseAddress
    self.rows = rows
    self.columns = columns
    self.leadingDimension = leading
    self.order = order
  }

  /// The transpose, without a copy.
  ///
  /// - Complexity: O(1).
  @inlinable public var transposed: MatrixView {
    MatrixView(
      baseAddress, rows: columns, columns: rows, leadingDimension: leadingDimension, order: order.transposed)
  }

  /// Entry (row, column). One precondition per call: not for inner loops.
  ///
  /// - Complexity: O(1).
  /// - Precondition: 0 ≤ `row` < `rows` and 0 ≤ `column` < `columns`.
  @inlinable public subscript(row: Int, column: Int) -> Scalar {
    precondition(row >= 0 && row < rows && column >= 0 && column < columns, "matrix index out of range")
    return baseAddress![order == .rowMajor ? row * leadingDimension + column : row + column * leadingDimension]
  }

  /// The window on these rows and columns, without a copy.
  ///
  /// - Complexity: O(1).
  /// - Precondition: ranges inside 0..<rows and 0..<columns.
  @inlinable public func block(rows: Range<Int>, columns: Range<Int>) -> MatrixView {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= self.rows && columns.lowerBound >= 0
        && columns.upperBound <= self.columns, "a block lies inside its matrix")
    let offset =
      order == .rowMajor
      ? rows.lowerBound * leadingDimension + columns.lowerBound
      : rows.lowerBound + columns.lowerBound * leadingDimension
    let isEmpty = rows.isEmpty || columns.isEmpty
    return MatrixView(
      isEmpty ? baseAddress : baseAddress! + offset, rows: rows.count, columns: columns.count,
      leadingDimension: leadingDimension, order: order)
  }

  /// Number of entries from the first to one past the last in memory.
  @inlinable var extent: Int {
    if rows == 0 || columns == 0 { return 0 }
    let (lines, line) = order == .rowMajor ? (rows, columns) : (columns, rows)
    return (lines - 1) * leadingDimension + line
  }
}

/// A writable window on a matrix that somebody else owns. Valid while the owner's memory is.
public struct MutableMatrixView<Scalar: BLASScalar> {
  /// Entry (0, 0), or nil for a view without entries.
  public let baseAddress: UnsafeMutablePointer<Scalar>?
  /// Rows, at least 0.
  public let rows: Int
  /// Columns, at least 0.
  public let columns: Int
  /// Entries from the start of a row (of a column where `order` is `.columnMajor`) to the next.
  public let leadingDimension: Int
  /// Whether rows or columns are contiguous.
  public let order: StorageOrder

  /// As `MatrixView.init`.
  @inlinable public init(
    _ baseAddress: UnsafeMutablePointer<Scalar>?, rows: Int, columns: Int, leadingDimension: Int? = nil,
    order: StorageOrder = .rowMajor
  ) {
    let checked = MatrixView(
      UnsafePointer(baseAddress), rows: rows, columns: columns, leadingDimension: leadingDimension, order: order)
    self.baseAddress = baseAddress
    self.rows = rows
    self.columns = columns
    self.leadingDimension = checked.leadingDimension
    self.order = order
  }

  /// The same window, read-only.
  @inlinable public var readOnly: MatrixView<Scalar> {
    MatrixView(
      UnsafePointer(baseAddress), rows: rows, columns: columns, leadingDimension: leadingDimension, order: order)
  }

  /// The transpose, without a copy.
  ///
  /// - Complexity: O(1).
  @inlinable public var transposed: MutableMatrixView {
    MutableMatrixView(
      baseAddress, rows: columns, columns: rows, leadingDimension: leadingDimension, order: order.transposed)
  }

  /// The writable window on these rows and columns; as `MatrixView.block`.
  @inlinable public func block(rows: Range<Int>, columns: Range<Int>) -> MutableMatrixView {
    let block = readOnly.block(rows: rows, columns: columns)
    return MutableMatrixView(
      UnsafeMutablePointer(mutating: block.baseAddress), rows: block.rows, columns: block.columns,
      leadingDimension: leadingDimension, order: order)
  }

  /// Entry (row, column). One precondition per access: not for inner loops.
  ///
  /// - Complexity: O(1).
  @inlinable public subscript(row: Int, column: Int) -> Scalar {
    get { readOnly[row, column] }
    nonmutating set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns, "matrix index out of range")
      let offset = order == .rowMajor ? row * leadingDimension + column : row + column * leadingDimension
      baseAddress![offset] = newValue
    }
  }
}
