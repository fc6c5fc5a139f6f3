import LinearAlgebra
import Testing

/// LAPACK's own test threshold: residual / (n · u · norms) stays below this, in max norms.
private let ratio = 30.0

private let sizes = [0, 1, 2, 3, 5, 31, 32, 33, 64, 65]

/// max |found − expected| over size · u · scale.
private func lapackRatio<Scalar: BLASScalar>(
  _: Scalar.Type, _ found: [Double], _ expected: [Double], size: Int, scale: Double
) -> Double {
  let distance = zip(found, expected).reduce(0.0) { max($0, abs($1.0 - $1.1)) }
  return distance == 0 ? 0 : distance / (Double(max(1, size)) * Scalar.unitRoundoff * scale)
}

/// A·B in Float64.
private func product<Scalar: BLASScalar>(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> [Double] {
  a.withView { a in b.withView { plainProduct(a, $0) } }
}

private func transpose<Scalar: BLASScalar>(_ a: Matrix<Scalar>) throws -> Matrix<Scalar> {
  var result = try Matrix<Scalar>(rows: a.columns, columns: a.rows)
  for row in 0..<a.rows { for column in 0..<a.columns { result[column, row] = a[row, column] } }
  return result
}

private func doubles<Scalar: BLASScalar>(_ matrix: Matrix<Scalar>) -> [Double] { matrix.values.map { Double($0) } }

private func identity(_ order: Int) -> [Double] {
  (0..<order * order).map { $0 / max(1, order) == $0 % max(1, order) ? 1 : 0 }
}

/// A symmetric positive definite matrix: M·Mᵀ/n + 1.
private func definite<Scalar: BLASScalar>(_ order: Int, _ numbers: inout TestNumbers) throws -> Matrix<Scalar> {
  let factor: Matrix<Scalar> = try random(order, order, integers: false, &numbers)
  var values = factor.withView { plainProduct($0, $0.transposed) }.map { Scalar($0 / Double(max(1, order))) }
  for index in 0..<order { values[index * order + index] += 1 }
  return try Matrix(rows: order, columns: order, values: values)
}

@Suite struct CholeskyTests {
  @Test(arguments: sizes) func factorsAndSolutionsAreAccurate(order: Int) throws {
    try check(Float.self, order)
    try check(Double.self, order)
  }

  private func check<Scalar: LAPACKScalar>(_: Scalar.Type, _ order: Int) throws {
    var numbers = TestNumbers(state: UInt64(order))
    let matrix: Matrix<Scalar> = try definite(order, &numbers)
    for layout in layouts {
      let a = PaddedMatrix(matrix, order: layout.order, padding: layout.padding)
      let factored = try Cholesky(of: a.readOnly)
      let rebuilt = product(factored.lower, try transpose(factored.lower))
      #expect(
        lapackRatio(Scalar.self, rebuilt, doubles(matrix), size: order, scale: largest(matrix.values)) < ratio)
      let b: Matrix<Scalar> = try random(order, 3, integers: false, &numbers)
      let x = PaddedMatrix(b, order: layout.order, padding: layout.padding)
      try factored.solve(inPlace: x.view)
      let residual = lapackRatio(
        Scalar.self, plainProduct(a.readOnly, x.readOnly), doubles(b), size: order,
        scale: largest(matrix.values) * largest(x.values))
      #expect(residual < ratio)
      #expect(x.paddingIsUntouched)
      for triangle in [Triangle.lower, .upper] {
        let inPlace = PaddedMatrix(matrix, order: layout.order, padding: layout.padding)
        try factorCholesky(inPlace: inPlace.view, triangle)
        for row in 0..<order {
          for column in 0...row {
            let entry = triangle == .lower ? inPlace.view[row, column] : inPlace.view[column, row]
            let expected = factored.lower[row, column]
            let distance = abs(Double(entry) - Double(expected))
            #expect(distance <= ratio * Double(order) * Scalar.unitRoundoff * largest(matrix.values))
          }
        }
        #expect(inPlace.paddingIsUntouched)
      }
      let eigenvalues = try SymmetricEigen(of: a.readOnly, vectors: false).values
      let logarithms = eigenvalues.reduce(0.0) { $0 + Double.logarithm(Double($1)) }
      #expect(abs(factored.logDeterminant - logarithms) <= ratio * Double(order) * Scalar.unitRoundoff * 4)
    }
  }

  @Test func theFailedMinorIsNamed() throws {
    let matrix = try Matrix<Double>(rows: 3, columns: 3, values: [4, 2, 0, 2, 1, 0, 0, 0, 1])
    #expect(throws: CholeskyError.notPositiveDefinite(order: 2)) { try matrix.withView { try Cholesky(of: $0) } }
    #expect(CholeskyError.notPositiveDefinite(order: 2).description.contains("leading minor of order 2"))
    let negative = try Matrix<Float>(rows: 1, columns: 1, values: [-1])
    #expect(throws: CholeskyError.notPositiveDefinite(order: 1)) { try negative.withView { try Cholesky(of: $0) } }
  }
}

@Suite struct LUTests {
  @Test(arguments: sizes) func solutionsAreAccurate(order: Int) throws {
    try check(Float.self, order)
    try check(Double.self, order)
  }

  private func check<Scalar: LAPACKScalar>(_: Scalar.Type, _ order: Int) throws {
    var numbers = TestNumbers(state: UInt64(order) + 50)
    let matrix: Matrix<Scalar> = try random(order, order, integers: false, &numbers)
    let b: Matrix<Scalar> = try random(order, 4, integers: false, &numbers)
    for layout in layouts {
      let a = PaddedMatrix(matrix, order: layout.order, padding: layout.padding)
      let factored = try LU(of: a.readOnly)
      for transposed in [false, true] {
        let x = PaddedMatrix(b, order: layout.order, padding: layout.padding)
        try factored.solve(inPlace: x.view, transposed: transposed)
        let rebuilt = plainProduct(transposed ? a.readOnly.transposed : a.readOnly, x.readOnly)
        let residual = lapackRatio(
          Scalar.self, rebuilt, doubles(b), size: order, scale: largest(matrix.values) * largest(x.values))
        #expect(residual < ratio)
        #expect(x.paddingIsUntouched)
      }
    }
  }

  @Test func theDeterminantHasItsSign() throws {
    for (values, determinant) in [
      ([0.0, 1, 1, 0], -1.0), ([2, 0, 0, 3], 6), ([-2, 1, 0, 3], -6), ([1, 2, 3, 4], -2),
    ] {
      let matrix = try Matrix(rows: 2, columns: 2, values: values)
      let (logMagnitude, sign) = try matrix.withView { try LU(of: $0).determinant }
      #expect(Double(sign) == (determinant < 0 ? -1 : 1))
      #expect(abs(logMagnitude - Double.logarithm(abs(determinant))) < 1e-14)
    }
  }

  @Test func theZeroPivotIsNamed() throws {
    let matrix = try Matrix<Double>(rows: 3, columns: 3, values: [1, 2, 3, 2, 4, 6, 0, 0, 1])
    #expect(throws: LUError.singular(pivot: 1)) { try matrix.withView { try LU(of: $0) } }
    #expect(LUError.singular(pivot: 1).description.contains("pivot 1 exactly zero"))
  }
}

@Suite struct LeastSquaresTests {
  private static let shapes = [(0, 0), (1, 1), (3, 2), (5, 5), (33, 31), (65, 32), (64, 1), (7, 0), (2, 5), (31, 33)]

  @Test(arguments: shapes) func factorsAreOrthogonalAndRebuildTheMatrix(rows: Int, columns: Int) throws {
    try checkFactors(Float.self, rows, columns)
    try checkFactors(Double.self, rows, columns)
  }

  private func checkFactors<Scalar: LAPACKScalar>(_: Scalar.Type, _ rows: Int, _ columns: Int) throws {
    var numbers = TestNumbers(state: UInt64(rows * 100 + columns))
    let matrix: Matrix<Scalar> = try random(rows, columns, integers: false, &numbers)
    let workspace = try Workspace<Scalar>(QR<Scalar>.workspaceSize(rows: rows, columns: columns, rightSides: rows))
    for layout in layouts {
      let a = PaddedMatrix(matrix, order: layout.order, padding: layout.padding)
      let factored = try QR(of: a.readOnly, workspace: workspace)
      // Q applied to the identity's first columns, then to R.
      var unit = try Matrix<Scalar>(rows: rows, columns: rows)
      for index in 0..<rows { unit[index, index] = 1 }
      let q = PaddedMatrix(unit, order: layout.order, padding: layout.padding)
      try factored.multiplyByQ(inPlace: q.view, transposed: false, workspace: workspace)
      let gram = plainProduct(q.readOnly.transposed, q.readOnly)
      #expect(lapackRatio(Scalar.self, gram, identity(rows), size: rows, scale: 1) < ratio)
      let upper = factored.upper
      let leading = q.readOnly.block(rows: 0..<rows, columns: 0..<upper.rows)
      let rebuilt = upper.withView { plainProduct(leading, $0) }
      let scale = largest(matrix.values) * Double(max(1, rows)).squareRoot()
      #expect(lapackRatio(Scalar.self, rebuilt, doubles(matrix), size: rows, scale: scale) < ratio)
      try factored.multiplyByQ(inPlace: q.view, transposed: true, workspace: workspace)
      #expect(lapackRatio(Scalar.self, q.values.map { Double($0) }, identity(rows), size: rows, scale: 1) < ratio)
    }
  }

  @Test(arguments: shapes) func residualsAreOrthogonalToTheColumns(rows: Int, columns: Int) throws {
    try checkSolutions(Float.self, rows, columns)
    try checkSolutions(Double.self, rows, columns)
  }

  private func checkSolutions<Scalar: LAPACKScalar>(_: Scalar.Type, _ rows: Int, _ columns: Int) throws {
    var numbers = TestNumbers(state: UInt64(rows * 100 + columns) + 7)
    let a: Matrix<Scalar> = try random(rows, columns, integers: false, &numbers)
    let b: Matrix<Scalar> = try random(rows, 3, integers: false, &numbers)
    let minimumNorm = try a.withView { a in try b.withView { try minimumNormLeastSquares(a, $0) } }
    #expect(minimumNorm.rank == min(rows, columns))
    var solutions = [minimumNorm.solution]
    if rows >= columns {
      solutions.append(try a.withView { a in try b.withView { try leastSquares(a, $0) } })
    } else {
      #expect(throws: LeastSquaresError.rankDeficient(column: rows)) {
        try a.withView { a in try b.withView { try leastSquares(a, $0) } }
      }
    }
    for x in solutions {
      #expect(x.rows == columns && x.columns == 3)
      let fitted = product(a, x)
      var residual = try Matrix<Double>(rows: rows, columns: 3)
      for index in fitted.indices { residual[index / 3, index % 3] = fitted[index] - Double(b.values[index]) }
      let wide = try Matrix(rows: rows, columns: columns, values: doubles(a))
      let normal = wide.withView { wide in residual.withView { plainProduct(wide.transposed, $0) } }
      let scale = largest(a.values) * (largest(a.values) * largest(x.values) + largest(b.values))
      let zeros = [Double](repeating: 0, count: normal.count)
      #expect(lapackRatio(Scalar.self, normal, zeros, size: rows * columns, scale: scale) < ratio)
    }
    if solutions.count == 2 {
      let scale = Double(max(1, rows)) * 100 * largest(solutions[0].values)
      #expect(
        lapackRatio(Scalar.self, doubles(solutions[0]), doubles(solutions[1]), size: rows, scale: scale) < ratio)
    }
  }

  @Test func theMinimumNormSolutionOfADeficientSystem() throws {
    // x + y = 2 twice over: (1, 1) has the least norm.
    let a = try Matrix<Double>(rows: 2, columns: 2, values: [1, 1, 1, 1])
    let b = try Matrix<Double>(rows: 2, columns: 1, values: [2, 2])
    let found = try a.withView { a in try b.withView { try minimumNormLeastSquares(a, $0) } }
    #expect(found.rank == 1)
    #expect(found.solution.values.allSatisfy { abs($0 - 1) < 1e-14 })
    #expect(throws: LeastSquaresError.rankDeficient(column: 1)) {
      try a.withView { a in try b.withView { try leastSquares(a, $0) } }
    }
  }
}

@Suite struct DecompositionTests {
  @Test(arguments: sizes) func eigenvectorsDiagonalise(order: Int) throws {
    try checkEigen(Float.self, order)
    try checkEigen(Double.self, order)
  }

  private func checkEigen<Scalar: LAPACKScalar>(_: Scalar.Type, _ order: Int) throws {
    var numbers = TestNumbers(state: UInt64(order) + 11)
    let half: Matrix<Scalar> = try random(order, order, integers: false, &numbers)
    var matrix = half
    for row in 0..<order { for column in row + 1..<max(row + 1, order) { matrix[row, column] = half[column, row] } }
    for layout in layouts {
      let a = PaddedMatrix(matrix, order: layout.order, padding: layout.padding)
      let found = try SymmetricEigen(of: a.readOnly)
      #expect(zip(found.values, found.values.dropFirst()).allSatisfy { $0 <= $1 })
      let alone = try SymmetricEigen(of: a.readOnly, vectors: false)
      #expect(alone.vectors.values.isEmpty)
      let scale = largest(matrix.values) * Double(max(1, order)).squareRoot()
      #expect(
        lapackRatio(
          Scalar.self, alone.values.map { Double($0) }, found.values.map { Double($0) }, size: order, scale: scale)
          < ratio)
      let gram = found.vectors.withView { plainProduct($0.transposed, $0) }
      #expect(lapackRatio(Scalar.self, gram, identity(order), size: order, scale: 1) < ratio)
      let image = found.vectors.withView { plainProduct(a.readOnly, $0) }
      let scaled = found.vectors.values.enumerated().map { Double($1) * Double(found.values[$0 % order]) }
      #expect(lapackRatio(Scalar.self, image, scaled, size: order, scale: scale) < ratio)
    }
  }

  @Test(arguments: [(0, 0), (0, 3), (3, 0), (1, 1), (2, 3), (5, 5), (31, 33), (65, 32), (64, 1), (1, 33)])
  func singularVectorsRebuildTheMatrix(rows: Int, columns: Int) throws {
    try checkSingularValues(Float.self, rows, columns)
    try checkSingularValues(Double.self, rows, columns)
  }

  private func checkSingularValues<Scalar: LAPACKScalar>(_: Scalar.Type, _ rows: Int, _ columns: Int) throws {
    var numbers = TestNumbers(state: UInt64(rows * 100 + columns) + 13)
    let matrix: Matrix<Scalar> = try random(rows, columns, integers: false, &numbers)
    let rank = min(rows, columns)
    for layout in layouts {
      let a = PaddedMatrix(matrix, order: layout.order, padding: layout.padding)
      let found = try SingularValues(of: a.readOnly)
      #expect(found.values.count == rank && found.values.allSatisfy { $0 >= 0 })
      #expect(zip(found.values, found.values.dropFirst()).allSatisfy { $0 >= $1 })
      let left = found.left.withView { plainProduct($0.transposed, $0) }
      let right = found.rightTransposed.withView { plainProduct($0, $0.transposed) }
      let size = max(rows, columns)
      #expect(lapackRatio(Scalar.self, left, identity(rank), size: size, scale: 1) < ratio)
      #expect(lapackRatio(Scalar.self, right, identity(rank), size: size, scale: 1) < ratio)
      var scaled = found.left
      for row in 0..<rows { for column in 0..<rank { scaled[row, column] *= found.values[column] } }
      let rebuilt = product(scaled, found.rightTransposed)
      let scale = largest(matrix.values) * Double(max(1, size)).squareRoot()
      #expect(lapackRatio(Scalar.self, rebuilt, doubles(matrix), size: size, scale: scale) < ratio)
    }
  }
}

@Suite struct FactorizationOperandTests {
  @Test func notFiniteEntriesAreLocated() throws {
    for bad in [Double.nan, .infinity, -.infinity] {
      let matrix = try Matrix<Double>(rows: 2, columns: 2, values: [1, 0, bad, 1])
      matrix.withView { view in
        let place = "(1, 0)"
        #expect(#expect(throws: CholeskyError.self) { try Cholesky(of: view) }?.description.contains(place) == true)
        #expect(#expect(throws: LUError.self) { try LU(of: view) }?.description.contains(place) == true)
        #expect(#expect(throws: LeastSquaresError.self) { try QR(of: view) }?.description.contains(place) == true)
        #expect(
          #expect(throws: LeastSquaresError.self) { try minimumNormLeastSquares(view, view) }?.description.contains(
            place)
            == true)
        #expect(
          #expect(throws: DecompositionError.self) { try SymmetricEigen(of: view) }?.description.contains(place) == true
        )
        #expect(
          #expect(throws: DecompositionError.self) { try SingularValues(of: view) }?.description.contains(place) == true
        )
      }
    }
  }

  @Test func shapesAreChecked() throws {
    let tall = try Matrix<Float>(rows: 3, columns: 2, values: [1, 0, 0, 1, 0, 0])
    let unit = try Matrix<Float>(rows: 2, columns: 2, values: [1, 0, 0, 1])
    var b = try Matrix<Float>(rows: 3, columns: 1)
    try tall.withView { tall in
      let expected = "expected a square matrix, found 3 × 2"
      #expect(#expect(throws: CholeskyError.self) { try Cholesky(of: tall) }?.description.contains(expected) == true)
      #expect(#expect(throws: LUError.self) { try LU(of: tall) }?.description.contains(expected) == true)
      #expect(
        #expect(throws: DecompositionError.self) { try SymmetricEigen(of: tall) }?.description.contains(expected)
          == true)
      try unit.withView { unit in
        let (cholesky, lu, qr) = (try Cholesky(of: unit), try LU(of: unit), try QR(of: unit))
        b.withMutableView { b in
          let expected = "expected 2 rows of right-hand sides, found 3"
          #expect(
            #expect(throws: CholeskyError.self) { try cholesky.solve(inPlace: b) }?.description.contains(expected)
              == true)
          #expect(#expect(throws: LUError.self) { try lu.solve(inPlace: b) }?.description.contains(expected) == true)
          #expect(
            #expect(throws: LeastSquaresError.self) { try qr.solve(b.readOnly) }?.description.contains(expected) == true
          )
          #expect(
            #expect(throws: LeastSquaresError.self) { try minimumNormLeastSquares(unit, b.readOnly) }?.description
              .contains(expected) == true)
        }
      }
    }
  }
}
