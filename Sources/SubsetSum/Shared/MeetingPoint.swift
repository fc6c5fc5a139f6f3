/// What the joins of half sums have met so far: the best subset, or all subsets that are close
/// enough, with the rule which computed errors the checker's arithmetic decides.
struct MeetingPoint {
  let instance: SmallInstance
  private(set) var mask: UInt64
  private(set) var error: Double
  private(set) var rule: RescoringRule
  /// Takes every subset considered, where all within a tolerance are wanted.
  private(set) var collector: SubsetCollector?
  /// An error beyond which no subset is of use to the join at hand, where it is less than the best
  /// subset's.
  var radius = Double.infinity
  /// An error that is good enough: nothing better is looked for.
  var sufficient = 0.0

  init(_ problem: Problem, collector: SubsetCollector? = nil) throws {
    instance = try SmallInstance(problem)
    mask = problem.defaultMask
    error = instance.error(of: mask)
    rule = RescoringRule(instance, roundings: problem.count + 3)
    self.collector = collector
  }

  /// The number of candidates in the first half.
  var firstHalf: Int { instance.count / 2 }
  var isCollecting: Bool { collector != nil }
  /// The error up to which a subset is of use.
  private var bound: Double { collector?.bound ?? error }
  /// The largest computed error that is worth considering, as `PlainMeasure` computes it.
  var cut: Double { rule.cut(best: bound) }
  /// The largest magnitude of one coordinate that is worth considering.
  var reach: Double { rule.reach(best: bound) }
  /// `cut` and `reach` where one best subset is wanted: with exact sums only a smaller error is of
  /// use.
  var strictCut: Double { rule.cut(best: strictBound) }
  var strictReach: Double { rule.reach(best: strictBound) }
  /// Whether there is any error that is worth considering.
  var canImprove: Bool { error > sufficient && strictReach >= 0 }
  private var strictBound: Double { radius < error ? radius : rule.slack == 0 ? error.nextDown : error }

  /// Computes the error of the union of two halves' subsets as the checker does, and keeps it if it
  /// is the best.
  mutating func consider(_ first: UInt32, _ second: UInt32) {
    consider(UInt64(first) | UInt64(second) << UInt64(firstHalf))
  }

  /// Computes the error of a subset as the checker does, and keeps it if it is the best.
  mutating func consider(_ union: UInt64) {
    let found = instance.error(of: union)
    if collector != nil {
      collector!.take(union, error: found)
    } else if found < error {
      (mask, error) = (union, found)
    } else {
      rule.countPointless()
    }
  }
}
