/// Expected numbers of subsets that hit a target, and the counts at which one is expected.
///
/// Candidates are n NSN vectors in dimension m, that is a normal number times a vector of normal
/// numbers, and so is |u|·V for the candidates of one sign. The error is the max norm;
/// `TheoreticalLimit` has the scales of other norms. All figures are natural logarithms, so none
/// overflows or underflows.
public enum FirstMoment {
  /// ln E T for the number T of all 2ⁿ subsets whose sum lies within ε of a small target: `n·ln 2 +
  /// m·ln(ε/√(πn/4))`.
  ///
  /// A random subset's sum has covariance (n/2)·I, hence density about (πn)^(−m/2) near 0, and the
  /// cube has volume (2ε)^m.
  public static func logExpected(count n: Double, dimension m: Int, epsilon: Double) -> Double {
    n * naturalLogarithm(2) + Double(m) * (naturalLogarithm(epsilon) - naturalLogarithm(.pi * n / 4) / 2)
  }

  /// The count n at which one subset of any size is expected: the larger solution of `n =
  /// m·log₂(√(πn/4)/ε)`, or nil where there is none.
  ///
  /// `n − (m/2)·log₂(πn/4)` is convex with its minimum at n = m/(2·ln 2), and must equal
  /// m·log₂(1/ε). Where even the minimum is larger, ε is so large (above 0.457 for m = 1, above 1
  /// from m = 5 on) that the formula asks for nothing.
  ///
  /// Complexity: about 60 evaluations, a bisection to the last bit.
  public static func count(dimension m: Int, epsilon: Double) -> Double? {
    var low = Double(m) / (2 * naturalLogarithm(2))
    guard logExpected(count: low, dimension: m, epsilon: epsilon) <= 0 else { return nil }
    var high = 2 * low
    while logExpected(count: high, dimension: m, epsilon: epsilon) < 0 { high *= 2 }
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return high }
      if logExpected(count: middle, dimension: m, epsilon: epsilon) < 0 { low = middle } else { high = middle }
    }
  }

  /// ln ε*, the logarithm of the error at which one of all subsets is expected: `ε* =
  /// √(πn/4)·2^(−n/m)`.
  public static func logScale(count n: Int, dimension m: Int) -> Double {
    naturalLogarithm(.pi * Double(n) / 4) / 2 - Double(n) / Double(m) * naturalLogarithm(2)
  }

  /// ln E T_k for the number T_k of subsets of size k within ε: `E T_k =
  /// C(n,k)·(ε/√π)^m·Γ((k−m)/2)/Γ(k/2)`, for m < k ≤ n.
  ///
  /// A sum of k NSN vectors is a normal vector times the root of a χ² variable with k degrees of
  /// freedom, a mixture of centred normals, so its density is largest at 0, where it is
  /// `(2√π)^(−m)·Γ((k−m)/2)/Γ(k/2)`. Times the cube's volume (2ε)^m this is an upper bound of the
  /// probability for every target, close for small ε and ‖z‖₂² ≪ k − m. By Markov, no more than E
  /// T_k is the probability that a subset of size k comes within ε.
  public static func logExpected(count n: Int, size k: Int, dimension m: Int, epsilon: Double) -> Double {
    logBinomial(Double(n), Double(k)) + logDensity(k, m) + Double(m)
      * (naturalLogarithm(epsilon) - naturalLogarithm(.pi) / 2)
  }

  /// The logarithm of the error at which one subset of size k is expected, for m < k ≤ n.
  public static func logScale(count n: Int, size k: Int, dimension m: Int) -> Double {
    naturalLogarithm(.pi) / 2 - (logBinomial(Double(n), Double(k)) + logDensity(k, m)) / Double(m)
  }

  /// The size k > m with most expected hits among n candidates, whatever ε; nil where n ≤ m.
  ///
  /// `E T_(k+2)/E T_k = (n−k)(n−k−1)(k−m) / ((k+1)(k+2)k)` exceeds 1 where the numerator exceeds
  /// the denominator. Their cubes cancel, and their difference is the quadratic `−(2n+2+m)k² +
  /// (n(n−1) + (2n−1)m − 2)k − n(n−1)m`, which is negative at k = m. So over sizes of one parity E
  /// T_k falls, then rises between the two roots, then falls: its maximum is at the first size, or
  /// next above the larger root.
  ///
  /// Complexity: eight evaluations.
  public static func bestSize(count n: Int, dimension m: Int) -> Int? {
    guard n > m else { return nil }
    var sizes = [m + 1, m + 2]
    let (count, dimension) = (Double(n), Double(m))
    let pairs = count * (count - 1)
    let square = 2 * count + 2 + dimension
    let linear = pairs + (2 * count - 1) * dimension - 2
    let discriminant = linear * linear - 4 * square * pairs * dimension
    if discriminant > 0, linear > 0 {
      let root = (linear + discriminant.squareRoot()) / (2 * square)
      sizes += (-1...4).map { Int(root) + $0 }
    }
    return sizes.filter { $0 > m && $0 <= n }.max { left, right in
      logBinomial(Double(n), Double(left)) + logDensity(left, m) < logBinomial(Double(n), Double(right))
        + logDensity(right, m)
    }
  }

  /// The smallest n, and the size k, for which at least one subset of one size k > m is expected
  /// within ε.
  ///
  /// For each k, C(n, k) grows with n, so the maximum over k does too, and n is found by doubling
  /// and bisection.
  ///
  /// Complexity: about 2·log₂ n calls of `bestSize`.
  public static func fixedSize(dimension m: Int, epsilon: Double) -> (count: Int, size: Int) {
    func enough(_ n: Int) -> Int? {
      guard let k = bestSize(count: n, dimension: m) else { return nil }
      return logExpected(count: n, size: k, dimension: m, epsilon: epsilon) >= 0 ? k : nil
    }
    var (low, high) = (m, m + 1)
    while true {
      guard var size = enough(high) else {
        (low, high) = (high, 2 * high)
        continue
      }
      while high - low > 1 {
        let middle = low + (high - low) / 2
        if let found = enough(middle) { (high, size) = (middle, found) } else { low = middle }
      }
      return (high, size)
    }
  }

  /// ln Γ((k−m)/2) − ln Γ(k/2): the density of a sum of k NSN vectors at 0, but for the factor
  /// (2√π)^(−m).
  static func logDensity(_ k: Int, _ m: Int) -> Double {
    logGamma(Double(k - m) / 2) - logGamma(Double(k) / 2)
  }
}
