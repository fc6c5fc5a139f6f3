/// A = P·L·U for a square A, rows exchanged for the largest pivots.
public struct LU<Scalar: LAPACKScalar>: Sendable {
  /// Rows and columns of A.
  public let order: Int
  /// Column by column: U on and above the diagonal, L below it.
  private let values: [Scalar]
  /// Row exchanged with row i, counted from 1.
  private let exchanges: [Int32]

  /// Factors a copy of `a`.
  ///
  /// - Complexity: 2·n³/3 operations, and n² entries of memory.
  /// - Throws: `LUError` for a matrix that is not square, not finite, exactly singular, or so small
  ///   or large that its factors are out of range: reciprocals of subnormal pivots are infinite.
  public init(of a: MatrixView<Scalar>) throws(LUError) {
    do { try a.requireFinite("LU", square: true) } catch { throw .operand(error) }
    order = a.rows
    var values = a.columnMajorCopy()
    var exchanges = [Int32](repeating: 0, count: order)
    if order > 0 {
      let order = Int32(order)
      let info = values.withUnsafeMutableBufferPointer {
        Scalar.getrf(order, order, $0.baseAddress, order, &exchanges)
      }
      if info > 0 { throw .singular(pivot: Int(info) - 1) }
      do { try requireInRange("LU", values) } catch { throw .operand(error) }
    }
    self.values = values
    self.exchanges = exchanges
  }

  /// log |det A| in Float64, and the sign of det A.
  public var determinant: (logMagnitude: Double, sign: Int) {
    var (sum, sign) = (0.0, 1)
    for index in 0..<order {
      let pivot = Double(values[index * order + index])
      sum += naturalLogarithm(abs(pivot))
      if (pivot < 0) != (exchanges[index] != Int32(index + 1)) { sign = -sign }
    }
    return (sum, sign)
  }

  /// Overwrites B, n × k, with A⁻¹·B, or with A⁻ᵀ·B.
  ///
  /// - Complexity: 2·n²·k operations; no memory where B is column-major.
  /// - Throws: `LUError.operand` for a B of another height, or a solution out of range; B is then
  ///   overwritten.
  public func solve(inPlace b: MutableMatrixView<Scalar>, transposed: Bool = false) throws(LUError) {
    do { try requireRightSide("LU", order, b) } catch { throw .operand(error) }
    if order == 0 || b.columns == 0 { return }
    withColumnMajor(b) { pointer, leadingDimension in
      _ = values.withUnsafeBufferPointer { values in
        exchanges.withUnsafeBufferPointer {
          Scalar.getrs(
            character(transposed ? "T" : "N"), Int32(order), Int32(b.columns), values.baseAddress, Int32(order),
            $0.baseAddress, pointer, Int32(leadingDimension))
        }
      }
    }
    do { try requireInRange("LU", b) } catch { throw .operand(error) }
  }
}
