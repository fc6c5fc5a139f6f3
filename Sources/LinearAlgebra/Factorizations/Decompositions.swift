/// A = V·diag(λ)·Vᵀ for a symmetric A.
public struct SymmetricEigen<Scalar: LAPACKScalar>: Sendable {
  /// Ascending.
  public let values: [Scalar]
  /// Column j belongs to value j; empty when only values were asked for.
  public let vectors: Matrix<Scalar>

  /// Decomposes a copy of `a`, of which only the lower triangle counts. Cost: about 9·n³ operations with vectors.
  ///
  /// - Throws: `DecompositionError` for a matrix that is not square or not finite, or an iteration that fails.
  public init(
    of a: MatrixView<Scalar>, vectors wantsVectors: Bool = true, workspace: Workspace<Scalar> = Workspace()
  ) throws(DecompositionError) {
    do { try a.requireFinite("eigenvalues", square: true) } catch { throw .operand(error) }
    let order = a.rows
    var matrix = a.columnMajorCopy()
    var values = [Scalar](repeating: 0, count: order)
    if order > 0 {
      let (n, job) = (Int32(order), character(wantsVectors ? "V" : "N"))
      let size: Workspace<Scalar>.Size = workspaceSize { work, integers in
        Scalar.syevd(job, character("L"), n, nil, n, nil, work, -1, integers, -1)
      }
      let memory = workspace.reserve(size)
      let info = Scalar.syevd(
        job, character("L"), n, &matrix, n, &values, memory.scalars, Int32(size.scalars), memory.integers,
        Int32(size.integers))
      if info > 0 { throw .notConverged(operation: "eigenvalues", info: Int(info)) }
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

  /// Decomposes a copy of `a`. Cost: about 4·m·n² + 22·n³ operations (Golub, Van Loan, table 8.6.1).
  ///
  /// - Throws: `DecompositionError` for entries that are not finite, or an iteration that fails.
  public init(of a: MatrixView<Scalar>, workspace: Workspace<Scalar> = Workspace()) throws(DecompositionError) {
    do { try a.requireFinite("SVD") } catch { throw .operand(error) }
    let rank = min(a.rows, a.columns)
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
    }
    self.values = values
    self.left = Matrix(rows: a.rows, columns: rank, columnMajor: left, leadingDimension: a.rows)
    rightTransposed = Matrix(rows: rank, columns: a.columns, columnMajor: right, leadingDimension: max(1, rank))
  }
}
