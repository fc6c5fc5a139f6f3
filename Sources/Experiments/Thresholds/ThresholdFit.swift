import Foundation

/// The line n50 = a·m·log₂(1/ε) + b through thresholds, by least squares.
///
/// The first moment says a = 1 up to a logarithm: `n = m·log₂(√(πn/4)/ε)`.
public struct ThresholdFit: Sendable, Hashable {
  /// A threshold: its m, its ε and its n50.
  public struct Point: Sendable, Hashable {
    /// m.
    public let dimension: Int
    /// ε, in (0, 1).
    public let epsilon: Double
    /// n50.
    public let count: Double

    /// A threshold: n50 = `count`.
    public init(dimension: Int, epsilon: Double, count: Double) {
      (self.dimension, self.epsilon, self.count) = (dimension, epsilon, count)
    }

    /// m·log₂(1/ε).
    fileprivate var bits: Double { -Double(dimension) * log2(epsilon) }
  }

  /// a.
  public let slope: Double
  /// b, in candidates.
  public let intercept: Double
  /// The root of the mean square of what the line misses, in candidates.
  public let deviation: Double
  /// Thresholds that it goes through.
  public let points: Int

  /// Nil for fewer than three thresholds, and where all have the same m·log₂(1/ε).
  public init?(_ points: [Point]) {
    guard points.count >= 3 else { return nil }
    let n = Double(points.count)
    let means = (x: points.reduce(0) { $0 + $1.bits } / n, y: points.reduce(0) { $0 + $1.count } / n)
    let spread = points.reduce(0) { $0 + ($1.bits - means.x) * ($1.bits - means.x) }
    let largest = points.reduce(0) { max($0, abs($1.bits)) }
    // Numbers that differ by rounding alone count as equal: no line goes through them.
    guard spread > n * (1e-12 * largest) * (1e-12 * largest) else { return nil }
    let slope = points.reduce(0) { $0 + ($1.bits - means.x) * ($1.count - means.y) } / spread
    let intercept = means.y - slope * means.x
    let squares = points.reduce(0) { sum, point in
      let missed = point.count - (slope * point.bits + intercept)
      return sum + missed * missed
    }
    (self.slope, self.intercept, deviation) = (slope, intercept, (squares / n).squareRoot())
    self.points = points.count
  }

  /// n50 on the line.
  public func count(dimension m: Int, epsilon: Double) -> Double { slope * -Double(m) * log2(epsilon) + intercept }
}

extension ThresholdFit: CustomStringConvertible {
  /// `0.981·m·log2(1/ε) + 2.35`.
  public var description: String {
    String(format: "%.3f·m·log2(1/ε) %@ %.2f", slope, intercept < 0 ? "-" : "+", abs(intercept))
  }
}
