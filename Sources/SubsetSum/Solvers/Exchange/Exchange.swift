import LinearAlgebra
import RunControl

/// Local search from any subset: annealed by flips and swaps over the shortest candidates, then
/// brought to a local optimum of the norm.
///
/// ```swift
/// let rounded = try FractionalRounding().solve(problem, control: RunControl())
/// let better = try Exchange(from: rounded.subset).solve(
///   problem, control: RunControl(limits: Limits(seconds: 5)))
/// ```
///
/// From the start, which is given or another solver's, coolings follow one another
/// (`ExchangeAnnealing`). They flip single candidates, or swap two where the size is fixed, at
/// temperatures that let the root mean square residual rise to about `heat` times the best (in turn
/// 1, 0.7 and 1.6 times that) before it falls to `chill` times it. They move in ‖r‖₂², a smooth
/// guide for all norms, while every subset met is judged in the norm itself. After each cooling the
/// best subset is improved by single flips and by pairs (removing two, adding two, or one of each)
/// that lower the norm, until none does. The first coolings make 2¹⁶ proposals, the next twice as
/// many, up to 2^`coolingBits`. `lanes` of them start from the same subset, one a core, and the
/// next ones start from the best that they reach.
///
/// **Guarantee.** Unless a limit stops it, no single flip among the candidates of the window lowers
/// the norm of the result, and no pair among the first `pairWindow` of them; with a fixed size no
/// swap of two of these does. The window holds the shortest candidates: all that can lower the norm
/// by a single flip, and all that the coolings propose, as far as memory allows. The result is
/// never worse than the start. It proves nothing about other subsets.
///
/// Norms other than the max norm and the Euclidean norm are searched in the coordinates in which
/// they are plain: transformed ones for a metric, weighted ones for row sums.
///
/// Measured on generated instances in the max norm, medians of 6 seeds after 8·10⁹ units of work (6
/// s on one core at m = 72, 10 s at m = 25): 0.16 at (m, n) = (72, 1900), 0.041 at (25, 1000);
/// 3.3·10⁻⁴ at (72, 10⁶), median of 3.
///
/// All decisions are Float64 in a fixed order, without BLAS: without a time limit the subset
/// depends on the problem, the start, the lanes and the work limit alone.
///
/// Complexity: n·(m + log n), in a metric n·m²/2; m for a proposal; for a pass over pairs about
/// `pairWindow`² in the max norm, m times that in others. Memory: 40 bytes a candidate and 8·m + 26
/// for each of the window, which without a memory limit takes up to 64 MB.
public struct Exchange: MultipleWorkers {
  /// The work limit of a run that states none: 2³³.
  static let defaultWorkLimit: UInt64 = 1 << 33
  static let largestWindowBytes = 1 << 26
  static let smallestCooling = 16
  /// What `heat` is multiplied by in successive coolings: m = 72 does best with less than m = 25,
  /// and small problems with more.
  static let heats = [1, 0.7, 1.6]

  /// The name that reports and the command line use.
  public let name = "exchange"
  /// Fixed sizes are taken where the solver whose subset is improved takes them.
  public var takesFixedSize: Bool {
    if case .solver(let solver) = start { solver.takesFixedSize } else { true }
  }
  /// The number of coolings; 0 for the local optimum next to the start.
  public var coolings: Int
  /// The binary logarithm of the most proposals of a cooling, from 10 to 40.
  public var coolingBits: Int
  /// Candidates among which pairs are tried; 0 for single flips only.
  public var pairWindow: Int
  /// What the start of a cooling lets the root mean square residual rise to, as a multiple of the
  /// best.
  public var heat: Double
  /// What the end of a cooling lets the root mean square residual fall to, as a multiple of the
  /// best.
  public var chill: Double
  /// Coolings that run side by side from one subset. Where there is a time limit, there are as many
  /// as `workers`.
  var lanes = 4
  /// Cores that lanes run on. The subset does not depend on it, unless there is a time limit.
  public var workers = 1
  let start: Start

  enum Start: Sendable {
    case subset([Int])
    case solver(any Solver)
  }

  /// A search from a given subset.
  ///
  /// - Parameters:
  ///   - subset: the indices of its candidates, ascending.
  ///   - coolings: their number; 0 for the local optimum next to the start.
  ///   - coolingBits: the binary logarithm of the most proposals of a cooling, from 10 to 40.
  ///   - pairWindow: candidates among which pairs are tried.
  ///   - heat: what the start of a cooling lets the residual rise to, as a multiple of the best.
  ///   - chill: what its end lets the residual fall to, as a multiple of the best.
  public init(
    from subset: [Int], coolings: Int = 1 << 20, coolingBits: Int = 22, pairWindow: Int = 2048, heat: Double = 2.5,
    chill: Double = 0.5
  ) {
    self.init(.subset(subset), coolings, coolingBits, pairWindow, heat, chill)
  }

  /// A search from what another solver finds, in the same run.
  ///
  /// - Parameters:
  ///   - solver: what finds the subset to start from.
  ///   - coolings: their number; 0 for the local optimum next to the start.
  ///   - coolingBits: the binary logarithm of the most proposals of a cooling, from 10 to 40.
  ///   - pairWindow: candidates among which pairs are tried.
  ///   - heat: what the start of a cooling lets the residual rise to, as a multiple of the best.
  ///   - chill: what its end lets the residual fall to, as a multiple of the best.
  public init(
    improving solver: any Solver = FractionalRounding(), coolings: Int = 1 << 20, coolingBits: Int = 22,
    pairWindow: Int = 2048, heat: Double = 2.5, chill: Double = 0.5
  ) {
    self.init(.solver(solver), coolings, coolingBits, pairWindow, heat, chill)
  }

  private init(
    _ start: Start, _ coolings: Int, _ coolingBits: Int, _ pairWindow: Int, _ heat: Double, _ chill: Double
  ) {
    self.start = start
    self.coolings = coolings
    self.coolingBits = coolingBits
    self.pairWindow = pairWindow
    self.heat = heat
    self.chill = chill
  }

  /// Takes what the solver takes whose subset is improved, but for size penalties.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireNoPenalty(shape)
    if case .solver(let solver) = start { try solver.requireSolvable(shape) }
  }

  /// Improves the start, and returns it where nothing better was found.
  ///
  /// - Throws: `SubsetSumError.invalidOption`; `.invalidSubset` or `.wrongSize` for a start that is
  ///   no solution; `.memoryLimit` when the order of the candidates does not fit; `.unsupported`
  ///   for a size penalty; what the solver that is improved throws.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    guard coolings >= 0, pairWindow >= 0, (10...40).contains(coolingBits), heat >= 2 * chill, chill > 0, heat.isFinite
    else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "coolings, pairWindow, coolingBits, heat, chill",
        expected: "numbers ≥ 0, bits of 10…40, heat ≥ 2·chill > 0",
        found: "\(coolings), \(pairWindow), \(coolingBits), \(heat), \(chill)")
    }
    try requireNoPenalty(problem.shape)
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    let limit = control.limits.work(orDefault: Self.defaultWorkLimit)
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let first: Solution
    switch start {
    case .subset(let subset): first = try Checker.solution(Claim(subset: subset, solver: name), for: problem)
    case .solver(let solver):
      first = try solver.solve(problem, control: control.forStep(work: limit))
      meter.count(work: first.work, evaluations: first.evaluations)
    }
    var subset = first.subset
    do {
      subset = try improve(first, problem, &meter)
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    let found = try solution(meter.claim(subset, isOptimal: false, by: name), for: problem, control)
    if found.error <= first.error { return found }
    return try solution(meter.claim(first.subset, isOptimal: false, by: name), for: problem, control)
  }

  private func improve(_ first: Solution, _ problem: Problem, _ meter: inout WorkMeter) throws -> [Int] {
    if problem.count == 0 || problem.dimension == 0 { return first.subset }
    guard first.error > 0, first.error.isFinite else { return first.subset }
    if let size = problem.size, size == 0 || size == problem.count { return first.subset }
    let ordering = ShortCandidates.orderingWork(problem)
    guard meter.allows(ordering) else { return first.subset }
    meter.count(work: ordering, evaluations: 0)
    let scaling = powerOfTwo(-max(-900, min(900, Int(first.error.exponent))))
    let rows = try ShortCandidates(problem, scaling: scaling, meter.control)
    let window = try window(rows, first, problem, meter.control.limits.memoryBytes)
    let writing = UInt64(window * rows.stride) + UInt64(first.subset.count * rows.stride)
    guard meter.allows(writing) else { return first.subset }
    meter.count(work: writing, evaluations: 0)
    try rows.extend(to: window, meter.control)
    let lanes = try (0..<laneCount(meter.control)).map { _ in
      try ExchangeLane(problem, rows, window: window, start: first.subset, pairWindow: pairWindow, meter.control)
    }
    let isLocal = lanes[0].descend(&meter)
    for round in 0..<coolings where isLocal && meter.stop == nil {
      try cool(lanes, round: round, &meter)
      if !(lanes[0].state.scale > 0) { break }
    }
    return lanes[0].state.bestSubset()
  }

  /// A time limit gives each core a lane, since the subset then depends on the machine anyway.
  private func laneCount(_ control: RunControl) -> Int { max(1, control.limits.seconds == nil ? lanes : workers) }

  /// Runs a cooling in each lane from the best subset of the first lane, which then takes over the
  /// best of all.
  private func cool(_ lanes: [ExchangeLane], round: Int, _ meter: inout WorkMeter) throws {
    for lane in lanes.dropFirst() { lane.state.takeBest(of: lanes[0].state) }
    let share = (meter.limit - min(meter.limit, meter.work)) / UInt64(lanes.count)
    let control = meter.control
    let bits = min(coolingBits, Self.smallestCooling + min(round, 32))
    try Workers.forEach(count: lanes.count, workers: min(max(1, workers), lanes.count)) { k, _ in
      lanes[k].cool(
        number: round * lanes.count + k, bits: bits, heat: heat * Self.heats[(round + k) % Self.heats.count],
        chill: chill, k == 0 ? control : control.silenced(), work: share)
    }
    for lane in lanes { meter.absorb(lane.meter) }
    let best = lanes.indices.min { lanes[$0].state.bestFigure < lanes[$1].state.bestFigure }!
    if best > 0 { lanes[0].state.takeBest(of: lanes[best].state) }
    meter.report("annealing", completed: round, total: 0, best: lanes[0].state.bestError)
  }

  /// How many of the shortest candidates may be flipped.
  private func window(
    _ rows: ShortCandidates, _ first: Solution, _ problem: Problem, _ memoryBytes: Int?
  ) throws(SubsetSumError) -> Int {
    let fixed = ShortCandidates.bytes(problem, count: 0) + 8 * 8 * rows.stride
    let least = ByteCount.sum(fixed, ByteCount.product(16, 8 * rows.stride + lanes * ExchangeState.bytesEach))
    if let memoryBytes, least > memoryBytes {
      throw .memoryLimit(solver: name, neededBytes: least, limitBytes: memoryBytes)
    }
    let room = memoryBytes.map { $0 - fixed } ?? Self.largestWindowBytes
    let most = max(16, room / (8 * rows.stride + lanes * ExchangeState.bytesEach))
    let measure = ExchangeMeasure(problem.norm, dimension: rows.dimension, stride: rows.stride)
    let error = first.error * rows.scaling
    let radius = measure.radius(measure.kind == .euclidean ? error * error : error)
    let proposed = ExchangeAnnealing.reach(rows.dimension) / Double(rows.dimension).squareRoot()
    let reach = max(2, proposed * heat * Self.heats.max()!) * radius
    return min(problem.count, most, max(pairWindow, rows.window(reach: reach), 16))
  }
}
