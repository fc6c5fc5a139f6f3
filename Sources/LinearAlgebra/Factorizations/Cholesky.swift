/// A = L·Lᵀ for a symmetric positive definite A.
public struct Cholesky<Scalar: LAPACKScalar>: Sendable {
  public let order: Int
  /// Column by column; the lower triangle is L.
  private let values: [Scalar]

  /// Factors a copy of `a`, of which only the lower triangle counts. Cost: n³/3 operations.
  ///
  /// - Throws: `CholeskyError` for a matrix that is not square, not finite, or not positive definite.
  public init(of a: MatrixView<Scalar>) throws(CholeskyError) {
    do { try a.requireFinite("Cholesky", square: true) } catch { throw .operand(error) }
    order = a.rows
    var values = a.columnMajorCopy()
    if order > 0 {
      let order = order
      let info = values.withUnsafeMutableBufferPointer {
        Scalar.potrf(character("L"), Int32(order), $0.baseAddress, Int32(order))
      }
      if info > 0 { throw .notPositiveDefinite(order: Int(info)) }
    }
    self.values = values
  }

  /// L, zeros above its diagonal.
  public var lower: Matrix<Scalar> {
    var lower = Matrix(rows: order, columns: order, columnMajor: values, leadingDimension: max(1, order))
    for row in 0..<order { for column in row + 1..<max(row + 1, order) { lower[row, column] = 0 } }
    return lower
  }

  /// log det A = 2·Σ log L(i, i), in Float64.
  public var logDeterminant: Double {
    (0..<order).reduce(0) { $0 + 2 * naturalLogarithm(Double(values[$1 * order + $1])) }
  }

  /// Overwrites B, n × k, with A⁻¹·B. Cost: 2·n²·k operations; no memory where B is column-major.
  ///
  /// - Throws: `CholeskyError.operand` for a B of another height.
  public func solve(inPlace b: MutableMatrixView<Scalar>) throws(CholeskyError) {
    do { try requireRightSide("Cholesky", order, b) } catch { throw .operand(error) }
    if order == 0 || b.columns == 0 { return }
    withColumnMajor(b) { pointer, leadingDimension in
      _ = values.withUnsafeBufferPointer {
        Scalar.potrs(
          character("L"), Int32(order), Int32(b.columns), $0.baseAddress, Int32(order), pointer,
          Int32(leadingDimension))
      }
    }
  }
}

/// Factors in place: A's named triangle becomes L (A = L·Lᵀ) or U (A = Uᵀ·U). Any order, no memory taken.
///
/// - Throws: `CholeskyError`; the triangle is then partly overwritten.
public func factorCholesky<Scalar: LAPACKScalar>(
  inPlace a: MutableMatrixView<Scalar>, _ triangle: Triangle
) throws(CholeskyError) {
  do { try a.readOnly.requireFinite("Cholesky", square: true) } catch { throw .operand(error) }
  if a.rows == 0 { return }
  let stored = a.order == .columnMajor ? triangle : triangle.transposed
  let info = Scalar.potrf(
    character(stored == .lower ? "L" : "U"), Int32(a.rows), a.baseAddress, Int32(a.leadingDimension))
  if info > 0 { throw .notPositiveDefinite(order: Int(info)) }
}
