/// C ← α·A·B + β·C, through BLAS.
///
/// Transposes are views (`view.transposed`): no operand is copied. When β is 0, C is written
/// without being read. Bits depend on the BLAS core, the thread count and the shape: a result
/// proposes, it does not decide. C may be a block of the matrix that `a` and `b` are blocks of, as
/// long as no entry is shared; telling costs a pass over the ends of their lines.
///
/// - Parameters:
///   - a: m × k.
///   - b: k × n.
///   - c: m × n, apart in memory from `a` and `b`.
///   - alpha: α, the product's factor.
///   - beta: β, the factor of what C was.
/// - Complexity: 2·m·n·k operations, on as many threads as `BLASLibrary` has.
/// - Throws: `LinearAlgebraError` for shapes that do not fit, sizes above 32 bits, or an aliased
///   output.
@inlinable public func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, into c: MutableMatrixView<Scalar>,
  alpha: Scalar = 1, beta: Scalar = 0
) throws(LinearAlgebraError) {
  guard a.columns == b.rows, c.rows == a.rows, c.columns == b.columns else {
    throw .shapeMismatch(
      operation: "multiply", expected: "(m × k)·(k × n) into m × n",
      found: "(\(a.rows) × \(a.columns))·(\(b.rows) × \(b.columns)) into \(c.rows) × \(c.columns)")
  }
  try requireSizes("multiply", a.rows, a.columns, b.columns)
  try requireSizes("multiply", a.leadingDimension, b.leadingDimension, c.leadingDimension)
  guard !mayOverlap(c.readOnly, a), !mayOverlap(c.readOnly, b) else { throw .aliasedOutput(operation: "multiply") }
  if c.rows == 0 || c.columns == 0 { return }
  if c.order == .columnMajor {
    rowMajorProduct(b.transposed, a.transposed, c.transposed, alpha, beta)
  } else {
    rowMajorProduct(a, b, c, alpha, beta)
  }
}

@inlinable func rowMajorProduct<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, _ c: MutableMatrixView<Scalar>, _ alpha: Scalar,
  _ beta: Scalar
) {
  Scalar.rowMajorGEMM(
    transposeA: a.order == .columnMajor, transposeB: b.order == .columnMajor,
    m: Int32(truncatingIfNeeded: a.rows), n: Int32(truncatingIfNeeded: b.columns),
    k: Int32(truncatingIfNeeded: a.columns), alpha: alpha,
    a: a.baseAddress, leadingDimensionA: Int32(truncatingIfNeeded: max(1, a.leadingDimension)),
    b: b.baseAddress, leadingDimensionB: Int32(truncatingIfNeeded: max(1, b.leadingDimension)),
    beta: beta, c: c.baseAddress, leadingDimensionC: Int32(truncatingIfNeeded: max(1, c.leadingDimension)))
}

/// y ← α·A·x + β·y, through BLAS. A is m × n, x has n entries, y has m, apart in memory.
///
/// - Complexity: 2·m·n operations.
/// - Throws: `LinearAlgebraError` as `multiply(_:_:into:alpha:beta:)`.
@inlinable public func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, vector x: UnsafeBufferPointer<Scalar>, into y: UnsafeMutableBufferPointer<Scalar>,
  alpha: Scalar = 1, beta: Scalar = 0
) throws(LinearAlgebraError) {
  guard a.columns == x.count, a.rows == y.count else {
    throw .shapeMismatch(
      operation: "multiply", expected: "(m × n)·n into m",
      found: "(\(a.rows) × \(a.columns))·\(x.count) into \(y.count)")
  }
  try requireSizes("multiply", a.rows, a.columns, a.leadingDimension)
  let output = MatrixView(UnsafePointer(y.baseAddress), rows: y.count, columns: 1)
  guard !mayOverlap(output, a), !mayOverlap(output, MatrixView(x.baseAddress, rows: x.count, columns: 1)) else {
    throw .aliasedOutput(operation: "multiply")
  }
  if y.isEmpty { return }
  if x.isEmpty {
    // BLAS returns at once when a size is 0, without applying β.
    for index in y.indices { y[index] = beta == 0 ? 0 : beta * y[index] }
    return
  }
  let stored = a.order == .rowMajor ? a : a.transposed
  Scalar.rowMajorGEMV(
    transpose: a.order == .columnMajor, m: Int32(truncatingIfNeeded: stored.rows),
    n: Int32(truncatingIfNeeded: stored.columns), alpha: alpha, a: stored.baseAddress,
    leadingDimensionA: Int32(truncatingIfNeeded: max(1, stored.leadingDimension)), x: x.baseAddress, beta: beta,
    y: y.baseAddress)
}

@inlinable func requireSizes(
  _ operation: String, _ first: Int, _ second: Int, _ third: Int
) throws(LinearAlgebraError) {
  let largest = max(first, second, third)
  guard largest <= Int(Int32.max) else { throw .tooLarge(operation: operation, quantity: "a size", found: largest) }
}

@inlinable func mayOverlap<Scalar: BLASScalar>(_ first: MatrixView<Scalar>, _ second: MatrixView<Scalar>) -> Bool {
  guard let start = first.baseAddress, let other = second.baseAddress, first.extent > 0, second.extent > 0 else {
    return false
  }
  if start >= other + second.extent || other >= start + first.extent { return false }
  return linesOverlap(first, second)
}

/// Whether two views whose extents overlap have an entry in common: their lines are compared in the
/// order of memory.
@usableFromInline func linesOverlap<Scalar: BLASScalar>(
  _ first: MatrixView<Scalar>, _ second: MatrixView<Scalar>
) -> Bool {
  let stride = MemoryLayout<Scalar>.stride
  func lines(_ view: MatrixView<Scalar>) -> (start: Int, count: Int, bytes: Int, step: Int) {
    let (count, length) = view.order == .rowMajor ? (view.rows, view.columns) : (view.columns, view.rows)
    return (Int(bitPattern: view.baseAddress), count, length * stride, view.leadingDimension * stride)
  }
  let (one, other) = (lines(first), lines(second))
  var (i, j) = (0, 0)
  while i < one.count && j < other.count {
    let (start, otherStart) = (one.start + i * one.step, other.start + j * other.step)
    if start + one.bytes <= otherStart {
      i += 1
    } else if otherStart + other.bytes <= start {
      j += 1
    } else {
      return true
    }
  }
  return false
}
