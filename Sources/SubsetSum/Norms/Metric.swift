import LinearAlgebra

/// A positive-definite weight W = L·Lᵀ, given by its Cholesky factor L: the length of r is ‖Lᵀ·r‖₂
/// = √(rᵀ·W·r).
public struct Metric: Sendable, Hashable {
  /// m, the number of coordinates.
  public let dimension: Int
  /// Lᵀ, upper triangular, row by row: row i holds L_ji for j = i … m − 1, the m − i entries that
  /// may differ from 0.
  let rows: [Double]

  /// The metric of a Cholesky factor.
  ///
  /// - Parameter factor: L, m × m, lower triangular with a positive diagonal.
  /// - Throws: `SubsetSumError.mismatchedSizes` unless the factor is square; `.unusableEntry` for
  ///   an entry that is not finite or above 2²⁰⁰, for one above the diagonal that is not 0, and for
  ///   a diagonal entry that is not positive.
  public init(choleskyFactor factor: Matrix<Double>) throws(SubsetSumError) {
    guard factor.rows == factor.columns else {
      throw .mismatchedSizes(
        quantity: "columns of a metric's Cholesky factor", expected: factor.rows, found: factor.columns)
    }
    let m = factor.rows
    for i in 0..<m {
      for j in 0..<m {
        let value = factor[i, j]
        let expected: String? =
          !(abs(value) <= Self.largestAccepted)
          ? "a finite number of magnitude at most 2^200"
          : j > i && value != 0 ? "0 above the diagonal" : j == i && !(value > 0) ? "a positive diagonal" : nil
        if let expected {
          throw .unusableEntry(location: "metric factor, entry (\(i), \(j))", expected: expected, found: value)
        }
      }
    }
    dimension = m
    var rows: [Double] = []
    rows.reserveCapacity(m * (m + 1) / 2)
    for i in 0..<m { for j in i..<m { rows.append(factor[j, i]) } }
    self.rows = rows
  }

  private init(dimension: Int, rows: [Double]) { (self.dimension, self.rows) = (dimension, rows) }

  static let largestAccepted = 0x1p200

  /// The largest magnitude of an entry of L.
  var largestEntry: Double { rows.reduce(0) { max($0, abs($1)) } }

  /// The metric in which every length is 2^exponent times as long.
  func scaled(by exponent: Int) -> Metric {
    Metric(dimension: dimension, rows: rows.map { SubsetSum.scaled($0, by: exponent) })
  }

  /// log₂ |det L|, the sum of the logarithms of the diagonal.
  var log2Determinant: Double {
    var (start, sum) = (0, 0.0)
    for i in 0..<dimension {
      sum += logarithm2(rows[start])
      start += dimension - i
    }
    return sum
  }

  /// A number c with ‖Lᵀ·r‖₂ ≤ c·max |r_j| for all r: √Σ_i (Σ_j |L_ji|)².
  var largest: Double {
    var (start, sum) = (0, 0.0)
    for i in 0..<dimension {
      let row = rows[start..<start + dimension - i].reduce(0) { $0 + abs($1) }
      sum += row * row
      start += dimension - i
    }
    return sum.squareRoot()
  }

  /// |L|ᵀ·v: a vector whose coordinates have at most the magnitudes v is transformed into one whose
  /// coordinates have at most these.
  func magnitudes(of v: [Double]) -> [Double] {
    var start = 0
    return (0..<dimension).map { i in
      defer { start += dimension - i }
      return zip(rows[start..<start + dimension - i], v[i...]).reduce(0) { $0 + abs($1.0) * $1.1 }
    }
  }

  /// y = Lᵀ·r, each entry one fixed-order sum; y may not be r. Cost: m²/2.
  func transform(_ r: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>) {
    rows.withUnsafeBufferPointer { rows in
      guard var row = rows.baseAddress else { return }
      for i in 0..<dimension {
        y[i] = fixedOrderDot(row, r + i, dimension &- i)
        row += dimension &- i
      }
    }
  }

  func measure(_ r: UnsafePointer<Double>) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, dimension)) { y in
      transform(r, to: y.baseAddress!)
      return euclideanNorm(y.baseAddress!, dimension)
    }
  }
}
