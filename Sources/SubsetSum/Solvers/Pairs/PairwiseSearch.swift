import RunControl

/// The exact optimum in middling dimension: every sum of one half with every sum of the other, distances by GEMM.
///
/// ‖a + b − z‖² = ‖z − a‖² + ‖b‖² − 2·(z − a)·b for tiles of half sums, compared with the best as they come (`PairScreen`). No coordinate narrows
/// the search, so it costs the same whatever the error: above about 16 dimensions, where windows of `MeetInTheMiddle` no longer help.
///
/// Cost: 2ⁿ pairs of 2·(m+1) operations in BLAS; memory: 2^(n/2)·(20·m + 16) bytes. Exactness is that of `MeetInTheMiddle`: what passes is
/// rescored in fixed-order Float64, then by the checker's arithmetic. One thread.
public struct PairwiseSearch: Solver {
  /// Most candidates accepted.
  public static let largestCount = 44
  /// Units of work without a limit of the run's own: 2³⁸.
  public static let defaultWorkLimit: UInt64 = 1 << 38
  /// Bytes without a limit of the run's own: 2 GiB.
  public static let defaultMemoryLimit = 1 << 31

  public let name = "pairwise"

  public init() {}

  /// Bytes of working memory for n candidates of dimension m.
  public static func neededBytes(count n: Int, dimension m: Int) -> Int {
    ((1 << (n / 2)) + (1 << (n - n / 2))) * (20 * m + 16)
  }

  /// - Throws: `SubsetSumError.tooManyCandidates` above 44, `.memoryLimit` when `neededBytes` exceeds what the run may use, `.unsupported` for
  ///   a fixed size.
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
    let meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var pairs = HalfPairs(try MeetingPoint(problem), meter)
    if problem.dimension > 0 { try pairs.search() }
    return try Checker.solution(
      pairs.meter.claim(SmallInstance.indices(of: pairs.best.mask), isOptimal: true, by: name), for: problem)
  }
}

/// The pairs of two halves' sums, shown by a screen.
private struct HalfPairs: PairVisitor {
  private(set) var best: MeetingPoint
  private(set) var meter: WorkMeter
  private(set) var cut = Double.infinity
  /// The cut as the plain measure has it.
  private var limit = Double.infinity
  private let first: NormedSums
  private let second: NormedSums
  private let m: Int
  private let squares: Double
  private let difference: DifferenceBuffer

  init(_ best: MeetingPoint, _ meter: WorkMeter) {
    let instance = best.instance
    m = instance.dimension
    let split = best.firstHalf
    first = NormedSums(instance.rows, bits: split, dimension: m, from: instance.target)
    second = NormedSums(instance.rows + split * m, bits: instance.count - split, dimension: m, from: nil)
    squares = instance.norm.plain.largestSquares(dimension: m)
    difference = DifferenceBuffer(count: m)
    (self.best, self.meter) = (best, meter)
    readCut()
  }

  mutating func search() throws {
    let screen = PairScreen<Float>(right: second.rows, count: second.count)
    let first = first
    var visitors = [self]
    _ = try screen.run(leftCount: first.count, left: { first.sum($0) }, &visitors)
    self = visitors[0]
  }

  private mutating func readCut() {
    limit = best.cut
    cut = best.instance.measure == .squares ? limit : limit * limit * squares
  }

  mutating func visit(_ left: Int, _ right: Int) {
    let (a, b) = (first.sum(left), second.sum(right))
    for j in 0..<m { difference.entries[j] = a[j] - b[j] }
    if best.instance.measure.of(difference.entries, m) > limit { return }
    best.consider(first.masks[left], second.masks[right])
    readCut()
  }

  mutating func shouldStop(before pairs: Int) -> Bool {
    let cost = UInt64(pairs * m)
    guard meter.allows(cost) else { return true }
    meter.count(work: cost, evaluations: UInt64(pairs))
    meter.report("joining", completed: 0, total: 0, best: best.error)
    return false
  }
}

private final class DifferenceBuffer {
  let entries: UnsafeMutablePointer<Double>
  init(count: Int) { entries = .allocate(capacity: max(1, count)) }
  deinit { entries.deallocate() }
}

/// All subset sums of some candidates by ascending norm.
private final class NormedSums {
  let count: Int
  let masks: [UInt32]
  private let sums: UnsafeMutablePointer<Double>
  private let m: Int

  var rows: CandidateRows { CandidateRows(count: count, dimension: m, scales: nil, singles: nil, doubles: sums) }

  /// The sums Σ, or target − Σ.
  init(_ rows: UnsafePointer<Double>, bits: Int, dimension m: Int, from target: UnsafePointer<Double>?) {
    let count = 1 << bits
    let made = UnsafeMutablePointer<Double>.allocate(capacity: max(1, count * m))
    defer { made.deallocate() }
    for j in 0..<m { made[j] = target.map { $0[j] } ?? 0 }
    let sign = target == nil ? 1.0 : -1.0
    for bit in 0..<bits {
      let half = 1 << bit
      for k in 0..<half { for j in 0..<m { made[(half + k) * m + j] = made[k * m + j] + sign * rows[bit * m + j] } }
    }
    let norms = (0..<count).map { fixedOrderDot(made + $0 * m, made + $0 * m, m) }
    let order = (0..<count).sorted { (norms[$0], $0) < (norms[$1], $1) }
    self.count = count
    self.m = m
    masks = order.map(UInt32.init)
    sums = .allocate(capacity: max(1, count * m))
    for (position, k) in order.enumerated() { (sums + position * m).update(from: made + k * m, count: m) }
  }

  deinit { sums.deallocate() }

  func sum(_ position: Int) -> UnsafePointer<Double> { UnsafePointer(sums + position &* m) }
}
