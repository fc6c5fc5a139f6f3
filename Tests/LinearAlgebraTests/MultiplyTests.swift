import LinearAlgebra
import Testing

/// Largest |found − expected| allowed, in units of roundoff · inner size · max|A|·max|B|.
private let roundoffUnits = 4.0

private let sizes = [0, 1, 2, 3, 5, 31, 33, 64, 65]

@Suite struct MultiplyTests {
  @Test(arguments: sizes) func integerProductsAreExactInEveryLayout(m: Int) throws {
    var numbers = TestNumbers(state: UInt64(m))
    for n in sizes {
      for k in [0, 1, 3, 17, 64] {
        for layout in 0..<8 {
          try checkProduct(Float.self, m, n, k, layout, integers: true, tolerance: 0, &numbers)
        }
      }
    }
  }

  @Test func realProductsStayWithinTheirRoundingBound() throws {
    var numbers = TestNumbers(state: 7)
    for (m, n, k) in [(1, 1, 1), (3, 5, 200), (65, 33, 129), (128, 16, 512)] {
      for layout in 0..<8 {
        let units = roundoffUnits * Double(k)
        try checkProduct(
          Float.self, m, n, k, layout, integers: false, tolerance: units * Float.unitRoundoff, &numbers)
        try checkProduct(
          Double.self, m, n, k, layout, integers: false, tolerance: units * Double.unitRoundoff, &numbers)
      }
    }
  }

  private func checkProduct<Scalar: BLASScalar>(
    _: Scalar.Type, _ m: Int, _ n: Int, _ k: Int, _ layout: Int, integers: Bool, tolerance: Double,
    _ numbers: inout TestNumbers
  ) throws {
    let transposeA = layout & 1 == 1
    let transposeB = layout & 2 == 2
    let transposeC = layout & 4 == 4
    let a: Matrix<Scalar> = try random(transposeA ? k : m, transposeA ? m : k, integers: integers, &numbers)
    let b: Matrix<Scalar> = try random(transposeB ? n : k, transposeB ? k : n, integers: integers, &numbers)
    let start: Matrix<Scalar> = try random(transposeC ? n : m, transposeC ? m : n, integers: true, &numbers)
    var c = start
    try a.withView { a in
      try b.withView { b in
        let (left, right) = (transposeA ? a.transposed : a, transposeB ? b.transposed : b)
        try c.withMutableView { c in
          try multiply(left, right, into: transposeC ? c.transposed : c, alpha: 2, beta: -1)
        }
        let product = plainProduct(left, right)
        let expected = (0..<m * n).map { index in
          let (i, j) = (index / n, index % n)
          return 2 * product[index] - Double(transposeC ? start[j, i] : start[i, j])
        }
        let found = (0..<m * n).map { transposeC ? c[$0 % n, $0 / n] : c[$0 / n, $0 % n] }
        let difference = MatrixDifference(found, expected)
        #expect(difference.largestAbsolute <= tolerance, "\(m) × \(n) × \(k), layout \(layout): \(difference)")
      }
    }
  }

  @Test(arguments: [0, 1, 2, 3, 5, 64, 65]) func vectorProductsMatchMatrixProducts(m: Int) throws {
    var numbers = TestNumbers(state: 99 + UInt64(m))
    for n in [0, 1, 2, 3, 5, 64, 65] {
      for transposed in [false, true] {
        let a: Matrix<Double> = try random(transposed ? n : m, transposed ? m : n, integers: true, &numbers)
        let x = (0..<n).map { _ in numbers.integer() }
        var y = (0..<m).map { _ in numbers.integer() }
        let before = y
        try a.withView { view in
          let view = transposed ? view.transposed : view
          try x.withUnsafeBufferPointer { x in
            try y.withUnsafeMutableBufferPointer { try multiply(view, vector: x, into: $0, alpha: 3, beta: 2) }
          }
          for i in 0..<m {
            #expect(y[i] == 3 * (0..<n).reduce(0.0) { $0 + view[i, $1] * x[$1] } + 2 * before[i])
          }
        }
      }
    }
  }

  @Test func wrongShapesAndOverlapsAreTypedErrors() throws {
    var a = try Matrix<Float>(rows: 2, columns: 3)
    let b = try Matrix<Float>(rows: 2, columns: 2)
    var c = try Matrix<Float>(rows: 2, columns: 2)
    #expect(throws: LinearAlgebraError.self) {
      try a.withView { a in try b.withView { b in try c.withMutableView { try multiply(a, b, into: $0) } } }
    }
    #expect(
      throws: LinearAlgebraError.aliasedOutput(operation: "multiply"),
      performing: {
        try a.withMutableView { view in
          let square = MutableMatrixView(view.baseAddress, rows: 2, columns: 2, leadingDimension: 3)
          let shifted = MutableMatrixView(view.baseAddress! + 1, rows: 2, columns: 2, leadingDimension: 3)
          try multiply(square.readOnly, square.readOnly, into: shifted)
        }
      })
    #expect(throws: LinearAlgebraError.invalidShape(operation: "Matrix.init", rows: -1, columns: 2)) {
      try Matrix<Float>(rows: -1, columns: 2)
    }
    #expect(throws: LinearAlgebraError.invalidShape(operation: "Matrix.init", rows: .max, columns: 2)) {
      try Matrix<Float>(rows: .max, columns: 2)
    }
    #expect(throws: LinearAlgebraError.self) { try Matrix<Float>(rows: 2, columns: 2, values: [1, 2, 3]) }
  }
}
