import RunControl

/// Rounds a fractional solution from long candidates to short ones, so that only the shortest carry
/// the rounding error: the fast solver for many coordinates.
///
/// The start is λ_i = ½ + x_i·w, the ridge least-squares solution of Σ λ_i·x_i = z: for many
/// candidates w is small and all λ lie within [0, 1]. The shortest M of all candidates take part, M
/// the first power of two times 4m for which the λ spread by at most `spread` about ½. Then, from
/// the longest to the shortest, λ_i becomes 0 or 1, whichever is nearer, and the λ of the shorter
/// ones are solved again to make up for it.
///
/// Solving again needs no λ. Let r be what is left of z, S the sum of the shorter candidates and P
/// = (Σ x·xᵀ + μI)⁻¹ over them. They would have to make up r − S/2 without candidate i and r − x_i
/// − S/2 with it, at a cost of the quadratic form in P, so i is chosen exactly when `x_i·P·(r − S/2
/// − x_i/2) > 0`. P is made afresh, at the lower end, for each stretch of candidates in which their
/// number shrinks by a quarter. The ridge μ, the mean squared norm, lets the residual itself decide
/// the last ones when fewer than m are left. While there are enough short candidates, r follows the
/// length of those being decided: what is left at the end is some 0.3·√m times the norm of the m-th
/// shortest, which is m²/n for NSN candidates.
///
/// A fixed size k is one more coordinate, and λ spreads about k/M. Where the count would still come
/// out wrong, decisions are forced.
///
/// All arithmetic is in Float64 loops of its own, in a fixed order, without BLAS or LAPACK: the
/// subset depends on the problem and the work limit alone. It proves nothing. The subset is the
/// empty set, or the first k candidates, where that is closer. With a time limit M is at most what
/// there seems to be time for; the run ends once all candidates are rounded.
///
/// Measured on generated instances, m = 72 and n = 10⁶: max norm 7.7·10⁻⁴ to 1.1·10⁻³ (seeds 1 to
/// 3) in 0.3 s on an idle core, 345 MB resident with the candidates.
///
/// Complexity: n·(m + log n), in a metric n·m²/2, then about 4·M·m². Memory: 40 bytes a candidate,
/// 8·M·m and 16·m² bytes.
public struct FractionalRounding: Solver {
  /// The work limit of a run that states none: 2⁴⁰.
  static let defaultWorkLimit: UInt64 = 1 << 40
  /// The memory limit of a run that states none: 2 GiB, enough for m = 11 000.
  static let defaultMemoryLimit = 1 << 31

  /// The name that reports and the command line use.
  public let name = "rounding"
  /// The largest root mean square of λ − ½ at the start, by which M is chosen.
  public var spread: Double

  /// A rounding that starts from a fractional solution of at most this spread.
  public init(spread: Double = 0.125) { self.spread = spread }

  /// Rounds a fractional solution.
  ///
  /// - Throws: `SubsetSumError.invalidOption` for a spread that is not positive; `.memoryLimit`
  ///   when 4m candidates do not fit; `.unsupported` for a size penalty.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    guard spread > 0 else {
      throw SubsetSumError.invalidOption(solver: name, option: "spread", expected: "a number > 0", found: "\(spread)")
    }
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var subset = problem.defaultSubset
    do {
      subset = try search(problem, &meter)
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    let rounded = try solution(meter.claim(subset, isOptimal: false, by: name), for: problem, control)
    let nothing = try Checker.solution(meter.claim(problem.defaultSubset, isOptimal: false, by: name), for: problem)
    return rounded.error < nothing.error ? rounded : nothing
  }

  private func search(_ problem: Problem, _ meter: inout WorkMeter) throws -> [Int] {
    let (n, m) = (problem.count, problem.dimension)
    if n == 0 || m == 0 || problem.size == n { return problem.defaultSubset }
    let least = min(n, max(4 * m, 2 * (problem.size ?? 0)))
    let needed = ByteCount.sum(ShortCandidates.bytes(problem, count: least), ByteCount.product(16, m + 1, m + 8))
    let allowed = meter.control.limits.allowedBytes(default: Self.defaultMemoryLimit)
    guard needed <= allowed else {
      throw SubsetSumError.memoryLimit(solver: name, neededBytes: needed, limitBytes: allowed)
    }
    let ordering = ShortCandidates.orderingWork(problem)
    guard meter.allows(ordering) else { return problem.defaultSubset }
    meter.count(work: ordering, evaluations: 0)
    let rows = try ShortCandidates(problem, countsChosen: problem.size != nil, meter.control)
    let rounding = RoundingState(rows, problem)
    guard try rounding.gather(least, spread, &meter) else { return problem.defaultSubset }
    while rounding.undecided > 0 {
      guard try rounding.decideStretch(&meter) else { return problem.defaultSubset }
    }
    return rounding.subset()
  }
}

/// A rounding under way: which candidates are decided, and what is left of the target.
private final class RoundingState {
  private let rows: ShortCandidates
  private let problem: Problem
  private let weights: RoundingWeights
  /// The number of candidates that are not decided yet, which are the shortest.
  private(set) var undecided = 0
  private var chosen: [Bool] = []
  private var chosenCount = 0
  /// The value that the fractional solution spreads about.
  private var center = 0.5
  /// r, what is left of the target.
  private let residual: UnsafeMutablePointer<Double>
  /// S, the sum of the candidates that are shorter than the one being decided.
  private let shorter: UnsafeMutablePointer<Double>
  private let wanted: UnsafeMutablePointer<Double>
  private let solved: UnsafeMutablePointer<Double>
  private let sums: CompensatedVector

  init(_ rows: ShortCandidates, _ problem: Problem) {
    self.rows = rows
    self.problem = problem
    weights = RoundingWeights(rows)
    residual = .allocate(capacity: 4 * max(8, rows.stride))
    residual.initialize(repeating: 0, count: 4 * max(8, rows.stride))
    shorter = residual + rows.stride
    wanted = shorter + rows.stride
    solved = wanted + rows.stride
    rows.transform(problem.target, chosen: problem.size ?? 0, to: residual)
    sums = CompensatedVector(count: rows.stride)
    sums.reset(to: residual)
  }

  deinit { residual.deallocate() }

  /// The part of the time left that all decisions may take, as far as it can be foreseen.
  private static let timePart = 0.6

  /// Takes in candidates until the fractional solution spreads by at most `spread`. False when the
  /// run must stop.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func gather(_ least: Int, _ spread: Double, _ meter: inout WorkMeter) throws -> Bool {
    let control = meter.control
    let most = limit(control.limits.memoryBytes, least)
    var count = least
    while true {
      let before = control.secondsLeft
      let work = UInt64(count * rows.stride) + weights.work(count)
      guard meter.allows(work) else { return false }
      meter.count(work: work, evaluations: 0)
      try rows.extend(to: count, control)
      center = problem.size.map { Double($0) / Double(count) } ?? 0.5
      try sumShorter(count, control)
      if count == most { break }
      if try weights.prepare(rows, count: count, control) {
        fillWanted()
        weights.apply(wanted, to: solved)
        // Σ(λ − ½)² = Σ(x·w)², in units in which Σ x·xᵀ has trace 1; see `RoundingWeights`.
        var square = 0.0
        try control.forEach(0..<count, askingEvery: max(1, (1 << 16) / rows.stride)) { i in
          let shift = fixedOrderDot(rows[i], solved, rows.stride) * weights.unit
          square += shift * shift
        }
        if square <= spread * spread * Double(count) { break }
      }
      let next = min(most, 2 * count)
      if let before, let left = control.secondsLeft {
        // All decisions take the weights of a geometric series of counts, and a product with the
        // weights for each candidate.
        let all = 4 * Double(weights.work(next)) + Double(next * rows.stride * (rows.dimension + 4))
        if (before - left) * all / Double(work) > Self.timePart * left { break }
      }
      count = next
    }
    undecided = count
    chosen = [Bool](repeating: false, count: count)
    return true
  }

  /// The most candidates that the memory limit has room for; without a limit, rows of half a
  /// gigabyte.
  private func limit(_ memoryBytes: Int?, _ least: Int) -> Int {
    let fixed = ShortCandidates.bytes(problem, count: 0) + 16 * (rows.dimension + 1) * (rows.stride + 8)
    // Rows are copied when more are written.
    let room = memoryBytes.map { ($0 - fixed) * 2 / 3 } ?? 1 << 29
    return min(problem.count, max(least, room / (8 * rows.stride)))
  }

  private func sumShorter(_ count: Int, _ control: RunControl) throws(Interruption) {
    let sum = CompensatedVector(count: rows.stride)
    for start in stride(from: 0, to: count, by: 256) {
      try control.checkInterruption()
      for i in start..<min(count, start + 256) { sum.add(rows[i], sign: 1) }
    }
    sum.round(to: shorter)
  }

  /// Writes r − center·S.
  private func fillWanted() {
    for j in 0..<rows.stride { wanted[j] = residual[j] - center * shorter[j] }
  }

  /// Decides the longest quarter of the candidates that are left. False when the run must stop.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func decideStretch(_ meter: inout WorkMeter) throws -> Bool {
    let control = meter.control
    let end = undecided * 3 / 4
    let work = weights.work(end) + UInt64((undecided - end) * rows.stride * (rows.dimension + 4))
    guard meter.allows(work) else { return false }
    meter.count(work: work, evaluations: UInt64(undecided - end))
    let largest = largestMagnitude(residual, rows.stride)
    meter.report("rounding", completed: chosen.count - undecided, total: chosen.count, best: largest)
    let isWeighted = try weights.prepare(rows, count: max(1, end), control)
    try sumShorter(undecided, control)
    let asked = max(1, (1 << 16) / (rows.stride * rows.stride))
    for i in stride(from: undecided - 1, through: end, by: -1) {
      if i % asked == 0 { try control.checkInterruption() }
      let x = rows[i]
      for j in 0..<rows.stride { shorter[j] -= x[j] }
      if let size = problem.size { center = Double(max(0, size - chosenCount)) / Double(max(1, i)) }
      fillWanted()
      for j in 0..<rows.stride { wanted[j] -= 0.5 * x[j] }
      if isWeighted { weights.apply(wanted, to: solved) } else { solved.update(from: wanted, count: rows.stride) }
      if decides(i, fixedOrderDot(x, solved, rows.stride) > 0) {
        chosen[i] = true
        chosenCount += 1
        sums.add(x, sign: -1)
        sums.round(to: residual)
      }
    }
    undecided = end
    return true
  }

  /// Whether candidate i is chosen where rounding alone would make `choice`; a fixed size may force
  /// the other.
  private func decides(_ i: Int, _ choice: Bool) -> Bool {
    guard let size = problem.size else { return choice }
    let open = size - chosenCount
    if open == 0 { return false }
    return open > i ? true : choice
  }

  /// The chosen candidates of the problem, ascending.
  func subset() -> [Int] { chosen.indices.filter { chosen[$0] }.map { rows.order[$0] }.sorted() }
}
