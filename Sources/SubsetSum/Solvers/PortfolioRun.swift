import RunControl

/// What a portfolio has spent and found so far.
struct PortfolioRun {
  let problem: Problem
  /// The candidates by ascending norm, made when a descent first needs them.
  private var ascending: (problem: Problem, order: [Int])?
  let control: RunControl
  let limit: UInt64
  let workers: Int
  private(set) var best: Solution?
  private var work: UInt64 = 0
  private var evaluations: UInt64 = 0
  private var stop: StopReason?
  /// The units of work a second of the last descent.
  private var rate = 0.0

  var remainingWork: UInt64 { limit > work ? limit - work : 0 }

  init(_ problem: Problem, _ control: RunControl, limit: UInt64, workers: Int) {
    self.workers = workers
    self.problem = problem
    self.control = control
    self.limit = limit
  }

  /// The seconds since there were `before` of them left; 0 without a time limit.
  private func seconds(since before: Double?) -> Double { (before ?? 0) - (control.secondsLeft ?? 0) }

  mutating func stop(for interruption: Interruption) { stop = stop ?? interruption.reason }

  /// Runs a part of the search. False where it needs more memory than the run may use; other parts
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

  /// A descent, with kicks if there are any, on the candidates by ascending norm, for a share of
  /// what is left.
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

  /// The Euclidean lengths of the candidates at two places of their ascending order.
  mutating func lengths(at first: Int, _ second: Int) throws -> (Double, Double) {
    let (sorted, order) = try ascending ?? problem.ascending(control)
    ascending = (sorted, order)
    return sorted.candidates.withRows { rows in
      (rows.squaredNorm(first).squareRoot(), rows.squaredNorm(second).squareRoot())
    }
  }

  /// The shortest candidates of a fixed size, which stay near the empty set's error.
  mutating func takeShortest() throws {
    let cost = UInt64(problem.count * problem.dimension)
    guard let size = problem.size, stop == nil, remainingWork >= cost else { return }
    let subset = try problem.candidates.ascendingOrder(control).prefix(size).sorted()
    try take(try Checker.solution(Claim(subset: subset, evaluations: 1, work: cost, solver: "shortest"), for: problem))
  }

  /// The part of the time that a descent takes where there are too many candidates to order them.
  private static let descentPart = 1.0 / 3

  /// With a time limit, a descent on the candidates in the order given: better solutions may take
  /// more time than there is.
  mutating func descendAsGiven() throws {
    guard stop == nil, let left = control.secondsLeft else { return }
    let part = control.withSeconds(left * Self.descentPart).forStep(work: remainingWork)
    try take(try GreedyFlips().solve(problem, control: part))
  }

  /// k-lists for a share of what is left. With a time limit they grow and are dealt anew until
  /// their time is up. Else each is four times as long as the one before, then twice, as long as
  /// one more will fit.
  mutating func mergeLists(share: Double = 1) throws {
    if stop != nil || remainingWork == 0 { return }
    let part = part(share)
    if part.secondsLeft != nil { return try take(try KList(workers: workers).solve(problem, control: part)) }
    let limit = UInt64(Double(remainingWork) * share)
    let start = work
    let longest = Int(try KList().longestLists(problem, control.withWork(limit)).max() ?? 0)
    var bits = 14
    var step = 2
    while stop == nil, bits <= longest {
      let before = work
      let left = limit - min(limit, work - start)
      try take(try KList(listBits: bits, workers: workers).solve(problem, control: control.forStep(work: left)))
      while step > 0 {
        let fitsWork = Double(work - before) * Double(1 << step) * 1.1 < Double(limit - min(limit, work - start))
        if fitsWork && bits + step <= longest { break }
        step -= 1
      }
      if step == 0 { return }
      bits += step
    }
  }

  /// Beams for a share of what is left. False where not even narrow ones fit in memory.
  mutating func widenBeams(share: Double) throws -> Bool {
    if stop != nil || remainingWork == 0 { return true }
    let memory = control.limits.allowedBytes(default: BeamSearch.defaultMemoryLimit)
    guard BeamSearch.neededBytes(problem, width: BeamSearch.firstWidth) <= memory else { return false }
    return try attempt { run throws in
      try run.take(try BeamSearch(workers: run.workers).solve(run.problem, control: run.part(share)))
    }
  }

  /// Descents of populations for a share of what is left.
  ///
  /// - Parameter isContinued: goes on after rounds that another call has run.
  mutating func populate(share: Double, isContinued: Bool = false) throws {
    guard stop == nil, remainingWork > 0, let start = best else { return }
    var search = PopulationSearch(workers: workers)
    search.start = start
    if isContinued { search.firstRound = Self.continuedRound }
    let found = try search.solve(problem, control: part(share))
    try take(found)
  }

  /// The name of the solver that found the best subset so far.
  var leader: String { best?.solver ?? "" }

  /// Later than any round of a first call.
  private static let continuedRound = 1 << 20

  /// The run with a share of the work and the time that are left.
  private func part(_ share: Double) -> RunControl {
    var part = control.forStep(work: remainingWork)
    if share < 1 {
      part = part.withWork(UInt64(Double(remainingWork) * share))
      if let left = control.secondsLeft { part = part.withSeconds(left * share) }
    }
    return part
  }

  /// Exchanges from the best subset, or from a fractional solution, until a limit ends them. From
  /// the best subset without a time limit they may cost as much as all before, unless they are to
  /// have the rest of the run. A share below 1 is one of what is left.
  mutating func exchange(fromBest: Bool, isRest: Bool = false, share: Double = 1) throws {
    if best != nil, stop != nil || remainingWork == 0 { return }
    let isShare = fromBest && !isRest && control.limits.seconds == nil && work < remainingWork
    let part = isShare ? control.forStep(work: work) : part(share)
    let start = fromBest ? best.map { Exchange(from: $0.subset) } : nil
    var exchange = start ?? Exchange()
    exchange.workers = workers
    let found = try exchange.solve(problem, control: part)
    try take(found)
    stop = isShare && found.stop == .workLimit || share < 1 ? control.interruption() : found.stop
  }

  /// What was found, as a claim of the solver `name`. Where no part fitted in memory, a solver
  /// decides that takes a few numbers a candidate.
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
