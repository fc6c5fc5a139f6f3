/// A = L·Lᵀ for a symmetric positive definite A.
///
/// ```swift
/// let a = try Matrix<Double>(rows: 2, columns: 2, values: [4, 2, 2, 3])
/// var b = try Matrix<Double>(rows: 2, columns: 1, values: [8, 7])
/// let factor = try a.withView { try Cholesky(of: $0) }
/// try b.withMutableView { try factor.solve(inPlace: $0) }
/// // b.values is [1.25, 1.5] up to rounding, and the determinant 8
/// ```
public struct Cholesky<Scalar: LAPACKScalar>: Sendable {
  /// Rows and columns of A.
  public let order: Int
  /// Column by column: L, zeros above its diagonal.
  private let values: [Scalar]

  /// Factors a copy of `a`, of which only the lower triangle counts: the other half may hold
  /// anything, NaN included.
  ///
  /// - Complexity: n³/3 operations.
  /// - Throws: `CholeskyError` for a matrix that is not square, not finite, not positive definite,
  ///   or whose factor is out of range.
  public init(of a: MatrixView<Scalar>) throws(CholeskyError) {
    do { try a.requireFinite("Cholesky", square: true, triangle: .lower) } catch { throw .operand(error) }
    order = a.rows
    var values = a.columnMajorCopy()
    if order > 0 {
      let order = order
      let info = values.withUnsafeMutableBufferPointer {
        Scalar.potrf(character("L"), Int32(order), $0.baseAddress, Int32(order))
      }
      if info > 0 { throw .notPositiveDefinite(order: Int(info)) }
      // LAPACK leaves the upper half as it was; the factor has zeros there.
      for column in 0..<order { for row in 0..<column { values[column * order + row] = 0 } }
      do { try requireInRange("Cholesky", values) } catch { throw .operand(error) }
    }
    self.values = values
  }

  /// L, zeros above its diagonal.
  public var lower: Matrix<Scalar> {
    Matrix(rows: order, columns: order, columnMajor: values, leadingDimension: max(1, order))
  }

  /// log det A = 2·Σ log L(i, i), in Float64.
  public var logDeterminant: Double {
    (0..<order).reduce(0) { $0 + 2 * naturalLogarithm(Double(values[$1 * order + $1])) }
  }

  /// Overwrites B, n × k, with A⁻¹·B.
  ///
  /// - Complexity: 2·n²·k operations; no memory where B is column-major.
  /// - Throws: `CholeskyError.operand` for a B of another height, or a solution out of range; B is
  ///   then overwritten.
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
    do { try requireInRange("Cholesky", b) } catch { throw .operand(error) }
  }
}

/// Factors in place: A's named triangle becomes L (A = L·Lᵀ) or U (A = Uᵀ·U). Any order, no memory
/// taken, and the other half is neither read nor written.
///
/// - Throws: `CholeskyError`; the triangle is then partly overwritten.
public func factorCholesky<Scalar: LAPACKScalar>(
  inPlace a: MutableMatrixView<Scalar>, _ triangle: Triangle
) throws(CholeskyError) {
  do { try a.readOnly.requireFinite("Cholesky", square: true, triangle: triangle) } catch { throw .operand(error) }
  if a.rows == 0 { return }
  let stored = a.order == .columnMajor ? triangle : triangle.transposed
  let info = Scalar.potrf(
    character(stored == .lower ? "L" : "U"), Int32(a.rows), a.baseAddress, Int32(a.leadingDimension))
  if info > 0 { throw .notPositiveDefinite(order: Int(info)) }
  guard (try? a.readOnly.requireFinite("Cholesky", triangle: triangle)) != nil else {
    throw .operand(.outOfRange(operation: "Cholesky"))
  }
}
