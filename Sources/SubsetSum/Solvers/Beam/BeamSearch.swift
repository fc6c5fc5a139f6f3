import RunControl

/// Beam search: subsets of growing size, the best `width` of each size kept, all their extensions
/// scored together.
///
/// ```swift
/// let problem = try GeneratedInstance.problem(
///   dimension: 9, count: 1000, seed: 1, norm: .maximum, size: 12)
/// let found = try BeamSearch().solve(problem, control: RunControl(limits: Limits(seconds: 5)))
/// // found.subset has 12 candidates
/// ```
///
/// Use it where the problem fixes the size or asks for few candidates, and in some 11 to 20
/// dimensions.
///
/// A level scores every kept state with every candidate, ‖r − x‖² over tiles by GEMM
/// (`PairScreen`), and keeps the best distinct subsets. Where the problem fixes the size k, the
/// last candidates are chosen jointly (`BeamEndings`): states meet the shortest sums of up to five
/// candidates in cells, or a pool of sums of two in another screen. Otherwise sizes grow until the
/// error has stopped falling, and states of the sizes that did best are completed in the same way.
/// The shortest candidates are kept for the last of those that a subset still lacks (`BeamWindow`).
/// `README.md` beside this file goes through the parts in the order in which they act.
///
/// Levels rank by the Euclidean norm of what is left, in the plain form of a metric or row sums;
/// subsets are compared in the problem's norm. With a size penalty p the subset of least error² +
/// p·size is returned, of the best of each size. Decisions are in fixed-order Float64: the subset
/// does not depend on BLAS's core, threads or tiles, or on the workers.
///
/// Without a `width`, beams of growing width follow each other as long as the limits allow another.
/// The first has 256 states, or fewer where limits allow none of so many at the size asked for. The
/// next ones are four times as wide each, eight times for a fixed size, and the last is as wide as
/// what is left allows. For a fixed size two beams share what is left, each in a window of its own.
/// With a time limit beams in other windows follow, each as wide as there is time for, until it is
/// up. The best subset of all is returned.
///
/// Measured on generated instances, 10 s on one core, medians in units of the ε at which the
/// fixed-size first moment is 1: at a size of 12 and (m, n) = (9, 1000) 1.79 (16 seeds, one search
/// at a time) and 1.96 (60 others, two at a time, which share caches and memory), at a size of 27
/// and (25, 1000) 1.51 (12 seeds) and 1.59 (24, two at a time). BLAS has 73 % of the time at (72,
/// 1900) and a size of 40, 78 % at (72, 16000), and 60 % at (72, 1900) where sizes are free. The
/// rest goes to children that are met again from other states, which grow with the width alone. Two
/// cores are 1.5 to 1.6 times as fast as one from widths of some thousands on; small products stay
/// on one.
///
/// Complexity: k·width·n·m for a beam of k levels, as much again for the endings. Memory: some 300
/// bytes a state in 9 dimensions, and 800 more for endings in cells.
public struct BeamSearch: MultipleWorkers {
  /// The work limit of a run that states none: 2³².
  static let defaultWorkLimit: UInt64 = 1 << 32
  /// The memory limit of a run that states none: 2 GiB.
  static let defaultMemoryLimit = 1 << 31
  static let widths = 1...(1 << 24)
  /// The first beam's width, where limits allow it.
  static let firstWidth = 256

  /// The name that reports and the command line use.
  public let name = "beam"
  /// Problems with a size penalty are taken.
  public var takesSizePenalty: Bool { true }
  /// The states kept of each size; nil for what limits allow.
  public var width: Int?
  /// The number of cores. The subset does not depend on it, unless there is a time limit.
  public var workers: Int

  /// A search with beams of one width, or with growing ones.
  public init(width: Int? = nil, workers: Int = 1) {
    self.width = width
    self.workers = workers
  }

  /// Runs beams, and returns the best subset that they meet.
  ///
  /// - Throws: `SubsetSumError.invalidOption` for a width that is not in 1…2²⁴; `.memoryLimit`
  ///   where that width needs more than the run may use; `LinearAlgebraError` for sizes above 32
  ///   bits.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    do {
      let run = try BeamRun(problem, control, solver: self)
      try run.all()
      return try solution(run.claim(run.best.subset), for: problem, control)
    } catch let interruption as Interruption {
      return try stopped(problem, control, interruption)
    }
  }

  /// What there is to return when a run is stopped before its first beam.
  private func stopped(_ problem: Problem, _ control: RunControl, _ interruption: Interruption) throws -> Solution {
    let claim = Claim(subset: problem.defaultSubset, stop: interruption.reason, solver: name)
    return try solution(claim, for: problem, control)
  }

  /// The best subset of each size that was met, by size. Wider beams look for subsets of the best
  /// size so far; for a smaller one, fix the size.
  ///
  /// - Throws: as `solve`.
  public func bestBySize(_ problem: Problem, control: RunControl) throws -> [Solution] {
    if let moderate = try problem.moderated() {
      return try moderate.solutions(name) { try bestBySize($0, control: control) }
    }
    do {
      let run = try BeamRun(problem, control, solver: self)
      try run.all()
      var found = try run.bestOfSize.mapValues { try Checker.solution(run.claim($0.subset), for: problem) }
      let claim = run.claim(run.best.subset)
      let best = try solution(claim, for: problem, control)
      if best.error < found[best.subset.count]?.error ?? .infinity { found[best.subset.count] = best }
      return found.sorted { $0.key < $1.key }.map(\.value)
    } catch let interruption as Interruption {
      return [try stopped(problem, control, interruption)]
    }
  }

  /// Bytes for a beam of so many states, beside what each worker multiplies in: a tile of 0.4 MB,
  /// and queues of 25 kB.
  static func neededBytes(_ problem: Problem, width: Int) -> Int {
    let (n, m) = (problem.count, problem.dimension)
    let states = ByteCount.product(width, 16 * m + 8 * (problem.size ?? min(n, 64)) + 16)
    let candidates = ByteCount.sum(ByteCount.product(4, n, m + 1), ByteCount.product(16, n))
    return ByteCount.sum(
      states, candidates, BeamSelection.bytes(kept: width), BeamEndings.bytes(problem, width: width))
  }
}
