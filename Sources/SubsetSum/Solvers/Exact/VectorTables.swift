import RunControl

/// The sums of two halves of an instance's candidates, in plain coordinates, laid out for any
/// number of targets. Nothing is written after they have been made.
final class VectorTables: @unchecked Sendable {
  private let m: Int
  private let firstBits: Int
  /// The instance's coordinate in each column.
  private let order: [Int]
  private let first: SortedHalf
  private let grid: SumGrid
  /// The most sums of the first half between two questions whether the run may go on, and about how
  /// many looks they may cost.
  fileprivate static let interval = (sums: 1 << 12, looks: 1 << 18)
  /// One of so many sums of the first half is looked at first.
  private static let firstStride = 64

  /// - Throws: `Interruption` when the run must stop.
  init(_ instance: SmallInstance, _ control: RunControl) throws {
    m = instance.dimension
    firstBits = instance.count / 2
    let (n, m) = (instance.count, instance.dimension)
    var spreads = [Double](repeating: 0, count: m)
    for i in 0..<n { for j in 0..<m { spreads[j] += instance.rows[i * m + j] * instance.rows[i * m + j] } }
    let columns = (0..<m).sorted { (spreads[$1], $0) < (spreads[$0], $1) }
    func list(_ range: Range<Int>) throws -> SortedHalf {
      let rows = instance.rows + range.lowerBound * m
      let list = try SortedHalf(
        dimension: m, order: columns, rows: rows, bits: range.count, bases: nil, padding: 0, control)
      list.dropRepeats(rows: rows, bits: range.count, areExact: instance.isExact)
      return list
    }
    order = columns
    first = try list(0..<firstBits)
    grid = try SumGrid(list(firstBits..<n), control)
  }

  /// Looks at every subset that may be better than the best, until none can be, or the run must
  /// stop.
  ///
  /// A first look at pairs that are near each other in two coordinates brings the error down to a
  /// scale at which windows are narrow.
  func search(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
    var search = TargetSearch(m: m, order: order, first: first, grid: grid, target: best.instance.target)
    defer { search.deallocate() }
    // A margin that is wider than the rounding of a window's ends.
    let margin = best.instance.largestSum * 0x1p-50
    for stride in [Self.firstStride, 1] {
      var (start, length, cost) = (0, 1 << 6, 1)
      while start < first.count {
        let end = min(first.count, start + length)
        guard best.canImprove, meter.allows(UInt64(m * (end - start) * cost)) else { return }
        let visited =
          stride == 1
          ? search.look(start..<end, margin: margin, firstBits: firstBits, &best)
          : search.glance(start..<end, stride: stride, firstBits: firstBits, &best)
        meter.count(work: UInt64(visited * m), evaluations: UInt64(visited))
        cost = max(1, visited / (end - start))
        length = max(1, min(Self.interval.sums, 4 * length, Self.interval.looks / cost))
        start = end
      }
    }
  }
}

/// The search for one target, with what its loops read.
private struct TargetSearch {
  private let m: Int
  private let order: [Int]
  private let first: SortedHalf
  private let grid: SumGrid
  /// The target by columns, and room for a difference.
  private let target: UnsafeMutablePointer<Double>
  private let difference: UnsafeMutablePointer<Double>
  /// Which of an interval's sums are looked up.
  private let places: UnsafeMutablePointer<Int32>

  init(m: Int, order: [Int], first: SortedHalf, grid: SumGrid, target: UnsafePointer<Double>) {
    (self.m, self.order, self.first, self.grid) = (m, order, first, grid)
    self.target = .allocate(capacity: m)
    difference = .allocate(capacity: m)
    places = .allocate(capacity: VectorTables.interval.sums + 8)
    for k in 0..<m { self.target[k] = target[order[k]] }
  }

  func deallocate() {
    target.deallocate()
    difference.deallocate()
    places.deallocate()
  }

  /// Compares every `stride`-th of some sums with a few in the cell of what it leaves, and returns
  /// how many sums and pairs that were.
  mutating func glance(
    _ range: Range<Int>, stride step: Int, firstBits: Int, _ best: inout MeetingPoint
  ) -> Int {
    var visited = 0
    for i in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      let places = grid.places(
        near: target[0] - first.columns[0][i], target[1] - first.columns[1][i],
        target[grid.sorted] - first.columns[grid.sorted][i])
      visited += 1 + places.count
      for k in places { consider(i, k, firstBits, &best) }
    }
    return visited
  }

  /// Looks up what some sums leave of the target, and returns how many sums and pairs were looked
  /// at.
  mutating func look(_ range: Range<Int>, margin: Double, firstBits: Int, _ best: inout MeetingPoint) -> Int {
    let (rows, sides, parts, sideCount) = (grid.rows, grid.sides, grid.parts, grid.sideCount)
    // The column by which cells are sorted, and another that settles most pairs: the third, or the
    // second where cells are sorted by the third.
    let (sorted, other) = (grid.sorted, grid.sorted == 2 ? 1 : min(2, m - 1))
    let (a0, a1, aSorted, aOther) = (first.columns[0], first.columns[1], first.columns[sorted], first.columns[other])
    let (b0, bSorted, bOther) = (grid.columns[0], grid.columns[sorted], grid.columns[other])
    let (z0, z1, zSorted, zOther) = (target[0], target[1], target[sorted], target[other])
    var reach = best.strictReach
    var window = reach + margin
    var visited = range.count
    // Windows only narrow later on, so none is missed.
    let start = range.lowerBound
    let near = grid.near(z0, z1, reach: window, a0 + start, a1 + start, count: range.count, places)
    for place in 0..<near {
      let i = start &+ Int(places[place])
      let (q0, q1, key, rest) = (z0 - a0[i], z1 - a1[i], zSorted - aSorted[i], zOther - aOther[i])
      if q0 + window < grid.least || q0 - window > grid.most { continue }
      let (left, right) = (sides.place(q1 - window), sides.place(q1 + window))
      let part = parts.place(key - window)
      for row in rows.place(q0 - window)...rows.place(q0 + window) {
        for cell in row &* sideCount &+ left...row &* sideCount &+ right {
          var k = grid.start(cell, part: part)
          let end = grid.end(cell)
          while k < end {
            let distance = bSorted[k] - key
            if distance > window { break }
            visited &+= 1
            if abs(b0[k] - q0) <= window, abs(bOther[k] - rest) <= window, distance >= -window {
              consider(i, k, firstBits, &best)
              reach = best.strictReach
              window = reach + margin
            }
            k &+= 1
          }
        }
      }
    }
    return visited
  }

  private func consider(_ i: Int, _ k: Int, _ firstBits: Int, _ best: inout MeetingPoint) {
    for j in 0..<m { difference[order[j]] = target[j] - first.columns[j][i] - grid.columns[j][k] }
    if best.instance.measure.of(difference, m) > best.strictCut { return }
    best.consider(UInt64(first.masks[i]) | UInt64(grid.masks[k]) << UInt64(firstBits))
  }
}
