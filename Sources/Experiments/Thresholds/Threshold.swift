/// The count n50 at which half of the trials succeed, as a curve of fractions against n says.
///
/// With the fractions of a curve joined by straight lines, n50 is the place from which on they are
/// at least 1/2. Its interval comes from the 95 % bands of the fractions, joined in the same way:
/// from the first place where the upper edge reaches 1/2 to the place from which on the lower edge
/// is at least 1/2. So low ≤ n50 ≤ high, and where noise makes a curve cross 1/2 more than once the
/// interval holds all of its crossings.
public struct Threshold: Sendable, Hashable {
  /// One point of a curve.
  public struct Observation: Sendable, Hashable {
    /// n.
    public let count: Int
    /// Successes in trials, from 0 to 1.
    public let fraction: Double
    /// The lower end of its 95 % interval.
    public let low: Double
    /// The upper end of its 95 % interval.
    public let high: Double

    /// A point, with low ≤ fraction ≤ high.
    public init(count: Int, fraction: Double, low: Double, high: Double) {
      (self.count, self.fraction, self.low, self.high) = (count, fraction, low, high)
    }

    /// Successes in trials, with the Wilson interval; nil without trials.
    ///
    /// - Parameters:
    ///   - count: n.
    ///   - successes: Trials that are successes.
    ///   - undecided: Trials that may be successes or not; they count for the interval's upper end
    ///     alone.
    ///   - trials: All of them.
    public init?(count: Int, successes: Int, undecided: Int = 0, trials: Int) {
      guard let sure = WilsonInterval(successes: successes, trials: trials),
        let possible = WilsonInterval(successes: successes + undecided, trials: trials)
      else { return nil }
      self.init(count: count, fraction: Double(successes) / Double(trials), low: sure.low, high: possible.high)
    }
  }

  /// Where 1/2 lies beside the counts that were tried.
  public enum Position: String, Sendable, Hashable, CaseIterable {
    /// Between two of them.
    case within
    /// Half of the trials or more succeed at each count: n50 is at most the least of them.
    case below
    /// Fewer than half succeed at the largest count.
    case above
    /// No trials.
    case unknown
  }

  /// Where 1/2 lies.
  public let position: Position
  /// n50, not rounded; nil unless `position` is `within`.
  public let count: Double?
  /// The lower end of the interval; nil where it lies beyond the least count that was tried.
  public let low: Double?
  /// The upper end of the interval; nil where it lies beyond the largest count.
  public let high: Double?

  /// - Parameter observations: A curve, in any order.
  /// - Precondition: counts differ, and low ≤ fraction ≤ high for each.
  public init(_ observations: [Observation]) {
    let curve = observations.sorted { $0.count < $1.count }
    precondition(zip(curve, curve.dropFirst()).allSatisfy { $0.count < $1.count }, "counts differ")
    guard let last = curve.last else {
      (position, count, low, high) = (.unknown, nil, nil, nil)
      return
    }
    let crossings = Self.crossings(curve, \.fraction)
    if last.fraction < 0.5 {
      (position, count) = (.above, nil)
    } else if let crossing = crossings.last {
      (position, count) = (.within, crossing)
    } else {
      (position, count) = (.below, nil)
    }
    low = curve[0].high >= 0.5 ? nil : Self.crossings(curve, \.high).first
    high = last.low >= 0.5 ? Self.crossings(curve, \.low).last : nil
  }

  /// Where a line through the points comes up to 1/2 from below, ascending.
  private static func crossings(_ curve: [Observation], _ value: (Observation) -> Double) -> [Double] {
    zip(curve, curve.dropFirst()).compactMap { left, right in
      let (below, above) = (value(left), value(right))
      guard below < 0.5, above >= 0.5 else { return nil }
      return Double(left.count) + Double(right.count - left.count) * (0.5 - below) / (above - below)
    }
  }
}
