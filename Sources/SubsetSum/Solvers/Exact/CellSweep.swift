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
/// A run that is stopped has covered the likeliest ranges, and returns the best of them.
///
/// Exactness is that of `MeetInTheMiddle`.
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
    SweepRun(best.instance).run(&best, &meter)
    return try Checker.solution(
      meter.claim(SmallInstance.indices(of: best.mask), isOptimal: true, by: name), for: problem)
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

  init(_ instance: SmallInstance) {
    m = instance.dimension
    plain = instance.measure
    difference = .allocate(capacity: m)
    let (n, m) = (instance.count, instance.dimension)
    var spreads = [Double](repeating: 0, count: m)
    for i in 0..<n { for j in 0..<m { spreads[j] += instance.rows[i * m + j] * instance.rows[i * m + j] } }
    order = (0..<m).sorted { (spreads[$1], $0) < (spreads[$0], $1) }
    let columns = order
    func list(_ range: Range<Int>, less bases: UnsafePointer<Double>?) -> SortedHalf {
      SortedHalf(
        dimension: m, order: columns, rows: instance.rows + range.lowerBound * m, bits: range.count, bases: bases,
        padding: 0)
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
  }

  deinit { difference.deallocate() }

  func run(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
    // Where most pairs cancel: sums of both sides are about normal, with these means and variances.
    let (p, q) = (first, second)
    let (a, b) = (p.deviations[0] * p.deviations[0], q.deviations[0] * q.deviations[0])
    let middle = a + b > 0 ? (p.means[0] * b - q.means[0] * a) / (a + b) : p.means[0]
    let density = Double(p.count) / max(Double.leastNormalMagnitude, (2 * Double.pi).squareRoot() * p.deviations[0])
    let width = max(Double(wanted) / density, (p.highs[0] - p.lows[0]) * 0x1p-40)
    if !(width > 0) || !width.isFinite { return everything(&best, &meter) }
    // A first look that does not go beyond ranges and cells brings the error down to their scale.
    _ = sweep(middle, middle + width, reach: width, cellReach: cells.width, &best, &meter)
    var up = (edge: middle, width: width, done: false)
    var down = up
    while !(up.done && down.done) {
      for upwards in [true, false] where !(upwards ? up.done : down.done) {
        var side = upwards ? up : down
        let next = upwards ? side.edge + side.width : side.edge - side.width
        let (low, high) = upwards ? (side.edge, next) : (next, side.edge)
        let reach = best.reach
        guard let met = sweep(low, high, reach: reach, cellReach: reach, &best, &meter) else { return }
        side.edge = next
        side.width *= max(0.25, min(4, Double(wanted) / Double(max(1, met))))
        side.done = upwards ? next > min(p.highs[0], -q.lows[0] + reach) : next < max(p.lows[0], -q.highs[0] - reach)
        if upwards { up = side } else { down = side }
      }
      meter.report(
        "sweeping", completed: Int((up.edge - down.edge) / (p.highs[0] - p.lows[0]) * 1000), total: 1000,
        best: best.error)
    }
  }

  /// All sums of the first side in one range.
  private func everything(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
    let reach = best.reach
    _ = sweep(-.infinity, .infinity, reach: reach, cellReach: reach, &best, &meter)
  }

  /// Looks at the pairs whose first sum lies in `low..<high`; the sums of the first side there, or nil when the run must stop.
  private func sweep(
    _ low: Double, _ high: Double, reach: Double, cellReach: Double, _ best: inout MeetingPoint,
    _ meter: inout WorkMeter
  ) -> Int? {
    var from = low
    var met = 0
    // A range with more sums than there is room for is done in parts.
    while from < high {
      guard meter.allows(UInt64(4 * wanted * m)) else { return nil }
      var end = high
      var count = firstSums.collect(first, from: from, to: end)
      while count == nil {
        let middle = from.isFinite && end.isFinite ? from + (end - from) / 4 : from.isFinite ? from + 1 : first.means[0]
        // Sums that are all the same, more of them than there is room for.
        guard middle > from, middle < end else { return stopShort(&meter) }
        end = middle
        count = firstSums.collect(first, from: from, to: end)
      }
      met += count!
      if count! > 0 {
        let window = min(cellReach, best.reach)
        cells.fill(firstSums, window: window)
        guard let looked = look(-end - reach, -from + reach, window: window, &best, &meter) else { return nil }
        meter.count(work: UInt64((count! + looked) * m), evaluations: UInt64(looked))
      }
      from = end
    }
    return met
  }

  /// Looks up the sums of the second side from `low` to below `high`; how many there are, or nil when the run must stop.
  private func look(
    _ low: Double, _ high: Double, window: Double, _ best: inout MeetingPoint, _ meter: inout WorkMeter
  ) -> Int? {
    var from = low
    var looked = 0
    var window = window
    var cut = best.cut
    while from < high {
      var end = high
      var count = secondSums.collect(second, from: from, to: end)
      while count == nil {
        let middle =
          from.isFinite && end.isFinite ? from + (end - from) / 4 : from.isFinite ? from + 1 : second.means[0]
        guard middle > from, middle < end else { return stopShort(&meter) }
        end = middle
        count = secondSums.collect(second, from: from, to: end)
      }
      looked += count!
      let (values, pairs) = (secondSums.values, secondSums.pairs)
      for k in 0..<count! where cells.mayHold(-values[k]) {
        cells.forEach(-values[k] - window, -values[k] + window) { entry in
          let (ab, cd) = (firstSums.pairs[entry], pairs[k])
          if measure(ab, cd) > cut { return }
          best.consider(first.mask(ab), second.mask(cd))
          cut = best.cut
          window = min(window, best.reach)
        }
      }
      from = end
    }
    return looked
  }

  private func stopShort(_ meter: inout WorkMeter) -> Int? {
    _ = meter.allows(.max)
    return nil
  }

  /// The error of four sums as `PlainMeasure` has it, coordinates in their own order.
  private func measure(_ ab: ListPair, _ cd: ListPair) -> Double {
    for k in 0..<m { difference[order[k]] = first.sum(ab, k) + second.sum(cd, k) }
    return plain.of(difference, m)
  }
}

/// An entry of each of two lists.
private struct ListPair {
  let left: UInt32
  let right: UInt32
}

/// Two sorted lists, whose sums are asked for by ranges of their first coordinate.
private final class PairedLists {
  let left: SortedHalf
  let right: SortedHalf
  /// Candidates of the left list.
  let bits: Int
  /// Of the sums, by column.
  let means: [Double]
  let deviations: [Double]
  let lows: [Double]
  let highs: [Double]

  var longest: Int { max(left.count, right.count) }
  var count: Int { left.count * right.count }

  init(_ left: SortedHalf, _ right: SortedHalf, bits: Int) {
    (self.left, self.right, self.bits) = (left, right, bits)
    means = (0..<2).map { left.mean($0) + right.mean($0) }
    deviations = (0..<2).map { column in
      let (a, b) = (left.deviation(column), right.deviation(column))
      return (a * a + b * b).squareRoot()
    }
    lows = (0..<2).map { left.least($0) + right.least($0) }
    highs = (0..<2).map { left.most($0) + right.most($0) }
  }

  func sum(_ pair: ListPair, _ column: Int) -> Double {
    left.columns[column][Int(pair.left)] + right.columns[column][Int(pair.right)]
  }

  func mask(_ pair: ListPair) -> UInt32 { left.masks[Int(pair.left)] | right.masks[Int(pair.right)] << UInt32(bits) }
}

/// Sums of two lists that lie in a range: their second coordinates, and what they are made of.
private final class RangeSums {
  private let capacity: Int
  private(set) var count = 0
  let values: UnsafeMutablePointer<Double>
  let pairs: UnsafeMutablePointer<ListPair>

  init(capacity: Int) {
    self.capacity = capacity
    values = .allocate(capacity: capacity)
    pairs = .allocate(capacity: capacity)
  }

  deinit {
    values.deallocate()
    pairs.deallocate()
  }

  /// All sums s with low ≤ s < high in the first coordinate; nil when there is no room for them.
  ///
  /// As the left sum ascends, the range of right ones descends. Cost: both lists, and the sums.
  func collect(_ lists: PairedLists, from low: Double, to high: Double) -> Int? {
    let (a, b) = (lists.left.columns[0], lists.right.columns[0])
    let (a1, b1) = (lists.left.columns[1], lists.right.columns[1])
    let (leftCount, rightCount) = (lists.left.count, lists.right.count)
    let (values, pairs, capacity) = (values, pairs, capacity)
    var start = rightCount
    var made = 0
    for i in 0..<leftCount {
      let value = a[i]
      let other = a1[i]
      while start > 0, value + b[start &- 1] >= low { start &-= 1 }
      var k = start
      while k < rightCount, value + b[k] < high {
        if made == capacity { return nil }
        values[made] = other + b1[k]
        pairs[made] = ListPair(left: UInt32(truncatingIfNeeded: i), right: UInt32(truncatingIfNeeded: k))
        made &+= 1
        k &+= 1
      }
    }
    count = made
    return made
  }
}

/// Which sums lie where in one coordinate: chains by cells, and before them a bitmap of finer cells that hold a sum within a window.
///
/// Beyond four deviations the outermost cells hold all.
private final class CellTable {
  private let cells: Int
  private let heads: UnsafeMutablePointer<UInt32>
  private let nexts: UnsafeMutablePointer<UInt32>
  private let bitmap: UnsafeMutablePointer<UInt64>
  private let bits: Int
  private let low: Double
  private let inverse: Double
  private let fineInverse: Double
  private var values: UnsafeMutablePointer<Double>?
  private var isFiltering = false
  let width: Double

  init(capacity: Int, _ lists: PairedLists, wanted: Int) {
    let (least, most) = (lists.lows[1], lists.highs[1])
    let middle = least + (most - least) / 2
    let half = min((most - least) / 2, 4 * lists.deviations[1])
    cells = wanted
    bits = 32 * wanted
    low = middle - half
    width = 2 * half / Double(cells)
    inverse = width > 0 && (1 / width).isFinite ? 1 / width : 0
    fineInverse = inverse * Double(bits / cells)
    heads = .allocate(capacity: cells)
    nexts = .allocate(capacity: capacity + 1)
    bitmap = .allocate(capacity: bits / 64)
  }

  deinit {
    heads.deallocate()
    nexts.deallocate()
    bitmap.deallocate()
  }

  @inline(__always) private func place(_ value: Double, _ inverse: Double, _ count: Int) -> Int {
    let place = (value - low) * inverse
    return place > 0 ? place < Double(count) ? Int(place) : count &- 1 : 0
  }

  /// Takes the sums, for looks within `window`.
  func fill(_ sums: RangeSums, window: Double) {
    values = sums.values
    let (values, heads, nexts, bitmap) = (sums.values, heads, nexts, bitmap)
    heads.update(repeating: 0, count: cells)
    isFiltering = window * fineInverse < 4
    if isFiltering { bitmap.update(repeating: 0, count: bits / 64) }
    for k in 0..<sums.count {
      let cell = place(values[k], inverse, cells)
      nexts[k &+ 1] = heads[cell]
      heads[cell] = UInt32(truncatingIfNeeded: k &+ 1)
      if isFiltering {
        let last = place(values[k] + window, fineInverse, bits)
        for bit in place(values[k] - window, fineInverse, bits)...last { bitmap[bit >> 6] |= 1 << UInt64(bit & 63) }
      }
    }
  }

  /// False only where no sum lies within the window that the table was filled for.
  @inline(__always) func mayHold(_ value: Double) -> Bool {
    if !isFiltering { return true }
    let bit = place(value, fineInverse, bits)
    return bitmap[bit >> 6] >> UInt64(bit & 63) & 1 == 1
  }

  /// Visits the sums with values in low...high.
  @inline(__always) func forEach(_ low: Double, _ high: Double, _ body: (Int) -> Void) {
    let last = place(high, inverse, cells)
    var cell = place(low, inverse, cells)
    while cell <= last {
      var entry = Int(heads[cell])
      while entry != 0 {
        let value = values![entry &- 1]
        if value >= low && value <= high { body(entry &- 1) }
        entry = Int(nexts[entry])
      }
      cell &+= 1
    }
  }
}
