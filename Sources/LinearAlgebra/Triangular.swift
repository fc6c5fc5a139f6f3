import CBLAS

/// A half of a square matrix, its diagonal included.
public enum Triangle: Sendable, Hashable {
  case lower
  case upper

  /// The half that holds the same memory of the transpose.
  public var transposed: Triangle { self == .lower ? .upper : .lower }
}

/// On which side of the unknown a matrix stands.
public enum Side: Sendable, Hashable {
  /// A·X = B.
  case left
  /// X·A = B.
  case right
}

/// C ← α·A·Aᵀ + β·C, through BLAS, in one triangle of C or, with nil, in both.
///
/// The other triangle is left as it was. For Aᵀ·A pass `a.transposed`.
///
/// - Complexity: m·(m + 1)·k operations, half of a GEMM's, and m² moves to mirror.
/// - Parameters:
///   - a: m × k.
///   - c: m × m, apart in memory from `a`; with nil its lower triangle is what β scales.
///   - triangle: the half of C that is written; nil for both.
///   - alpha: α, the product's factor.
///   - beta: β, the factor of what C was.
/// - Throws: `LinearAlgebraError` for shapes that do not fit, sizes above 32 bits, or an aliased
///   output.
public func multiplyByTranspose<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, into c: MutableMatrixView<Scalar>, triangle: Triangle? = nil, alpha: Scalar = 1,
  beta: Scalar = 0
) throws(LinearAlgebraError) {
  guard c.rows == a.rows, c.columns == a.rows else {
    throw .shapeMismatch(
      operation: "multiplyByTranspose", expected: "(m × k) into m × m",
      found: "(\(a.rows) × \(a.columns)) into \(c.rows) × \(c.columns)")
  }
  try requireSizes("multiplyByTranspose", a.rows, a.columns, max(a.leadingDimension, c.leadingDimension))
  guard !mayOverlap(c.readOnly, a) else { throw .aliasedOutput(operation: "multiplyByTranspose") }
  if c.rows == 0 { return }
  // The product is symmetric: a column-major C is a row-major one with its triangles exchanged.
  let half = triangle ?? .lower
  let stored = c.order == .rowMajor ? half : half.transposed
  Scalar.rowMajorSYRK(
    isUpper: stored == .upper, transpose: a.order == .columnMajor, n: Int32(truncatingIfNeeded: a.rows),
    k: Int32(truncatingIfNeeded: a.columns), alpha: alpha, a: a.baseAddress,
    leadingDimensionA: Int32(truncatingIfNeeded: max(1, a.leadingDimension)), beta: beta, c: c.baseAddress,
    leadingDimensionC: Int32(truncatingIfNeeded: max(1, c.leadingDimension)))
  if triangle == nil { c.mirrorLowerTriangle() }
}

extension MutableMatrixView {
  /// Copies the lower triangle of a square matrix onto its upper one.
  func mirrorLowerTriangle() {
    guard let base = baseAddress else { return }
    let (rowStep, columnStep) = order == .rowMajor ? (leadingDimension, 1) : (1, leadingDimension)
    for row in 0..<rows {
      for column in 0..<row { base[column * rowStep + row * columnStep] = base[row * rowStep + column * columnStep] }
    }
  }
}

/// Solves A·X = α·B (or X·A = α·B) for a triangular A, in place of B, through BLAS.
///
/// Transposes are views: `a.transposed` with `triangle.transposed`. Only the named triangle of A is
/// read; with `isUnitDiagonal` not even the diagonal. A zero on the diagonal gives infinities and
/// NaN, as in BLAS: check before.
///
/// - Complexity: k²·n operations for a k × k matrix and n right-hand sides.
/// - Parameters:
///   - a: k × k.
///   - triangle: the half of A that is read.
///   - side: on which side of X the matrix A stands.
///   - b: k × n on the left, n × k on the right; apart in memory from `a`.
///   - alpha: α, the right-hand sides' factor.
///   - isUnitDiagonal: whether A's diagonal is taken as 1 without being read.
/// - Throws: `LinearAlgebraError` for shapes that do not fit, sizes above 32 bits, or an aliased
///   output.
public func solveTriangular<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ triangle: Triangle, side: Side = .left, inPlace b: MutableMatrixView<Scalar>,
  alpha: Scalar = 1, isUnitDiagonal: Bool = false
) throws(LinearAlgebraError) {
  guard a.rows == a.columns, a.rows == (side == .left ? b.rows : b.columns) else {
    throw .shapeMismatch(
      operation: "solveTriangular", expected: side == .left ? "(k × k), k × n" : "(k × k), n × k",
      found: "(\(a.rows) × \(a.columns)), \(b.rows) × \(b.columns)")
  }
  try requireSizes("solveTriangular", a.rows, max(b.rows, b.columns), max(a.leadingDimension, b.leadingDimension))
  guard !mayOverlap(b.readOnly, a) else { throw .aliasedOutput(operation: "solveTriangular") }
  if b.rows == 0 || b.columns == 0 { return }
  if b.order == .columnMajor {
    // A·X = B is Xᵀ·Aᵀ = Bᵀ, and Bᵀ is row-major.
    return try solveTriangular(
      a.transposed, triangle.transposed, side: side == .left ? .right : .left, inPlace: b.transposed, alpha: alpha,
      isUnitDiagonal: isUnitDiagonal)
  }
  let stored = a.order == .rowMajor ? triangle : triangle.transposed
  Scalar.rowMajorTRSM(
    isRight: side == .right, isUpper: stored == .upper, transpose: a.order == .columnMajor, isUnit: isUnitDiagonal,
    m: Int32(truncatingIfNeeded: b.rows), n: Int32(truncatingIfNeeded: b.columns), alpha: alpha, a: a.baseAddress,
    leadingDimensionA: Int32(truncatingIfNeeded: max(1, a.leadingDimension)), b: b.baseAddress,
    leadingDimensionB: Int32(truncatingIfNeeded: max(1, b.leadingDimension)))
}
