import RunControl

/// A subset that is there at once, for a run that was stopped before it had a better one.
///
/// Where any size is allowed it is the best of the empty set, each single candidate, and in small
/// problems what a few kicks of `IteratedGreedy` find. Of a fixed size it is the best of the first
/// candidates, the shortest ones, and in small problems what `ForwardGreedy` finds. It is bounded
/// by work, not by time, so that it is the same everywhere: where there are more than 2²⁷
/// coordinates, only the first candidates are looked at, and parts of a run that are late
/// (`RunControl.isLate`) do without the kicks. In the max norm most candidates are left
/// at their first coordinates. Cost: some 30 ms at n·m = 5·10⁷ in ‖·‖₂.
enum QuickSubset {
  /// Coordinates that are looked at. A metric's rows count m/2 times as many.
  private static let work = 1 << 27
  /// What a descent may cost, and the largest problem, in coordinates, for which one is tried.
  private static let (descentWork, descentSize): (UInt64, UInt64) = (1 << 22, 1 << 19)
  private static let kicks = 200

  /// The solution that a claim amounts to; where a time limit or a cancellation ended the run, the
  /// better of it and what is there at once.
  ///
  /// - Parameter descends: whether small problems may have a descent, which takes about a
  ///   millisecond.
  static func orBetter(_ claim: Claim, for problem: Problem, descends: Bool = true) throws -> Solution {
    let found = try Checker.solution(claim, for: problem)
    guard let stop = claim.stop, stop != .workLimit else { return found }
    let quick = try find(problem, descends: descends)
    guard quick.error < found.error else { return found }
    var better = claim
    better.subset = quick.subset
    return try Checker.solution(better, for: problem)
  }

  /// The best of the subsets that are there at once, and its error.
  private static func find(_ problem: Problem, descends: Bool) throws -> (subset: [Int], error: Double) {
    var subsets = [problem.defaultSubset]
    if problem.count > 0, problem.dimension > 0 {
      if let size = problem.size { subsets += shortest(size, problem) } else { subsets.append(single(problem)) }
      if descends, ShortCandidates.orderingWork(problem) <= descentSize {
        let solver: any Solver = problem.size == nil ? IteratedGreedy(kicks: kicks) : ForwardGreedy()
        let control = RunControl(limits: Limits(work: descentWork))
        subsets.append(try solver.solve(problem, control: control).subset)
      }
    }
    var best: (subset: [Int], error: Double)?
    for subset in subsets {
      let error = try Checker.solution(Claim(subset: subset), for: problem).error
      if error < best?.error ?? .infinity || best == nil { best = (subset, error) }
    }
    return best!
  }

  /// The candidate that alone leaves least, or none where the empty set leaves less.
  private static func single(_ problem: Problem) -> [Int] {
    let (m, norm) = (problem.dimension, problem.norm)
    let rowWork = Int(ShortCandidates.orderingWork(problem)) / problem.count
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * m) { scratch in
      let (target, left) = (scratch.baseAddress!, scratch.baseAddress! + m)
      for j in 0..<m { target[j] = problem.target[j] }
      // Where the target is largest a candidate is ruled out soonest.
      let order = (0..<m).sorted { isLarger(target, $0, $1) }
      var (least, best, spent) = (norm.measure(target, m), -1, 0)
      problem.candidates.withRows { rows in
        for i in 0..<problem.count where spent < work {
          if norm == .maximum {
            let largest = largestMagnitude(of: m, below: least, &spent) {
              abs(target[order[$0]] - rows.coordinate(i, order[$0]))
            }
            if let largest { (least, best) = (largest, i) }
            continue
          }
          spent &+= rowWork
          if norm == .euclidean {
            let length = rows.squaredDistance(i, from: target).squareRoot()
            if length < least { (least, best) = (length, i) }
          } else {
            rows.writeDifference(target, less: i, to: left)
            let length = norm.measure(left, m)
            if length < least { (least, best) = (length, i) }
          }
        }
      }
      return best < 0 ? [] : [best]
    }
  }

  /// The `size` shortest candidates of those looked at, ascending; none where they are too few.
  private static func shortest(_ size: Int, _ problem: Problem) -> [[Int]] {
    let looked = min(problem.count, work / problem.dimension)
    if looked < size { return [] }
    let keys = problem.candidates.withRows { rows in (0..<looked).map { (rows.squaredNorm($0), $0) } }
    return [keys.sorted { $0 < $1 }.prefix(size).map(\.1).sorted()]
  }
}

extension Solver {
  /// The solution that a claim amounts to. Where a time limit or a cancellation ended the run, it
  /// is the better of that and a `QuickSubset`. Steps of a larger search are left as they are,
  /// since that search sees to it itself, and so are problems with a size penalty.
  func solution(_ claim: Claim, for problem: Problem, _ control: RunControl) throws -> Solution {
    if control.isStep || problem.sizePenalty > 0 { return try Checker.solution(claim, for: problem) }
    return try QuickSubset.orBetter(claim, for: problem, descends: !control.isLate)
  }
}
