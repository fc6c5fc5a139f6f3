import LinearAlgebra

/// What a check found: how far from right, where, and what repeats it.
public struct CheckReport: Sendable, Hashable, CustomStringConvertible {
  /// What was checked, with type and shape, and the seed of a random check.
  public let check: String
  /// Numbers compared: entries, or sums over rows in a randomised check.
  public let count: Int
  /// The largest |found − expected| / tolerance: infinite for a NaN or an infinity that should not
  /// be there.
  public let worstRatio: Double
  /// Where it was met first: "row 3, column 5", or nil where nothing differed.
  public let place: String?
  /// The number at `place`; 0 where nothing differed.
  public let found: Double
  /// What was expected there.
  public let expected: Double
  /// What |found − expected| may be there.
  public let tolerance: Double

  /// Whether every number lies within its tolerance.
  public var passes: Bool { worstRatio <= 1 }

  public var description: String {
    let verdict = passes ? "passes" : "FAILS"
    guard let place else { return "\(check): \(verdict), \(count) numbers, none differs" }
    return "\(check): \(verdict), worst of \(count) at \(place): found \(found), expected \(expected), tolerance "
      + "\(tolerance), \(worstRatio) times it"
  }

  /// Throws the report when it fails: one line in Swift Testing and in XCTest alike.
  public func require() throws(CheckFailure) { if !passes { throw CheckFailure(report: self) } }
}

/// A check that failed. Its text is the whole report, so that a test's log needs nothing else.
public struct CheckFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// Everything that the check found.
  public let report: CheckReport
  public var description: String { report.description }
}

/// Collects the worst of many comparisons, in order.
@usableFromInline struct WorstComparison {
  @usableFromInline var count = 0
  @usableFromInline var ratio = 0.0
  @usableFromInline var index: Int?
  @usableFromInline var found = 0.0
  @usableFromInline var expected = 0.0
  @usableFromInline var tolerance = 0.0

  @usableFromInline init() {}

  @inlinable mutating func compare(_ found: Double, _ expected: Double, tolerance: Double) {
    defer { count += 1 }
    let equal = found == expected || found.isNaN && expected.isNaN
    let distance = equal ? 0 : abs(found - expected)
    var ratio = distance == 0 ? 0 : distance / tolerance
    if ratio.isNaN || distance == .infinity { ratio = .infinity }
    if ratio > self.ratio {
      (self.ratio, index, self.found, self.expected, self.tolerance) = (ratio, count, found, expected, tolerance)
    }
  }

  func report(_ check: String, place: (Int) -> String) -> CheckReport {
    CheckReport(
      check: check, count: count, worstRatio: ratio, place: index.map(place), found: found, expected: expected,
      tolerance: tolerance)
  }
}
