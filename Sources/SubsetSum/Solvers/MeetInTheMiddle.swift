import RunControl

/// The exact optimum, by joining the sorted sums of two halves. In one dimension 2^(n/2) steps; above, a
/// window on the coordinate of largest spread that narrows with the best error found.
///
/// Cost: building 2^(n/2)·m. One dimension: two passes of 2^(n/2) steps, 36·2^(n/2) bytes at their peak for even n.
/// More: for each sum of one half, those of the other within ± best error on one coordinate, so about
/// 2ⁿ·error/spread pairs, against which high dimensions are hopeless; 8·m bytes a sum.
///
/// Exactness: every pair whose computed error lies within the rounding bound of the best is rescored by the checker's
/// arithmetic, so the subset returned is the best of all by the checker's figures. Only when 2¹⁶ such near-ties have
/// brought no improvement are further ones skipped; then optimality holds up to n·2⁻⁵²·(|z| + Σ|x|). Ties go to the pair
/// met first, a fixed order. When partial sums are exact in Float64 (integers, say) nothing is approximate.
public struct MeetInTheMiddle: Solver {
  /// Most candidates accepted, whatever the memory: masks of a half have 32 bits.
  public static let largestCount = 60
  /// Units of work without a limit of the run's own: 2³⁶.
  public static let defaultWorkLimit: UInt64 = 1 << 36
  /// Bytes without a limit of the run's own: 2 GiB, enough for n = 50 in one dimension.
  public static let defaultMemoryLimit = 1 << 31

  public let name = "meet-in-the-middle"

  public init() {}

  /// Bytes of working memory for n candidates of dimension m, at the peak.
  public static func neededBytes(count n: Int, dimension m: Int) -> Int {
    let half = n - n / 2
    if half >= 50 { return .max / 4 }
    if m <= 1 { return HalfSums.bytes(bits: half) + (1 << (n / 2)) * 12 }
    let columns = ((1 << half) + (1 << (n / 2))).multipliedReportingOverflow(by: 8 * m + 4)
    let peak = columns.partialValue.addingReportingOverflow(HalfSums.bytes(bits: half) + (1 << half) * 8)
    return columns.overflow || peak.overflow ? .max / 4 : peak.partialValue
  }

  /// - Throws: `SubsetSumError.tooManyCandidates` above 60, `.memoryLimit` when `neededBytes` exceeds what the run
  ///   may use.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try requireAnySize(problem)
    guard problem.count <= Self.largestCount else {
      throw SubsetSumError.tooManyCandidates(solver: name, limit: Self.largestCount, found: problem.count)
    }
    let needed = Self.neededBytes(count: problem.count, dimension: problem.dimension)
    let allowed = control.limits.memoryBytes ?? Self.defaultMemoryLimit
    guard needed <= allowed else {
      throw SubsetSumError.memoryLimit(solver: name, neededBytes: needed, limitBytes: allowed)
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var best = try MeetingPoint(problem)
    let sums = UInt64(1 << (problem.count / 2)) + UInt64(1 << (problem.count - problem.count / 2))
    if problem.dimension > 0, meter.allows(sums * UInt64(problem.dimension)) {
      meter.count(work: sums * UInt64(problem.dimension), evaluations: 0)
      if problem.dimension == 1 {
        joinSortedSums(&best, &meter)
      } else {
        WindowJoin(best.instance).run(&best, &meter)
      }
    }
    return try Checker.solution(
      meter.claim(SmallInstance.indices(of: best.mask), isOptimal: true, by: name), for: problem)
  }
}

/// The best subset met so far, with the rule for what to rescore.
struct MeetingPoint {
  let instance: SmallInstance
  private(set) var mask: UInt64 = 0
  private(set) var error: Double
  private(set) var rule: RescoringRule

  init(_ problem: Problem) throws {
    instance = try SmallInstance(problem)
    error = instance.error(of: 0)
    rule = RescoringRule(instance, roundings: problem.count + 3)
  }

  /// Candidates in the first half.
  var firstHalf: Int { instance.count / 2 }

  /// Rescores the union of two halves' subsets.
  mutating func consider(_ first: UInt32, _ second: UInt32) {
    let union = UInt64(first) | UInt64(second) << UInt64(firstHalf)
    let found = instance.error(of: union)
    if found < error {
      (mask, error) = (union, found)
    } else {
      rule.countPointless()
    }
  }
}

/// One dimension: a pass of two pointers finds the least computed error; a second one visits all pairs close to it.
private func joinSortedSums(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
  let instance = best.instance
  let split = best.firstHalf
  let a = HalfSums(base: -instance.target[0], numbers: instance.rows, bits: split, stride: 1)
  let b = HalfSums(base: 0, numbers: instance.rows + split, bits: instance.count - split, stride: 1)
  guard let least = leastMagnitude(a, b, &meter) else { return }
  best.consider(a.masks[least.first], b.masks[least.second])
  let computed = abs(a.values[least.first] + b.values[least.second])
  if best.rule.slack > 0 { visitPairs(a, b, within: computed, &best, &meter) }
}

private let chunk = 1 << 14

/// The pair of least |a + b|. On a stop, the best of what was visited; nil when that is nothing.
private func leastMagnitude(
  _ a: HalfSums, _ b: HalfSums, _ meter: inout WorkMeter
) -> (first: Int, second: Int)? {
  var (i, j) = (0, b.count - 1)
  var least = Double.infinity
  var found: (first: Int, second: Int)?
  let (first, second) = (a.values, b.values)
  while i < a.count, j >= 0 {
    if !meter.allows(UInt64(chunk)) { return found }
    // A chunk that cannot run off either end.
    let steps = min(chunk, min(a.count - i, j + 1))
    var (bestI, bestJ) = (-1, -1)
    for _ in 0..<steps {
      let sum = first[i] + second[j]
      let magnitude = abs(sum)
      if magnitude < least { (least, bestI, bestJ) = (magnitude, i, j) }
      let down = sum > 0 ? 1 : 0
      j &-= down
      i &+= 1 &- down
    }
    if bestI >= 0 { found = (bestI, bestJ) }
    meter.count(work: UInt64(steps), evaluations: UInt64(steps))
  }
  return found
}

/// Rescores all pairs with |a + b| within the rounding bound of `computed`, the least there is.
private func visitPairs(
  _ a: HalfSums, _ b: HalfSums, within computed: Double, _ best: inout MeetingPoint, _ meter: inout WorkMeter
) {
  // Both the best pair and the least computed one are off by at most `slack`.
  let reach = computed + 2 * best.rule.slack
  let (first, second) = (a.values, b.values)
  var top = b.count - 1
  var i = 0
  while i < a.count {
    if !meter.allows(UInt64(chunk)) { return }
    let end = min(a.count, i + chunk)
    while i < end {
      let value = first[i]
      while top >= 0, value + second[top] > reach { top &-= 1 }
      var j = top
      while j >= 0, value + second[j] >= -reach, best.rule.slack > 0 {
        best.consider(a.masks[i], b.masks[j])
        j &-= 1
      }
      i &+= 1
    }
    meter.count(work: UInt64(chunk), evaluations: 0)
  }
}
