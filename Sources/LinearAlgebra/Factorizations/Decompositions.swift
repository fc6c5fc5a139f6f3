/// A = V·diag(λ)·Vᵀ for a symmetric A.
public struct SymmetricEigen<Scalar: LAPACKScalar>: Sendable {
  /// Ascending.
  public let values: [Scalar]
  /// Column j belongs to value j; empty when only values were asked for.
  public let vectors: Matrix<Scalar>

  /// Decomposes a copy of `a`, of which only the lower triangle counts: the other half may hold
  /// anything, NaN included.
  ///
  /// LAPACK is given the transposed copy, whose upper triangle that is. The products of symmetric
  /// matrices and vectors inside (`ssymv`) have an SSE kernel for lower triangles (Prescott,
  /// Barcelona and others of OpenBLAS 0.3.21) that multiplies zeros with what lies behind the
  /// vector in OpenBLAS's scratch memory: where an earlier product of any thread had left NaN or an
  /// infinity there, every eigenvalue of a Float matrix came out NaN, reported as an iteration that
  /// does not converge. The kernel for upper triangles reads what it should.
  ///
  /// - Complexity: about 9·n³ operations with vectors.
  /// - Throws: `DecompositionError` for a matrix that is not square, not finite or too large for
  ///   32-bit workspaces, an iteration that fails, or a result out of range.
  public init(
    of a: MatrixView<Scalar>, vectors wantsVectors: Bool = true, workspace: Workspace<Scalar> = Workspace()
  ) throws(DecompositionError) {
    let order = a.rows
    do {
      // LAPACK's least workspace, which it computes in 32 bits.
      let size = Double(order)
      try requireWorkspace("eigenvalues", wantsVectors ? 2 * size * size + 6 * size + 1 : 2 * size + 1)
      try a.requireFinite("eigenvalues", square: true, triangle: .lower)
    } catch { throw .operand(error) }
    var matrix = a.transposed.columnMajorCopy()
    var values = [Scalar](repeating: 0, count: order)
    if order > 0 {
      let (n, job) = (Int32(order), character(wantsVectors ? "V" : "N"))
      let size: Workspace<Scalar>.Size = workspaceSize { work, integers in
        Scalar.syevd(job, character("U"), n, nil, n, nil, work, -1, integers, -1)
      }
      let memory = workspace.reserve(size)
      let info = Scalar.syevd(
        job, character("U"), n, &matrix, n, &values, memory.scalars, Int32(size.scalars), memory.integers,
        Int32(size.integers))
      if info > 0 { throw .notConverged(operation: "eigenvalues", info: Int(info)) }
      do {
        try requireInRange("eigenvalues", values)
        if wantsVectors { try requireInRange("eigenvalues", matrix) }
      } catch { throw .operand(error) }
    }
    self.values = values
    vectors = Matrix(
      rows: wantsVectors ? order : 0, columns: wantsVectors ? order : 0, columnMajor: matrix, leadingDimension: order)
  }
}

/// A = U·diag(σ)·Vᵀ for an m × n matrix A, r = min(m, n).
public struct SingularValues<Scalar: LAPACKScalar>: Sendable {
  /// Descending, r of them.
  public let values: [Scalar]
  /// U, m × r.
  public let left: Matrix<Scalar>
  /// Vᵀ, r × n.
  public let rightTransposed: Matrix<Scalar>

  /// Decomposes a copy of `a`.
  ///
  /// - Complexity: about 4·m·n² + 22·n³ operations (Golub, Van Loan, table 8.6.1).
  /// - Throws: `DecompositionError` for entries that are not finite, sizes too large for 32-bit
  ///   workspaces, an iteration that fails, or a result out of range.
  public init(of a: MatrixView<Scalar>, workspace: Workspace<Scalar> = Workspace()) throws(DecompositionError) {
    let rank = min(a.rows, a.columns)
    do {
      // LAPACK's least workspace, and blocks of up to 64 columns.
      let size = Double(rank)
      try requireWorkspace("SVD", 4 * size * size + 7 * size + 64 * Double(a.rows + a.columns))
      try a.requireFinite("SVD")
    } catch { throw .operand(error) }
    var matrix = a.columnMajorCopy()
    var values = [Scalar](repeating: 0, count: rank)
    var left = [Scalar](repeating: 0, count: a.rows * rank)
    var right = [Scalar](repeating: 0, count: rank * a.columns)
    if rank > 0 {
      let (m, n, r, job) = (Int32(a.rows), Int32(a.columns), Int32(rank), character("S"))
      // The number of integers is fixed: 8·r.
      let size: Workspace<Scalar>.Size = workspaceSize { work, integers in
        Scalar.gesdd(job, m, n, nil, m, nil, nil, m, nil, r, work, -1, integers)
      }
      let memory = workspace.reserve(.init(scalars: size.scalars, integers: 8 * rank))
      let info = Scalar.gesdd(
        job, m, n, &matrix, m, &values, &left, m, &right, r, memory.scalars, Int32(size.scalars), memory.integers)
      if info > 0 { throw .notConverged(operation: "SVD", info: Int(info)) }
      do {
        try requireInRange("SVD", values)
        try requireInRange("SVD", left)
        try requireInRange("SVD", right)
      } catch { throw .operand(error) }
    }
    self.values = values
    self.left = Matrix(rows: a.rows, columns: rank, columnMajor: left, leadingDimension: a.rows)
    rightTransposed = Matrix(rows: rank, columns: a.columns, columnMajor: right, leadingDimension: max(1, rank))
  }
}
