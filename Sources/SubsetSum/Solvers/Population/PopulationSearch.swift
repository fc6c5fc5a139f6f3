import RunControl

/// Population search: many partial subsets decide candidates from long to short, group by group,
/// and those survive from which most ends close to the target.
///
/// ```swift
/// let problem = try GeneratedInstance.problem(dimension: 25, count: 1000, seed: 1, norm: .maximum)
/// let found = try PopulationSearch(workers: 2).solve(
///   problem, control: RunControl(limits: Limits(seconds: 2)))
/// ```
///
/// The longest candidates are rounded one by one. The 6·m + 24 shortest ones are decided in groups
/// of 10 (`PopulationLadder`): all 1024 choices of all states are scored at once by GEMM, by how
/// many subsets of the candidates that remain a normal distribution expects to end within the error
/// aimed at (`ReachMetric`), and the best `width` children go on. Scores are compared in the 11
/// coordinates that a group can change (`GroupProjection`). The last children are compared in the
/// problem's norm. Descents from different roundings follow one another, four to a round, of 64
/// states at first and four times as many each round up to `width`; each round aims at the error
/// that the rounds before it reached.
///
/// Norms other than the max norm and the Euclidean norm are searched in the coordinates in which
/// they are plain. BLAS proposes and fixed-order Float64 decides: without a time limit the subset
/// depends on the problem and the work limit alone.
///
/// Measured on generated instances in the max norm, 10 s on one core, medians of 12 seeds, in the
/// portfolio and with groups of 8: 0.0063 at (m, n) = (9, 250), 0.027 at (25, 1000), 0.12 at (72,
/// 1900), 0.014 at (72, 16000).
///
/// Complexity: for a descent of w states w·(1126 + 1.2·m) for each candidate decided; for the
/// groups' metrics once m³/6 + 15·m² a group. Memory: 16·m bytes a state, 80·m bytes a group, and
/// up to 64 MB for rounded candidates.
public struct PopulationSearch: MultipleWorkers {
  /// The work limit of a run that states none: 2³².
  static let defaultWorkLimit: UInt64 = 1 << 32
  static let widths = PopulationRun.leastWidth...(1 << 20)

  /// The name that reports and the command line use.
  public let name = "population"
  /// Fixed sizes are refused.
  public var takesFixedSize: Bool { false }
  /// The most states that a descent keeps.
  public var width: Int
  /// The number of cores. The subset does not depend on it, unless there is a time limit.
  public var workers: Int
  /// A solution to improve, and to keep of it what candidates too long for the window are; nil for
  /// that of `GreedyFlips`.
  package var start: Solution?
  /// Whether this is a block of a ticket. Candidates longer than those that populations decide then
  /// stay as they are in the start, where they would be rounded otherwise, which chooses about half
  /// of them; and a search that states no work limit is done after `blockEffort`.
  package var isForBlocks = false
  /// Candidates that are decided together. In blocks of tickets, where populations are narrow, 9
  /// give errors 4 % lower than 10 do.
  private var groupSize: Int { isForBlocks ? PopulationLadder.largestGroup - 1 : PopulationLadder.largestGroup }
  /// The number of the first round, which counts those of runs before this one.
  package var firstRound = 0

  /// A search with descents of up to `width` states.
  public init(width: Int = 1 << 13, workers: Int = 1) {
    self.width = width
    self.workers = workers
  }

  /// The search as tickets use it: fewer filters are kept, and it ends by itself.
  package static var forBlocks: PopulationSearch {
    var search = PopulationSearch()
    search.isForBlocks = true
    return search
  }

  /// What the search for a ticket's block does at most, 2¹⁴ units for each entry of its candidates
  /// and no more than 2³⁰; it is done before where a round half as wide as the one before no longer
  /// fits.
  static func blockEffort(_ problem: Problem) -> UInt64 {
    UInt64(min(1 << 30, ByteCount.product(1 << 14, problem.count, problem.dimension)))
  }

  /// Runs descents until a limit ends them, and returns the best subset that they meet.
  ///
  /// - Throws: `SubsetSumError.invalidOption` for a width outside 4…2²⁰; `.unsupported` for a fixed
  ///   size or a size penalty; `.memoryLimit` where the groups' sums do not fit.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    guard Self.widths.contains(width) else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "width", expected: "a number from \(Self.widths.lowerBound) to \(Self.widths.upperBound)",
        found: "\(width)")
    }
    try requireSolvable(problem.shape)
    if let memory = control.limits.memoryBytes {
      try requireBytes(PopulationRun.leastBytes(problem), atMost: memory)
    }
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    let effort = isForBlocks ? Self.blockEffort(problem) : Self.defaultWorkLimit
    var meter = WorkMeter(control, defaultLimit: effort)
    // What candidates too long for the window keep, and what a stopped run returns.
    var flips = GreedyFlips()
    flips.workers = workers
    let first = try start ?? flips.solve(problem, control: control.forStep(work: meter.limit))
    if start == nil { meter.count(work: first.work, evaluations: first.evaluations) }
    if first.error == 0 || problem.count == 0 || problem.dimension == 0 { return first }
    var subset = first.subset
    do {
      guard meter.allows(PopulationRun.openingWork(problem)) else {
        return try solution(claim(subset, meter), for: problem, control)
      }
      let run = try PopulationRun(
        problem, start: first, width: width, groupSize: groupSize, firstRound: firstRound, isForBlocks: isForBlocks,
        workers: workers, meter)
      var interruption: Interruption?
      do { try run.all() } catch let caught as Interruption { interruption = caught }
      meter = run.meter
      if let interruption { meter.stop(for: interruption) }
      subset = run.subset
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    let found = try solution(claim(subset, meter), for: problem, control)
    if found.error <= first.error { return found }
    return try solution(claim(first.subset, meter), for: problem, control)
  }

  /// What a search says of a subset. One for a block that spends its own effort was not stopped.
  private func claim(_ subset: [Int], _ meter: WorkMeter) -> Claim {
    var claim = meter.claim(subset, isOptimal: false, by: name)
    if isForBlocks, meter.control.limits.work == nil, claim.stop == .workLimit { claim.stop = nil }
    return claim
  }
}
