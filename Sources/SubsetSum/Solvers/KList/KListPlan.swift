/// How a k-list search spends its lists: how many there are, how long they are, and how narrow each
/// merge makes which coordinates.
///
/// The model behind it: a leaf's sums are normal with standard deviation s_j in coordinate j. Two
/// lists of N sums, merged where a_j and −b_j lie in the same cell of width w, keep N²·Π
/// w/(√(4π)·s_j) pairs. Their sums have a triangular distribution of half width w in a merged
/// coordinate, that is a standard deviation of w/√6; in any other coordinate a merge multiplies the
/// deviation by √2.
///
/// Leaves may be shorter than the merged lists: more candidates then take part, and the first
/// merges drop fewer pairs.
struct KListPlan: Equatable {
  /// The binary logarithm of the number of leaves, at least 1.
  let levels: Int
  /// The binary logarithms of the lists' lengths, from the leaves, where it is the number of their
  /// candidates, to the lists that the last merge joins.
  let sizes: [Double]
  /// The cell widths of merge level 1 … levels − 1, by coordinate; infinite for a coordinate that a
  /// merge leaves as it is.
  let widths: [[Double]]
  /// The standard deviations of a leaf's sums, by coordinate.
  let leafDeviations: [Double]
  /// The error that the model expects.
  let expectedError: Double

  static let levelsRange = 1...7

  /// The candidates of a leaf.
  var leafBits: Int { Int(sizes[0]) }

  /// The length of the lists of a level, or what they have room for.
  func length(_ level: Int) -> Int { Int(exponential2(sizes[level])) }

  /// The sums of all lists, where each is as long as it has room for.
  var sums: Double { sizes.enumerated().reduce(0) { $0 + exponential2($1.element + Double(levels - $1.offset)) } }

  /// The plan of least expected error for `n` candidates.
  ///
  /// - Parameters:
  ///   - largestBits: the binary logarithm of the longest lists, by levels.
  ///   - squares: the sums of squares of each coordinate over the first so many candidates.
  static func best(
    count n: Int, largestBits: (_ levels: Int) -> Double, squares: (_ first: Int) throws -> [Double]
  ) rethrows -> KListPlan? {
    var best: KListPlan?
    for levels in levelsRange {
      let longest = largestBits(levels)
      let leaf = min(Int(longest), n >> levels)
      if leaf < 4 { break }
      var sizes = [Double(leaf)]
      while sizes.count < levels { sizes.append(min(longest, 2 * sizes[sizes.count - 1])) }
      let leaves = 1 << levels
      let sums = try squares(leaves * leaf)
      // A candidate is in half of the subsets, and the variance of its indicator is 1/4.
      let deviations = sums.map { ($0 / Double(leaves) / 4).squareRoot() }
      guard let plan = plan(levels: levels, sizes: sizes, deviations: deviations) else { continue }
      if plan.expectedError < best?.expectedError ?? .infinity { best = plan }
    }
    return best
  }

  /// The plan for given lists: the least error at which one pair is expected, and the widths that
  /// lead to it.
  private static func plan(levels: Int, sizes: [Double], deviations: [Double]) -> KListPlan? {
    let largest = deviations.max() ?? 0
    guard largest > 0, largest.isFinite else { return nil }
    var best: KListPlan?
    for sharpness in [0.7, 1, 1.4, 2] {
      // The expected number of pairs grows with the error, which is found by bisection of its
      // logarithm.
      var (low, high) = (-60.0, 4.0)
      for _ in 0..<40 {
        let middle = (low + high) / 2
        let trial = narrowing(sizes, deviations, error: largest * exponential2(middle), sharpness: sharpness)
        if trial.pairs >= 1 { high = middle } else { low = middle }
      }
      let error = largest * exponential2(high)
      if error < best?.expectedError ?? .infinity {
        let made = narrowing(sizes, deviations, error: error, sharpness: sharpness)
        best = KListPlan(
          levels: levels, sizes: sizes, widths: made.widths, leafDeviations: deviations, expectedError: error)
      }
    }
    return best
  }

  /// Narrows coordinates in order, each as far as it serves the final error, while the pairs of a
  /// level are more than the list has room for.
  private static func narrowing(
    _ sizes: [Double], _ leaf: [Double], error: Double, sharpness: Double
  ) -> (pairs: Double, widths: [[Double]]) {
    var deviations = leaf
    var widths: [[Double]] = []
    var next = 0
    for level in stride(from: 1, to: sizes.count, by: 1) {
      var row = [Double](repeating: .infinity, count: leaf.count)
      // The binary logarithm of the share of pairs that may be dropped.
      var budget = 2 * sizes[level - 1] - sizes[level]
      let goal = error * (6.0).squareRoot() / sharpness / exponential2(Double(sizes.count - level) / 2)
      var narrowed = Set<Int>()
      while next < leaf.count, budget > 0 {
        let deviation = deviations[next]
        let cost = logarithm2((4 * Double.pi).squareRoot() * deviation / goal)
        if !(cost > 0) {
          next += 1
          continue
        }
        let spent = min(cost, budget)
        row[next] = (4 * Double.pi).squareRoot() * deviation * exponential2(-spent)
        deviations[next] = row[next] / (6.0).squareRoot()
        narrowed.insert(next)
        budget -= spent
        if cost > spent { break }
        next += 1
      }
      for j in leaf.indices where !narrowed.contains(j) { deviations[j] *= (2.0).squareRoot() }
      widths.append(row)
    }
    let hits = deviations.reduce(2 * sizes[sizes.count - 1]) { sum, deviation in
      deviation > 0 ? sum + logarithm2(max(1e-300, errorFunction(error / (2 * deviation)))) : sum
    }
    return (exponential2(hits), widths)
  }
}
