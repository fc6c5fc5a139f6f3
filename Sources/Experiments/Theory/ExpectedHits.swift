#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import SubsetSum

/// The first moment without asymptotics: how many subsets are expected within ε in the max norm, at
/// any n, ε and target law.
///
/// Given s, the squared length that the scalars of a subset add up to, the m coordinates of its
/// residual are independent and equal in law, so a subset of size k hits with probability
/// `E_s[p(s)^m]`, p(s) being what one coordinate does: |√s·g − z| ≤ ε for a normal g and the
/// target's z. For NSN vectors s is χ² with k degrees of freedom, for normal ones s = k.
/// `FirstMoment`'s formulas are limits of this for small ε and z, and for many more candidates than
/// dimensions: a sum of few NSN vectors is short more often than its variance says, and such
/// subsets can make up most of the hits.
///
/// By Markov the expected number bounds the probability that there is a subset within ε.
public struct ExpectedHits: Sendable, Hashable {
  /// How s depends on k.
  public enum Lengths: Sendable, Hashable {
    /// χ² with k degrees of freedom: NSN candidates.
    case chiSquared
    /// k·σ²: candidates of independent normal coordinates of deviation σ. For other independent
    /// coordinates an approximation by normals.
    case fixed(deviation: Double)
  }

  /// The candidates' law, by what it says of lengths.
  public let lengths: Lengths
  /// The target's law.
  public let target: StandardTarget
  /// m.
  public let dimension: Int

  /// - Precondition: m ≥ 1.
  public init(_ lengths: Lengths, target: StandardTarget, dimension: Int) {
    precondition(dimension >= 1, "at least one dimension")
    (self.lengths, self.target, self.dimension) = (lengths, target, dimension)
  }

  /// ln of the expected number of subsets within ε: of all 2ⁿ, or of those of one size. −∞ for
  /// none.
  ///
  /// - Complexity: for NSN vectors some 1500 error functions a size.
  /// - Precondition: n ≥ 0, ε > 0, a size from 0 to n.
  public func logarithm(count n: Int, size: Int? = nil, within epsilon: Double) -> Double {
    logarithms(counts: n...n, within: epsilon) { _ in size }[0]
  }

  /// The same for many counts, each with its size, nil for any; −∞ where the size exceeds the
  /// count. Cost: as above for each size that occurs.
  func logarithms(counts: ClosedRange<Int>, within epsilon: Double, size: (Int) -> Int?) -> [Double] {
    // The probability that a subset of a size hits does not depend on the count.
    var probabilities = [Double?](repeating: nil, count: counts.upperBound + 1)
    return counts.map { n in
      let sizes = size(n).map { [$0] } ?? Array(0...n)
      var terms: [Double] = []
      for k in sizes where k <= n {
        let probability = probabilities[k] ?? logProbability(size: k, within: epsilon)
        probabilities[k] = probability
        let subsets = logBinomial(Double(n), Double(k))
        terms.append(subsets + probability)
      }
      guard let largest = terms.max(), largest > -.infinity else { return -.infinity }
      return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
    }
  }

  /// ln of the probability that a given subset of size k lies within ε.
  func logProbability(size k: Int, within epsilon: Double) -> Double {
    let m = Double(dimension)
    if k == 0 { return m * log(coordinate(0, epsilon)) }
    switch lengths {
    case .fixed(let deviation): return m * log(coordinate(Double(k).squareRoot() * deviation, epsilon))
    case .chiSquared:
      // Over t = ln s, by the trapezoid rule, which for a smooth integrand that falls off at both
      // ends is as exact as its step is fine.
      let half = Double(k) / 2
      let constant = -half * log(2) - logGamma(half)
      let (low, step) = (min(0, 2 * log(epsilon)) - 40, 1.0 / 32)
      let high = log(Double(k) + 12 * Double(2 * k).squareRoot() + 60)
      var terms: [Double] = []
      for index in 0...Int((high - low) / step) {
        let t = low + Double(index) * step
        let s = exp(t)
        terms.append(constant + half * t - s / 2 + m * log(coordinate(s.squareRoot(), epsilon)))
      }
      let largest = terms.max() ?? -.infinity
      guard largest > -.infinity else { return largest }
      return largest + log(step * terms.reduce(0) { $0 + exp($1 - largest) })
    }
  }

  /// P(|σ·g − z| ≤ ε).
  private func coordinate(_ sigma: Double, _ epsilon: Double) -> Double {
    switch target {
    case .zero: return Self.central(epsilon, sigma)
    case .normal(let deviation): return Self.central(epsilon, (sigma * sigma + deviation * deviation).squareRoot())
    case .uniform(let h):
      // For a small ε the differences below would cancel; the mean of the density over (−h, h),
      // times 2ε, is exact enough there.
      if epsilon < 1e-5 * sigma { return epsilon / h * Self.central(h, sigma) }
      // Beyond 40 deviations no probability is left in Float64, and h might vanish beside a huge ε.
      if epsilon - h > 40 * sigma { return 1 }
      // With G(x) = ∫ Φ(x/σ) dx = x·Φ(x/σ) + σ·φ(x/σ), the mean over z of Φ((z+ε)/σ) − Φ((z−ε)/σ)
      // is (G(h+ε) − G(h−ε) − ε)/h.
      return max(0, min(1, (Self.integral(h + epsilon, sigma) - Self.integral(h - epsilon, sigma) - epsilon) / h))
    }
  }

  /// P(|σ·g| ≤ ε).
  private static func central(_ epsilon: Double, _ sigma: Double) -> Double {
    sigma > 0 ? erf(epsilon / sigma / 2.0.squareRoot()) : 1
  }

  private static func integral(_ x: Double, _ sigma: Double) -> Double {
    guard sigma > 0 else { return max(0, x) }
    let u = x / sigma
    return x * erfc(-u / 2.0.squareRoot()) / 2 + sigma * exp(-u * u / 2) / (2 * Double.pi).squareRoot()
  }
}

extension StandardTarget {
  /// From `name`; nil for another law's.
  init?(name: String) {
    let words = name.split(separator: " ")
    switch (words.first, words.count == 2 ? Double(words[1]) : nil) {
    case ("zero", nil) where words.count == 1: self = .zero
    case ("uniform", let halfWidth?): self = .uniform(halfWidth: halfWidth)
    case ("normal", let deviation?): self = .normal(deviation: deviation)
    default: return nil
    }
  }
}
