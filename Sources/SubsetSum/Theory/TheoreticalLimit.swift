/// Scales of the accuracy that the best of all subsets can reach.
///
/// ```swift
/// let scale = TheoreticalLimit.scale(count: 119, dimension: 9, norm: .maximum)  // about 1e-3
/// ```
///
/// They hold for candidates whose coordinates have mean 0 and variance 1 and are uncorrelated, and
/// for targets that are small beside √n. The optimum of one instance scatters around these figures:
/// they are scales, not bounds. Candidates of another spread multiply them by it.
public enum TheoreticalLimit {
  /// The scale for n candidates in dimension m; nil where there is none, for n = 0, m = 0 or a
  /// weight of 0.
  ///
  /// Over random instances a random subset's sum has mean 0 and covariance (n/2)·I, so its density
  /// at a target near 0 is about (πn)^(−m/2). The norm's ball of radius ε has the volume v·ε^m.
  /// Setting the expected number of the 2ⁿ sums within ε of the target to 1 gives ε = (√(πn)^m /
  /// (v·2ⁿ))^(1/m):
  ///
  /// - max norm, v = 2^m: `√(πn/4)·2^(−n/m)`, whose logarithm is `FirstMoment.logScale`
  /// - Euclidean norm, v = π^(m/2)/Γ(m/2+1): `√n·Γ(m/2+1)^(1/m)·2^(−n/m)`; in a metric times |det
  ///   L|^(1/m)
  /// - row sums over blocks of m_b coordinates, v = Π_b 2^(m_b)/m_b! / Π w: `√(πn/4)·(Π w·Π
  ///   m_b!)^(1/m)·2^(−n/m)`; nil for `Sides.larger`, whose ball has another volume.
  ///
  /// Computed in logarithms; underflows to 0 where 2^(−n/m) does.
  public static func scale(count n: Int, dimension m: Int, norm: Norm) -> Double? {
    guard n > 0, m > 0, let volume = log2Volume(norm, m) else { return nil }
    let (n, m) = (Double(n), Double(m))
    return exponential2(0.5 * logarithm2(Double.pi * n) - (volume + n) / m)
  }

  /// The error at which one of the C(n, k) subsets of size k is expected within it, for NSN
  /// candidates. Nil for k ≤ m, where the density of a sum of k at 0 is infinite, and where there
  /// is no scale for any size.
  ///
  /// A sum of k NSN vectors is a normal vector times the root of a χ² variable with k degrees of
  /// freedom; its density at 0 is `(2√π)^(−m)·Γ((k−m)/2)/Γ(k/2)`. For targets with ‖z‖₂² near k − m
  /// or more the number of subsets is overestimated, so this scale is optimistic.
  public static func scale(count n: Int, size k: Int, dimension m: Int, norm: Norm) -> Double? {
    guard m > 0, k > m, k <= n, let volume = log2Volume(norm, m) else { return nil }
    let (subsets, density) = (logBinomial(Double(n), Double(k)), FirstMoment.logDensity(k, m))
    let log2Expected =
      (subsets + density) / naturalLogarithm(2) + volume - Double(m) * logarithm2(2 * Double.pi.squareRoot())
    return exponential2(-log2Expected / Double(m))
  }

  static func scale(of problem: Problem) -> Double? {
    if let size = problem.size {
      return scale(count: problem.count, size: size, dimension: problem.dimension, norm: problem.norm)
    }
    return scale(count: problem.count, dimension: problem.dimension, norm: problem.norm)
  }

  /// log₂ of the volume of the norm's unit ball in m dimensions, nil where it is infinite or not
  /// known.
  private static func log2Volume(_ norm: Norm, _ m: Int) -> Double? {
    let ball = Double(m) / 2 * logarithm2(Double.pi) - logGamma(Double(m) / 2 + 1) / naturalLogarithm(2)
    switch norm {
    case .maximum: return Double(m)
    case .euclidean: return ball
    case .metric(let metric): return ball - metric.log2Determinant
    case .rowSums(let sums):
      guard sums.sides == .both, sums.weights.allSatisfy({ $0 > 0 }) else { return nil }
      var members = [Int](repeating: 0, count: sums.blockCount)
      for block in sums.blocks { members[block] += 1 }
      let factorials = members.reduce(0) { $0 + logGamma(Double($1 + 1)) } / naturalLogarithm(2)
      return Double(m) - factorials - sums.weights.reduce(0) { $0 + logarithm2($1) }
    }
  }
}
