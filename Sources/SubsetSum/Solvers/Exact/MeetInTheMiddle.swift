import RunControl

/// The exact optimum, by joining the sorted sums of two halves: 2^(n/2) steps in one dimension
/// (`SortedJoin`); above, a window on the coordinate of largest spread that narrows with the best
/// error found (`WindowJoin`).
///
/// With a fixed size the sums of a half are grouped by their numbers of elements, and groups whose
/// numbers add up are joined.
///
/// **Exactness.** Every pair whose computed error lies within the rounding bound of the best is
/// rescored by the checker's arithmetic, so the subset returned is the best of all by the checker's
/// figures. Only when 2¹⁶ such near-ties have brought no improvement are further ones skipped; then
/// optimality holds up to n·2⁻⁵²·(|z| + Σ|x|). Ties go to the pair met first, in a fixed order.
/// When partial sums are exact in Float64, as those of integers are, nothing is approximate.
///
/// Complexity: 2^(n/2)·m to build. In one dimension two passes of 2^(n/2) steps, and 36·2^(n/2)
/// bytes at their peak for even n. In more dimensions each sum of one half meets those of the other
/// within ± best error on one coordinate, about 2ⁿ·error/spread pairs, which makes high dimensions
/// hopeless; 8·m bytes a sum.
public struct MeetInTheMiddle: Solver {
  /// The most candidates that are accepted, whatever the memory: masks of a half have 32 bits.
  public static let largestCount = 60
  /// The work limit of a run that states none: 2³⁶.
  static let defaultWorkLimit: UInt64 = 1 << 36
  /// The memory limit of a run that states none: 2 GiB, enough for n = 50 in one dimension.
  public static let defaultMemoryLimit = 1 << 31

  /// The name that reports and the command line use.
  public let name = "meet-in-the-middle"

  /// A solver without options.
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

  /// Joins the halves until the optimum is proved.
  ///
  /// - Throws: `SubsetSumError.tooManyCandidates` above 60; `.memoryLimit` when `neededBytes`
  ///   exceeds what the run may use.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try require(problem.shape, control.limits)
    if let moderate = try problem.moderated() {
      return try moderate.solution(by: self, isExact: true, control: control)
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var best = try MeetingPoint(problem)
    join(&best, &meter)
    return try solution(
      meter.claim(SmallInstance.indices(of: best.mask), isOptimal: true, by: name), for: problem, control)
  }

  /// Every subset whose error, by the checker's arithmetic, is at most `tolerance`; the closest
  /// `limit` where there are more.
  ///
  /// With an infinite tolerance these are the closest `limit` subsets of all. They are ordered by
  /// error, then fewer elements, then lexicographically. Rounding hides none within the tolerance,
  /// nor do endless near-ties: data full of them end at the work limit.
  ///
  /// Complexity: as `solve` with a window as wide as the tolerance, or as the error of the last
  /// subset kept once more than `limit` have been met, and n·m for each subset in the window.
  /// Memory: `neededBytes`, and 16 bytes for each subset kept.
  ///
  /// - Throws: as `solve`; `.invalidOption` for a tolerance that is negative or NaN, or a limit
  ///   below 1; `.unsupported` for problems without coordinates, which every subset solves.
  public func allSubsets(
    of problem: Problem, within tolerance: Double, limit: Int, control: RunControl
  ) throws -> SubsetListing {
    guard tolerance >= 0 else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "tolerance", expected: "a number ≥ 0", found: "\(tolerance)")
    }
    guard limit >= 1 else {
      throw SubsetSumError.invalidOption(solver: name, option: "limit", expected: "a number ≥ 1", found: "\(limit)")
    }
    guard problem.dimension > 0 else {
      throw SubsetSumError.unsupported(solver: name, expected: "at least one coordinate", found: "dimension 0")
    }
    try require(problem.shape, control.limits, extraBytes: min(limit, 1 << 50) * 16)
    if let moderate = try problem.moderated() {
      return try moderate.listing(within: tolerance) {
        try allSubsets(of: $0, within: $1, limit: limit, control: control)
      }
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var met = try MeetingPoint(problem, collector: SubsetCollector(tolerance: tolerance, limit: limit))
    join(&met, &meter)
    let collector = met.collector!
    let entries = collector.sorted()
    // A stopped run lists as many of the closest subsets as can be checked soon after.
    let grace = RunControl(limits: Limits(seconds: meter.stop == .timeLimit || meter.stop == .cancelled ? 0.03 : nil))
    var solutions: [Solution] = []
    for entry in entries {
      if solutions.count % 64 == 63, grace.interruption() != nil { break }
      let claim = meter.claim(
        SmallInstance.indices(of: entry.mask), isOptimal: entry.error == entries[0].error, by: name)
      solutions.append(try Checker.solution(claim, for: problem))
    }
    if solutions.isEmpty, meter.stop != nil {
      let quick = try solution(meter.claim(problem.defaultSubset, isOptimal: false, by: name), for: problem, control)
      if quick.error <= tolerance { solutions = [quick] }
    }
    return SubsetListing(
      solutions: solutions, isComplete: !collector.isTruncated && meter.stop == nil, stop: meter.stop, work: meter.work)
  }

  /// What `solve` asks of a problem before anything else.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try require(shape, Limits()) }

  private func require(_ shape: ProblemShape, _ limits: Limits, extraBytes: Int = 0) throws(SubsetSumError) {
    try requireKind(shape)
    try requireCount(shape, atMost: Self.largestCount)
    let needed = ByteCount.sum(Self.neededBytes(count: shape.count, dimension: shape.dimension), extraBytes)
    try requireBytes(needed, atMost: limits.allowedBytes(default: Self.defaultMemoryLimit))
  }

  private func join(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
    let (n, m) = (best.instance.count, best.instance.dimension)
    let units = (UInt64(1 << (n / 2)) + UInt64(1 << (n - n / 2))) * UInt64(m)
    guard m > 0, meter.allows(units) else { return }
    meter.count(work: units, evaluations: 0)
    do throws(Interruption) {
      if m == 1 {
        try SortedJoin(best.instance, meter.control).run(&best, &meter)
      } else {
        try WindowJoin(best.instance, meter.control).run(&best, &meter)
      }
    } catch {
      meter.stop(for: error)
    }
  }
}
