import RunControl

/// The exact optimum in few dimensions from four lists: half sums are made by ranges of one
/// coordinate, never all at once.
///
/// The candidates make four groups, whose 2^(n/4) subset sums are sorted on the coordinate of
/// largest spread (Schroeppel and Shamir 1981, with ranges instead of their heaps). For a range of
/// that coordinate, the sums of groups one and two that lie in it are made and put into cells:
/// cells of a second coordinate (`CellTable`), or where errors are not small beside such cells,
/// boxes of a grid on several coordinates (`GridTable`). Those of groups three and four that can
/// cancel them are made one after the other, and each is looked up in its cells. Ranges go outwards
/// from where most pairs are, until all are done.
///
/// Where there is a grid, pairs are first looked at within a radius in which some two subsets are
/// expected, and within larger ones until there is one, since what a pass costs grows with a power
/// of its radius.
///
/// A run that is stopped has covered the likeliest ranges, and returns the best of them. Flips give
/// a first bound. An error of 0 ends the search.
///
/// Sums that repeat cost no more than one. Of subsets of a quarter that differ only in which of
/// equal candidates they hold, one is looked at, and where sums are exact one of all with equal
/// sums. A range that holds more sums than there is room for, however narrow, is done piece by
/// piece. A fixed size is one more coordinate, in which sums must be exact: there are fewer
/// subsets, but as many sums of pairs.
///
/// Exactness is that of `MeetInTheMiddle`.
///
/// Complexity: about 2·2^(n/2) sums of pairs as long as the best error is small beside ranges and
/// cells, some 2^(−n/4) of the spread: for m = 2 and 3, and for m = 4 up to n about 40. Above that,
/// with k + 1 of the m dimensions narrowed, 2^(n/2 + k) looks and 2ⁿ·(ε/spread)^(k+1) pairs.
/// Memory: 2^(n/4) sums of m coordinates, and 20 bytes for each of some 2^(n/4 + 4) sums, or up to
/// 2²⁰ of them with a grid.
public struct CellSweep: Solver {
  /// The most candidates that are accepted.
  public static let largestCount = 64
  /// The work limit of a run that states none: 2³⁶.
  static let defaultWorkLimit: UInt64 = 1 << 36

  /// The name that reports and the command line use.
  public let name = "cell-sweep"
  /// The error up to which the optimum is of interest; infinite for any. A run that finds no subset
  /// within it proves that there is none, for less than the optimum would cost, and returns a
  /// subset beyond it with `Solution.lowerBound` at the radius.
  public let radius: Double
  /// An error as good as any smaller one: the run ends at the first subset within it, without a
  /// proof of optimality.
  public let sufficient: Double

  /// A search for the optimum, or for a subset within a radius.
  ///
  /// - Parameters:
  ///   - radius: the error up to which the optimum is of interest, above 0.
  ///   - sufficient: an error as good as any smaller one, from 0 to `radius`.
  public init(radius: Double = .infinity, sufficient: Double = 0) {
    (self.radius, self.sufficient) = (radius, sufficient)
  }

  /// What `solve` asks of a problem before anything else.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireKind(shape)
    try requireCount(shape, atMost: Self.largestCount)
    guard shape.dimension >= 2, shape.count >= 8 else {
      throw .unsupported(
        solver: name, expected: "2 or more dimensions and 8 or more candidates",
        found: "m = \(shape.dimension), n = \(shape.count)")
    }
  }

  /// Searches until the optimum is proved.
  ///
  /// - Throws: `SubsetSumError.invalidOption` unless 0 ≤ `sufficient` ≤ `radius` and 0 < `radius`;
  ///   `.tooManyCandidates` above 64; `.unsupported` for fewer than two dimensions or 8 candidates.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    guard radius > 0, sufficient >= 0, sufficient <= radius else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "radius, sufficient", expected: "0 ≤ sufficient ≤ radius and 0 < radius",
        found: "\(radius), \(sufficient)")
    }
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() {
      let scaled = CellSweep(
        radius: max(.leastNormalMagnitude, moderate.length(radius)), sufficient: moderate.length(sufficient))
      return try moderate.solution(by: scaled, isExact: true, control: control)
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var best = try MeetingPoint(problem)
    if problem.size == nil { try descend(problem, &best, &meter) }
    best.sufficient = sufficient
    do throws(Interruption) {
      try SweepRun(best.instance, within: radius, &best, control).run(&best, &meter)
    } catch {
      meter.stop(for: error)
    }
    // A search that ended at a sufficient error has not looked at all pairs.
    let isWhole = meter.stop == nil && (best.error > sufficient || best.error == 0)
    var claim = meter.claim(SmallInstance.indices(of: best.mask), isOptimal: isWhole && best.error <= radius, by: name)
    if isWhole, !claim.isOptimal { claim.lowerBound = radius }
    return try solution(claim, for: problem, control)
  }

  /// A first bound by flips, so that no range is looked through with a window as wide as the
  /// target. It takes at most a sixteenth of the work limit, and at most a thirty-second of what
  /// the half sums cost.
  private func descend(_ problem: Problem, _ best: inout MeetingPoint, _ meter: inout WorkMeter) throws {
    let sums = UInt64(2 * problem.dimension) << UInt64(problem.count / 2)
    let cost = min(meter.limit / 16, 1 << 18, max(1 << 12, sums / 32))
    guard meter.allows(cost) else { return }
    let found = try IteratedGreedy(kicks: 1 << 10).solve(problem, control: meter.control.silenced().forStep(work: cost))
    meter.count(work: found.work, evaluations: found.evaluations)
    best.consider(SmallInstance.mask(of: found.subset))
  }
}
