import RunControl

/// The exact optimum in middling dimension: every sum of one half with every sum of the other, with
/// distances by GEMM.
///
/// ‖a + b − z‖² = ‖z − a‖² + ‖b‖² − 2·(z − a)·b is computed for tiles of half sums and compared
/// with the best as they come (`PairScreen`). No coordinate narrows the search, so it costs the
/// same whatever the error: it serves above about 16 dimensions, where the windows of
/// `MeetInTheMiddle` no longer help. Exactness is that of `MeetInTheMiddle`: what passes the screen
/// is rescored in fixed-order Float64, then by the checker's arithmetic. It runs on one thread.
///
/// Complexity: 2ⁿ pairs of 2·(m+1) operations in BLAS. Memory: 2^(n/2)·(20·m + 16) bytes.
public struct PairwiseSearch: Solver {
  /// The most candidates that are accepted.
  static let largestCount = 44
  /// The work limit of a run that states none: 2³⁸.
  static let defaultWorkLimit: UInt64 = 1 << 38
  /// The memory limit of a run that states none: 2 GiB.
  static let defaultMemoryLimit = 1 << 31

  /// The name that reports and the command line use.
  public let name = "pairwise"
  /// Subsets of any size only.
  public var takesFixedSize: Bool { false }

  /// A solver without options.
  public init() {}

  /// Bytes of working memory for n candidates of dimension m.
  static func neededBytes(count n: Int, dimension m: Int) -> Int {
    ((1 << (n / 2)) + (1 << (n - n / 2))) * (20 * m + 16)
  }

  /// Looks at every pair of half sums.
  ///
  /// - Throws: `SubsetSumError.tooManyCandidates` above 44; `.memoryLimit` when `neededBytes`
  ///   exceeds what the run may use; `.unsupported` for a fixed size.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try require(problem.shape, control.limits)
    if let moderate = try problem.moderated() {
      return try moderate.solution(by: self, isExact: true, control: control)
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var best = try MeetingPoint(problem)
    do {
      var pairs = try HalfPairs(best, meter)
      if problem.dimension > 0 { try pairs.search() }
      (best, meter) = (pairs.best, pairs.meter)
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    return try solution(
      meter.claim(SmallInstance.indices(of: best.mask), isOptimal: true, by: name), for: problem, control)
  }

  /// What `solve` asks of a problem before anything else.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try require(shape, Limits()) }

  private func require(_ shape: ProblemShape, _ limits: Limits) throws(SubsetSumError) {
    try requireKind(shape)
    try requireCount(shape, atMost: Self.largestCount)
    try requireBytes(
      Self.neededBytes(count: shape.count, dimension: shape.dimension),
      atMost: limits.allowedBytes(default: Self.defaultMemoryLimit))
  }
}

/// Takes the pairs of two halves' sums that a screen shows.
private struct HalfPairs: PairVisitor {
  private(set) var best: MeetingPoint
  private(set) var meter: WorkMeter
  private(set) var cut = Double.infinity
  /// The cut as `PlainMeasure` computes it.
  private var limit = Double.infinity
  private let first: NormedSums
  private let second: NormedSums
  private let m: Int
  private let squares: Double
  private let difference: OwnedBuffer<Double>

  /// - Throws: `Interruption` when the run must stop.
  init(_ best: MeetingPoint, _ meter: WorkMeter) throws(Interruption) {
    let instance = best.instance
    m = instance.dimension
    let split = best.firstHalf
    first = try NormedSums(instance.rows, bits: split, dimension: m, from: instance.target, meter.control)
    second = try NormedSums(
      instance.rows + split * m, bits: instance.count - split, dimension: m, from: nil, meter.control)
    squares = instance.norm.plain.largestSquares(dimension: m)
    difference = OwnedBuffer(count: m)
    (self.best, self.meter) = (best, meter)
    readCut()
  }

  mutating func search() throws {
    let screen = try PairScreen<Float>(right: second.rows, count: second.count, meter.control)
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
    for j in 0..<m { difference.base[j] = a[j] - b[j] }
    if best.instance.measure.of(difference.base, m) > limit { return }
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

/// All subset sums of some candidates, by ascending norm.
private final class NormedSums {
  let count: Int
  let masks: [UInt32]
  private let sums: OwnedBuffer<Double>
  private let m: Int

  var rows: CandidateRows { CandidateRows(count: count, dimension: m, scales: nil, singles: nil, doubles: sums.base) }

  /// The sums Σ, or target − Σ where there is a target.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(
    _ rows: UnsafePointer<Double>, bits: Int, dimension m: Int, from target: UnsafePointer<Double>?,
    _ control: RunControl
  ) throws(Interruption) {
    let count = 1 << bits
    let piece = max(1, (1 << 15) / max(1, m))
    let room = OwnedBuffer<Double>(count: count * m)
    let made = room.base
    for j in 0..<m { made[j] = target.map { $0[j] } ?? 0 }
    try control.fillSubsetSums(made, dimension: m, count: bits, askingEvery: piece, subtracting: target != nil) {
      rows + $0 * m
    }
    var keys = try control.map(0..<count, askingEvery: piece) {
      (norm: fixedOrderDot(made + $0 * m, made + $0 * m, m), sum: $0)
    }
    try control.sort(&keys) { ($0.norm, $0.sum) < ($1.norm, $1.sum) }
    self.count = count
    self.m = m
    masks = try control.map(0..<count, askingEvery: piece) { UInt32(keys[$0].sum) }
    let sorted = OwnedBuffer<Double>(count: count * m)
    sums = sorted
    try control.forEach(0..<count, askingEvery: piece) {
      (sorted.base + $0 * m).update(from: made + keys[$0].sum * m, count: m)
    }
  }

  func sum(_ position: Int) -> UnsafePointer<Double> { UnsafePointer(sums.base + position &* m) }
}
