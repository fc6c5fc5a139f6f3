import RunControl

/// The Euclidean descent of `GreedyFlips` in plain Float64 loops, without BLAS, window or tiles:
/// what tests compare it with.
///
/// The residual is recomputed from the subset at every step by the checker. For the max norm it
/// gives the Euclidean descent, without the steps for the max norm that follow there.
///
/// Complexity: n·m for each step, without a window; much slower than `GreedyFlips`.
public struct GreedyFlipsReference: Solver {
  /// The name that reports and the command line use.
  public let name = "greedy-reference"
  /// Subsets of any size only.
  public var takesFixedSize: Bool { false }
  /// Problems with a size penalty are taken.
  public var takesSizePenalty: Bool { true }
  /// First flips that are tried at a local optimum, as in `GreedyFlips`.
  public var exchangeColumns: Int

  /// The reference for `GreedyFlips` with as many exchange columns.
  public init(exchangeColumns: Int = 32) { self.exchangeColumns = exchangeColumns }

  /// Descends to a local optimum. The work limit of a run that states none is that of
  /// `GreedyFlips`.
  ///
  /// - Throws: `SubsetSumError.unsupported` for a fixed size.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    var meter = WorkMeter(control, defaultLimit: GreedyFlips.defaultWorkLimit)
    var subset: Set<Int> = []
    for i in try path(problem, &meter) { subset.formSymmetricDifference([i]) }
    return try solution(meter.claim(subset.sorted(), isOptimal: false, by: name), for: problem, control)
  }

  /// The candidates flipped, in order.
  package func path(_ problem: Problem, control: RunControl) throws -> [Int] {
    var meter = WorkMeter(control, defaultLimit: GreedyFlips.defaultWorkLimit)
    return try path(problem, &meter)
  }

  private func path(_ problem: Problem, _ meter: inout WorkMeter) throws -> [Int] {
    let problem = try problem.plainForm(meter.control)
    let (n, m) = (problem.count, problem.dimension)
    if n == 0 || m == 0 { return [] }
    var path: [Int] = []
    var subset: Set<Int> = []
    while true {
      let residual = try Checker.residual(of: subset.sorted(), in: problem)
      var moves: [Int] = []
      problem.candidates.withRows { rows in
        let sweep = Sweep(rows: rows, subset: subset, residual: residual, penalty: problem.sizePenalty)
        guard meter.allows(UInt64(n * m)) else { return }
        meter.count(work: UInt64(n * m), evaluations: UInt64(n))
        if let single = sweep.best(first: nil) {
          moves = [single.index]
          return
        }
        let firsts = sweep.ranked().prefix(exchangeColumns)
        for start in stride(from: 0, to: firsts.count, by: GreedyFlips.batch) where moves.isEmpty {
          var best: (change: Double, moves: [Int])?
          for first in firsts[start..<min(firsts.count, start + GreedyFlips.batch)] {
            guard meter.allows(UInt64(n * m)) else { return }
            meter.count(work: UInt64(n * m), evaluations: UInt64(n))
            if let second = sweep.best(first: first), second.change < best?.change ?? .infinity {
              best = (second.change, [first, second.index])
            }
          }
          moves = best?.moves ?? []
        }
      }
      if moves.isEmpty { return path }
      for i in moves { subset.formSymmetricDifference([i]) }
      path += moves
    }
  }
}

private struct Sweep {
  let rows: CandidateRows
  let subset: Set<Int>
  let residual: [Double]
  let penalty: Double

  private func dot(_ x: [Double], _ y: [Double]) -> Double { fixedOrderDot(x, y, x.count) }

  private func change(_ i: Int, from y: [Double]) -> Double {
    let product = 2 * rows.dot(i, y)
    return subset.contains(i)
      ? (rows.squaredNorm(i) + product) - penalty : (rows.squaredNorm(i) - product) + penalty
  }

  /// The best flip, after flipping `first` if there is one; the lowest index among equal ones.
  func best(first: Int?) -> (change: Double, index: Int)? {
    var y = residual
    if let first {
      for j in y.indices { y[j] += (subset.contains(first) ? 1 : -1) * rows.coordinate(first, j) }
    }
    let energy = dot(residual, residual)
    let square = dot(y, y)
    let paid = first.map { subset.contains($0) ? -penalty : penalty } ?? 0
    var best: (change: Double, index: Int)?
    for i in 0..<rows.count where i != first {
      let change = ((square - energy) + paid) + change(i, from: y)
      let improves = change < -Double(y.count + 16) * 0x1p-49 * (energy + square + 2 * penalty)
      if improves, change < best?.change ?? .infinity { best = (change, i) }
    }
    return best
  }

  /// Candidates shorter than ‖r‖ + √(‖r‖² + 2p), which is 2‖r‖ without a penalty, by what they cost
  /// relative to their size.
  func ranked() -> [Int] {
    let energy = dot(residual, residual)
    let reach = energy.squareRoot() + (energy + 2 * penalty).squareRoot()
    let last = (0..<rows.count).last { rows.squaredNorm($0).squareRoot() < reach }
    let inReach = (0..<(last.map { $0 + 1 } ?? 0)).filter { rows.squaredNorm($0) > 0 }
    let ranks = inReach.map { (change($0, from: residual) / rows.squaredNorm($0), $0) }
    return ranks.sorted { $0 < $1 }.map(\.1)
  }
}
