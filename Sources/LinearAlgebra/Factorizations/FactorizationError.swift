/// What is wrong with an operand of a factorisation, before LAPACK sees it.
public enum OperandError: Error, Sendable, Hashable, CustomStringConvertible {
  case invalid(LinearAlgebraError)
  /// NaN or an infinity at (row, column).
  case notFinite(operation: String, row: Int, column: Int)

  public var description: String {
    switch self {
    case .invalid(let error): error.description
    case .notFinite(let operation, let row, let column):
      "\(operation): expected finite entries, found NaN or infinity at (\(row), \(column))"
    }
  }
}

/// Why there is no Cholesky factor.
public enum CholeskyError: Error, Sendable, Hashable, CustomStringConvertible {
  case operand(OperandError)
  /// LAPACK's `info` > 0: the leading minor of this order is not positive.
  case notPositiveDefinite(order: Int)

  public var description: String {
    switch self {
    case .operand(let error): error.description
    case .notPositiveDefinite(let order):
      "Cholesky: expected a positive definite matrix, found its leading minor of order \(order) not positive"
    }
  }
}

/// Why a system has no LU solution.
public enum LUError: Error, Sendable, Hashable, CustomStringConvertible {
  case operand(OperandError)
  /// LAPACK's `info` > 0: this pivot (from 0) is exactly zero.
  case singular(pivot: Int)

  public var description: String {
    switch self {
    case .operand(let error): error.description
    case .singular(let pivot): "LU: expected a matrix of full rank, found pivot \(pivot) exactly zero"
    }
  }
}

/// Why there is no least-squares solution.
public enum LeastSquaresError: Error, Sendable, Hashable, CustomStringConvertible {
  case operand(OperandError)
  /// Fewer rows than columns, or a column that earlier ones make up to rounding.
  case rankDeficient(column: Int)
  /// LAPACK's `info` > 0 of `gelsd`: the SVD inside left this many off-diagonals.
  case notConverged(offDiagonals: Int)

  public var description: String {
    switch self {
    case .operand(let error): error.description
    case .rankDeficient(let column):
      "least squares: expected independent columns, found column \(column) dependent on earlier ones"
    case .notConverged(let count): "least squares: the SVD inside did not converge, \(count) off-diagonals left"
    }
  }
}

/// Why there is no eigen- or singular-value decomposition.
public enum DecompositionError: Error, Sendable, Hashable, CustomStringConvertible {
  case operand(OperandError)
  /// LAPACK's `info` > 0: the iteration left this many off-diagonals (or failed on that many values).
  case notConverged(operation: String, info: Int)

  public var description: String {
    switch self {
    case .operand(let error): error.description
    case .notConverged(let operation, let info): "\(operation): the iteration did not converge (LAPACK's info \(info))"
    }
  }
}

extension MatrixView {
  /// - Throws: `OperandError` for sizes above 32 bits or the first entry, row by row, that is not finite.
  func requireFinite(_ operation: String, square: Bool = false) throws(OperandError) {
    guard !square || rows == columns else {
      throw .invalid(
        .shapeMismatch(operation: operation, expected: "a square matrix", found: "\(rows) × \(columns)"))
    }
    do { try requireSizes(operation, rows, columns, leadingDimension) } catch { throw .invalid(error) }
    guard let base = baseAddress else { return }
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
      guard let base = baseAddress else { return }
      let (rowStep, columnStep) = order == .rowMajor ? (leadingDimension, 1) : (1, leadingDimension)
      for column in 0..<columns {
        for row in 0..<rows { target[column * rows + row] = base[row * rowStep + column * columnStep] }
      }
    }
  }
}

extension Matrix {
  /// A row-major matrix from entries that lie column by column, `leadingDimension` apart.
  init(rows: Int, columns: Int, columnMajor values: [Scalar], leadingDimension: Int) {
    // The sizes come from a matrix that exists.
    try! self.init(rows: rows, columns: columns) { target in
      for row in 0..<rows {
        for column in 0..<columns { target[row * columns + column] = values[column * leadingDimension + row] }
      }
    }
  }
}
