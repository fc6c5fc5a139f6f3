import LinearAlgebra
import NumericalVerification
import RandomStreams
import Testing

/// Matrices of uniform numbers in (−1, 1), or of integers in −8…8.
func made<Scalar: BLASScalar>(_ rows: Int, _ columns: Int, seed: UInt64, integers: Bool = false) throws -> Matrix<
  Scalar
> {
  let address = StreamAddress(seed: seed)
  return try Matrix(
    rows: rows, columns: columns,
    values: (0..<rows * columns).map {
      integers ? Scalar(Int(address.word($0) % 17) - 8) : Scalar(UniformStream.symmetricValue(at: address, entry: $0))
    })
}

/// A product through BLAS.
func product<Scalar: BLASScalar>(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) throws -> Matrix<Scalar> {
  var c = try Matrix<Scalar>(rows: a.rows, columns: b.columns)
  try a.withView { a in try b.withView { b in try c.withMutableView { try multiply(a, b, into: $0) } } }
  return c
}

private let shapes: [(m: Int, n: Int, k: Int)] = [
  (0, 3, 2), (3, 0, 2), (3, 2, 0), (1, 1, 1), (2, 3, 5), (5, 1, 3), (63, 65, 64), (65, 64, 63), (8, 200, 31),
]
private let checks: [ProductCheck] = [.everyEntry, .randomised(), .randomised(vectors: 3, seed: 42)]

@Suite struct ProductCheckTests {
  @Test(arguments: shapes) func rightProductsPass(m: Int, n: Int, k: Int) throws {
    func run<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      for seed in UInt64(1)...3 {
        let (a, b): (Matrix<Scalar>, Matrix<Scalar>) = (try made(m, k, seed: seed), try made(k, n, seed: seed + 100))
        let c = try product(a, b)
        for check in checks { try requireProduct(a, b, is: c, by: check) }
      }
    }
    try run(Float.self)
    try run(Double.self)
  }

  @Test(arguments: checks) func integersAreExact(check: ProductCheck) throws {
    let (a, b): (Matrix<Float>, Matrix<Float>) = (
      try made(20, 33, seed: 1, integers: true), try made(33, 17, seed: 2, integers: true)
    )
    let c = try product(a, b)
    let reference = try a.withView { a in try b.withView { b in try PlainProduct(a, b) } }
    #expect(c.values.map(Double.init) == reference.values.values)
    let report = try a.withView { a in
      try b.withView { b in try c.withView { try checkProduct(a, b, is: $0, by: check) } }
    }
    #expect(report.worstRatio == 0 && report.place == nil)
  }

  @Test func scalesOldValuesAndViewsCount() throws {
    let (a, b): (Matrix<Double>, Matrix<Double>) = (try made(7, 9, seed: 1), try made(7, 11, seed: 2))
    let before: Matrix<Double> = try made(9, 11, seed: 3)
    var c = before
    try a.withView { a in
      try b.withView { b in
        try c.withMutableView { try multiply(a.transposed, b, into: $0, alpha: -1.5, beta: 0.25) }
        try before.withView { before in
          try c.withView { c in
            for check in checks {
              try requireProduct(a.transposed, b, is: c, alpha: -1.5, beta: 0.25, before: before, by: check)
              // The same product the other way round: Cᵀ = Bᵀ·A.
              try requireProduct(
                b.transposed, a, is: c.transposed, alpha: -1.5, beta: 0.25, before: before.transposed, by: check)
              let wrong = try checkProduct(a.transposed, b, is: c, alpha: -1.5, beta: 0.5, before: before, by: check)
              #expect(!wrong.passes)
              // A window on both.
              try requireProduct(
                a.transposed.block(rows: 2..<6, columns: 0..<7), b.block(rows: 0..<7, columns: 3..<10),
                is: c.block(rows: 2..<6, columns: 3..<10), alpha: -1.5, beta: 0.25,
                before: before.block(rows: 2..<6, columns: 3..<10), by: check)
            }
          }
        }
      }
    }
  }

  /// An error of twice its own tolerance is found by comparing entries; the randomised check finds
  /// a lone error from twice the tolerance of its row.
  @Test func aSingleWrongEntryIsFoundEverywhere() throws {
    let (a, b): (Matrix<Float>, Matrix<Float>) = (try made(6, 40, seed: 5), try made(40, 5, seed: 6))
    let right = try product(a, b)
    for index in right.values.indices {
      var wrong = right
      wrong[index / 5, index % 5] += 1e-4
      let report = try checkProduct(a, b, is: wrong)
      #expect(!report.passes && report.place == "row \(index / 5), column \(index % 5)")
      wrong[index / 5, index % 5] += 1e-2
      #expect(throws: CheckFailure.self) { try requireProduct(a, b, is: wrong, by: .randomised(vectors: 1, seed: 9)) }
    }
  }

  @Test(arguments: checks) func structuralMistakesAreFound(check: ProductCheck) throws {
    let (a, b): (Matrix<Double>, Matrix<Double>) = (try made(64, 65, seed: 5), try made(65, 63, seed: 6))
    let right = try product(a, b)
    func mustFail(_ change: (inout Matrix<Double>) throws -> Void) throws {
      var wrong = right
      try change(&wrong)
      #expect(throws: CheckFailure.self) { try requireProduct(a, b, is: wrong, by: check) }
    }
    try mustFail { $0[17, 3] = .nan }
    try mustFail { $0[63, 62] = .infinity }
    try mustFail { c in for j in 0..<63 { (c[1, j], c[2, j]) = (c[2, j], c[1, j]) } }
    // The last term of every sum is missing.
    try mustFail { c in for i in 0..<64 { for j in 0..<63 { c[i, j] -= a[i, 64] * b[64, j] } } }
    try mustFail { c in for i in 0..<64 { for j in 0..<63 { c[i, j] = 0 } } }
  }

  @Test func errorsThatCancelInAPlainSumAreFound() throws {
    let (a, b): (Matrix<Double>, Matrix<Double>) = (try made(64, 65, seed: 5), try made(65, 63, seed: 6))
    var wrong = try product(a, b)
    wrong[5, 5] += 1
    wrong[5, 6] -= 1
    // 64 vectors miss it once in 2⁶⁴ seeds.
    for check in [ProductCheck.everyEntry, .randomised(vectors: 64)] {
      #expect(throws: CheckFailure.self) { try requireProduct(a, b, is: wrong, by: check) }
    }
  }

  /// Freivalds' bound: with two equal and opposite errors in a row, each vector misses with
  /// probability 1/2.
  @Test func oneVectorMissesWithProbabilityAHalf() throws {
    let (a, b): (Matrix<Double>, Matrix<Double>) = (try made(3, 4, seed: 5), try made(4, 50, seed: 6))
    var wrong = try product(a, b)
    wrong[1, 7] += 1
    wrong[1, 33] -= 1
    let missed = try (0..<1000).count { seed in
      try checkProduct(a, b, is: wrong, by: .randomised(vectors: 1, seed: UInt64(seed))).passes
    }
    // Binomial(1000, 1/2): five standard deviations are 79.
    #expect(abs(missed - 500) < 79)
  }

  @Test func theReportSaysWhatIsWrong() throws {
    let (a, b): (Matrix<Float>, Matrix<Float>) = (try made(2, 3, seed: 1), try made(3, 4, seed: 2))
    var wrong = try product(a, b)
    wrong[1, 2] = 7
    let failure = #expect(throws: CheckFailure.self) { try requireProduct(a, b, is: wrong) }
    let text = try #require(failure).description
    for part in ["FAILS", "Float", "(2 × 3)·(3 × 4)", "row 1, column 2", "found 7.0"] {
      #expect(text.contains(part), "\(text)")
    }
    let random = #expect(throws: CheckFailure.self) {
      try requireProduct(a, b, is: wrong, by: .randomised(vectors: 2, seed: 77))
    }
    #expect(try #require(random).description.contains("seed 77"))
  }

  @Test func shapesThatDoNotFitAreTypedErrors() throws {
    let (a, b, c): (Matrix<Float>, Matrix<Float>, Matrix<Float>) = (
      try made(2, 3, seed: 1), try made(3, 4, seed: 2), try made(2, 5, seed: 3)
    )
    #expect(throws: LinearAlgebraError.self) { try requireProduct(a, b, is: c) }
    #expect(throws: LinearAlgebraError.self) { try requireProduct(b, a, is: c) }
    #expect(throws: LinearAlgebraError.self) {
      try a.withView { a in
        try b.withView { b in
          try c.withView { c in try requireProduct(a, b, is: c.block(rows: 0..<2, columns: 0..<4), beta: 1) }
        }
      }
    }
  }

  /// γ_k by its definition, and what it must bound: sums in Float32 of the worst kind, one sign and
  /// growing.
  @Test func boundsHold() {
    #expect(RoundingBound.gamma(0, Float.self) == 0)
    #expect(RoundingBound.gamma(1, Double.self) == 0x1p-53 / (1 - 0x1p-53))
    #expect(RoundingBound.gamma(1 << 24, Float.self) == .infinity)
    for count in [10, 1000, 100_000] {
      var single: Float = 0
      var exact = 0.0
      for _ in 0..<count {
        single += 0.1
        exact += Double(Float(0.1))
      }
      #expect(abs(Double(single) - exact) <= RoundingBound.product(terms: count, magnitude: exact, Float.self))
    }
    #expect(RoundingBound.lapackRatio(residual: 0, n: 5, size: 0, Float.self) == 0)
    #expect(RoundingBound.lapackRatio(residual: .nan, n: 5, size: 1, Float.self) == .infinity)
    #expect(RoundingBound.lapackRatio(residual: 0x1p-52 * 8, n: 4, size: 2, Double.self) == 1)
  }
}
