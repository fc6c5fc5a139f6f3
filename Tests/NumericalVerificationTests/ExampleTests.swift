import LinearAlgebra
import NumericalVerification
import Testing

/// The examples of doc comments, compiled and run; `HouseTests` compares their text.
@Suite struct ExampleTests {
  @Test func aCheckedProduct() throws {
    // example
    let a = try Matrix<Float>(rows: 2, columns: 2, values: [1, 2, 3, 4])
    let b = try Matrix<Float>(rows: 2, columns: 1, values: [1, -1])
    let c = try Matrix<Float>(rows: 2, columns: 1, values: [-1, -1])
    try requireProduct(a, b, is: c)
    try requireProduct(a, b, is: c, by: .randomised(vectors: 20, seed: 7))
    // end
    #expect(throws: CheckFailure.self) { try requireProduct(a, b, is: b) }
  }

  @Test func closeNumbers() throws {
    // example
    let found = (1...10).reduce(0.0) { sum, _ in sum + 0.1 }
    try requireClose([found], [1.0], within: .relative(1e-15))
    // end
    #expect(found != 1)
    #expect(throws: CheckFailure.self) { try requireClose([found], [1.0], within: .exact) }
  }
}
