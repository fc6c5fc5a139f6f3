import Glibc

func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// - Throws: `OperandError` for right-hand sides of another height, or sizes above 32 bits.
func requireRightSide<Scalar>(
  _ operation: String, _ order: Int, _ b: MutableMatrixView<Scalar>
) throws(OperandError) {
  guard b.rows == order else {
    throw .invalid(
      .shapeMismatch(operation: operation, expected: "\(order) rows of right-hand sides", found: "\(b.rows)"))
  }
  do { try requireSizes(operation, b.rows, b.columns, b.leadingDimension) } catch { throw .invalid(error) }
}

/// Lends `b` as column-major memory: itself, or a copy that is written back.
func withColumnMajor<Scalar>(
  _ b: MutableMatrixView<Scalar>, _ body: (UnsafeMutablePointer<Scalar>, _ leadingDimension: Int) -> Void
) {
  guard let base = b.baseAddress else { return }
  if b.order == .columnMajor { return body(base, b.leadingDimension) }
  var copy = b.readOnly.columnMajorCopy()
  copy.withUnsafeMutableBufferPointer { body($0.baseAddress!, b.rows) }
  for row in 0..<b.rows {
    for column in 0..<b.columns { base[row * b.leadingDimension + column] = copy[column * b.rows + row] }
  }
}
