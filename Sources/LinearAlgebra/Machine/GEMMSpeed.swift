/// How fast BLAS multiplies on the core in use.
public enum GEMMSpeed {
  /// GFLOP/s of products of `size`³ at `threads` BLAS threads: the median of `rounds`.
  ///
  /// - Throws: `LinearAlgebraError.outOfRange` for a size outside of 1 to 8192, and for fewer than
  ///   one thread or round.
  /// - Complexity: `rounds` products of `size`³; memory of three matrices.
  public static func measure<Scalar: BLASScalar>(
    _ type: Scalar.Type, size: Int, threads: Int, rounds: Int = 5
  ) throws -> Double {
    try require("threads", threads)
    try require("rounds", rounds)
    var product = try SquareProduct<Scalar>(size)
    return try BLASLibrary.withThreads(threads) {
      MachinePeak.median(of: try (0..<rounds).map { _ in try product.rate() })
    }
  }

  /// Refuses what no measurement could be made of.
  static func require(
    _ quantity: String, _ value: Int, atMost most: Int = .max
  ) throws(LinearAlgebraError) {
    guard (1...most).contains(value) else {
      throw .outOfRange(quantity, expected: most == .max ? "at least 1" : "1 to \(most)", found: value)
    }
  }
}

/// A square product of fixed size, timed.
struct SquareProduct<Scalar: BLASScalar> {
  private let a: Matrix<Scalar>
  private var c: Matrix<Scalar>

  /// Rows at most: half a gigabyte in Float64, far beyond where speed depends on size.
  static var largest: Int { 8192 }

  /// - Throws: `LinearAlgebraError.outOfRange` for a size outside of 1 to 8192.
  init(_ size: Int) throws {
    try GEMMSpeed.require("size of a timed product", size, atMost: Self.largest)
    // Small integers: every sum is exact on whatever core.
    let values = (0..<size * size).map { Scalar(($0 &* 7919) % 1001 % 5 - 2) }
    a = try Matrix(rows: size, columns: size, values: values)
    c = try Matrix(rows: size, columns: size)
  }

  /// GFLOP/s of one product, after a small one that wakes the kernels.
  mutating func rate() throws -> Double {
    let size = a.rows
    let seconds = try a.withView { a in
      try c.withMutableView { c in
        let few = 0..<min(32, size)
        try multiply(a.block(rows: few, columns: 0..<size), a, into: c.block(rows: few, columns: 0..<size))
        let start = ContinuousClock.now
        try multiply(a, a, into: c)
        return (ContinuousClock.now - start) / .seconds(1)
      }
    }
    return 2 * Double(size) * Double(size) * Double(size) / seconds / 1e9
  }

  /// Whether the last product is A·A as far as weighted sums of its rows show: C·t = A·(A·t),
  /// exactly.
  func isRight() -> Bool {
    let size = a.rows
    func times(_ matrix: Matrix<Scalar>, _ vector: [Double]) -> [Double] {
      (0..<size).map { row in
        var sum = 0.0
        for column in 0..<size { sum += Double(matrix.values[row * size + column]) * vector[column] }
        return sum
      }
    }
    let t = (0..<size).map { Double($0 % 7 - 3) }
    return times(c, t) == times(a, times(a, t))
  }
}
