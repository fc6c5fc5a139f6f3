/// What is wrong with an operand of a factorisation, before LAPACK sees it.
public enum OperandError: Error, Sendable, Hashable, CustomStringConvertible {
  case invalid(LinearAlgebraError)
  /// NaN or an infinity at (row, column).
  case notFinite(operation: String, row: Int, column: Int)
  /// A result beyond what its type holds, or whose reciprocals are: entries too small, too large or
  /// too far apart.
  case outOfRange(operation: String)

  public var description: String {
    switch self {
    case .invalid(let error): error.description
    case .notFinite(let operation, let row, let column):
      "\(operation): expected finite entries, found NaN or infinity at (\(row), \(column))"
    case .outOfRange(let operation):
      "\(operation): expected results in the range of the type, found NaN or infinity; scale the entries"
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
  /// LAPACK's `info` > 0: the iteration left this many off-diagonals (or failed on that many
  /// values).
  case notConverged(operation: String, info: Int)

  public var description: String {
    switch self {
    case .operand(let error): error.description
    case .notConverged(let operation, let info): "\(operation): the iteration did not converge (LAPACK's info \(info))"
    }
  }
}
