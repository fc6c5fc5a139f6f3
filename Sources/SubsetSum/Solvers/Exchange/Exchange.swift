import RunControl

/// Local search from any subset: annealed by flips and swaps over the shortest candidates, then brought to a local optimum of the norm.
///
/// From the start, which is given or another solver's, coolings follow one another (`ExchangeAnnealing`): single flips, or swaps
/// where the size is fixed, at temperatures that let the root mean square residual rise to about `heat` times the best (in turn 1, 0.7 and 1.6 times that) before it falls to `chill` times it. They move in ‖r‖₂², a smooth
/// guide for all norms, while every subset met is judged in the norm itself. After each cooling the best one is improved by single flips and by pairs (removing two, adding two, or
/// one of each) that lower the norm, until none does. The first cooling makes 2¹⁶ proposals, each next twice as many, up to 2^`coolingBits`.
///
/// **Guarantee.** Unless a limit stops it, no single flip among the candidates of the window lowers the norm of the result, and no pair among the
/// first `pairWindow` of them; with a fixed size no swap of two of these. The window holds the shortest candidates: all that can lower the norm by a single flip, and all the coolings propose,
/// as far as memory allows. The result is never worse than the start. It proves nothing about other subsets.
///
/// Norms other than the max norm and the Euclidean are searched in the coordinates in which they are plain: a metric's transformed ones, weighted
/// ones for row sums.
///
/// Measured on generated instances in the max norm, medians of 6 seeds after 8·10⁹ units (6 s on one core at m = 72, 10 s at m = 25): 0.16 at (m, n) =
/// (72, 1900), 0.041 at (25, 1000); 3.3·10⁻⁴ at (72, 10⁶), median of 3. With a fixed size of 27 at (25, 1000), one seed, half that work: 0.056.
///
/// All decisions are Float64 in a fixed order, without BLAS: the subset depends on the problem, the start and the work limit alone. Cost: n·(m + log n), a metric
/// n·m²/2; m a proposal; a pass over pairs about `pairWindow`² in the max norm, m times that in others. Memory: 40 bytes a candidate and 8·m + 26 for each of the window, which without
/// a memory limit takes up to 64 MB.
public struct Exchange: Solver {
  /// Units of work without a limit of the run's own: 2³³.
  public static let defaultWorkLimit: UInt64 = 1 << 33
  static let largestWindowBytes = 1 << 26
  static let smallestCooling = 16
  /// What `heat` is multiplied by in successive coolings: m = 72 does best with less than m = 25, and small problems with more.
  static let heats = [1, 0.7, 1.6]

  public let name = "exchange"
  /// Coolings made; 0 for the local optimum next to the start.
  public var coolings: Int
  /// Binary logarithm of the most proposals of a cooling, 10…40.
  public var coolingBits: Int
  /// Candidates among which pairs are tried; 0 for single flips only.
  public var pairWindow: Int
  /// What the start of a cooling lets the root mean square residual rise to, as a multiple of the best.
  public var heat: Double
  /// What its end would let it fall to.
  public var chill: Double
  private let start: Start

  private enum Start: Sendable {
    case subset([Int])
    case solver(any Solver)
  }

  /// A search from a given subset, its indices ascending.
  public init(
    from subset: [Int], coolings: Int = 1 << 20, coolingBits: Int = 22, pairWindow: Int = 2048, heat: Double = 2.5,
    chill: Double = 0.5
  ) {
    self.init(.subset(subset), coolings, coolingBits, pairWindow, heat, chill)
  }

  /// A search from what another solver finds, in the same run.
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

  /// - Throws: `SubsetSumError.invalidOption`; `.invalidSubset` or `.wrongSize` for a start that is no solution; `.memoryLimit` when the
  ///   order of the candidates does not fit; what the solver that is improved throws.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    guard coolings >= 0, pairWindow >= 0, (10...40).contains(coolingBits), heat >= 2 * chill, chill > 0, heat.isFinite
    else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "coolings, pairWindow, coolingBits, heat, chill",
        expected: "numbers ≥ 0, bits of 10…40, heat ≥ 2·chill > 0",
        found: "\(coolings), \(pairWindow), \(coolingBits), \(heat), \(chill)")
    }
    let limit = control.limits.work ?? Self.defaultWorkLimit
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let first: Solution
    switch start {
    case .subset(let subset): first = try Checker.solution(Claim(subset: subset, solver: name), for: problem)
    case .solver(let solver):
      first = try solver.solve(problem, control: control.withWork(limit))
      meter.count(work: first.work, evaluations: first.evaluations)
    }
    let subset = try improve(first, problem, &meter)
    let found = try Checker.solution(meter.claim(subset, isOptimal: false, by: name), for: problem)
    if found.error <= first.error { return found }
    return try Checker.solution(meter.claim(first.subset, isOptimal: false, by: name), for: problem)
  }

  private func improve(_ first: Solution, _ problem: Problem, _ meter: inout WorkMeter) throws -> [Int] {
    if problem.count == 0 || problem.dimension == 0 { return first.subset }
    guard first.error > 0, first.error.isFinite else { return first.subset }
    if let size = problem.size, size == 0 || size == problem.count { return first.subset }
    let ordering = ShortCandidates.orderingWork(problem)
    guard meter.allows(ordering) else { return first.subset }
    meter.count(work: ordering, evaluations: 0)
    let scaling = Double(sign: .plus, exponent: -max(-900, min(900, Int(first.error.exponent))), significand: 1)
    let rows = ShortCandidates(problem, scaling: scaling)
    let window = try window(rows, first, problem, meter.control.limits.memoryBytes)
    let writing = UInt64(window * rows.stride) + UInt64(first.subset.count * rows.stride)
    guard meter.allows(writing) else { return first.subset }
    meter.count(work: writing, evaluations: 0)
    let state = try ExchangeState(problem, rows, window: window, start: first.subset)
    let descent = ExchangeDescent(state, pairWindow: pairWindow)
    let annealing = ExchangeAnnealing(state)
    guard descent.run(&meter) else { return state.bestSubset() }
    for number in 0..<coolings {
      state.returnToBest()
      let scale = state.scale
      if !(scale > 0 && scale.isFinite) { break }
      let bits = min(coolingBits, Self.smallestCooling + min(number, 32))
      let high = heat * Self.heats[number % Self.heats.count] * scale
      let isFinished = annealing.run(number: number, bits: bits, high: high, low: chill * scale, &meter)
      state.returnToBest()
      if !isFinished || !descent.run(&meter) { break }
    }
    return state.bestSubset()
  }

  /// How many of the shortest candidates may be flipped.
  private func window(
    _ rows: ShortCandidates, _ first: Solution, _ problem: Problem, _ memoryBytes: Int?
  ) throws(SubsetSumError) -> Int {
    let fixed = ShortCandidates.bytes(problem, count: 0) + 8 * 8 * rows.stride
    if let memoryBytes, fixed + 16 * (8 * rows.stride + ExchangeState.bytesEach) > memoryBytes {
      throw .memoryLimit(solver: name, neededBytes: fixed, limitBytes: memoryBytes)
    }
    let room = memoryBytes.map { $0 - fixed } ?? Self.largestWindowBytes
    let most = max(16, room / (8 * rows.stride + ExchangeState.bytesEach))
    let measure = ExchangeMeasure(problem.norm, dimension: rows.dimension, stride: rows.stride)
    let error = first.error * rows.scaling
    let radius = measure.radius(measure.kind == .euclidean ? error * error : error)
    let proposed = ExchangeAnnealing.reach(rows.dimension) / Double(rows.dimension).squareRoot()
    let reach = max(2, proposed * heat * Self.heats.max()!) * radius
    return min(problem.count, most, max(pairWindow, rows.window(reach: reach), 16))
  }
}
