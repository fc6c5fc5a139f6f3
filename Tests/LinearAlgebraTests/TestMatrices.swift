import Glibc
import LinearAlgebra

/// A small generator for test data alone: SplitMix64, Steele et al. 2014.
struct TestNumbers {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  /// Uniform in [-1, 1).
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-52 - 1 }
  /// An integer in -8...8.
  mutating func integer() -> Double { Double(next() % 17) - 8 }
}

/// A·B summed in Float64, row by row.
func plainProduct<Scalar: BLASScalar>(_ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>) -> [Double] {
  var result = [Double]()
  for i in 0..<a.rows {
    for j in 0..<b.columns {
      result.append((0..<a.columns).reduce(0.0) { $0 + Double(a[i, $1]) * Double(b[$1, j]) })
    }
  }
  return result
}

func random<Scalar: BLASScalar>(
  _ rows: Int, _ columns: Int, integers: Bool, _ numbers: inout TestNumbers
) throws -> Matrix<Scalar> {
  let values = (0..<rows * columns).map { _ in Scalar(integers ? numbers.integer() : numbers.unit()) }
  return try Matrix(rows: rows, columns: columns, values: values)
}

/// Memory for a matrix in either order, its lines `padding` entries longer than they need be,
/// filled with NaN around.
final class PaddedMatrix<Scalar: BLASScalar> {
  private let memory: UnsafeMutableBufferPointer<Scalar>
  let view: MutableMatrixView<Scalar>

  init(_ matrix: Matrix<Scalar>, order: StorageOrder, padding: Int) {
    let (lines, line) = order == .rowMajor ? (matrix.rows, matrix.columns) : (matrix.columns, matrix.rows)
    memory = .allocate(capacity: max(1, lines * (line + padding)))
    memory.initialize(repeating: .nan)
    view = MutableMatrixView(
      memory.baseAddress, rows: matrix.rows, columns: matrix.columns, leadingDimension: line + padding, order: order)
    for row in 0..<matrix.rows { for column in 0..<matrix.columns { view[row, column] = matrix[row, column] } }
  }

  deinit { memory.deallocate() }

  var readOnly: MatrixView<Scalar> { view.readOnly }

  /// The entries, row by row.
  var values: [Scalar] {
    (0..<view.rows).flatMap { row in (0..<view.columns).map { view[row, $0] } }
  }

  /// Whether the padding still holds nothing but NaN.
  var paddingIsUntouched: Bool {
    let line = view.order == .rowMajor ? view.columns : view.rows
    return view.leadingDimension == 0
      || memory.indices.allSatisfy { $0 % view.leadingDimension < line || memory[$0].isNaN }
  }
}

/// The two orders, dense and padded.
let layouts: [(order: StorageOrder, padding: Int)] = [
  (.rowMajor, 0), (.columnMajor, 0), (.rowMajor, 3), (.columnMajor, 5),
]

/// The largest magnitude of the entries.
func largest<Scalar: BLASScalar>(_ values: [Scalar]) -> Double { values.reduce(0) { max($0, abs(Double($1))) } }

extension Double {
  static func logarithm(_ value: Double) -> Double { log(value) }
}
