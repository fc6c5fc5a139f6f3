import RunControl

/// Beam search: subsets of growing size, the best `width` of each kept, all their extensions scored together.
///
/// A level scores every kept state with every candidate, ‖r − x‖² over tiles by GEMM (`PairScreen`), and keeps the best distinct subsets. Where
/// the problem fixes the size k, the last candidates are chosen jointly (`BeamEndings`): states meet the shortest sums of up to five candidates in cells, or a
/// pool of sums of two in another screen. Otherwise sizes grow until the error has stopped falling, and states of the sizes that did best are completed so.
///
/// Levels rank by the Euclidean norm of what is left (in the plain form of a metric or row sums); subsets are compared in the problem's
/// norm. Decisions are in fixed-order Float64: the subset does not depend on BLAS's core, threads or tiles, or on the workers.
///
/// With a size penalty p the best subset of each size that is returned is the one of least error² + p·size.
///
/// The shortest candidates are kept for the last of those that a subset still lacks (`BeamWindow`).
///
/// Without a `width`, runs of 256 states (fewer where limits allow none of so many at the size asked for), then four times as many each, eight times for a fixed
/// size, follow each other as long as the limits allow another, the last as wide as what is left allows; of a fixed size two share what is left, each in a window of
/// its own. With a time limit runs in other windows follow, each as wide as there is time for,
/// until it is up. The best subset of all is returned. Cost of a run:
/// k·width·n·m, as much again for the endings; memory: `neededBytes`, some 300 bytes a state in 9 dimensions and 800 more for endings in cells.
///
/// Measured on generated instances, 10 s on one core, the medians in units of the ε at which the fixed-size first moment is 1: at a size of 12 and
/// (m, n) = (9, 1000) 1.79 (16 seeds, one search at a time) and 1.96 (60 others, two at a time, which share caches and memory), at a size of 27 and (25, 1000) 1.51
/// (12 seeds) and 1.59 (24, two at a time). BLAS has 73 % of the time at (72, 1900) and a size of 40, 78 % at (72, 16000), and 60 % at (72, 1900) where sizes are free;
/// what is not BLAS's goes to children met again from other states, which grow with the width alone.
/// Two cores are 1.5 to 1.6 times as fast as one from widths of some thousands on; small products stay on one.
public struct BeamSearch: MultipleWorkers {
  /// Units of work without a limit of the run's own: 2³².
  public static let defaultWorkLimit: UInt64 = 1 << 32
  /// Bytes without a limit of the run's own: 2 GiB.
  public static let defaultMemoryLimit = 1 << 31
  static let widths = 1...(1 << 24)

  public let name = "beam"
  public var takesSizePenalty: Bool { true }
  /// States kept of each size, or nil for what limits allow.
  public var width: Int?
  /// Cores that it runs on. The subset does not depend on it, unless there is a time limit.
  public var workers: Int

  public init(width: Int? = nil, workers: Int = 1) {
    self.width = width
    self.workers = workers
  }

  /// - Throws: `SubsetSumError.invalidOption` for a width that is not in 1…2²⁴, `.memoryLimit` where it needs more than the run may use, or
  ///   `LinearAlgebraError` for sizes above 32 bits.
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

  /// What is there when a run is stopped before it has begun.
  private func stopped(_ problem: Problem, _ control: RunControl, _ interruption: Interruption) throws -> Solution {
    let claim = Claim(subset: problem.defaultSubset, stop: interruption.reason, solver: name)
    return try solution(claim, for: problem, control)
  }

  /// The best subset of each size that was met, by size. Wider runs seek the best size so far: for one below it, fix the size.
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

  /// Bytes for a beam of so many states, beside what each worker multiplies in: a tile of 0.4 MB, and queues of 25 kB.
  static func neededBytes(_ problem: Problem, width: Int) -> Int {
    let (n, m) = (problem.count, problem.dimension)
    let states = ByteCount.product(width, 16 * m + 8 * (problem.size ?? min(n, 64)) + 16)
    let candidates = ByteCount.sum(ByteCount.product(4, n, m + 1), ByteCount.product(16, n))
    return ByteCount.sum(
      states, candidates, BeamSelection.bytes(kept: width), BeamEndings.bytes(problem, width: width))
  }
}
