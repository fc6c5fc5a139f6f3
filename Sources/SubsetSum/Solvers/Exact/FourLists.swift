import RunControl

/// The exact optimum in one dimension with the memory of quarters: the sums of both halves are made
/// in order from the sorted sums of four quarters, and never stored (Schroeppel and Shamir 1981).
///
/// With a fixed size, groups of half sums whose numbers of elements add up are joined one after
/// another. A meeting in the middle over a part of the candidates gives the first bound. An error
/// of 0 ends the search.
///
/// Exactness is that of `MeetInTheMiddle`: every pair of half sums within the rounding bound of the
/// best is rescored by the checker's arithmetic, but for endless near-ties.
///
/// Complexity: 2^(n/2)·n/4 steps, about 50 ns a sum, a few seconds at n = 50. Memory: about
/// 180·2^(n/4) bytes, below 10 MB at n = 60, where `MeetInTheMiddle` would take 36·2^(n/2).
public struct FourLists: Solver {
  /// The most candidates that are accepted.
  public static let largestCount = 60
  /// The work limit of a run that states none: 2³⁶, more than all half sums at n = 60.
  static let defaultWorkLimit: UInt64 = 1 << 36

  /// The name that reports and the command line use.
  public let name = "four-lists"

  /// A solver without options.
  public init() {}

  /// Bytes of working memory for n candidates, at the peak.
  public static func neededBytes(count n: Int) -> Int {
    let quarter = (n - n / 2 + 1) / 2
    if quarter >= 50 { return .max / 4 }
    return max(
      4 * HalfSums.bytes(bits: quarter) / 2 + (2 << quarter) * 100 + NearWindow.capacity * 16,
      MeetInTheMiddle.neededBytes(count: FourListsSearch.partCount(n), dimension: 1))
  }

  /// Searches until the optimum is proved.
  ///
  /// - Throws: `SubsetSumError.unsupported` unless the dimension is 1; `.tooManyCandidates` above
  ///   60; `.memoryLimit` when `neededBytes` exceeds what the run may use.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try require(problem.shape, control.limits)
    if let moderate = try problem.moderated() {
      return try moderate.solution(by: self, isExact: true, control: control)
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var best = try MeetingPoint(problem)
    do {
      try FourListsSearch(best.instance, control).run(problem, &best, &meter)
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
    guard shape.dimension == 1 else {
      throw .unsupported(solver: name, expected: "a problem in one dimension", found: "dimension \(shape.dimension)")
    }
    try requireCount(shape, atMost: Self.largestCount)
    try requireBytes(Self.neededBytes(count: shape.count), atMost: limits.allowedBytes)
  }
}

/// The four sorted quarters, and the pass over the sums of both halves.
///
/// The second half's numbers and the target are negated, so that both halves' sums ascend, and the
/// sums closest to each other make the subset closest to the target.
private final class FourListsSearch {
  private let size: Int?
  private let bits: [Int]
  private let quarters: [HalfSums]
  private static let chunk: UInt64 = 1 << 14
  /// Sums in windows that are compared between two questions whether the run may go on.
  private static let comparedInterval = 1 << 20

  /// The number of candidates of the part that gives the first bound: more than half, so that few
  /// pairs of half sums are as close.
  static func partCount(_ n: Int) -> Int { n < 24 ? n / 2 : n / 2 + 6 }

  /// - Throws: `Interruption` when the run must stop.
  init(_ instance: SmallInstance, _ control: RunControl) throws {
    let n = instance.count
    let half = n / 2
    let bits = [half / 2, half - half / 2, (n - half) / 2, (n - half) - (n - half) / 2]
    let negated = (half..<n).map { -instance.rows[$0] }
    let bySize = instance.size != nil
    func sums(_ quarter: Int, base: Double, _ numbers: UnsafePointer<Double>) throws -> HalfSums {
      try HalfSums(base: base, numbers: numbers, bits: bits[quarter], stride: 1, bySize: bySize, control)
    }
    let first = [
      try sums(0, base: -instance.target[0], instance.rows), try sums(1, base: 0, instance.rows + bits[0]),
    ]
    quarters =
      try first
      + negated.withUnsafeBufferPointer { negated -> [HalfSums] in
        // Half of no candidates has no numbers to point to, and none is read.
        let numbers = negated.baseAddress ?? UnsafePointer(instance.rows)
        return [try sums(2, base: 0, numbers), try sums(3, base: 0, numbers + bits[2])]
      }
    self.bits = bits
    size = instance.size
  }

  func run(_ problem: Problem, _ best: inout MeetingPoint, _ meter: inout WorkMeter) throws {
    try meetPart(of: problem, &best, &meter)
    var window = NearWindow()
    // A window that overflowed while the reach was wide is made again with the narrow one. If it
    // overflows once more, it is full of ties.
    for _ in 0..<2 {
      window.overflowed = false
      for pair in HalfSums.pairs(size: size, bits[0] + bits[1], bits[2] + bits[3]) {
        if meter.stop != nil || best.error == 0 { return }
        let sized = size != nil
        join(
          PairSums(quarters[0], quarters[1], shift: bits[0], size: sized ? pair.first : nil),
          PairSums(quarters[2], quarters[3], shift: bits[2], size: sized ? pair.second : nil), &window, &best, &meter)
      }
      if !window.overflowed { return }
    }
  }

  /// Finds the optimum over the first candidates, with as many of the others as their share of a
  /// fixed size.
  private func meetPart(of problem: Problem, _ best: inout MeetingPoint, _ meter: inout WorkMeter) throws {
    let n = problem.count
    let part = Self.partCount(n)
    var taken = 0
    if let size { taken = max(size - part, min(size, ((n - part) * size) / max(1, n))) }
    var target = problem.target
    for i in part..<part + taken { target[0] -= problem.candidates.coordinate(i, 0) }
    // The part may be unusable by itself where sums come close to the largest entry allowed. Then
    // there is no first bound.
    let smaller = try? Problem(
      candidates: try problem.candidates.permuted(Array(0..<part)), target: target, norm: problem.norm,
      size: size.map { $0 - taken })
    // The sums and two passes, each of which begins a whole chunk.
    let cost = UInt64(1 << (part / 2)) * 16 + UInt64(part + 1) * (1 << 16)
    guard let smaller, meter.allows(cost) else { return }
    let found = try MeetInTheMiddle().solve(smaller, control: meter.control.forStep(work: cost))
    meter.count(work: found.work, evaluations: found.evaluations)
    best.consider(SmallInstance.mask(of: found.subset + (part..<part + taken)))
  }

  /// Rescores all pairs of sums within reach. Each sum costs one unit of work.
  private func join(
    _ first: PairSums, _ second: PairSums, _ window: inout NearWindow, _ best: inout MeetingPoint,
    _ meter: inout WorkMeter
  ) {
    window.removeAll()
    var reach = best.strictReach
    var spent: UInt64 = 0
    var compared = 0
    if !meter.allows(2 * Self.chunk) { return }
    while first.value < .infinity {
      let value = first.value
      window.drop(below: value - reach)
      while second.value <= value + reach, second.value < .infinity {
        if second.value >= value - reach { window.append(second.value, second.mask) }
        second.advance()
        spent &+= 1
        if spent >= Self.chunk, !spend(&spent, best, &meter) { return }
      }
      if !window.isEmpty {
        let mask = first.mask
        for k in window.indices where abs(window.values[k] - value) <= reach {
          best.consider(mask, window.masks[k])
          reach = best.strictReach
          spent &+= 1
        }
        if best.error == 0 { break }
        compared &+= window.count
        if compared >= Self.comparedInterval {
          compared = 0
          if meter.isInterrupted() { return }
        }
      } else if second.value == .infinity {
        break
      }
      first.advance()
      spent &+= 1
      if spent >= Self.chunk, !spend(&spent, best, &meter) { return }
    }
    meter.count(work: min(spent, 2 * Self.chunk), evaluations: spent)
  }

  private func spend(_ spent: inout UInt64, _ best: MeetingPoint, _ meter: inout WorkMeter) -> Bool {
    meter.count(work: min(spent, 2 * Self.chunk), evaluations: spent)
    spent = 0
    meter.report(
      "joining", completed: Int(meter.evaluations), total: 1 << ((bits.reduce(0, +) + 3) / 2), best: best.error)
    return meter.allows(2 * Self.chunk)
  }
}

/// The second half's sums within reach of the first half's current sum, oldest first, in a ring
/// that grows.
private struct NearWindow {
  static let capacity = 1 << 16
  private(set) var values = [Double](repeating: 0, count: 64)
  private(set) var masks = [UInt32](repeating: 0, count: 64)
  private var start = 0
  private(set) var count = 0
  /// Whether sums within reach had to be dropped.
  var overflowed = false

  var isEmpty: Bool { count == 0 }
  /// The positions in the ring, oldest first.
  var indices: some Sequence<Int> {
    let (start, wrap) = (self.start, values.count &- 1)
    return (0..<count).lazy.map { (start &+ $0) & wrap }
  }

  mutating func removeAll() { count = 0 }

  mutating func drop(below bound: Double) {
    while count > 0, values[start] < bound { dropOldest() }
  }

  mutating func append(_ value: Double, _ mask: UInt32) {
    if count == values.count {
      if count == Self.capacity {
        overflowed = true
        dropOldest()
      } else {
        grow()
      }
    }
    let end = (start &+ count) & (values.count &- 1)
    (values[end], masks[end]) = (value, mask)
    count &+= 1
  }

  private mutating func dropOldest() {
    start = (start &+ 1) & (values.count &- 1)
    count &-= 1
  }

  private mutating func grow() {
    let order = Array(indices)
    let room = [Int](repeating: order[0], count: order.count)
    (values, masks) = ((order + room).map { values[$0] }, (order + room).map { masks[$0] })
    start = 0
  }
}
