extension MatrixView {
  /// - Parameter triangle: the half of a square matrix that counts; nil for all of it. The other
  ///   half is not read.
  /// - Throws: `OperandError` for sizes above 32 bits or the first entry, row by row, that is not
  ///   finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func requireFinite(
    _ operation: String, square: Bool = false, triangle: Triangle? = nil
  ) throws(OperandError) {
    guard !square || rows == columns else {
      throw .invalid(
        .shapeMismatch(operation: operation, expected: "a square matrix", found: "\(rows) × \(columns)"))
    }
    do { try requireSizes(operation, rows, columns, leadingDimension) } catch { throw .invalid(error) }
    guard let base = baseAddress else { return }
    let (lines, length) = order == .rowMajor ? (rows, columns) : (columns, rows)
    // Stored line by line, a lower triangle is the starts of its rows or the ends of its columns.
    let half = order == .rowMajor ? triangle : triangle?.transposed
    var strangers = 0
    for line in 0..<lines {
      let entries = base + line * leadingDimension
      let counted = half == nil ? 0..<length : half == .lower ? 0..<line + 1 : line..<length
      // x − x is 0 for finite x alone; counting has no early end, so that the loop runs on vectors.
      for index in counted { strangers &+= entries[index] - entries[index] == 0 ? 0 : 1 }
    }
    if strangers == 0 { return }
    let (rowStep, columnStep) = order == .rowMajor ? (leadingDimension, 1) : (1, leadingDimension)
    for row in 0..<rows {
      let counted = triangle == nil ? 0..<columns : triangle == .lower ? 0..<row + 1 : row..<columns
      for column in counted where !base[row * rowStep + column * columnStep].isFinite {
        throw .notFinite(operation: operation, row: row, column: column)
      }
    }
  }

  /// All entries, column by column.
  func columnMajorCopy() -> [Scalar] {
    [Scalar](unsafeUninitializedCapacity: rows * columns) { target, initialized in
      initialized = rows * columns
      guard let base = baseAddress, let target = target.baseAddress else { return }
      if order == .columnMajor {
        for column in 0..<columns {
          (target + column * rows).update(from: base + column * leadingDimension, count: rows)
        }
      } else {
        transpose(base, leadingDimension, rows: rows, columns: columns, into: target, rows)
      }
    }
  }
}

/// - Throws: `OperandError.outOfRange` where an entry of a result is not finite.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func requireInRange<Scalar: BLASScalar>(_ operation: String, _ result: [Scalar]) throws(OperandError) {
  var strangers = 0
  for value in result { strangers &+= value - value == 0 ? 0 : 1 }
  if strangers > 0 { throw .outOfRange(operation: operation) }
}

/// The same for a right-hand side that was overwritten with its solution.
func requireInRange<Scalar: BLASScalar>(
  _ operation: String, _ result: MutableMatrixView<Scalar>
) throws(OperandError) {
  guard (try? result.readOnly.requireFinite(operation)) != nil else { throw .outOfRange(operation: operation) }
}

/// A size of LAPACK's own, which it counts in 32 bits.
///
/// - Throws: `OperandError.invalid`.
func requireWorkspace(_ operation: String, _ scalars: Double) throws(OperandError) {
  guard scalars <= Double(Int32.max) else {
    throw .invalid(.tooLarge(operation: operation, quantity: "a workspace", found: Int(min(scalars, 0x1p62))))
  }
}

extension Matrix {
  /// A row-major matrix from entries that lie column by column, `leadingDimension` apart.
  init(rows: Int, columns: Int, columnMajor values: [Scalar], leadingDimension: Int) {
    // These sizes are those of a matrix that exists, so they are valid.
    try! self.init(rows: rows, columns: columns) { target in
      values.withUnsafeBufferPointer { values in
        guard let source = values.baseAddress, let target = target.baseAddress else { return }
        transpose(source, leadingDimension, rows: columns, columns: rows, into: target, columns)
      }
    }
  }
}

/// Writes entry (i, j) of a matrix of rows `leadingDimension` apart to entry (j, i) of one with
/// rows `targetLeadingDimension` apart, by blocks that stay in cache.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func transpose<Scalar: BLASScalar>(
  _ source: UnsafePointer<Scalar>, _ leadingDimension: Int, rows: Int, columns: Int,
  into target: UnsafeMutablePointer<Scalar>, _ targetLeadingDimension: Int
) {
  let block = 16
  for firstRow in stride(from: 0, to: rows, by: block) {
    let endRow = min(rows, firstRow + block)
    for firstColumn in stride(from: 0, to: columns, by: block) {
      for column in firstColumn..<min(columns, firstColumn + block) {
        let line = target + column * targetLeadingDimension
        for row in firstRow..<endRow { line[row] = source[row * leadingDimension + column] }
      }
    }
  }
}
