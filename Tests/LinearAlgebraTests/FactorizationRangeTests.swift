import LinearAlgebra
import Testing

/// What LAPACK leaves to its callers: halves that do not count, numbers at the ends of their range,
/// 32-bit sizes.
@Suite struct FactorizationRangeTests {
  /// Orders around the vector lengths of kernels and the block sizes of LAPACK.
  private static let orders = [1, 2, 3, 4, 6, 7, 14, 15, 26, 27, 31, 34, 35]

  /// Symmetric and positive definite, with NaN in the other half.
  private func halfMatrix<Scalar: BLASScalar>(_ order: Int, _ half: Triangle) throws -> (
    full: Matrix<Scalar>, half: Matrix<Scalar>
  ) {
    var numbers = TestNumbers(state: UInt64(order) + 31)
    var full = try Matrix<Scalar>(rows: order, columns: order)
    for row in 0..<order {
      for column in 0...row {
        full[row, column] = row == column ? 2 : Scalar(numbers.unit() / Double(order))
        full[column, row] = full[row, column]
      }
    }
    var one = full
    for row in 0..<order {
      for column in 0..<order where half == .lower ? column > row : column < row { one[row, column] = .nan }
    }
    return (full, one)
  }

  @Test func theOtherHalfOfASymmetricMatrixIsNotRead() throws {
    try checkHalves(Float.self)
    try checkHalves(Double.self)
  }

  private func checkHalves<Scalar: LAPACKScalar>(_: Scalar.Type) throws {
    for order in Self.orders {
      let (full, half): (Matrix<Scalar>, Matrix<Scalar>) = try halfMatrix(order, .lower)
      for layout in layouts {
        let (whole, lower) = (
          PaddedMatrix(full, order: layout.order, padding: layout.padding),
          PaddedMatrix(half, order: layout.order, padding: layout.padding)
        )
        let (expected, found) = (try SymmetricEigen(of: whole.readOnly), try SymmetricEigen(of: lower.readOnly))
        // Kernels round by where their memory lies, so bits may differ.
        let tolerance = 30 * Double(order) * Scalar.unitRoundoff
        let values = MatrixDifference(found.values, expected.values)
        #expect(values.isWithin(tolerance))
        let finite = found.vectors.values.allSatisfy { $0.isFinite }
        #expect(finite)
        let (own, other) = (try Cholesky(of: lower.readOnly).lower, try Cholesky(of: whole.readOnly).lower)
        let factors = MatrixDifference(own.values, other.values)
        #expect(factors.isWithin(tolerance))
      }
      for triangle in [Triangle.lower, .upper] {
        let (full, half): (Matrix<Scalar>, Matrix<Scalar>) = try halfMatrix(order, triangle)
        var (whole, one) = (full, half)
        try whole.withMutableView { try factorCholesky(inPlace: $0, triangle) }
        try one.withMutableView { try factorCholesky(inPlace: $0, triangle) }
        for row in 0..<order {
          for column in 0..<order {
            let counts = triangle == .lower ? column <= row : column >= row
            let distance = abs(Double(one[row, column]) - Double(whole[row, column]))
            #expect(counts ? distance <= 30 * Double(order) * Scalar.unitRoundoff : one[row, column].isNaN)
          }
        }
      }
    }
    var bad = try Matrix<Scalar>(rows: 2, columns: 2, values: [1, 0, .nan, 1])
    #expect(throws: DecompositionError.operand(.notFinite(operation: "eigenvalues", row: 1, column: 0))) {
      try bad.withView { try SymmetricEigen(of: $0) }
    }
    #expect(throws: CholeskyError.operand(.notFinite(operation: "Cholesky", row: 1, column: 0))) {
      try bad.withMutableView { try factorCholesky(inPlace: $0, .lower) }
    }
  }

  /// Products of NaN leave NaN in the scratch memory that OpenBLAS's calls share.
  @Test func whatEarlierProductsLeftInScratchMemoryDoesNotMatter() throws {
    let unknown = try Matrix<Float>(rows: 96, columns: 96, values: [Float](repeating: .nan, count: 96 * 96))
    var product = unknown
    for order in Self.orders {
      let (full, _): (Matrix<Float>, Matrix<Float>) = try halfMatrix(order, .lower)
      for wantsVectors in [false, true] {
        // At one thread both calls take the same scratch memory unless other tests run beside them.
        try unknown.withView { unknown in
          try product.withMutableView { try multiply(unknown, unknown, into: $0) }
        }
        let found = try full.withView { try SymmetricEigen(of: $0, vectors: wantsVectors) }
        #expect(found.values.allSatisfy { $0 > 0 && $0 < 4 })
        // The sum of the eigenvalues is the trace.
        let sum = found.values.reduce(0.0) { $0 + Double($1) }
        #expect(abs(sum - Double(2 * order)) < 1e-5 * Double(order))
      }
    }
  }

  @Test func rankDoesNotDependOnRightSides() throws {
    for (rows, columns, values, rank) in [
      (2, 2, [1.0, 1, 1, 1], 1), (3, 2, [1, 0, 0, 1, 0, 0], 2), (2, 3, [0, 0, 0, 0, 0, 0], 0),
      (0, 3, [], 0), (3, 0, [], 0),
    ] {
      let a = try Matrix(rows: rows, columns: columns, values: values)
      let (none, one) = (try Matrix<Double>(rows: rows, columns: 0), try Matrix<Double>(rows: rows, columns: 1))
      let found = try a.withView { a in try none.withView { try minimumNormLeastSquares(a, $0) } }
      let expected = try a.withView { a in try one.withView { try minimumNormLeastSquares(a, $0) } }
      #expect(found.rank == rank && expected.rank == rank)
      #expect(found.singularValues == expected.singularValues)
      #expect(found.solution.rows == columns && found.solution.columns == 0)
    }
  }

  /// Every door gives finite numbers or a typed error, whatever the size of the entries.
  @Test func numbersAtTheEndsOfTheirRangeFactorOrAreRefused() throws {
    try checkScales(Float.self, [.leastNonzeroMagnitude, 0x1p-140, .leastNormalMagnitude, 0x1p126])
    try checkScales(Double.self, [.leastNonzeroMagnitude, 0x1p-1060, .leastNormalMagnitude, 0x1p1022])
  }

  private func checkScales<Scalar: LAPACKScalar>(_: Scalar.Type, _ scales: [Scalar]) throws {
    func allFinite(_ values: [Scalar]) -> Bool { values.allSatisfy(\.isFinite) }
    for scale in scales {
      for order in [1, 2, 5, 31, 40] {
        var numbers = TestNumbers(state: UInt64(order))
        let general = try Matrix(
          rows: order, columns: order, values: (0..<order * order).map { _ in Scalar(numbers.integer()) / 8 * scale })
        var definite = try Matrix<Scalar>(rows: order, columns: order)
        for index in 0..<order { definite[index, index] = scale }
        let b: Matrix<Scalar> = try random(order, 2, integers: true, &numbers)
        let right = b
        general.withView { general in
          b.withView { b in
            if let found = try? QR(of: general) {
              #expect(allFinite(found.upper.values))
              if let x = try? found.solve(b) { #expect(allFinite(x.values)) }
            }
            if let found = try? minimumNormLeastSquares(general, b) {
              #expect(allFinite(found.solution.values) && allFinite(found.singularValues))
            }
            if let found = try? SingularValues(of: general) {
              #expect(allFinite(found.values) && allFinite(found.left.values))
            }
            if let found = try? SymmetricEigen(of: general) {
              #expect(allFinite(found.values) && allFinite(found.vectors.values))
            }
            if let found = try? LU(of: general) {
              var x = right
              if (try? x.withMutableView({ try found.solve(inPlace: $0) })) != nil { #expect(allFinite(x.values)) }
            }
          }
        }
        definite.withView { definite in
          if let found = try? Cholesky(of: definite) {
            #expect(allFinite(found.lower.values))
            var x = b
            if (try? x.withMutableView({ try found.solve(inPlace: $0) })) != nil { #expect(allFinite(x.values)) }
          }
        }
      }
    }
  }

  /// Sizes are refused before an entry is read: these views have no such memory.
  @Test func sizesAboveLAPACKsIntegersAreNamed() throws {
    var entry = [0.0]
    let huge = Int(Int32.max) + 1
    entry.withUnsafeMutableBufferPointer { entry in
      let base = UnsafePointer(entry.baseAddress)
      let (long, wide) = (MatrixView(base, rows: 1, columns: huge), MatrixView(base, rows: 40_000, columns: 40_000))
      func names(_ error: (some Error & CustomStringConvertible)?) -> Bool {
        error?.description.contains("of at most \(Int32.max)") == true
      }
      #expect(names(#expect(throws: DecompositionError.self) { try SymmetricEigen(of: wide) }))
      #expect(names(#expect(throws: DecompositionError.self) { try SingularValues(of: wide) }))
      #expect(names(#expect(throws: DecompositionError.self) { try SingularValues(of: long) }))
      #expect(names(#expect(throws: LeastSquaresError.self) { try QR(of: long) }))
      #expect(
        names(
          #expect(throws: LeastSquaresError.self) {
            try QR<Double>.workspaceSize(rows: huge, columns: 1, rightSides: 1)
          }))
      #expect(
        names(
          #expect(throws: LeastSquaresError.self) {
            try QR<Double>.workspaceSize(rows: 1, columns: 1, rightSides: huge)
          }))
      let output = MutableMatrixView(entry.baseAddress, rows: 1, columns: huge)
      let one = MatrixView(base, rows: 1, columns: 1)
      #expect(names(#expect(throws: LinearAlgebraError.self) { try multiply(one, long, into: output) }))
      #expect(names(#expect(throws: LinearAlgebraError.self) { try solveTriangular(one, .lower, inPlace: output) }))
    }
    #expect(throws: LeastSquaresError.self) {
      try QR<Float>.workspaceSize(rows: -1, columns: 1, rightSides: 1)
    }
  }
}

@Suite struct BlockOverlapTests {
  /// Views of one matrix: refused exactly where an entry is shared, by brute force over the
  /// entries.
  @Test func onlySharedEntriesAreRefused() throws {
    var memory = [Double](repeating: 1, count: 200)
    try memory.withUnsafeMutableBufferPointer { memory in
      let base = try #require(memory.baseAddress)
      var (refused, done) = (0, 0)
      for leading in [4, 7] {
        for offset in 0..<60 {
          for order in [StorageOrder.rowMajor, .columnMajor] {
            let a = MatrixView(UnsafePointer(base + 30), rows: 3, columns: 3, leadingDimension: 7)
            let c = MutableMatrixView(base + offset, rows: 3, columns: 3, leadingDimension: leading, order: order)
            let read = Set((0..<9).map { 30 + $0 / 3 * 7 + $0 % 3 })
            let written = Set((0..<9).map { offset + $0 / 3 * leading + $0 % 3 })
            let other = MatrixView(UnsafePointer(base + 150), rows: 3, columns: 3)
            if read.isDisjoint(with: written) {
              try multiply(a, other, into: c)
              done += 1
            } else {
              #expect(throws: LinearAlgebraError.aliasedOutput(operation: "multiply")) {
                try multiply(a, other, into: c)
              }
              refused += 1
            }
          }
        }
      }
      #expect(refused > 20 && done > 100)
    }
  }

  /// The right half of a matrix becomes its left half times a matrix: as on a copy.
  @Test(arguments: layouts.map(\.order)) func blocksOfOneMatrixMultiplyIntoEachOther(order: StorageOrder) throws {
    var numbers = TestNumbers(state: 3)
    let (n, k) = (33, 20)
    let whole = PaddedMatrix<Float>(try random(n, 2 * k, integers: true, &numbers), order: order, padding: 3)
    let factor: Matrix<Float> = try random(k, k, integers: true, &numbers)
    let left = whole.readOnly.block(rows: 0..<n, columns: 0..<k)
    let before = whole.values
    let expected = factor.withView { plainProduct(left, $0) }
    try factor.withView { try multiply(left, $0, into: whole.view.block(rows: 0..<n, columns: k..<2 * k)) }
    for row in 0..<n {
      for column in 0..<k {
        #expect(whole.view[row, column] == before[row * 2 * k + column])
        #expect(Double(whole.view[row, k + column]) == expected[row * k + column])
      }
    }
    #expect(whole.paddingIsUntouched)
  }
}
