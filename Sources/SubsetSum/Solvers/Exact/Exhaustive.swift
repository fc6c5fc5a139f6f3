import RunControl

/// All 2ⁿ subsets in Gray-code order, or all C(n, k) of a fixed size: what other solvers are
/// compared with on small problems.
///
/// Consecutive subsets differ in one candidate; those of a fixed size, in ascending order of their
/// masks, in few on average. The running sum is recomputed with compensation after some 2¹⁰
/// changes, and every subset within the rounding bound of the best is rescored by the checker's
/// arithmetic. So the result is the best of all subsets by the checker's figures. Ties go to the
/// subset of fewer elements, then to the lexicographically smaller one.
///
/// Complexity: m·2ⁿ, or a few times m·C(n, k).
public struct Exhaustive: Solver {
  /// The most candidates that are accepted.
  static let largestCount = 30
  /// The work limit of a run that states none: 2³⁶, enough for n = 30 at m = 64.
  static let defaultWorkLimit: UInt64 = 1 << 36

  /// The name that reports and the command line use.
  public let name = "exhaustive"

  /// A solver without options.
  public init() {}

  /// What `solve` asks of a problem before anything else.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireKind(shape)
    try requireCount(shape, atMost: Self.largestCount)
  }

  /// Looks at every subset.
  ///
  /// - Throws: `SubsetSumError.tooManyCandidates` above 30.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() {
      return try moderate.solution(by: self, isExact: true, control: control)
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let search = try ExhaustiveSearch(problem)
    search.run(&meter)
    return try solution(
      meter.claim(SmallInstance.indices(of: search.best), isOptimal: true, by: name), for: problem, control)
  }
}

private final class ExhaustiveSearch {
  private(set) var best: UInt64
  private var bestError: Double
  private let instance: SmallInstance
  private let residual: UnsafeMutablePointer<Double>
  private static let blockBits = 10

  init(_ problem: Problem) throws {
    instance = try SmallInstance(problem)
    residual = .allocate(capacity: max(1, problem.dimension))
    best = problem.defaultMask
    bestError = instance.error(of: best)
  }

  deinit { residual.deallocate() }

  /// Goes through subsets by blocks, each from a residual of its own.
  func run(_ meter: inout WorkMeter) {
    let (n, m) = (instance.count, UInt64(instance.dimension))
    let total = instance.size.map { Self.choose(n, $0) } ?? 1 << UInt64(n)
    // A block makes one change for each subset, or up to n in the last step of a fixed size.
    let rule = RescoringRule(instance, roundings: 1 << Self.blockBits + n + 2)
    var (mask, done) = (instance.size == nil ? 0 : best, UInt64(0))
    while done < total {
      let block = min(total - done, 1 << UInt64(Self.blockBits))
      if !meter.allows(block * m) { return }
      let looked = instance.size == nil ? visitAny(done, block, rule) : visitSized(&mask, block, rule)
      done += looked
      meter.count(work: looked * m, evaluations: looked)
      meter.report(
        "enumerating", completed: Int(done >> UInt64(Self.blockBits)),
        total: max(1, Int(total >> UInt64(Self.blockBits))), best: bestError)
    }
  }

  /// Looks at a block of subsets from number `start` on, in Gray-code order.
  private func visitAny(_ start: UInt64, _ block: UInt64, _ rule: RescoringRule) -> UInt64 {
    var mask = start ^ (start >> 1)
    instance.residual(of: mask, to: residual)
    var cut = rule.cut(best: bestError)
    var step = start
    while true {
      if !(instance.measure.of(residual, instance.dimension) > cut) {
        consider(mask)
        cut = rule.cut(best: bestError)
      }
      step += 1
      if step == start + block { return block }
      let bit = step.trailingZeroBitCount
      mask ^= 1 << UInt64(bit)
      change(bit, to: mask)
    }
  }

  /// Looks at subsets from `mask` on, in ascending order of masks with as many bits, and leaves the
  /// next one there. It ends after `block` subsets, or earlier after so many changes that the
  /// residual must be recomputed.
  private func visitSized(_ mask: inout UInt64, _ block: UInt64, _ rule: RescoringRule) -> UInt64 {
    instance.residual(of: mask, to: residual)
    var cut = rule.cut(best: bestError)
    var (looked, changes) = (UInt64(0), 0)
    while true {
      if !(instance.measure.of(residual, instance.dimension) > cut) {
        consider(mask)
        cut = rule.cut(best: bestError)
      }
      looked += 1
      let next = Self.next(mask)
      if looked == block || changes >= 1 << Self.blockBits {
        mask = next
        return looked
      }
      var changed = mask ^ next
      mask = next
      changes += changed.nonzeroBitCount
      while changed != 0 {
        change(changed.trailingZeroBitCount, to: mask)
        changed &= changed - 1
      }
    }
  }

  /// Brings the residual up to date after candidate `bit` has come or gone.
  @inline(__always) private func change(_ bit: Int, to mask: UInt64) {
    let m = instance.dimension
    let row = instance.rows + bit &* m
    if mask >> UInt64(bit) & 1 == 1 {
      for j in 0..<m { residual[j] -= row[j] }
    } else {
      for j in 0..<m { residual[j] += row[j] }
    }
  }

  /// The next larger mask with as many bits (Gosper): the highest bit of the lowest run of ones
  /// moves up, the others move down.
  private static func next(_ mask: UInt64) -> UInt64 {
    if mask == 0 { return 0 }
    let lowest = mask & (~mask &+ 1)
    let raised = mask &+ lowest
    return raised | (((mask ^ raised) >> 2) >> UInt64(lowest.trailingZeroBitCount))
  }

  private static func choose(_ n: Int, _ k: Int) -> UInt64 {
    (0..<k).reduce(1) { $0 * UInt64(n - $1) / UInt64($1 + 1) }
  }

  private func consider(_ mask: UInt64) {
    let error = instance.error(of: mask)
    if error < bestError || (error == bestError && SmallInstance.precedes(mask, best)) {
      (best, bestError) = (mask, error)
    }
  }
}
