/// A = Q·R for an m × n matrix A: Q orthogonal, kept as reflectors, R upper triangular.
public struct QR<Scalar: LAPACKScalar>: Sendable {
  /// m, rows of A.
  public let rows: Int
  /// n, columns of A.
  public let columns: Int
  /// Column by column: R on and above the diagonal, the reflectors below.
  private let values: [Scalar]
  private let factors: [Scalar]

  /// The workspace that factoring an m × n matrix and applying its Q to `rightSides` columns takes.
  ///
  /// - Throws: `LeastSquaresError.operand` for sizes below 0 or above what LAPACK's 32-bit
  ///   workspaces can serve.
  public static func workspaceSize(
    rows: Int, columns: Int, rightSides: Int
  ) throws(LeastSquaresError) -> Workspace<Scalar>.Size {
    guard min(rows, columns, rightSides) >= 0 else {
      throw .operand(.invalid(.outOfRange("QR sizes", expected: "at least 0", found: min(rows, columns, rightSides))))
    }
    // Blocks of up to 64 columns and their triangular factors.
    do {
      try requireSizes("QR", rows, columns, rightSides)
    } catch { throw .operand(.invalid(error)) }
    do { try requireWorkspace("QR", 64 * Double(max(columns, rightSides)) + 65 * 64) } catch { throw .operand(error) }
    let (m, n, k) = (Int32(max(1, rows)), Int32(max(1, columns)), Int32(max(1, rightSides)))
    let factoring: Workspace<Scalar>.Size = LinearAlgebra.workspaceSize { work, _ in
      Scalar.geqrf(m, n, nil, m, nil, work, -1)
    }
    let applying: Workspace<Scalar>.Size = LinearAlgebra.workspaceSize { work, _ in
      Scalar.ormqr(character("L"), character("T"), m, k, min(m, n), nil, m, nil, nil, m, work, -1)
    }
    return .init(scalars: max(factoring.scalars, applying.scalars), integers: 1)
  }

  /// Factors a copy of `a`.
  ///
  /// - Complexity: about 2·n²·(m − n/3) operations, and m·n entries of memory.
  /// - Throws: `LeastSquaresError.operand` for entries that are not finite, sizes above 32 bits, or
  ///   factors out of range.
  public init(of a: MatrixView<Scalar>, workspace: Workspace<Scalar> = Workspace()) throws(LeastSquaresError) {
    do { try a.requireFinite("QR") } catch { throw .operand(error) }
    (rows, columns) = (a.rows, a.columns)
    var values = a.columnMajorCopy()
    var factors = [Scalar](repeating: 0, count: min(rows, columns))
    if !factors.isEmpty {
      let size = try Self.workspaceSize(rows: rows, columns: columns, rightSides: 1)
      let (m, n, work) = (Int32(rows), Int32(columns), workspace.reserve(size).scalars)
      _ = values.withUnsafeMutableBufferPointer {
        Scalar.geqrf(m, n, $0.baseAddress, m, &factors, work, Int32(size.scalars))
      }
      do { try requireInRange("QR", values) } catch { throw .operand(error) }
    }
    self.values = values
    self.factors = factors
  }

  /// R, min(m, n) × n.
  public var upper: Matrix<Scalar> {
    var upper = Matrix(
      rows: factors.count, columns: columns, columnMajor: values, leadingDimension: max(1, rows))
    for row in 0..<upper.rows { for column in 0..<min(row, columns) { upper[row, column] = 0 } }
    return upper
  }

  /// Overwrites B, m × k, with Q·B or Qᵀ·B.
  ///
  /// - Throws: `LeastSquaresError.operand` for a B of another height.
  public func multiplyByQ(
    inPlace b: MutableMatrixView<Scalar>, transposed: Bool, workspace: Workspace<Scalar> = Workspace()
  ) throws(LeastSquaresError) {
    do { try requireRightSide("QR", rows, b) } catch { throw .operand(error) }
    if factors.isEmpty || b.columns == 0 { return }
    let size = try Self.workspaceSize(rows: rows, columns: columns, rightSides: b.columns)
    let work = workspace.reserve(size).scalars
    withColumnMajor(b) { pointer, leadingDimension in
      _ = values.withUnsafeBufferPointer { values in
        factors.withUnsafeBufferPointer {
          Scalar.ormqr(
            character("L"), character(transposed ? "T" : "N"), Int32(rows), Int32(b.columns), Int32(factors.count),
            values.baseAddress, Int32(rows), $0.baseAddress, pointer, Int32(leadingDimension), work,
            Int32(size.scalars))
        }
      }
    }
  }

  /// The first column that earlier ones make up to rounding: |R(j, j)| ≤ max(m, n) · 2u · max |R(i,
  /// i)|.
  var dependentColumn: Int? {
    if rows < columns { return rows }
    let diagonal = (0..<columns).map { abs(Double(values[$0 * rows + $0])) }
    let limit = Double(max(rows, columns)) * 2 * Scalar.unitRoundoff * (diagonal.max() ?? 0)
    return diagonal.firstIndex { $0 <= limit }
  }

  /// The X, n × k, with the least ‖A·X − B‖ column by column.
  ///
  /// - Complexity: 4·m·n·k operations, and copies.
  /// - Throws: `LeastSquaresError` for a B of another height, an A whose columns depend on each
  ///   other, or a solution out of range.
  public func solve(
    _ b: MatrixView<Scalar>, workspace: Workspace<Scalar> = Workspace()
  ) throws(LeastSquaresError) -> Matrix<Scalar> {
    if let column = dependentColumn { throw .rankDeficient(column: column) }
    do { try b.requireFinite("least squares") } catch { throw .operand(error) }
    do { try requireHeight("least squares", rows, b.rows) } catch { throw .operand(error) }
    var right = b.columnMajorCopy()
    let result: Result<Void, LeastSquaresError> = right.withUnsafeMutableBufferPointer { right in
      do throws(LeastSquaresError) {
        let view = MutableMatrixView(right.baseAddress, rows: b.rows, columns: b.columns, order: .columnMajor)
        try multiplyByQ(inPlace: view, transposed: true, workspace: workspace)
        try values.withUnsafeBufferPointer { values throws(LeastSquaresError) in
          let triangle = MatrixView(
            values.baseAddress, rows: columns, columns: columns, leadingDimension: max(1, rows), order: .columnMajor)
          let top = MutableMatrixView(
            right.baseAddress, rows: columns, columns: b.columns, leadingDimension: max(1, rows), order: .columnMajor)
          do throws(LinearAlgebraError) {
            try solveTriangular(triangle, .upper, inPlace: top)
          } catch { throw .operand(.invalid(error)) }
        }
        return .success(())
      } catch { return .failure(error) }
    }
    try result.get()
    do { try requireInRange("least squares", right) } catch { throw .operand(error) }
    return Matrix(rows: columns, columns: b.columns, columnMajor: right, leadingDimension: max(1, rows))
  }
}

/// The X with the least ‖A·X − B‖ column by column, for an A (m × n, m ≥ n) of full rank, through
/// QR.
///
/// ```swift
/// let a = try Matrix<Double>(rows: 3, columns: 2, values: [1, 0, 1, 1, 1, 2])
/// let b = try Matrix<Double>(rows: 3, columns: 1, values: [1, 3, 5])
/// let line = try a.withView { a in try b.withView { try leastSquares(a, $0) } }
/// // line.values is [1, 2] up to rounding: b = 1 + 2·x
/// ```
///
/// Where columns may depend on each other, or rows are fewer, use `minimumNormLeastSquares`.
///
/// - Complexity: 2·n²·(m − n/3) operations for the factors, and 4·m·n·k for k columns of B.
/// - Throws: `LeastSquaresError`.
public func leastSquares<Scalar: LAPACKScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, workspace: Workspace<Scalar> = Workspace()
) throws(LeastSquaresError) -> Matrix<Scalar> {
  try QR(of: a, workspace: workspace).solve(b, workspace: workspace)
}

/// The X of least norm among those with the least ‖A·X − B‖, for an A (m × n) of any shape and
/// rank, through the SVD; and A's rank: singular values above `tolerance` times the largest. A B
/// without columns still tells both.
///
/// - Parameters:
///   - a: A, m × n.
///   - b: B, m × k.
///   - tolerance: singular values up to this part of the largest count as 0; by default
///     max(m, n) · 2u.
///   - workspace: LAPACK's memory, which grows as needed and can be used again.
/// - Throws: `LeastSquaresError`, also for sizes too large for 32-bit workspaces and a solution out
///   of range.
public func minimumNormLeastSquares<Scalar: LAPACKScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, tolerance: Scalar? = nil,
  workspace: Workspace<Scalar> = Workspace()
) throws(LeastSquaresError) -> (solution: Matrix<Scalar>, rank: Int, singularValues: [Scalar]) {
  do {
    try a.requireFinite("least squares")
    try b.requireFinite("least squares")
  } catch { throw .operand(error) }
  do { try requireHeight("least squares", a.rows, b.rows) } catch { throw .operand(error) }
  // LAPACK is asked for one solution at least: it computes nothing for none, not even the rank.
  let (m, n, k) = (a.rows, a.columns, max(1, b.columns))
  let height = max(m, n, 1)
  var right = [Scalar](repeating: 0, count: height * k)
  let copied = b.columnMajorCopy()
  for column in 0..<b.columns { for row in 0..<m { right[column * height + row] = copied[column * m + row] } }
  var singularValues = [Scalar](repeating: 0, count: min(m, n))
  var rank: Int32 = 0
  if !singularValues.isEmpty {
    // LAPACK's least workspace with trees of up to 32 levels over blocks of 25, and blocks of 64
    // columns.
    let least = Double(min(m, n)) * (12 + 2 * 25 + 8 * 32 + Double(k)) + 26 * 26
    do { try requireWorkspace("least squares", least + 64 * Double(m + n + k)) } catch { throw .operand(error) }
    var left = a.columnMajorCopy()
    let (m, n, k, height) = (Int32(m), Int32(n), Int32(k), Int32(height))
    let limit = tolerance ?? Scalar(2 * Scalar.unitRoundoff * Double(max(m, n)))
    let size: Workspace<Scalar>.Size = workspaceSize { work, integers in
      Scalar.gelsd(m, n, k, nil, m, nil, height, nil, limit, &rank, work, -1, integers)
    }
    let memory = workspace.reserve(size)
    let info = Scalar.gelsd(
      m, n, k, &left, m, &right, height, &singularValues, limit, &rank, memory.scalars, Int32(size.scalars),
      memory.integers)
    if info > 0 { throw .notConverged(offDiagonals: Int(info)) }
    do {
      try requireInRange("least squares", singularValues)
      try requireInRange("least squares", right)
    } catch { throw .operand(error) }
  }
  return (
    Matrix(rows: n, columns: b.columns, columnMajor: right, leadingDimension: height), Int(rank), singularValues
  )
}
