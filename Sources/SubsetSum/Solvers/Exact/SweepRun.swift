import RunControl

/// The passes of a `CellSweep` over its ranges.
final class SweepRun {
  private let m: Int
  /// How many candidates a subset must have; nil for any number.
  private let size: Int?
  private let plain: PlainMeasure
  private let coordinates: SweptCoordinates
  /// The sums of groups one and two, and of groups three and four less the target.
  private let first: PairedLists
  private let second: PairedLists
  private let firstSums: RangeSums
  private let secondSums: RangeSums
  private let cells: CellTable
  /// Takes the place of the cells where the errors of interest are wide beside them.
  private let grid: GridTable?
  /// The largest error of interest.
  private let radius: Double
  private let difference: OwnedBuffer<Double>
  private let wanted: Int
  private let isExact: Bool
  /// The most that a part of a range can cost, with the looks between two questions whether the run
  /// may go on.
  private let unit: UInt64

  /// The most sums of a range with a grid.
  private static let gridWanted = 1 << 17
  /// Sums that are looked up between two questions whether the run may go on.
  private static let lookInterval = 1 << 12

  /// - Parameters:
  ///   - radius: the largest error of interest.
  ///   - best: has a first bound.
  /// - Throws: `Interruption` when the run must stop.
  init(
    _ instance: SmallInstance, within radius: Double, _ best: inout MeetingPoint, _ control: RunControl
  ) throws(Interruption) {
    self.radius = radius
    (m, size) = (instance.dimension, instance.size)
    plain = instance.measure
    isExact = instance.isExact
    best.radius = radius
    let coordinates = SweptCoordinates(instance, reach: best.strictReach)
    self.coordinates = coordinates
    difference = OwnedBuffer(count: coordinates.columnCount)
    let (n, width) = (instance.count, coordinates.columnCount)
    func list(_ range: Range<Int>, less bases: UnsafePointer<Double>?) throws(Interruption) -> SortedHalf {
      let rows = coordinates.rows + range.lowerBound * width
      let list = try SortedHalf(
        dimension: width, order: coordinates.order, rows: rows, bits: range.count, bases: bases, padding: 0, control)
      list.dropRepeats(rows: rows, bits: range.count, areExact: instance.isExact)
      return list
    }
    let bounds = [0, n / 4, n / 2, n / 2 + (n - n / 2) / 2, n]
    first = try PairedLists(
      list(bounds[0]..<bounds[1], less: nil), list(bounds[1]..<bounds[2], less: nil), bits: bounds[1], control)
    second = try PairedLists(
      list(bounds[2]..<bounds[3], less: coordinates.target), list(bounds[3]..<bounds[4], less: nil),
      bits: bounds[3] - bounds[2], control)
    let narrow = max(1 << 10, 2 * max(first.longest, second.longest))
    best.radius = min(radius, max(coordinates.expectedRadius, best.sufficient))
    // A range holds so many sums that it is wider than what is looked for around it.
    let near = Self.density(first) * 2 * min(best.strictReach, 1e300)
    let isWide = coordinates.columnCount > 2 && near > Double(narrow) / 8
    wanted = isWide ? max(narrow, min(Self.gridWanted, Int(saturating: min(near, 1e9)))) : narrow
    let capacity = isWide ? 4 * wanted : 8 * wanted
    firstSums = RangeSums(capacity: capacity)
    secondSums = RangeSums(capacity: capacity)
    cells = CellTable(capacity: capacity, first, wanted: wanted)
    grid = isWide ? GridTable(firstSums, of: first, lookedUpBy: second, sizes: coordinates.sizes) : nil
    unit = UInt64(capacity * (width + 2))
  }

  /// The number of sums for each unit of the first coordinate, in the middle.
  private static func density(_ sums: PairedLists) -> Double {
    Double(sums.count) / max(Double.leastNormalMagnitude, (2 * Double.pi).squareRoot() * sums.deviations[0])
  }

  /// Looks at all pairs that can improve the best within the radius of interest.
  func run(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
    guard grid != nil else {
      best.radius = radius
      pass(&best, &meter, hasFirstLook: true)
      return
    }
    var reach = max(coordinates.expectedRadius, best.sufficient)
    while true {
      best.radius = min(radius, reach)
      pass(&best, &meter, hasFirstLook: false)
      if meter.stop != nil || !best.canImprove || best.error <= best.radius || best.radius >= radius { return }
      reach *= 1.25
    }
  }

  private func pass(_ best: inout MeetingPoint, _ meter: inout WorkMeter, hasFirstLook: Bool) {
    // Where most pairs cancel: the sums of both sides are about normal, with these means and
    // variances.
    let (p, q) = (first, second)
    let (a, b) = (p.deviations[0] * p.deviations[0], q.deviations[0] * q.deviations[0])
    let middle = a + b > 0 ? (p.means[0] * b - q.means[0] * a) / (a + b) : p.means[0]
    guard p.highs[0] > p.lows[0] else {
      _ = sweep(p.lows[0], p.highs[0].nextUp, reach: .infinity, cellReach: .infinity, &best, &meter)
      return
    }
    let narrowest = (p.highs[0] - p.lows[0]) * 0x1p-40
    let width = max(Double(wanted) / Self.density(p), narrowest)
    // A first look that does not go beyond ranges and cells brings the error down to their scale.
    if hasFirstLook { outwards(from: middle, width: width, narrowest: narrowest, isFirstLook: true, &best, &meter) }
    outwards(from: middle, width: width, narrowest: narrowest, isFirstLook: false, &best, &meter)
  }

  /// Sweeps over ranges up and down from the middle: over all of them, or as a first look until
  /// there were sums enough for one range.
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
        "sweeping", completed: Int(saturating: (up.edge - down.edge) / (p.highs[0] - p.lows[0]) * 1000), total: 1000,
        best: best.error)
    }
  }

  /// Looks at the pairs whose first sum lies in `low..<high`, up to `reach` from 0 in the first
  /// coordinate and `cellReach` in the second, and no further in either than is of use. Returns the
  /// number of sums of the first side there, or nil when the run must stop or nothing is left to
  /// improve.
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
      let reach = min(reach, best.strictReach)
      let (start, end) = (-parts.end - reach, (-parts.low + reach).nextUp)
      if let grid {
        // About as many are looked up as lie in the range and within reach of it.
        let share = 1 + 2 * reach / max(parts.end - parts.low, .leastNormalMagnitude)
        grid.fill(
          window: window, lookCount: Int(saturating: min(Double(second.count), share * Double(firstSums.count))))
        guard look(start, end, in: grid, &best, &meter) else { return nil }
      } else {
        cells.fill(firstSums, window: window, isSame: isExact ? isSame : nil)
        guard look(start, end, window: window, &best, &meter) else { return nil }
      }
    }
    return nil
  }

  /// Looks up the sums of the second side from `low` to below `high`. False when the run must stop
  /// or nothing is left to improve.
  private func look(
    _ low: Double, _ high: Double, window: Double, _ best: inout MeetingPoint, _ meter: inout WorkMeter
  ) -> Bool {
    var parts = SumParts(second, in: secondSums, from: low, to: high)
    var window = window
    var (cut, reach) = (best.strictCut, best.strictReach)
    // A coordinate that ranges and cells have not narrowed, where there is one, settles most pairs.
    let column = min(2, coordinates.columnCount - 1)
    let (firstLeft, firstRight) = (first.left.columns[column], first.right.columns[column])
    let (secondLeft, secondRight) = (second.left.columns[column], second.right.columns[column])
    while best.canImprove, meter.allows(unit) {
      guard parts.advance() else { return true }
      let (values, pairs, count) = (secondSums.values, secondSums.pairs, secondSums.count)
      meter.count(work: UInt64(count * m), evaluations: UInt64(count))
      var seen = 0
      for k in 0..<count {
        if k & (Self.lookInterval &- 1) == 0, meter.isInterrupted() { return false }
        if !cells.mayHold(-values[k]) { continue }
        let cd = pairs[k]
        let other = secondLeft[Int(cd.left)] + secondRight[Int(cd.right)]
        seen &+= cells.forEach(-values[k] - window, -values[k] + window) { entry in
          let ab = firstSums.pairs[entry]
          if abs(firstLeft[Int(ab.left)] + firstRight[Int(ab.right)] + other) > reach { return }
          if measure(ab, cd) > cut { return }
          consider(ab, cd, &best)
          (cut, reach) = (best.strictCut, best.strictReach)
          window = min(window, reach)
        }
        // Where many sums are close to each other, cells hold more than the sums that were made.
        if seen >= firstSums.capacity, !mayGoOn(&seen, &meter) { return false }
      }
      meter.count(work: UInt64(seen), evaluations: UInt64(seen))
    }
    return false
  }

  /// Looks up the sums of the second side where the first side's lie in a grid.
  private func look(
    _ low: Double, _ high: Double, in grid: GridTable, _ best: inout MeetingPoint, _ meter: inout WorkMeter
  ) -> Bool {
    var parts = SumParts(second, in: secondSums, from: low, to: high)
    var (cut, reach) = (best.strictCut, best.strictReach)
    let (near, next) = (grid.columns[0], grid.columns[1])
    let (firstLeft, firstRight) = (first.left.columns[near], first.right.columns[near])
    let (secondLeft, secondRight) = (second.left.columns[near], second.right.columns[near])
    let (firstLeft2, firstRight2) = (first.left.columns[next], first.right.columns[next])
    let (secondLeft2, secondRight2) = (second.left.columns[next], second.right.columns[next])
    while best.canImprove, meter.allows(unit) {
      guard parts.advance() else { return true }
      let (pairs, count) = (secondSums.pairs, secondSums.count)
      meter.count(work: UInt64(count * m), evaluations: UInt64(count))
      var seen = 0
      for k in 0..<count {
        if k & (Self.lookInterval &- 1) == 0, meter.isInterrupted() { return false }
        let cd = pairs[k]
        let other = secondLeft[Int(cd.left)] + secondRight[Int(cd.right)]
        let other2 = secondLeft2[Int(cd.left)] + secondRight2[Int(cd.right)]
        seen &+= grid.forEach(cd, reach) { ab in
          if abs(firstLeft[Int(ab.left)] + firstRight[Int(ab.right)] + other) > reach { return }
          if abs(firstLeft2[Int(ab.left)] + firstRight2[Int(ab.right)] + other2) > reach { return }
          if measure(ab, cd) > cut { return }
          consider(ab, cd, &best)
          (cut, reach) = (best.strictCut, best.strictReach)
        }
        if seen >= firstSums.capacity, !mayGoOn(&seen, &meter) { return false }
      }
      meter.count(work: UInt64(seen), evaluations: UInt64(seen))
    }
    return false
  }

  /// Counts the pairs that were seen, and asks whether there may be more.
  private func mayGoOn(_ seen: inout Int, _ meter: inout WorkMeter) -> Bool {
    meter.count(work: UInt64(seen), evaluations: UInt64(seen))
    seen = 0
    return meter.allows(unit)
  }

  /// Whether two of the first side's sums are equal beyond the second coordinate.
  private func isSame(_ k: Int, _ l: Int) -> Bool {
    let (a, b) = (firstSums.pairs[k], firstSums.pairs[l])
    return (0..<coordinates.columnCount).allSatisfy { $0 == 1 || first.sum(a, $0) == first.sum(b, $0) }
  }

  /// Rescores the subset of four sums, unless it has another size than it must have.
  private func consider(_ ab: ListPair, _ cd: ListPair, _ best: inout MeetingPoint) {
    let (front, back) = (first.mask(ab), second.mask(cd))
    if let size, front.nonzeroBitCount + back.nonzeroBitCount != size { return }
    best.consider(front, back)
  }

  /// The error of four sums as `PlainMeasure` computes it, with coordinates in their own order.
  private func measure(_ ab: ListPair, _ cd: ListPair) -> Double {
    for k in 0..<coordinates.columnCount {
      difference.base[coordinates.order[k]] = first.sum(ab, k) + second.sum(cd, k)
    }
    return plain.of(difference.base, m)
  }
}
