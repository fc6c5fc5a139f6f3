import LinearAlgebra

/// The slow reference of GEMM: α·A·B + β·C in Float64, each entry summed in the order of k, without
/// BLAS or fma.
public struct PlainProduct: Sendable {
  /// m × n.
  public let values: Matrix<Double>
  /// |α|·|A|·|B| + |β|·|C|: what rounding errors are relative to.
  public let magnitudes: Matrix<Double>

  /// The product of A and B, and the magnitudes that its rounding errors are relative to.
  ///
  /// - Complexity: 4·m·n·k operations, about a nanosecond each.
  /// - Parameters:
  ///   - a: m × k.
  ///   - b: k × n, in either order.
  ///   - alpha: α, the product's factor.
  ///   - beta: β, the factor of C.
  ///   - c: m × n, before the product; needed where β is not 0.
  /// - Throws: `LinearAlgebraError.shapeMismatch`.
  public init<Scalar: BLASScalar>(
    _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, alpha: Scalar = 1, beta: Scalar = 0,
    addingTo c: MatrixView<Scalar>? = nil
  ) throws(LinearAlgebraError) {
    try requireFit(a, b, beta, c)
    let (left, right) = (entries(a), entries(b.transposed))
    let inner = a.columns
    var values: [Double] = []
    var magnitudes: [Double] = []
    values.reserveCapacity(a.rows * b.columns)
    magnitudes.reserveCapacity(a.rows * b.columns)
    for i in 0..<a.rows {
      for j in 0..<b.columns {
        var (sum, size) = (0.0, 0.0)
        for k in 0..<inner {
          let term = left[i * inner + k] * right[j * inner + k]
          sum += term
          size += abs(term)
        }
        // As in BLAS, C is not read where β is 0.
        let old = beta == 0 ? 0 : Double(beta) * Double(c![i, j])
        values.append(Double(alpha) * sum + old)
        magnitudes.append(abs(Double(alpha)) * size + abs(old))
      }
    }
    // The shape comes from two matrices that exist, so it is valid.
    self.values = try Matrix(rows: a.rows, columns: b.columns, values: values)
    self.magnitudes = try Matrix(rows: a.rows, columns: b.columns, values: magnitudes)
  }
}

/// - Throws: `LinearAlgebraError.shapeMismatch` for operands of α·A·B + β·C that do not fit
///   together.
func requireFit<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, _ beta: Scalar, _ c: MatrixView<Scalar>?
) throws(LinearAlgebraError) {
  guard a.columns == b.rows else {
    throw .shapeMismatch(
      operation: "product check", expected: "(m × k)·(k × n)",
      found: "(\(a.rows) × \(a.columns))·(\(b.rows) × \(b.columns))")
  }
  guard beta != 0 else { return }
  guard let c else {
    throw .shapeMismatch(
      operation: "product check", expected: "C as it was before, for a β that is not 0", found: "none")
  }
  try requireShape(c, a.rows, b.columns)
}

/// - Throws: `LinearAlgebraError.shapeMismatch` for a result of another shape.
func requireShape<Scalar: BLASScalar>(
  _ c: MatrixView<Scalar>, _ rows: Int, _ columns: Int
) throws(LinearAlgebraError) {
  guard c.rows == rows, c.columns == columns else {
    throw .shapeMismatch(
      operation: "product check", expected: "a result of \(rows) × \(columns)", found: "\(c.rows) × \(c.columns)")
  }
}

/// All entries in Float64, row by row.
func entries<Scalar: BLASScalar>(_ a: MatrixView<Scalar>) -> [Double] {
  var values: [Double] = []
  values.reserveCapacity(a.rows * a.columns)
  guard let base = a.baseAddress else { return values }
  let (rowStep, columnStep) = a.order == .rowMajor ? (a.leadingDimension, 1) : (1, a.leadingDimension)
  for row in 0..<a.rows {
    for column in 0..<a.columns { values.append(Double(base[row * rowStep + column * columnStep])) }
  }
  return values
}
