import RunControl

/// Subsets by increasing size, lexicographically within a size: the first within a tolerance wins.
///
/// This is the search of Burkholz 2022 for products of existing weights, whose statistics are
/// published. A search without a hit returns the closest subset seen, the earliest among equal
/// ones. The checker's arithmetic decides near the tolerance and near the best. Where the problem
/// fixes a size, only subsets of that size are looked at.
///
/// Complexity: m for each subset looked at, up to Σ C(n, k) of them.
public struct FirstHitBySize: Solver {
  /// The most candidates that are accepted.
  static let largestCount = 64
  /// The work limit of a run that states none: 2³⁴.
  static let defaultWorkLimit: UInt64 = 1 << 34

  /// The name that reports and the command line use.
  public let name = "first-hit"
  /// An error of at most this, in the problem's norm, is a hit.
  public let tolerance: Double
  /// The largest size of subsets that are looked at.
  public let maximumSize: Int

  /// A search for an error of at most `tolerance` among subsets of up to `maximumSize` candidates.
  public init(tolerance: Double, maximumSize: Int) {
    self.tolerance = tolerance
    self.maximumSize = maximumSize
  }

  /// What `solve` asks of a problem before anything else.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireKind(shape)
    try requireCount(shape, atMost: Self.largestCount)
    if let size = shape.size, size > maximumSize {
      throw .unsupported(
        solver: name, expected: "a size of at most its maximumSize \(maximumSize)", found: "size \(size)")
    }
  }

  /// Looks for the first hit. The solution is optimal when every subset was looked at without a
  /// hit.
  ///
  /// - Throws: `SubsetSumError.tooManyCandidates` above 64; `.invalidOption` for a tolerance or
  ///   size that is negative or NaN; `.unsupported` for a fixed size above `maximumSize`.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    guard tolerance >= 0 else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "tolerance", expected: "a number ≥ 0", found: "\(tolerance)")
    }
    guard maximumSize >= 0 else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "maximumSize", expected: "a size ≥ 0", found: "\(maximumSize)")
    }
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() {
      let scaled = FirstHitBySize(tolerance: moderate.length(tolerance), maximumSize: maximumSize)
      return try moderate.solution(by: scaled, control: control)
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let size = problem.size ?? min(maximumSize, problem.count)
    let search = try SizeSearch(problem, tolerance: tolerance, largestSize: size)
    search.run(&meter)
    let complete = !search.isHit && (problem.size != nil || size == problem.count)
    return try solution(
      meter.claim(SmallInstance.indices(of: search.best), isOptimal: complete, by: name), for: problem, control)
  }
}

private final class SizeSearch {
  private(set) var best: UInt64
  private(set) var isHit: Bool
  private var bestError: Double
  private let tolerance: Double
  private let largestSize: Int
  private let instance: SmallInstance
  /// The residual after the first d chosen elements at d·m.
  private let residuals: UnsafeMutablePointer<Double>
  private let difference: UnsafeMutablePointer<Double>
  private var rule: RescoringRule
  private static let checkInterval: UInt64 = 1 << 16

  init(_ problem: Problem, tolerance: Double, largestSize: Int) throws {
    instance = try SmallInstance(problem)
    self.tolerance = tolerance
    self.largestSize = largestSize
    residuals = .allocate(capacity: max(1, (largestSize + 1) * problem.dimension))
    difference = .allocate(capacity: max(1, problem.dimension))
    residuals.update(from: instance.target, count: problem.dimension)
    rule = RescoringRule(instance, roundings: largestSize)
    best = problem.defaultMask
    bestError = instance.error(of: best)
    isHit = bestError <= tolerance
  }

  deinit {
    residuals.deallocate()
    difference.deallocate()
  }

  func run(_ meter: inout WorkMeter) {
    if !meter.allows(UInt64(instance.dimension)) { return }
    meter.count(work: UInt64(instance.dimension), evaluations: 1)
    for size in stride(from: max(1, instance.size ?? 1), through: largestSize, by: 1) where !isHit {
      if !search(size: size, &meter) { return }
    }
  }

  /// Goes through all subsets of a size, lexicographically, until a hit. False when the run must
  /// stop.
  private func search(size: Int, _ meter: inout WorkMeter) -> Bool {
    let (n, m) = (instance.count, instance.dimension)
    var chosen = [Int](0..<size)
    for depth in 0..<size { extend(depth, by: chosen[depth]) }
    let prefix = residuals + (size - 1) * m
    var cut = rule.cut(best: bestError)
    var unchecked = Self.checkInterval
    while true {
      let looked = UInt64(n - (size >= 2 ? chosen[size - 2] + 1 : 0))
      if unchecked >= Self.checkInterval || meter.work + looked * UInt64(m) > meter.limit {
        if !meter.allows(looked * UInt64(m)) { return false }
        unchecked = 0
      }
      // The last element runs over all candidates that may follow the prefix.
      for last in chosen[size - 1]..<n where !(measure(prefix, instance.rows + last * m, m) > cut) {
        chosen[size - 1] = last
        if consider(chosen) {
          meter.count(work: UInt64(m), evaluations: 1)
          return true
        }
        cut = rule.cut(best: bestError)
      }
      meter.count(work: looked * UInt64(m), evaluations: looked)
      unchecked += looked * UInt64(m)
      var depth = size - 2
      while depth >= 0 && chosen[depth] == n - size + depth { depth -= 1 }
      if depth < 0 { return true }
      chosen[depth] += 1
      extend(depth, by: chosen[depth])
      for next in stride(from: depth + 1, to: size, by: 1) {
        chosen[next] = chosen[next - 1] + 1
        if next < size - 1 { extend(next, by: chosen[next]) }
      }
    }
  }

  private func extend(_ depth: Int, by index: Int) {
    let m = instance.dimension
    let (from, to, row) = (residuals + depth * m, residuals + (depth + 1) * m, instance.rows + index * m)
    for j in 0..<m { to[j] = from[j] - row[j] }
  }

  @inline(__always) private func measure(
    _ prefix: UnsafePointer<Double>, _ row: UnsafePointer<Double>, _ m: Int
  ) -> Double {
    switch instance.measure {
    case .maximum:
      var largest = 0.0
      for j in 0..<m where !(abs(prefix[j] - row[j]) <= largest) { largest = abs(prefix[j] - row[j]) }
      return largest
    case .squares:
      var sum = 0.0
      for j in 0..<m { sum += (prefix[j] - row[j]) * (prefix[j] - row[j]) }
      return sum
    case .rowSums(let sums):
      for j in 0..<m { difference[j] = prefix[j] - row[j] }
      return sums.measure(difference)
    }
  }

  /// Rescores a subset by the checker's arithmetic; true for a hit.
  private func consider(_ chosen: [Int]) -> Bool {
    let mask = SmallInstance.mask(of: chosen)
    let error = instance.error(of: mask)
    if error < bestError {
      (best, bestError) = (mask, error)
    } else {
      rule.countPointless()
    }
    isHit = bestError <= tolerance
    return isHit
  }
}
