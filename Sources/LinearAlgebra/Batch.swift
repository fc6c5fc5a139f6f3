/// Equally shaped matrices at equal distances in memory, read-only. Distance 0: the same matrix
/// every time.
public struct MatrixBatch<Scalar: BLASScalar> {
  /// Matrix 0.
  public let first: MatrixView<Scalar>
  /// How many matrices.
  public let count: Int
  /// Entries from one matrix to the next.
  public let distance: Int

  /// - Precondition: `count` ≥ 0, `distance` ≥ 0, memory for all of them.
  public init(_ first: MatrixView<Scalar>, count: Int, distance: Int) {
    precondition(count >= 0 && distance >= 0, "a batch needs a count and a distance ≥ 0")
    self.first = first
    self.count = count
    self.distance = distance
  }

  /// Matrix `index`.
  public subscript(index: Int) -> MatrixView<Scalar> {
    precondition(index >= 0 && index < count, "matrix index out of the batch")
    return MatrixView(
      first.baseAddress.map { $0 + index * distance }, rows: first.rows, columns: first.columns,
      leadingDimension: first.leadingDimension, order: first.order)
  }

  /// All matrices under each other as one, where their rows continue one another in memory.
  var stacked: MatrixView<Scalar>? {
    guard first.order == .rowMajor, count > 0, distance == first.rows * first.leadingDimension else { return nil }
    return MatrixView(
      first.baseAddress, rows: count * first.rows, columns: first.columns, leadingDimension: first.leadingDimension)
  }

  var transposed: MatrixBatch { MatrixBatch(first.transposed, count: count, distance: distance) }
}

/// A batch that is written.
public struct MutableMatrixBatch<Scalar: BLASScalar> {
  /// Matrix 0.
  public let first: MutableMatrixView<Scalar>
  /// How many matrices.
  public let count: Int
  /// Entries from one matrix to the next.
  public let distance: Int

  /// - Precondition: as `MatrixBatch`; matrices apart in memory: `distance` ≥ the extent of one.
  public init(_ first: MutableMatrixView<Scalar>, count: Int, distance: Int) {
    precondition(count >= 0 && distance >= 0, "a batch needs a count and a distance ≥ 0")
    precondition(count <= 1 || distance >= first.readOnly.extent, "written matrices lie apart")
    self.first = first
    self.count = count
    self.distance = distance
  }

  /// Matrix `index`.
  ///
  /// - Precondition: 0 ≤ `index` < `count`.
  public subscript(index: Int) -> MutableMatrixView<Scalar> {
    precondition(index >= 0 && index < count, "matrix index out of the batch")
    return MutableMatrixView(
      first.baseAddress.map { $0 + index * distance }, rows: first.rows, columns: first.columns,
      leadingDimension: first.leadingDimension, order: first.order)
  }

  var readOnly: MatrixBatch<Scalar> { MatrixBatch(first.readOnly, count: count, distance: distance) }
  var transposed: MutableMatrixBatch { MutableMatrixBatch(first.transposed, count: count, distance: distance) }
  var stacked: MutableMatrixView<Scalar>? {
    readOnly.stacked.map {
      MutableMatrixView(first.baseAddress, rows: $0.rows, columns: $0.columns, leadingDimension: $0.leadingDimension)
    }
  }
}

/// How a batch of products is computed.
public enum BatchPlan: Sendable, Hashable {
  /// One operand is the same every time, and the others continue one another in memory: one wide
  /// GEMM, with the BLAS threads as they are.
  case folded
  /// One task a core, each a run of products, BLAS at one thread.
  case tasks
}

/// The plan for C_i ← α·A_i·B_i + β·C_i: `folded` where B is shared and A and C are row-major and
/// gapless, or A is shared and B and C are column-major and gapless; `tasks` otherwise.
public func batchPlan<Scalar: BLASScalar>(
  _ a: MatrixBatch<Scalar>, _ b: MatrixBatch<Scalar>, into c: MutableMatrixBatch<Scalar>
) -> BatchPlan {
  let folds =
    b.distance == 0 && a.stacked != nil && c.stacked != nil
    || a.distance == 0 && b.transposed.stacked != nil && c.transposed.stacked != nil
  return folds ? .folded : .tasks
}

/// C_i ← α·A_i·B_i + β·C_i for all i, by `batchPlan`. (OpenBLAS 0.3.21 has no batched call.)
///
/// Bits depend on the plan.
///
/// - Complexity: 2·count·m·n·k operations.
/// - Parameters:
///   - a: matrices of m × k.
///   - b: k × n.
///   - c: m × n; all apart in memory from those of `a` and `b`: from the first entry of a batch to
///     its last, gaps between its matrices included.
///   - alpha: α, the factor of every product.
///   - beta: β, the factor of what C_i was; 0 leaves it unread.
///   - workers: cores for `tasks`.
/// - Throws: `LinearAlgebraError` for counts or shapes that do not fit, sizes above 32 bits, or
///   aliased outputs.
public func multiplyBatch<Scalar: BLASScalar>(
  _ a: MatrixBatch<Scalar>, _ b: MatrixBatch<Scalar>, into c: MutableMatrixBatch<Scalar>, alpha: Scalar = 1,
  beta: Scalar = 0, workers: Int = 1
) throws {
  guard a.count == c.count, b.count == c.count, a.first.columns == b.first.rows, c.first.rows == a.first.rows,
    c.first.columns == b.first.columns
  else {
    throw LinearAlgebraError.shapeMismatch(
      operation: "multiplyBatch", expected: "count × (m × k)·(k × n) into m × n",
      found: "\(a.count) × (\(a.first.rows) × \(a.first.columns))·\(b.count) × (\(b.first.rows) × \(b.first.columns)) "
        + "into \(c.count) × \(c.first.rows) × \(c.first.columns)")
  }
  if c.count == 0 { return }
  let written = span(c.readOnly)
  guard !overlap(written, span(a)), !overlap(written, span(b)) else {
    throw LinearAlgebraError.aliasedOutput(operation: "multiplyBatch")
  }
  if b.distance == 0, let left = a.stacked, let result = c.stacked {
    return try multiply(left, b.first, into: result, alpha: alpha, beta: beta)
  }
  if a.distance == 0, let right = b.transposed.stacked, let result = c.transposed.stacked {
    return try multiply(right, a.first.transposed, into: result, alpha: alpha, beta: beta)
  }
  nonisolated(unsafe) let (a, b, c) = (a, b, c)
  let tasks = min(c.count, 4 * workers)
  try Workers.forEach(count: tasks, workers: workers) { task, _ in
    for index in task * c.count / tasks..<(task + 1) * c.count / tasks {
      try multiply(a[index], b[index], into: c[index], alpha: alpha, beta: beta)
    }
  }
}

private func span<Scalar>(_ batch: MatrixBatch<Scalar>) -> Range<UInt> {
  guard batch.count > 0, batch.first.extent > 0, let base = batch.first.baseAddress else { return 0..<0 }
  let entries = (batch.count - 1) * batch.distance + batch.first.extent
  let start = UInt(bitPattern: base)
  return start..<start + UInt(entries * MemoryLayout<Scalar>.stride)
}

private func overlap(_ first: Range<UInt>, _ second: Range<UInt>) -> Bool {
  !first.isEmpty && !second.isEmpty && first.overlaps(second)
}
