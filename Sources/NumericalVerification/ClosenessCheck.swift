import LinearAlgebra

/// How far numbers may lie from expected ones.
public enum Tolerance: Sendable, Hashable {
  /// |found − expected| ≤ this.
  case absolute(Double)
  /// |found − expected| ≤ this · |expected|, number by number.
  case relative(Double)
  /// |found − expected| ≤ this · max |expected|.
  case relativeToLargest(Double)
  /// Equal, but that 0 equals −0 and NaN equals NaN.
  case exact
}

/// Checks that numbers are as expected within a tolerance. NaN equals only NaN, an infinity only
/// itself.
///
/// - Complexity: O(n) for n numbers.
/// - Throws: `LinearAlgebraError.shapeMismatch` for different counts.
public func checkClose<Found: Collection, Expected: Collection>(
  _ found: Found, _ expected: Expected, within tolerance: Tolerance
) throws(LinearAlgebraError) -> CheckReport
where Found.Element: BinaryFloatingPoint, Expected.Element: BinaryFloatingPoint {
  guard found.count == expected.count else {
    throw .shapeMismatch(
      operation: "closeness check", expected: "\(expected.count) numbers", found: "\(found.count)")
  }
  let largest = expected.reduce(0.0) { $1.isFinite ? max($0, abs(Double($1))) : $0 }
  var worst = WorstComparison()
  for (value, reference) in zip(found, expected) {
    let reference = Double(reference)
    let allowed =
      switch tolerance {
      case .absolute(let distance): distance
      case .relative(let fraction): fraction * abs(reference)
      case .relativeToLargest(let fraction): fraction * largest
      case .exact: 0.0
      }
    worst.compare(Double(value), reference, tolerance: allowed)
  }
  return worst.report("\(found.count) numbers, \(tolerance)") { "index \($0)" }
}

/// As `checkClose`, and throws the report of numbers that are too far off.
///
/// ```swift
/// let found = (1...10).reduce(0.0) { sum, _ in sum + 0.1 }
/// try requireClose([found], [1.0], within: .relative(1e-15))
/// ```
///
/// - Throws: `CheckFailure`, or `LinearAlgebraError` for different counts.
public func requireClose<Found: Collection, Expected: Collection>(
  _ found: Found, _ expected: Expected, within tolerance: Tolerance
) throws where Found.Element: BinaryFloatingPoint, Expected.Element: BinaryFloatingPoint {
  try checkClose(found, expected, within: tolerance).require()
}
