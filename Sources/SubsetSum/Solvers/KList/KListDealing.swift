import RunControl

/// A plan, and one of the ways to deal the candidates to its leaves.
struct KListDealing {
  let problem: Problem
  let plan: KListPlan
  /// The candidates of each leaf.
  let groups: [[Int]]
  /// What each leaf's sums are to add up to.
  let centers: [[Double]]
  /// A power of two that brings deviations close to 1.
  let unit: Double
  /// The number of candidates that are not 0.
  private let candidateCount: Int

  /// Whether the lists hold all subsets of all candidates, so that no other dealing has more to
  /// look at.
  var hasSeenAll: Bool { problem.dimension == 1 && 2 * plan.sizes[plan.levels - 1] == Double(candidateCount) }

  /// Whether Float32 keeps sums far better apart than the error that is expected.
  var isCoarse: Bool {
    let largest = max(plan.leafDeviations.max() ?? 0, centers.reduce(0) { max($0, $1.reduce(0) { max($0, abs($1)) }) })
    return plan.expectedError >= 0x1p-14 * largest
  }

  /// Nil where the problem has too few candidates, or no coordinate to narrow.
  ///
  /// - Parameters:
  ///   - order: the candidates that are not 0, by ascending norm.
  ///   - longest: the binary logarithm of the longest lists, by levels.
  ///   - number: which of the ways in which candidates are dealt to groups.
  /// - Throws: `Interruption` when the run must stop.
  init?(_ problem: Problem, order: [Int], longest: [Double], number: Int, _ control: RunControl) throws {
    let m = problem.dimension
    if m == 0 { return nil }
    let made = try KListPlan.best(count: order.count, largestBits: { longest[$0] }) { first in
      var squares = [Double](repeating: 0, count: m)
      try problem.candidates.withRows { rows in
        try control.forEach(0..<first, askingEvery: problem.candidates.rowsBetweenQuestions) { place in
          let i = order[place]
          for j in 0..<m { squares[j] += rows.coordinate(i, j) * rows.coordinate(i, j) }
        }
      }
      return squares
    }
    guard let made else { return nil }
    let (leaves, leaf) = (1 << made.levels, made.leafBits)
    let dealt = Self.dealt(Array(order.prefix(leaves * leaf)), number)
    // Candidates are dealt in turn, so that the groups are alike.
    groups = (0..<leaves).map { first in (0..<leaf).map { dealt[$0 * leaves + first] } }
    candidateCount = order.count
    self.problem = problem
    plan = made
    centers = Self.centers(problem, groups)
    unit = powerOfTwo(max(-1000, min(1000, -Int((made.leafDeviations.max() ?? 1).exponent))))
  }

  /// The candidates in the order in which they are dealt: as they are for 0, in a fixed random
  /// order for each number above.
  private static func dealt(_ candidates: [Int], _ number: Int) -> [Int] {
    if number == 0 { return candidates }
    return candidates.map { (SplitMix.draw(number, $0), $0) }.sorted { $0 < $1 }.map(\.1)
  }

  /// The mean sum of each group, and an equal share of what the means leave of the target.
  private static func centers(_ problem: Problem, _ groups: [[Int]]) -> [[Double]] {
    let m = problem.dimension
    var means = groups.map { _ in [Double](repeating: 0, count: m) }
    var rest = problem.target
    problem.candidates.withRows { rows in
      for (g, group) in groups.enumerated() {
        for i in group { for j in 0..<m { means[g][j] += rows.coordinate(i, j) / 2 } }
        for j in 0..<m { rest[j] -= means[g][j] }
      }
    }
    return means.map { mean in mean.indices.map { mean[$0] + rest[$0] / Double(groups.count) } }
  }
}
