#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Scales of the accuracy that the best of all 2ⁿ subsets can reach.
///
/// For candidates whose coordinates have mean 0 and variance 1, uncorrelated, and targets that are small beside
/// √n. The optimum of one instance scatters around these figures: they are scales, not bounds. Candidates
/// of another spread multiply them by it.
public enum TheoreticalLimit {
  /// The scale for n candidates in dimension m, or nil where there is none (n = 0 or m = 0).
  ///
  /// Over random instances a random subset's sum has mean 0 and covariance (n/2)·I, so its density at a target
  /// near 0 is about (πn)^(−m/2). Setting the expected number of the 2ⁿ sums within ε of the target to 1,
  /// with volume (2ε)^m for the cube and π^(m/2)·ε^m/Γ(m/2+1) for the ball, gives
  /// `√(πn/4)·2^(−n/m)` in the max norm and `√n·Γ(m/2+1)^(1/m)·2^(−n/m)` in the Euclidean norm.
  /// Computed in logarithms; underflows to 0 where 2^(−n/m) does.
  public static func scale(count n: Int, dimension m: Int, norm: Norm) -> Double? {
    guard n > 0, m > 0 else { return nil }
    let (n, m) = (Double(n), Double(m))
    switch norm {
    case .maximum:
      return exp2(0.5 * log2(Double.pi * n / 4) - n / m)
    case .euclidean:
      var sign: Int32 = 0
      return exp2(0.5 * log2(n) + lgamma_r(m / 2 + 1, &sign) / (m * log(2)) - n / m)
    }
  }
}
