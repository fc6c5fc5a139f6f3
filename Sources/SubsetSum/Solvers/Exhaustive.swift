import RunControl

/// All 2ⁿ subsets, in Gray-code order: the oracle for small problems. Cost: m·2ⁿ.
///
/// Consecutive subsets differ in one candidate. The running sum is recomputed with compensation every 2¹⁰ subsets,
/// and every subset within the rounding bound of the best is rescored by the checker's arithmetic. So the result is
/// the best of all subsets by the checker's figures; ties go to the subset of fewer elements, then to the
/// lexicographically smaller one.
public struct Exhaustive: Solver {
  /// Most candidates accepted.
  public static let largestCount = 30
  /// Units of work without a limit of the run's own: 2³⁶, enough for n = 30 at m = 64.
  public static let defaultWorkLimit: UInt64 = 1 << 36

  public let name = "exhaustive"

  public init() {}

  /// - Throws: `SubsetSumError.tooManyCandidates` above 30.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try requireAnySize(problem)
    guard problem.count <= Self.largestCount else {
      throw SubsetSumError.tooManyCandidates(solver: name, limit: Self.largestCount, found: problem.count)
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let search = try ExhaustiveSearch(problem)
    search.run(&meter)
    return try Checker.solution(
      meter.claim(SmallInstance.indices(of: search.best), isOptimal: true, by: name), for: problem)
  }
}

private final class ExhaustiveSearch {
  private(set) var best: UInt64 = 0
  private var bestError: Double
  private let instance: SmallInstance
  private let residual: UnsafeMutablePointer<Double>
  private static let blockBits = 10

  init(_ problem: Problem) throws {
    instance = try SmallInstance(problem)
    residual = .allocate(capacity: max(1, problem.dimension))
    bestError = instance.error(of: 0)
  }

  deinit { residual.deallocate() }

  func run(_ meter: inout WorkMeter) {
    let (n, m) = (instance.count, instance.dimension)
    let total = UInt64(1) << UInt64(n)
    let block = min(total, 1 << UInt64(Self.blockBits))
    let rule = RescoringRule(instance, roundings: Int(block) + 2)
    var cut = rule.cut(best: bestError)
    var start: UInt64 = 0
    while start < total {
      if !meter.allows(block * UInt64(m)) { return }
      var mask = start ^ (start >> 1)
      instance.residual(of: mask, to: residual)
      var step = start
      while true {
        if !(instance.measure.of(residual, m) > cut) {
          consider(mask)
          cut = rule.cut(best: bestError)
        }
        step += 1
        if step == start + block { break }
        let bit = step.trailingZeroBitCount
        mask ^= 1 << UInt64(bit)
        let row = instance.rows + bit &* m
        if mask >> UInt64(bit) & 1 == 1 {
          for j in 0..<m { residual[j] -= row[j] }
        } else {
          for j in 0..<m { residual[j] += row[j] }
        }
      }
      start += block
      meter.count(work: block * UInt64(m), evaluations: block)
      meter.report(
        "enumerating", completed: Int(start >> UInt64(Self.blockBits)),
        total: max(1, Int(total >> UInt64(Self.blockBits))), best: bestError)
    }
  }

  private func consider(_ mask: UInt64) {
    let error = instance.error(of: mask)
    if error < bestError || (error == bestError && precedes(mask, best)) { (best, bestError) = (mask, error) }
  }

  /// Fewer elements first; then by the first index that only one of them has.
  private func precedes(_ first: UInt64, _ second: UInt64) -> Bool {
    if first.nonzeroBitCount != second.nonzeroBitCount { return first.nonzeroBitCount < second.nonzeroBitCount }
    let difference = first ^ second
    return difference != 0 && first >> UInt64(difference.trailingZeroBitCount) & 1 == 1
  }
}
