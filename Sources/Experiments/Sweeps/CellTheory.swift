import Foundation
import SubsetSum

extension CellSummary {
  /// The first moment for a cell's law: candidates of coordinate deviation σ scale it by σ.
  ///
  /// Of any size: ε* is that of `TheoreticalLimit` for σ = 1, and `E T = (ε/ε*)^m`. Of a fixed size
  /// k the same for NSN candidates and k > m; for other laws from the density of a normal sum of k,
  /// (2πkσ²)^(−m/2) at 0: `E T_k = C(n,k)·v·ε^m·(2πkσ²)^(−m/2)`, v the volume of the norm's unit
  /// ball, exact for normals and an approximation for others. All are for targets that are small
  /// beside √n·σ: optimistic otherwise.
  ///
  /// Up to n = 256, in the max norm and for `StandardTarget`s, E T is that of `ExpectedHits`,
  /// without these limits: exact for NSN and normal candidates.
  public struct Theory: Sendable, Hashable {
    /// ε*, by the formula.
    public let scale: Double
    private let dimension: Int
    private let count: Int
    private let rule: SubsetSize
    private var size: Int? { rule.size(of: count) }
    private let hits: ExpectedHits?
    /// ln ε* at n = 1 for any size, at n = k for a fixed size, where one subset has it.
    private let base: Double

    /// Nil where there is no formula.
    public init?(_ cell: SweepCell) {
      let (n, m) = (cell.count, cell.dimension)
      guard let deviation = cell.deviation, n > 0,
        let norm = [Norm.maximum, .euclidean].first(where: { $0.name == cell.norm })
      else { return nil }
      let unit: (n: Double?, base: Double?)
      if let k = cell.size, cell.candidates != StandardCandidates.nsn.name {
        guard k > 0, k <= n, let free = TheoreticalLimit.scale(count: n, dimension: m, norm: norm),
          let base = TheoreticalLimit.scale(count: k, dimension: m, norm: norm)
        else { return nil }
        // The scale for any size counts 2ⁿ subsets whose sums have variance n/2; of size k there
        // are C(n, k), of variance k.
        let subsets = logBinomial(Double(n), Double(k))
        unit.n = free * exp((Double(n) * log(2) - subsets) / Double(m)) * (2 * Double(k) / Double(n)).squareRoot()
        unit.base = base * exp(Double(k) * log(2) / Double(m)) * 2.0.squareRoot()
      } else if let k = cell.size {
        unit.n = TheoreticalLimit.scale(count: n, size: k, dimension: m, norm: norm)
        unit.base = TheoreticalLimit.scale(count: k, size: k, dimension: m, norm: norm)
      } else {
        unit.n = TheoreticalLimit.scale(count: n, dimension: m, norm: norm)
        unit.base = TheoreticalLimit.scale(count: 1, dimension: m, norm: norm)
      }
      guard let scale = unit.n, let base = unit.base else { return nil }
      (self.scale, self.base) = (deviation * scale, log(deviation) + log(base))
      (dimension, count) = (m, n)
      rule = SubsetSize(name: cell.sizeRule) ?? cell.size.map { .exactly($0) } ?? .any
      let lengths: ExpectedHits.Lengths =
        cell.candidates == StandardCandidates.nsn.name ? .chiSquared : .fixed(deviation: deviation)
      let target = n <= Self.largestCount && norm == .maximum ? StandardTarget(name: cell.target) : nil
      hits = target.map { ExpectedHits(lengths, target: $0, dimension: m) }
    }

    /// The most candidates that sizes are summed over for.
    private static let largestCount = 256

    /// The expected number of subsets within ε; infinite where it leaves the range of Double.
    public func expected(within epsilon: Double) -> Double {
      exp(
        hits?.logarithm(count: count, size: size, within: epsilon)
          ?? Double(dimension) * (log(epsilon) - log(scale)))
    }

    /// Whether the size stays as it is where the count changes, as `logScale(count:)` takes it.
    var keepsItsSize: Bool {
      switch rule {
      case .any, .exactly: true
      case .share, .squareRoot: false
      }
    }

    /// Whether `logExpected(within:counts:)` says something of other counts.
    var hasOtherCounts: Bool { hits != nil || keepsItsSize }

    /// ln ε*, by the formula, at another count, which need not be whole.
    ///
    /// - Precondition: n > 0, and at least a fixed size.
    public func logScale(count n: Double) -> Double {
      let m = Double(dimension)
      if let size { return base - logBinomial(n, Double(size)) / m }
      return base + log(n) / 2 - (n - 1) / m * log(2)
    }

    /// ln of the expected number of subsets within ε at other counts: between whole ones on
    /// straight lines where `expected(within:)` is exact.
    ///
    /// - Precondition: counts above 0, and at least a fixed size.
    public func logExpected(within epsilon: Double, counts: [Double]) -> [Double] {
      guard let hits, let most = counts.max(), most <= Double(Self.largestCount) else {
        return counts.map { Double(dimension) * (log(epsilon) - logScale(count: $0)) }
      }
      let (first, last) = (Int((counts.min() ?? most).rounded(.down)), Int(most.rounded(.up)))
      let exact = hits.logarithms(counts: first...last, within: epsilon) { rule.size(of: $0) }
      return counts.map { n in
        let below = Int(n.rounded(.down)) - first
        let part = n - n.rounded(.down)
        return part == 0 ? exact[below] : exact[below] + part * (exact[below + 1] - exact[below])
      }
    }

    /// The count, not rounded, from which on at least `expected` subsets within ε are expected; nil
    /// where fewer candidates than the formula has a meaning for would do, that is, ε is large, or
    /// where it is above 10¹⁵.
    ///
    /// Where `expected(within:)` is exact so is this, the logarithm of E T joined by straight lines
    /// between whole n, up to 256. Elsewhere E T by the formula grows with n from m/(2·ln 2) on, or
    /// from a fixed size on. For `expected` = 1 and NSN candidates of any size in the max norm this
    /// is `FirstMoment.count(dimension:epsilon:)`. By bisection to 12 digits: about 100
    /// evaluations.
    public func count(expecting expected: Double, within epsilon: Double) -> Double? {
      if let hits { return Self.count(hits, rule, expecting: log(expected), within: epsilon) }
      func isEnough(_ n: Double) -> Bool { logExpected(within: epsilon, counts: [n])[0] >= log(expected) }
      var low = size.map { Double($0) } ?? Double(dimension) / (2 * log(2))
      if isEnough(low) { return nil }
      var high = 2 * low
      while !isEnough(high) {
        high *= 2
        if high > 1e15 { return nil }
      }
      while high - low > 1e-12 * high {
        let middle = low + (high - low) / 2
        if isEnough(middle) { high = middle } else { low = middle }
      }
      return high
    }

    private static func count(
      _ hits: ExpectedHits, _ rule: SubsetSize, expecting expected: Double, within epsilon: Double
    ) -> Double? {
      // Counts are tried up to 16, 32, … until one is enough, so that few sizes are computed in
      // vain.
      var last = 16
      while true {
        let found = hits.logarithms(counts: 1...last, within: epsilon) { rule.size(of: $0) }
        if let place = found.firstIndex(where: { $0 >= expected }) {
          if place == 0 { return nil }
          let (before, here) = (found[place - 1], found[place])
          return before == -.infinity ? Double(place + 1) : Double(place + 1) - (here - expected) / (here - before)
        }
        if last == largestCount { return nil }
        last = min(largestCount, 2 * last)
      }
    }
  }
}
