import LinearAlgebra
import Testing

private let sizes = [0, 1, 2, 3, 5, 31, 32, 33, 64, 65]

/// LAPACK's measure of a solution: ‖A·X − B‖ / (n · u · ‖A‖ · ‖X‖), in max norms, is below this.
private let solutionRatio = 30.0

@Suite struct SymmetricProductTests {
  @Test(arguments: sizes) func integerProductsAreExactInEveryLayout(m: Int) throws {
    var numbers = TestNumbers(state: UInt64(m))
    for k in [0, 1, 3, 17, 64] {
      for left in layouts {
        for output in layouts {
          for triangle in [nil, Triangle.lower, .upper] {
            try check(Float.self, m, k, left, output, triangle, &numbers)
            try check(Double.self, m, k, left, output, triangle, &numbers)
          }
        }
      }
    }
  }

  private func check<Scalar: BLASScalar>(
    _: Scalar.Type, _ m: Int, _ k: Int, _ left: (order: StorageOrder, padding: Int),
    _ output: (order: StorageOrder, padding: Int), _ triangle: Triangle?, _ numbers: inout TestNumbers
  ) throws {
    let a = PaddedMatrix<Scalar>(
      try random(m, k, integers: true, &numbers), order: left.order, padding: left.padding)
    let start: Matrix<Scalar> = try random(m, m, integers: true, &numbers)
    let c = PaddedMatrix(start, order: output.order, padding: output.padding)
    try multiplyByTranspose(a.readOnly, into: c.view, triangle: triangle, alpha: 2, beta: -1)
    let product = plainProduct(a.readOnly, a.readOnly.transposed)
    for row in 0..<m {
      for column in 0..<m {
        let (low, high) = (max(row, column), min(row, column))
        let inside = triangle == nil || (triangle == .lower) == (row >= column) || row == column
        let before = triangle == nil ? start[low, high] : start[row, column]
        let expected = inside ? 2 * product[row * m + column] - Double(before) : Double(before)
        #expect(Double(c.view[row, column]) == expected)
      }
    }
    #expect(c.paddingIsUntouched)
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let a = try Matrix<Double>(rows: 3, columns: 2)
    var c = try Matrix<Double>(rows: 2, columns: 2)
    let error = try #require(throws: LinearAlgebraError.self) {
      try a.withView { a in try c.withMutableView { try multiplyByTranspose(a, into: $0) } }
    }
    #expect(error.description.contains("(3 × 2) into 2 × 2"))
    #expect(throws: LinearAlgebraError.aliasedOutput(operation: "multiplyByTranspose")) {
      try c.withMutableView { try multiplyByTranspose($0.readOnly, into: $0) }
    }
  }
}

@Suite struct TriangularSolveTests {
  @Test(arguments: sizes) func solutionsSatisfyTheirSystem(order: Int) throws {
    var numbers = TestNumbers(state: UInt64(order) + 100)
    for rightSides in [0, 1, 5, 33] {
      for left in layouts {
        for right in layouts {
          for choice in 0..<8 {
            try check(Float.self, order, rightSides, left, right, choice, &numbers)
            try check(Double.self, order, rightSides, left, right, choice, &numbers)
          }
        }
      }
    }
  }

  private func check<Scalar: BLASScalar>(
    _: Scalar.Type, _ order: Int, _ rightSides: Int, _ left: (order: StorageOrder, padding: Int),
    _ right: (order: StorageOrder, padding: Int), _ choice: Int, _ numbers: inout TestNumbers
  ) throws {
    let triangle: Triangle = choice & 1 == 0 ? .lower : .upper
    let side: Side = choice & 2 == 0 ? .left : .right
    let isUnit = choice & 4 == 4
    var full: Matrix<Scalar> = try random(order, order, integers: false, &numbers)
    // Small off the diagonal, so that neither triangle is ill-conditioned; the other triangle must
    // not be read.
    for row in 0..<order {
      for column in 0..<order where row != column {
        let inside = (triangle == .lower) == (row > column)
        full[row, column] = inside ? full[row, column] / Scalar(order) : .nan
      }
      full[row, row] = isUnit ? .nan : 2 + full[row, row]
    }
    let a = PaddedMatrix(full, order: left.order, padding: left.padding)
    var clean = full
    for row in 0..<order {
      for column in 0..<order where clean[row, column].isNaN { clean[row, column] = row == column ? 1 : 0 }
    }
    let start: Matrix<Scalar> =
      try side == .left
      ? random(order, rightSides, integers: false, &numbers) : random(rightSides, order, integers: false, &numbers)
    let x = PaddedMatrix(start, order: right.order, padding: right.padding)
    try solveTriangular(a.readOnly, triangle, side: side, inPlace: x.view, alpha: 2, isUnitDiagonal: isUnit)
    let product = clean.withView { side == .left ? plainProduct($0, x.readOnly) : plainProduct(x.readOnly, $0) }
    let residual = zip(product, start.values).reduce(0.0) { max($0, abs($1.0 - 2 * Double($1.1))) }
    let scale = Double(order) * Scalar.unitRoundoff * largest(clean.values) * largest(x.values)
    #expect(residual <= solutionRatio * scale, "\(order) \(rightSides) \(left) \(right) \(choice)")
    #expect(x.paddingIsUntouched)
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let a = try Matrix<Float>(rows: 3, columns: 3)
    var b = try Matrix<Float>(rows: 2, columns: 3)
    let error = try #require(throws: LinearAlgebraError.self) {
      try a.withView { a in try b.withMutableView { try solveTriangular(a, .lower, inPlace: $0) } }
    }
    #expect(error.description.contains("(3 × 3), 2 × 3"))
    var square = a
    #expect(throws: LinearAlgebraError.aliasedOutput(operation: "solveTriangular")) {
      try square.withMutableView { try solveTriangular($0.readOnly, .upper, inPlace: $0) }
    }
  }
}

@Suite struct BatchTests {
  /// Shared or own operands, in both orders, gapless or apart: the plan is the stated one, the
  /// values exact.
  @Test func integerBatchesAreExactUnderBothPlans() throws {
    var numbers = TestNumbers(state: 5)
    var plans: Set<BatchPlan> = []
    for (m, n, k) in [(1, 1, 1), (2, 3, 4), (5, 1, 3), (16, 16, 16), (3, 5, 0), (33, 8, 17)] {
      for count in [0, 1, 2, 7] {
        for sharing in 0..<4 {
          for order in [StorageOrder.rowMajor, .columnMajor] {
            for gap in [0, 3] {
              let plan = try check(Float.self, (m, n, k), count, sharing, order, gap, &numbers)
              #expect(try check(Double.self, (m, n, k), count, sharing, order, gap, &numbers) == plan)
              plans.insert(plan)
            }
          }
        }
      }
    }
    #expect(plans == [.folded, .tasks])
  }

  private func check<Scalar: BLASScalar>(
    _: Scalar.Type, _ shape: (m: Int, n: Int, k: Int), _ count: Int, _ sharing: Int, _ order: StorageOrder,
    _ gap: Int, _ numbers: inout TestNumbers
  ) throws -> BatchPlan {
    let (m, n, k) = shape
    func memory(_ rows: Int, _ columns: Int, _ numbers: inout TestNumbers) -> [Scalar] {
      (0..<max(1, count) * (rows * columns + gap)).map { _ in Scalar(numbers.integer()) }
    }
    let (left, right) = (memory(m, k, &numbers), memory(k, n, &numbers))
    var result = memory(m, n, &numbers)
    let start = result
    return try left.withUnsafeBufferPointer { left in
      try right.withUnsafeBufferPointer { right in
        try result.withUnsafeMutableBufferPointer { result in
          let a = MatrixBatch(
            MatrixView(left.baseAddress, rows: m, columns: k, order: order), count: count,
            distance: sharing & 1 == 1 ? 0 : m * k + gap)
          let b = MatrixBatch(
            MatrixView(right.baseAddress, rows: k, columns: n, order: order), count: count,
            distance: sharing & 2 == 2 ? 0 : k * n + gap)
          let c = MutableMatrixBatch(
            MutableMatrixView(result.baseAddress, rows: m, columns: n, order: order), count: count,
            distance: m * n + gap)
          try multiplyBatch(a, b, into: c, alpha: 3, beta: -1, workers: 2)
          for index in 0..<count {
            let product = plainProduct(a[index], b[index])
            for row in 0..<m {
              for column in 0..<n {
                let offset = order == .rowMajor ? row * n + column : row + column * m
                let before = Double(start[index * (m * n + gap) + offset])
                #expect(Double(c[index][row, column]) == 3 * product[row * n + column] - before)
              }
            }
          }
          return batchPlan(a, b, into: c)
        }
      }
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    var values = [Double](repeating: 1, count: 24)
    values.withUnsafeMutableBufferPointer { values in
      let view = MatrixView(UnsafePointer(values.baseAddress), rows: 2, columns: 2)
      let a = MatrixBatch(view, count: 3, distance: 4)
      let c = MutableMatrixBatch(
        MutableMatrixView(values.baseAddress! + 12, rows: 2, columns: 2), count: 2, distance: 4)
      let error = #expect(throws: LinearAlgebraError.self) { try multiplyBatch(a, a, into: c) }
      #expect(error?.description.contains("3 × (2 × 2)·3 × (2 × 2) into 2 × 2 × 2") == true)
      let aliased = MutableMatrixBatch(
        MutableMatrixView(values.baseAddress! + 8, rows: 2, columns: 2), count: 3, distance: 4)
      #expect(throws: LinearAlgebraError.aliasedOutput(operation: "multiplyBatch")) {
        try multiplyBatch(a, a, into: aliased)
      }
    }
  }
}
