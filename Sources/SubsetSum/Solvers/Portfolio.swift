import RunControl

/// The default: chooses solvers by the problem's size and chains them, keeping the best subset.
///
/// - An exact search where one fits: `MeetInTheMiddle` to n = 44 in one dimension; `CellSweep` to n = 64 in two and three, to 48 in four
///   to eight, to 42 up to twelve and to 36 up to twenty; `MeetInTheMiddle` to n = 30 above. If it finishes, it decides alone.
/// - Otherwise, up to 2²⁴ coordinates, `GreedyFlips`, so that there is always something; then up to m = 10 `IteratedGreedy` for a fiftieth of the run and
///   `KList` with lists that grow as long as limits allow. Where the size is fixed, `BeamSearch` with widths that grow so for half of the run.
/// - `Exchange` from the best so far, for as much again, or the time that is left; above m = 10 from `FractionalRounding`, until a limit ends it.
///
/// On two seeds of `GeneratedInstance` and 5 to 10 s of a core, the max norm of lists was half that of exchanges at (m, n) = (9, 250) and
/// (9, 1000), the same at (12, 300), and twice as much at (16, 500).
///
/// A part that needs more memory than the run may use is left out; in one dimension `FourLists`
/// stands in for the meeting in the middle. Where none fits,
/// `GreedyFlips` or `ForwardGreedy` decide, which take a few numbers a candidate.
///
/// Without a time limit the subset depends on the problem and the work limit alone. With one, the lists and kicks that fit
/// in depend on the machine, and so does the subset: it ends once a search has proved its optimum,
/// else when the time is up. Memory: as the solvers', within the run's limit.
public struct Portfolio: MultipleWorkers {
  /// Units of work without a limit of the run's own: 2³².
  public static let defaultWorkLimit: UInt64 = 1 << 32
  /// Candidates that meeting in the middle takes.
  static let largestExactCount = (oneDimension: 44, more: 30)
  /// Candidates that a sweep over cells takes, by dimension.
  static func largestSweptCount(dimension m: Int) -> Int {
    switch m {
    case 2, 3: 64
    case 4...8: 48
    case 9...12: 42
    case 13...20: 36
    default: 0
    }
  }
  static let largestKListDimension = 10
  /// Coordinates of candidates that are copied in ascending order for a descent.
  static let largestSorted = 1 << 24

  public let name = "portfolio"
  /// Cores that it runs on. The subset does not depend on it, unless there is a time limit.
  public var workers: Int

  public init(workers: Int = 1) { self.workers = workers }

  /// - Throws: `SubsetSumError` as the solvers do.
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
    if problem.size != nil {
      try run.attempt { run throws in try run.widenBeams() }
    } else if problem.count * problem.dimension <= Self.largestSorted {
      // Greedy passes shrink with the error where candidates ascend.
      try run.attempt { run throws in try run.descend(share: 1, kicks: 0) }
    } else {
      try run.descendAsGiven()
    }
    if problem.size == nil, problem.dimension <= Self.largestKListDimension {
      try run.attempt { run throws in
        try run.descend(share: 0.02, kicks: 1 << 20)
        try run.mergeLists()
      }
      try run.attempt { run throws in try run.exchange(fromBest: true) }
    } else {
      let isRounded = try run.attempt { run throws in try run.exchange(fromBest: problem.size != nil) }
      if !isRounded, run.best != nil { try run.attempt { run throws in try run.exchange(fromBest: true) } }
    }
  }
}

extension Portfolio {
  /// The exact search that a problem is small enough for.
  private static func exactSolver(_ problem: Problem, _ control: RunControl) -> (any Solver)? {
    let (n, m) = (problem.count, problem.dimension)
    if n >= 8, n <= largestSweptCount(dimension: m) { return CellSweep() }
    let joins = MeetInTheMiddle.neededBytes(count: min(n, MeetInTheMiddle.largestCount), dimension: m)
    if m == 1, n <= largestExactCount.oneDimension, joins > control.limits.allowedBytes { return FourLists() }
    return n <= (m == 1 ? largestExactCount.oneDimension : largestExactCount.more) ? MeetInTheMiddle() : nil
  }
}

/// What a portfolio has spent and found.
private struct PortfolioRun {
  let problem: Problem
  /// Candidates by ascending norm, made where a descent needs them.
  private var ascending: (problem: Problem, order: [Int])?
  let control: RunControl
  let limit: UInt64
  let workers: Int
  private(set) var best: Solution?
  private var work: UInt64 = 0
  private var evaluations: UInt64 = 0
  private var stop: StopReason?
  /// Units a second of the last descent.
  private var rate = 0.0

  var remainingWork: UInt64 { limit > work ? limit - work : 0 }

  init(_ problem: Problem, _ control: RunControl, limit: UInt64, workers: Int) {
    self.workers = workers
    self.problem = problem
    self.control = control
    self.limit = limit
  }

  /// Seconds since there were `before` left; 0 without a time limit.
  private func seconds(since before: Double?) -> Double { (before ?? 0) - (control.secondsLeft ?? 0) }

  mutating func stop(for interruption: Interruption) { stop = stop ?? interruption.reason }

  /// Runs a part of the search. False where that needs more memory than the run may use: the others
  /// make do with less.
  @discardableResult mutating func attempt(_ part: (inout PortfolioRun) throws -> Void) throws -> Bool {
    do {
      try part(&self)
      return true
    } catch SubsetSumError.memoryLimit {
      return false
    }
  }

  mutating func take(_ found: Solution) throws {
    work &+= found.work
    evaluations &+= found.evaluations
    stop = control.interruption()
    if best.map({ found.error < $0.error || found.isOptimal }) ?? true { best = found }
  }

  /// A descent with kicks, on the candidates by ascending norm, for a share of what is left.
  mutating func descend(share: Double, kicks: Int) throws {
    if stop != nil || remainingWork == 0 { return }
    var units = share < 1 ? UInt64(Double(remainingWork) * share) : remainingWork
    if share < 1, let seconds = control.secondsLeft, rate > 0 {
      units = min(units, UInt64(max(0, Int(saturating: seconds * share * rate))))
    }
    let part = control.forStep(work: units)
    let (sorted, order) = try ascending ?? problem.ascending(control)
    ascending = (sorted, order)
    let before = control.secondsLeft
    let found =
      kicks == 0
      ? try GreedyFlips().solve(sorted, control: part)
      : try IteratedGreedy(kicks: kicks).solve(sorted, control: part)
    rate = Double(found.work) / max(1e-6, seconds(since: before))
    let claim = Claim(
      subset: found.subset.map { order[$0] }.sorted(), evaluations: found.evaluations, work: found.work,
      solver: found.solver)
    try take(try Checker.solution(claim, for: problem))
    if share == 1 && kicks > 0 { stop = found.stop }
  }

  /// The part of the time that a descent takes where there are too many candidates for another
  /// order.
  private static let descentPart = 1.0 / 3

  /// With a time limit, a descent on the candidates in the order given: solutions that are better
  /// take more time than there may be.
  mutating func descendAsGiven() throws {
    guard stop == nil, let left = control.secondsLeft else { return }
    let part = control.withSeconds(left * Self.descentPart).forStep(work: remainingWork)
    try take(try GreedyFlips().solve(problem, control: part))
  }

  /// k-lists of growing length: each four times as long as the one before, then twice, as long as one more will fit.
  mutating func mergeLists() throws {
    let longest = try KList().longestLists(problem, control.withWork(remainingWork)).max() ?? 0
    var bits = 14
    var step = 2
    while stop == nil, bits <= longest {
      let began = control.secondsLeft
      let before = work
      try take(
        try KList(listBits: bits, workers: workers).solve(problem, control: control.forStep(work: remainingWork)))
      let seconds = seconds(since: began)
      // Longer lists cost in proportion, and miss the caches more.
      while step > 0 {
        let growth = Double(1 << step)
        let fitsWork = Double(work - before) * growth * 1.1 < Double(remainingWork)
        let fitsTime = control.secondsLeft.map { seconds * growth * 1.4 < $0 } ?? true
        if fitsWork && fitsTime && bits + step <= longest { break }
        step -= 1
      }
      if step == 0 { return }
      bits += step
    }
  }

  /// Beams four times as wide each, as long as half of what is left pays for the next.
  mutating func widenBeams() throws {
    var width = 256
    let memory = control.limits.allowedBytes(default: BeamSearch.defaultMemoryLimit)
    while stop == nil, BeamSearch.neededBytes(problem, width: width) <= memory {
      let began = control.secondsLeft
      let before = work
      try take(
        try BeamSearch(width: width, workers: workers).solve(problem, control: control.forStep(work: remainingWork)))
      let seconds = seconds(since: began)
      let fitsWork = 4 * Double(work - before) < Double(remainingWork) / 2
      let fitsTime = control.secondsLeft.map { 5 * seconds < $0 / 2 } ?? true
      if !(fitsWork && fitsTime) || width == BeamSearch.widths.upperBound { return }
      width *= 4
    }
  }

  /// Exchanges from the best subset until a limit ends them, or they have cost as much as all before where no limit of time is set; or
  /// from a fractional solution, until a limit ends them.
  mutating func exchange(fromBest: Bool) throws {
    if best != nil, stop != nil || remainingWork == 0 { return }
    let isShare = fromBest && control.limits.seconds == nil && work < remainingWork
    let part = control.forStep(work: isShare ? work : remainingWork)
    let start = fromBest ? best.map { Exchange(from: $0.subset) } : nil
    var exchange = start ?? Exchange()
    exchange.workers = workers
    let found = try exchange.solve(problem, control: part)
    try take(found)
    stop = isShare && found.stop == .workLimit ? nil : found.stop
  }

  /// What was found, by the portfolio called `name`; where no part fitted in memory, by a solver that
  /// takes a few numbers a candidate.
  mutating func claimOrLeast(_ name: String) throws -> Claim {
    if best == nil, stop == nil {
      let least: any Solver = problem.size == nil ? GreedyFlips() : ForwardGreedy()
      try take(try least.solve(problem, control: control.withWork(remainingWork)))
    }
    let isOptimal = best?.isOptimal ?? false
    return Claim(
      subset: best?.subset ?? problem.defaultSubset, isOptimal: isOptimal, stop: isOptimal ? nil : stop,
      evaluations: evaluations, work: work, solver: best.map { "\(name): \($0.solver)" } ?? name)
  }
}
