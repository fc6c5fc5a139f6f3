import Glibc

func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// - Throws: `OperandError.invalid` for right-hand sides of another height.
func requireHeight(_ operation: String, _ order: Int, _ rows: Int) throws(OperandError) {
  guard rows == order else {
    throw .invalid(
      .shapeMismatch(operation: operation, expected: "\(order) rows of right-hand sides", found: "\(rows)"))
  }
}

/// - Throws: `OperandError` for right-hand sides of another height, or sizes above 32 bits.
func requireRightSide<Scalar>(
  _ operation: String, _ order: Int, _ b: MutableMatrixView<Scalar>
) throws(OperandError) {
  try requireHeight(operation, order, b.rows)
  do { try requireSizes(operation, b.rows, b.columns, b.leadingDimension) } catch { throw .invalid(error) }
}

/// Lends `b` as column-major memory: itself, or a copy that is written back.
func withColumnMajor<Scalar: BLASScalar>(
  _ b: MutableMatrixView<Scalar>, _ body: (UnsafeMutablePointer<Scalar>, _ leadingDimension: Int) -> Void
) {
  guard let base = b.baseAddress else { return }
  if b.order == .columnMajor { return body(base, b.leadingDimension) }
  var copy = b.readOnly.columnMajorCopy()
  copy.withUnsafeMutableBufferPointer { copy in
    if let start = copy.baseAddress { body(start, b.rows) }
  }
  transpose(copy, b.rows, rows: b.columns, columns: b.rows, into: base, b.leadingDimension)
}
