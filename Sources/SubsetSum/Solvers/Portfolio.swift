import RunControl

/// The default: chooses solvers by the problem's size and chains them, keeping the best subset.
///
/// ```swift
/// let problem = try GeneratedInstance.problem(dimension: 9, count: 250, seed: 1, norm: .maximum)
/// let found = try Portfolio(workers: 2).solve(
///   problem, control: RunControl(limits: Limits(seconds: 0.2)))
/// print(found.error, found.solver)  // the solver that found the subset, after "portfolio: "
/// ```
///
/// 1. An exact search where one fits, which decides alone if it finishes: `MeetInTheMiddle` to n =
///    44 in one dimension and to 16 in any; `CellSweep` to n = 64 in two and three, to 48 in four
///    to eight, to 42 up to twelve and to 36 up to twenty; `MeetInTheMiddle` to n = 30 above.
/// 2. Where any size will do, `GreedyFlips`, so that there is always something.
/// 3. What most of the run goes to. Where any size will do, `PopulationSearch` and others are on
///    trial for an eighth of the run each, and the one that found the best has the rest. Up to m =
///    16 others are `IteratedGreedy`, for a sixteenth, and `KList` with lists that grow as long as
///    limits allow; above m = 10 `Exchange` from `FractionalRounding`. Up to m = 4, to m = 9 where
///    n > 40·m, and to m = 12 where n > 6·m are about equally long, lists have all but a
///    twentieth for populations and a fiftieth for descents. For a fixed size `BeamSearch` has the
///    whole run up to m = 40, and a quarter of it above.
/// 4. `Exchange` from the best so far: after populations for a little of the run, after lists for
///    as much work again or the time that is left, otherwise until a limit ends it.
///
/// `README.md` of the room has the measurements behind these bounds.
///
/// A part that needs more memory than the run may use is left out; in one dimension `FourLists`
/// stands in for the meeting in the middle. Where none fits, `GreedyFlips` or `ForwardGreedy`
/// decide, which take a few numbers a candidate.
///
/// Without a time limit the subset depends on the problem and the work limit alone. With one, how
/// far the parts come depends on the machine, and so does the subset: the run ends once a search
/// has proved its optimum, else when the time is up.
///
/// Complexity: work and memory are those of the solvers, within the run's limits.
public struct Portfolio: MultipleWorkers {
  /// The work limit of a run that states none: 2³².
  static let defaultWorkLimit: UInt64 = 1 << 32
  /// The most candidates that meeting in the middle takes.
  static let largestExactCount = (oneDimension: 44, more: 30)
  /// The most candidates for which meeting in the middle is sooner done than a sweep is begun.
  static let largestJoinedCount = 16
  /// The most candidates that a sweep over cells takes, by dimension.
  static func largestSweptCount(dimension m: Int) -> Int {
    switch m {
    case 2, 3: 64
    case 4...8: 48
    case 9...12: 42
    case 13...20: 36
    default: 0
    }
  }
  static let largestKListDimension = 16
  /// The most dimensions in which exchanges are not tried.
  static let largestDimensionWithoutExchange = 10
  /// Whether lists have the run after a trial of populations unless these meet the target: in few
  /// dimensions, and to m = 9 with many candidates.
  static func isForLists(dimension m: Int, count n: Int) -> Bool { m <= 4 || m <= 9 && n > 40 * m }
  /// The most dimensions in which candidates that are about equally long are for lists.
  static let largestAlikeDimension = 12
  /// Whether few candidates are much shorter than most, so that deciding from long to short gains
  /// nothing: at most one in twenty below a sixth of the median length. Lists want more than six
  /// candidates a dimension.
  private static func isAlike(_ problem: Problem, _ run: inout PortfolioRun) throws -> Bool {
    guard problem.dimension <= largestAlikeDimension, problem.count > 6 * problem.dimension else { return false }
    let (short, middle) = try run.lengths(at: problem.count / 20, problem.count / 2)
    return short > 0.16 * middle
  }
  /// What populations and the other search have to show what they can do, as a share of the run.
  static let trialShare = 0.125
  /// What populations have where lists are better but for targets that can be met, as a share of
  /// the run.
  static let listsTrialShare = 0.05
  /// What exchanges have after populations, as a share of what is left when they begin.
  static let exchangeShare = 0.04
  /// The most dimensions in which beams have the whole run where the size is fixed.
  static let largestSizedBeamDimension = 40
  /// The part of the run that beams have for a fixed size in more dimensions.
  static let sizedBeamShare = 0.25
  /// Beams are tried where there is work for one of so many states that comes to its end.
  static let leastStates = 4.0
  /// The most coordinates of candidates that are copied in ascending order for a descent.
  static let largestSorted = 1 << 24

  /// The name that reports and the command line use.
  public let name = "portfolio"
  /// The number of cores. The subset does not depend on it, unless there is a time limit.
  public var workers: Int

  /// The default solver on so many cores.
  public init(workers: Int = 1) { self.workers = workers }

  /// Chooses solvers, runs them, and returns the best subset.
  ///
  /// - Throws: `SubsetSumError` as the solvers do; `.unsupported` for a size penalty.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try requireSolvable(problem.shape)
    let limit = control.limits.work(orDefault: Self.defaultWorkLimit)
    var run = PortfolioRun(problem, control, limit: limit, workers: workers)
    if problem.count == 0 || problem.dimension == 0 {
      return try Checker.solution(Claim(subset: problem.defaultSubset, isOptimal: true, solver: name), for: problem)
    }
    do {
      try search(problem, &run)
    } catch let interruption as Interruption {
      run.stop(for: interruption)
    }
    return try solution(run.claimOrLeast(name), for: problem, control)
  }

  private func search(_ problem: Problem, _ run: inout PortfolioRun) throws {
    if let exact = Self.exactSolver(problem, run.control) {
      if problem.count > Self.largestExactCount.more, problem.size == nil { try run.descend(share: 1, kicks: 0) }
      try run.attempt { run throws in
        try run.take(try exact.solve(problem, control: run.control.forStep(work: run.remainingWork)))
      }
      if run.best?.isOptimal == true || run.remainingWork == 0 { return }
    }
    if problem.size == nil {
      if problem.count * problem.dimension <= Self.largestSorted {
        // The passes of a descent shrink with the error where candidates ascend.
        try run.attempt { run throws in try run.descend(share: 1, kicks: 0) }
      } else {
        try run.descendAsGiven()
      }
    }
    if problem.size == nil {
      try searchAnySize(problem, &run)
    } else if let share = Self.beamShare(problem, run), try run.widenBeams(share: share) {
      try run.attempt { run throws in try run.exchange(fromBest: true, isRest: true) }
    } else {
      try run.attempt { run throws in try run.takeShortest() }
      let isRounded = try run.attempt { run throws in try run.exchange(fromBest: false) }
      if !isRounded, run.best != nil { try run.attempt { run throws in try run.exchange(fromBest: true) } }
    }
  }

  /// Populations and the other search that is good in so many dimensions, on trial; then the better
  /// one.
  private func searchAnySize(_ problem: Problem, _ run: inout PortfolioRun) throws {
    let m = problem.dimension
    let isForLists = try Self.isForLists(dimension: m, count: problem.count) || Self.isAlike(problem, &run)
    let others = Self.trialShare / (1 - Self.trialShare)
    try run.attempt { run throws in try run.populate(share: isForLists ? Self.listsTrialShare : Self.trialShare) }
    if run.best?.isOptimal == true { return }
    if m > Self.largestDimensionWithoutExchange {
      try run.attempt { run throws in try run.exchange(fromBest: false, share: others) }
    }
    if m <= Self.largestKListDimension {
      try run.attempt { run throws in
        try run.descend(share: isForLists ? 0.02 : others / 2, kicks: 1 << 20)
        try run.mergeLists(share: isForLists ? 1 : others)
      }
    }
    switch run.leader {
    case PopulationSearch().name where !isForLists:
      try run.attempt { run throws in try run.populate(share: 1 - Self.exchangeShare, isContinued: true) }
    case KList().name where !isForLists:
      try run.attempt { run throws in try run.mergeLists() }
    case IteratedGreedy().name where !isForLists:
      try run.attempt { run throws in try run.descend(share: 1 - Self.exchangeShare, kicks: 1 << 20) }
    default: break
    }
    let isRest = m > Self.largestKListDimension || run.leader == PopulationSearch().name
    try run.attempt { run throws in try run.exchange(fromBest: true, isRest: isRest) }
  }

  /// The part of the run that beams get for a fixed size, in many dimensions with exchanges after
  /// them; nil where there is no work for them.
  private static func beamShare(_ problem: Problem, _ run: PortfolioRun) -> Double? {
    guard let size = problem.size else { return nil }
    // Nothing is known of a fixed size before a beam's last level, so a beam must come to its end.
    let state = Double(problem.count) * Double(problem.dimension) * Double(max(1, size))
    if Double(run.remainingWork) < leastStates * state { return nil }
    return problem.dimension <= largestSizedBeamDimension ? 1 : sizedBeamShare
  }
}

extension Portfolio {
  /// The exact search that a problem is small enough for, or nil.
  private static func exactSolver(_ problem: Problem, _ control: RunControl) -> (any Solver)? {
    let (n, m) = (problem.count, problem.dimension)
    if n > largestJoinedCount, n <= largestSweptCount(dimension: m) { return CellSweep() }
    let joins = MeetInTheMiddle.neededBytes(count: min(n, MeetInTheMiddle.largestCount), dimension: m)
    if m == 1, n <= largestExactCount.oneDimension, joins > control.limits.allowedBytes { return FourLists() }
    return n <= (m == 1 ? largestExactCount.oneDimension : largestExactCount.more) ? MeetInTheMiddle() : nil
  }
}
