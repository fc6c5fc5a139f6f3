/// A confidence interval for a probability of which `successes` in `trials` were seen (Wilson
/// 1927).
///
/// `(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)` for p = successes/n and z the normal
/// quantile: within 0…1, and of use for few trials and for p near 0 or 1 as well.
public struct WilsonInterval: Sendable, Hashable {
  /// The lower end, at least 0.
  public let low: Double
  /// The upper end, at most 1.
  public let high: Double

  /// The quantile for 95 %.
  public static let quantile95 = 1.959963984540054

  /// Nil without trials.
  public init?(successes: Int, trials: Int, quantile z: Double = quantile95) {
    guard trials > 0 else { return nil }
    let n = Double(trials)
    let p = Double(successes) / n
    let middle = p + z * z / (2 * n)
    let width = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    let whole = 1 + z * z / n
    // The ends are exactly 0 and 1 there, which rounding could miss by a bit.
    low = successes == 0 ? 0 : max(0, (middle - width) / whole)
    high = successes == trials ? 1 : min(1, (middle + width) / whole)
  }
}
