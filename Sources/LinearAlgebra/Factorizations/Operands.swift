extension MatrixView {
  /// - Throws: `OperandError` for sizes above 32 bits or the first entry, row by row, that is not finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func requireFinite(_ operation: String, square: Bool = false) throws(OperandError) {
    guard !square || rows == columns else {
      throw .invalid(
        .shapeMismatch(operation: operation, expected: "a square matrix", found: "\(rows) × \(columns)"))
    }
    do { try requireSizes(operation, rows, columns, leadingDimension) } catch { throw .invalid(error) }
    guard let base = baseAddress else { return }
    let (lines, length) = order == .rowMajor ? (rows, columns) : (columns, rows)
    var strangers = 0
    for line in 0..<lines {
      let entries = base + line * leadingDimension
      // x − x is 0 for finite x alone; counting has no early end, so that the loop runs on vectors.
      for index in 0..<length { strangers &+= entries[index] - entries[index] == 0 ? 0 : 1 }
    }
    if strangers == 0 { return }
    let (rowStep, columnStep) = order == .rowMajor ? (leadingDimension, 1) : (1, leadingDimension)
    for row in 0..<rows {
      for column in 0..<columns where !base[row * rowStep + column * columnStep].isFinite {
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

extension Matrix {
  /// A row-major matrix from entries that lie column by column, `leadingDimension` apart.
  init(rows: Int, columns: Int, columnMajor values: [Scalar], leadingDimension: Int) {
    // The sizes come from a matrix that exists.
    try! self.init(rows: rows, columns: columns) { target in
      values.withUnsafeBufferPointer { values in
        guard let source = values.baseAddress, let target = target.baseAddress else { return }
        transpose(source, leadingDimension, rows: columns, columns: rows, into: target, columns)
      }
    }
  }
}

/// Writes entry (i, j) of a matrix of rows `leadingDimension` apart to entry (j, i) of one with rows
/// `targetLeadingDimension` apart, by blocks that stay in cache.
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
