import LinearAlgebra
import NumericalVerification
import XCTest

/// The same lines in XCTest.
final class XCTestUseTests: XCTestCase {
  func testAProductIsOneLine() throws {
    let (a, b): (Matrix<Float>, Matrix<Float>) = (try made(30, 20, seed: 1), try made(20, 10, seed: 2))
    var c = try product(a, b)
    try requireProduct(a, b, is: c)
    c[3, 4] += 1
    XCTAssertThrowsError(try requireProduct(a, b, is: c)) { XCTAssertTrue("\($0)".contains("row 3, column 4")) }
  }
}
