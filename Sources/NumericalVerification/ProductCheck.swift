import LinearAlgebra
import RandomStreams

/// How a product is checked.
public enum ProductCheck: Sendable, Hashable {
  /// Every entry against the slow reference: 4·m·n·k operations.
  case everyEntry
  /// Sums over rows with random signs t: C·t against α·A·(B·t) + β·C₀·t, all in Float64 (Freivalds
  /// 1979). O(m·k + k·n + m·n) operations a vector.
  ///
  /// It never rejects a right product. In a row i whose largest error is above twice the row's
  /// tolerance (the sum of its entries' tolerances, plus the check's own rounding), a vector misses
  /// it with probability at most 1/2: of two vectors that differ in the sign at that error alone,
  /// one shows it. `vectors` of them miss with at most 2^−vectors. A row with a single wrong entry
  /// is never missed.
  case randomised(vectors: Int = 10, seed: UInt64 = 1)
}

/// Checks that `c` is α·A·B + β·C₀ within what rounding explains (`RoundingBound.product`), entry
/// by entry or randomised.
///
/// - Parameters:
///   - a: m × k.
///   - b: k × n.
///   - c: m × n, the result under test; any order and leading dimension.
///   - alpha: α, the product's factor.
///   - beta: β, the factor of C₀.
///   - before: C₀, needed where β is not 0.
///   - check: every entry, or random sums of rows.
/// - Complexity: 4·m·n·k operations entry by entry; O(m·k + k·n + m·n) for each random vector.
/// - Throws: `LinearAlgebraError.shapeMismatch`. A wrong product does not throw: the report says
///   so.
/// - Precondition: at least one vector.
public func checkProduct<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, is c: MatrixView<Scalar>, alpha: Scalar = 1, beta: Scalar = 0,
  before: MatrixView<Scalar>? = nil, by check: ProductCheck = .everyEntry
) throws(LinearAlgebraError) -> CheckReport {
  try requireFit(a, b, beta, before)
  try requireShape(c, a.rows, b.columns)
  let shape = "\(Scalar.self), (\(a.rows) × \(a.columns))·(\(b.rows) × \(b.columns)), α = \(alpha), β = \(beta)"
  switch check {
  case .everyEntry:
    let reference = try PlainProduct(a, b, alpha: alpha, beta: beta, addingTo: before)
    var worst = WorstComparison()
    for (index, found) in entries(c).enumerated() {
      worst.compare(
        found, reference.values.values[index],
        tolerance: RoundingBound.product(
          terms: a.columns, magnitude: reference.magnitudes.values[index], Scalar.self))
    }
    let columns = max(1, c.columns)
    return worst.report("product entry by entry, \(shape)") { "row \($0 / columns), column \($0 % columns)" }
  case .randomised(let vectors, let seed):
    precondition(vectors >= 1, "a randomised check needs at least one vector")
    let worst = rowSums(a, b, c, Double(alpha), Double(beta), before, vectors: vectors, seed: seed)
    let rows = max(1, c.rows)
    return worst.report("product by random sums, \(shape), \(vectors) vectors of seed \(seed)") {
      "row \($0 % rows), vector \($0 / rows)"
    }
  }
}

/// As `checkProduct`, and throws the report of a product that is wrong: one line is a whole test.
///
/// - Throws: `CheckFailure`, or `LinearAlgebraError` for shapes that do not fit.
public func requireProduct<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, is c: MatrixView<Scalar>, alpha: Scalar = 1, beta: Scalar = 0,
  before: MatrixView<Scalar>? = nil, by check: ProductCheck = .everyEntry
) throws {
  try checkProduct(a, b, is: c, alpha: alpha, beta: beta, before: before, by: check).require()
}

/// As `checkProduct` on views, with matrices that own their entries: C = A·B.
///
/// - Throws: `LinearAlgebraError` for shapes that do not fit.
public func checkProduct<Scalar: BLASScalar>(
  _ a: Matrix<Scalar>, _ b: Matrix<Scalar>, is c: Matrix<Scalar>, by check: ProductCheck = .everyEntry
) throws -> CheckReport {
  try a.withView { a in try b.withView { b in try c.withView { try checkProduct(a, b, is: $0, by: check) } } }
}

/// As `requireProduct` on views, with matrices that own their entries: C = A·B.
///
/// ```swift
/// let a = try Matrix<Float>(rows: 2, columns: 2, values: [1, 2, 3, 4])
/// let b = try Matrix<Float>(rows: 2, columns: 1, values: [1, -1])
/// let c = try Matrix<Float>(rows: 2, columns: 1, values: [-1, -1])
/// try requireProduct(a, b, is: c)
/// try requireProduct(a, b, is: c, by: .randomised(vectors: 20, seed: 7))
/// ```
///
/// - Throws: `CheckFailure`, or `LinearAlgebraError` for shapes that do not fit.
public func requireProduct<Scalar: BLASScalar>(
  _ a: Matrix<Scalar>, _ b: Matrix<Scalar>, is c: Matrix<Scalar>, by check: ProductCheck = .everyEntry
) throws {
  try checkProduct(a, b, is: c, by: check).require()
}

/// C·t beside α·A·(B·t) + β·C₀·t for each vector of signs.
private func rowSums<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, _ c: MatrixView<Scalar>, _ alpha: Double, _ beta: Double,
  _ before: MatrixView<Scalar>?, vectors: Int, seed: UInt64
) -> WorstComparison {
  let (m, n, k) = (a.rows, b.columns, a.columns)
  let ones = [Double](repeating: 1, count: n)
  let (left, right, result) = (entries(a), entries(b), entries(c))
  let old = beta == 0 ? [] : entries(before!)
  func times(_ matrix: [Double], _ rows: Int, _ vector: [Double], magnitudes: Bool = false) -> [Double] {
    (0..<rows).map { row in
      var sum = 0.0
      for (column, entry) in vector.enumerated() {
        let value = matrix[row * vector.count + column]
        sum += (magnitudes ? abs(value) : value) * entry
      }
      return sum
    }
  }
  // Σ_j of the entries' tolerances, and of what Float64 adds: sums are at most n + k + 3 roundings
  // deep, five more cover the rounding of these sizes themselves.
  let size = times(left, m, times(right, k, ones, magnitudes: true), magnitudes: true)
  let oldSize = beta == 0 ? [Double](repeating: 0, count: m) : times(old, m, ones, magnitudes: true)
  let resultSize = times(result, m, ones, magnitudes: true)
  let ownRounding = RoundingBound.gamma(n + k + 8, Double.self)
  let tolerances = (0..<m).map { row in
    let magnitude = abs(alpha) * size[row] + abs(beta) * oldSize[row]
    let entries =
      RoundingBound.product(terms: k, magnitude: magnitude, Scalar.self)
      + Double(n) * Double(k + 2) * Double(Scalar.leastNonzeroMagnitude)
    return entries + ownRounding * (magnitude + (resultSize[row].isFinite ? resultSize[row] : 0))
  }
  var worst = WorstComparison()
  for vector in 0..<vectors {
    let address = StreamAddress(seed: seed, path: StreamPath(filter: UInt64(vector)))
    let signs = (0..<n).map { address.word($0 / 64) >> UInt64($0 % 64) & 1 == 0 ? 1.0 : -1.0 }
    let expected = times(left, m, times(right, k, signs))
    let oldSums = beta == 0 ? [] : times(old, m, signs)
    let found = times(result, m, signs)
    for row in 0..<m {
      let sum = alpha * expected[row] + (beta == 0 ? 0 : beta * oldSums[row])
      worst.compare(found[row], sum, tolerance: tolerances[row])
    }
  }
  return worst
}
