import RunControl

/// The exact optimum in few dimensions from four lists: half sums by ranges of one coordinate, never all at once.
///
/// The candidates make four groups, whose 2^(n/4) subset sums are sorted on the coordinate of largest spread (Schroeppel and Shamir 1981; ranges
/// instead of their heaps). For a range of that coordinate, the sums of groups one and two that lie in it are made and put
/// into cells of a second coordinate; those of groups three and four that can cancel them are made one after the other, each
/// looked up in its cell. Ranges proceed from where most pairs are, outwards, until all are done.
///
/// Cost: about 2·2^(n/2) sums of pairs, as long as the best error is small beside ranges and cells, some 2^(−n/4) of the spread: so for m = 2 and
/// 3, and for m = 4 up to n about 40. Memory: 2^(n/4) sums of m coordinates, and 20 bytes for each of some 2^(n/4 + 4) sums.
/// A run that is stopped has covered the likeliest ranges, and returns the best of them. Flips give a first bound.
///
/// Sums that repeat cost no more than one: of subsets of a quarter that differ only in which of equal candidates they hold, and where sums are exact
/// of those with equal sums, one is looked at. Ranges that hold more sums than there is room for, however narrow, are done piece by piece.
///
/// Exactness is that of `MeetInTheMiddle`. An error of 0 ends the search.
public struct CellSweep: Solver {
  /// Most candidates accepted.
  public static let largestCount = 64
  /// Units of work without a limit of the run's own: 2³⁶.
  public static let defaultWorkLimit: UInt64 = 1 << 36

  public let name = "cell-sweep"

  public init() {}

  /// - Throws: `SubsetSumError.tooManyCandidates` above 64, `.unsupported` for fewer than two dimensions, 8 candidates, or a fixed size.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try requireAnySize(problem)
    guard problem.count <= Self.largestCount else {
      throw SubsetSumError.tooManyCandidates(solver: name, limit: Self.largestCount, found: problem.count)
    }
    guard problem.dimension >= 2, problem.count >= 8 else {
      throw SubsetSumError.unsupported(
        solver: name, expected: "2 or more dimensions and 8 or more candidates",
        found: "m = \(problem.dimension), n = \(problem.count)")
    }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var best = try MeetingPoint(problem)
    try descend(problem, &best, &meter)
    SweepRun(best.instance).run(&best, &meter)
    return try Checker.solution(
      meter.claim(SmallInstance.indices(of: best.mask), isOptimal: true, by: name), for: problem)
  }

  /// A first bound by flips, so that no range is met with one as wide as the target: at most a sixteenth of the work, and of what the
  /// half sums cost a thirty-second.
  private func descend(_ problem: Problem, _ best: inout MeetingPoint, _ meter: inout WorkMeter) throws {
    let sums = UInt64(2 * problem.dimension) << UInt64(problem.count / 2)
    let cost = min(meter.limit / 16, 1 << 18, max(1 << 12, sums / 32))
    guard meter.allows(cost) else { return }
    let found = try IteratedGreedy(kicks: 1 << 10).solve(problem, control: meter.control.silenced().withWork(cost))
    meter.count(work: found.work, evaluations: found.evaluations)
    best.consider(found.subset.reduce(UInt64(0)) { $0 | 1 << UInt64($1) })
  }
}

private final class SweepRun {
  private let m: Int
  private let plain: PlainMeasure
  /// The instance's coordinate in each column: that of the ranges, that of the cells, the others.
  private let order: [Int]
  /// Sums of groups one and two, and of three and four less the target.
  private let first: PairedLists
  private let second: PairedLists
  private let firstSums: RangeSums
  private let secondSums: RangeSums
  private let cells: CellTable
  private let difference: UnsafeMutablePointer<Double>
  private let wanted: Int
  private let isExact: Bool
  /// The most that a part of a range can cost, with the looks between two questions whether the run may go on.
  private let unit: UInt64

  init(_ instance: SmallInstance) {
    m = instance.dimension
    plain = instance.measure
    isExact = instance.isExact
    difference = .allocate(capacity: m)
    let (n, m) = (instance.count, instance.dimension)
    var spreads = [Double](repeating: 0, count: m)
    for i in 0..<n { for j in 0..<m { spreads[j] += instance.rows[i * m + j] * instance.rows[i * m + j] } }
    order = (0..<m).sorted { (spreads[$1], $0) < (spreads[$0], $1) }
    let columns = order
    func list(_ range: Range<Int>, less bases: UnsafePointer<Double>?) -> SortedHalf {
      let rows = instance.rows + range.lowerBound * m
      let list = SortedHalf(dimension: m, order: columns, rows: rows, bits: range.count, bases: bases, padding: 0)
      list.dropRepeats(rows: rows, bits: range.count, areExact: instance.isExact)
      return list
    }
    let bounds = [0, n / 4, n / 2, n / 2 + (n - n / 2) / 2, n]
    first = PairedLists(list(bounds[0]..<bounds[1], less: nil), list(bounds[1]..<bounds[2], less: nil), bits: bounds[1])
    second = PairedLists(
      list(bounds[2]..<bounds[3], less: instance.target), list(bounds[3]..<bounds[4], less: nil),
      bits: bounds[3] - bounds[2])
    wanted = max(1 << 10, 2 * max(first.longest, second.longest))
    firstSums = RangeSums(capacity: 8 * wanted)
    secondSums = RangeSums(capacity: 8 * wanted)
    cells = CellTable(capacity: 8 * wanted, first, wanted: wanted)
    unit = UInt64(8 * wanted * (m + 2))
  }

  deinit { difference.deallocate() }

  func run(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
    // Where most pairs cancel: sums of both sides are about normal, with these means and variances.
    let (p, q) = (first, second)
    let (a, b) = (p.deviations[0] * p.deviations[0], q.deviations[0] * q.deviations[0])
    let middle = a + b > 0 ? (p.means[0] * b - q.means[0] * a) / (a + b) : p.means[0]
    let density = Double(p.count) / max(Double.leastNormalMagnitude, (2 * Double.pi).squareRoot() * p.deviations[0])
    guard p.highs[0] > p.lows[0] else {
      _ = sweep(p.lows[0], p.highs[0].nextUp, reach: .infinity, cellReach: .infinity, &best, &meter)
      return
    }
    let narrowest = (p.highs[0] - p.lows[0]) * 0x1p-40
    let width = max(Double(wanted) / density, narrowest)
    // A first look that does not go beyond ranges and cells brings the error down to their scale.
    outwards(from: middle, width: width, narrowest: narrowest, isFirstLook: true, &best, &meter)
    outwards(from: middle, width: width, narrowest: narrowest, isFirstLook: false, &best, &meter)
  }

  /// Sweeps over ranges up and down from the middle: all of them, or as a first look until there were sums enough for one range.
  private func outwards(
    from middle: Double, width: Double, narrowest: Double, isFirstLook: Bool, _ best: inout MeetingPoint,
    _ meter: inout WorkMeter
  ) {
    let (p, q) = (first, second)
    var up = (edge: middle, width: width, done: false)
    var down = up
    var total = 0
    while !(up.done && down.done), !(isFirstLook && total >= wanted) {
      for upwards in [true, false] where !(upwards ? up.done : down.done) {
        var side = upwards ? up : down
        let next = upwards ? side.edge + side.width : side.edge - side.width
        let (low, high) = upwards ? (side.edge, next) : (next, side.edge)
        let reach = best.strictReach
        let (most, mostInCells) = isFirstLook ? (side.width, cells.width) : (.infinity, .infinity)
        guard let met = sweep(low, high, reach: most, cellReach: mostInCells, &best, &meter) else { return }
        total += met
        side.edge = next
        side.width = max(narrowest, side.width * max(0.25, min(4, Double(wanted) / Double(max(1, met)))))
        side.done = upwards ? next > min(p.highs[0], -q.lows[0] + reach) : next < max(p.lows[0], -q.highs[0] - reach)
        if upwards { up = side } else { down = side }
      }
      meter.report(
        "sweeping", completed: Int((up.edge - down.edge) / (p.highs[0] - p.lows[0]) * 1000), total: 1000,
        best: best.error)
    }
  }

  /// Looks at the pairs whose first sum lies in `low..<high`, up to `reach` from 0 in the first coordinate and `cellReach` in the second, and to
  /// what is of use in both; the sums of the first side there, or nil when the run must stop or nothing is left to improve.
  private func sweep(
    _ low: Double, _ high: Double, reach: Double, cellReach: Double, _ best: inout MeetingPoint,
    _ meter: inout WorkMeter
  ) -> Int? {
    var parts = SumParts(first, in: firstSums, from: low, to: high)
    var met = 0
    while meter.allows(unit) {
      guard best.canImprove else { return nil }
      guard parts.advance() else { return met }
      met += firstSums.count
      if firstSums.count == 0 { continue }
      meter.count(work: UInt64(firstSums.count * m), evaluations: 0)
      let window = min(cellReach, best.strictReach)
      cells.fill(firstSums, window: window, isSame: isExact ? isSame : nil)
      let reach = min(reach, best.strictReach)
      guard look(-parts.end - reach, (-parts.low + reach).nextUp, window: window, &best, &meter) else { return nil }
    }
    return nil
  }

  /// Looks up the sums of the second side from `low` to below `high`. False when the run must stop or nothing is left to improve.
  private func look(
    _ low: Double, _ high: Double, window: Double, _ best: inout MeetingPoint, _ meter: inout WorkMeter
  ) -> Bool {
    var parts = SumParts(second, in: secondSums, from: low, to: high)
    var window = window
    var (cut, reach) = (best.strictCut, best.strictReach)
    // One coordinate that ranges and cells have not narrowed, where there is one, settles most pairs.
    let column = min(2, m - 1)
    let (firstLeft, firstRight) = (first.left.columns[column], first.right.columns[column])
    let (secondLeft, secondRight) = (second.left.columns[column], second.right.columns[column])
    while best.canImprove, meter.allows(unit) {
      guard parts.advance() else { return true }
      let (values, pairs, count) = (secondSums.values, secondSums.pairs, secondSums.count)
      meter.count(work: UInt64(count * m), evaluations: UInt64(count))
      var seen = 0
      for k in 0..<count where cells.mayHold(-values[k]) {
        let cd = pairs[k]
        let other = secondLeft[Int(cd.left)] + secondRight[Int(cd.right)]
        seen &+= cells.forEach(-values[k] - window, -values[k] + window) { entry in
          let ab = firstSums.pairs[entry]
          if abs(firstLeft[Int(ab.left)] + firstRight[Int(ab.right)] + other) > reach { return }
          if measure(ab, cd) > cut { return }
          best.consider(first.mask(ab), second.mask(cd))
          (cut, reach) = (best.strictCut, best.strictReach)
          window = min(window, reach)
        }
        // Where many sums are close to each other, cells hold more than what was made.
        if seen >= firstSums.capacity {
          meter.count(work: UInt64(seen), evaluations: UInt64(seen))
          seen = 0
          guard meter.allows(unit) else { return false }
        }
      }
      meter.count(work: UInt64(seen), evaluations: UInt64(seen))
    }
    return false
  }

  /// Whether two of the first side's sums are equal beyond the second coordinate.
  private func isSame(_ k: Int, _ l: Int) -> Bool {
    let (a, b) = (firstSums.pairs[k], firstSums.pairs[l])
    return (0..<m).allSatisfy { $0 == 1 || first.sum(a, $0) == first.sum(b, $0) }
  }

  /// The error of four sums as `PlainMeasure` has it, coordinates in their own order.
  private func measure(_ ab: ListPair, _ cd: ListPair) -> Double {
    for k in 0..<m { difference[order[k]] = first.sum(ab, k) + second.sum(cd, k) }
    return plain.of(difference, m)
  }
}
