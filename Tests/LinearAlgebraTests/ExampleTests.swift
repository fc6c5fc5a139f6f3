import LinearAlgebra
import Testing

/// The examples of doc comments, compiled and run; `HouseTests` compares their text.
@Suite struct ExampleTests {
  @Test func aProduct() throws {
    // example
    let a = try Matrix<Double>(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
    let b = try Matrix<Double>(rows: 3, columns: 1, values: [1, 0, -1])
    var c = try Matrix<Double>(rows: 2, columns: 1)
    try a.withView { a in
      try b.withView { b in try c.withMutableView { try multiply(a, b, into: $0) } }
    }
    // c.values is [-2, -2]
    // end
    #expect(c.values == [-2, -2])
  }

  @Test func aView() throws {
    // example
    let numbers: [Float] = [1, 2, 3, 4, 5, 6]
    let sum = numbers.withUnsafeBufferPointer { numbers in
      let a = MatrixView(numbers.baseAddress, rows: 2, columns: 3)
      return a[0, 2] + a.transposed[0, 1] + a.block(rows: 1..<2, columns: 1..<3)[0, 0]
    }
    // 3 + 4 + 5
    // end
    #expect(sum == 12)
  }

  @Test func aCholeskyFactor() throws {
    // example
    let a = try Matrix<Double>(rows: 2, columns: 2, values: [4, 2, 2, 3])
    var b = try Matrix<Double>(rows: 2, columns: 1, values: [8, 7])
    let factor = try a.withView { try Cholesky(of: $0) }
    try b.withMutableView { try factor.solve(inPlace: $0) }
    // b.values is [1.25, 1.5] up to rounding, and the determinant 8
    // end
    #expect(abs(b.values[0] - 1.25) < 1e-15 && abs(b.values[1] - 1.5) < 1e-15)
    #expect(abs(factor.lower[0, 0] - 2) < 1e-15)
  }

  @Test func aLineThroughPoints() throws {
    // example
    let a = try Matrix<Double>(rows: 3, columns: 2, values: [1, 0, 1, 1, 1, 2])
    let b = try Matrix<Double>(rows: 3, columns: 1, values: [1, 3, 5])
    let line = try a.withView { a in try b.withView { try leastSquares(a, $0) } }
    // line.values is [1, 2] up to rounding: b = 1 + 2·x
    // end
    #expect(abs(line.values[0] - 1) < 1e-14 && abs(line.values[1] - 2) < 1e-14)
  }

  @Test func tasksOverCores() throws {
    // example
    let squares = try Workers.map(count: 4, workers: 2) { task in task * task }
    // [0, 1, 4, 9]
    // end
    #expect(squares == [0, 1, 4, 9])
  }
}
