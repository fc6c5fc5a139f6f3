import RunControl

/// Meeting in the middle above one dimension: both halves are sorted on the coordinate of largest
/// spread, and each sum of one half meets a window of the other as wide as the best error so far.
///
/// Sums lie in columns, so that eight sums of the second half are compared at a time. A block of
/// eight is left at the first coordinate that rules out all of them.
final class WindowJoin {
  private let m: Int
  private let plain: PlainMeasure
  /// Whether errors are squares. Otherwise no coordinate exceeds the error.
  private let isSquared: Bool
  /// The coordinate of each column.
  private let order: [Int]
  private let difference: OwnedBuffer<Double>
  private let first: SortedHalf
  private let second: SortedHalf
  private let pairs: [(first: Int, second: Int)]
  private static let laneCount = 8
  private static let neighbourBlocks = 2
  private static let checkInterval = 1 << 16
  /// Rows without a sum in their windows, and subsets rescored, between two questions whether the
  /// run may go on.
  private static let (rowInterval, rescoredInterval) = (1 << 14, 1 << 12)

  /// - Throws: `Interruption` when the run must stop.
  init(_ instance: SmallInstance, _ control: RunControl) throws(Interruption) {
    m = instance.dimension
    plain = instance.measure
    isSquared = plain == .squares
    difference = OwnedBuffer(count: instance.dimension)
    let (n, m) = (instance.count, instance.dimension)
    var spreads = [Double](repeating: 0, count: m)
    for i in 0..<n { for j in 0..<m { spreads[j] += abs(instance.rows[i * m + j]) } }
    var key = 0
    for j in 1..<m where spreads[j] > spreads[key] { key = j }
    order = [key] + (0..<m).filter { $0 != key }
    let split = n / 2
    let bySize = instance.size != nil
    first = try SortedHalf(
      dimension: m, order: order, rows: instance.rows, bits: split, bySize: bySize, bases: instance.target, padding: 0,
      control)
    second = try SortedHalf(
      dimension: m, order: order, rows: instance.rows + split * m, bits: n - split, bySize: bySize, bases: nil,
      padding: Self.laneCount, control)
    pairs = HalfSums.pairs(size: instance.size, split, n - split)
  }

  /// A pass over the nearest blocks brings the window down, and a full one decides. To collect
  /// subsets each pair is met once.
  func run(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
    for blocks in best.isCollecting ? [.max] : [Self.neighbourBlocks, .max] {
      for pair in pairs {
        let (rows, columns) = (first.groups[pair.first], second.groups[pair.second])
        if !pass(rows, columns, &best, &meter, blocks: blocks) { return }
      }
    }
  }

  /// One pass; false when the run must stop. Sums of the first half are −z + Σ, so a pair's error
  /// is the norm of the sum of both.
  private func pass(
    _ rows: Range<Int>, _ sums: Range<Int>, _ best: inout MeetingPoint, _ meter: inout WorkMeter, blocks: Int
  ) -> Bool {
    let (keyA, keyB) = (first.columns[0], second.columns[0])
    // A block of lanes may go beyond the interval.
    let unit = UInt64((Self.checkInterval + Self.laneCount) * m)
    var top = sums.upperBound
    var visited = 0
    var rescored = 0
    if !meter.allows(unit) { return false }
    for i in rows {
      if i % Self.rowInterval == 0, meter.isInterrupted() { return false }
      var cut = best.cut
      var reach = Self.reach(cut, isSquared)
      let value = keyA[i]
      // As values ascend, the window moves down.
      while top > sums.lowerBound, value + keyB[top &- 1] > reach { top &-= 1 }
      var j = top
      var left = blocks
      while j > sums.lowerBound, left > 0, value + keyB[j &- 1] >= -reach {
        let start = max(sums.lowerBound, j &- Self.laneCount)
        if isSquared ? isAnyWithinSquares(i, start, cut) : isAnyWithinMaximum(i, start, reach) {
          for k in start..<j where !(measure(i, k) > cut) {
            best.consider(first.masks[i], second.masks[k])
            cut = best.cut
            reach = Self.reach(cut, isSquared)
            rescored &+= 1
          }
          if rescored >= Self.rescoredInterval {
            rescored = 0
            if meter.isInterrupted() { return false }
          }
        }
        visited &+= j &- start
        j = start
        left &-= 1
        if visited >= Self.checkInterval {
          meter.count(work: UInt64(visited * m), evaluations: UInt64(visited))
          visited = 0
          meter.report(
            blocks == .max ? "joining" : "narrowing", completed: i, total: first.groups.last!.upperBound,
            best: best.error)
          if !meter.allows(unit) { return false }
        }
      }
    }
    meter.count(work: UInt64(visited * m), evaluations: UInt64(visited))
    return true
  }

  /// The half width of the window on one coordinate for a cut, which is squared for the Euclidean
  /// norm.
  @inline(__always) private static func reach(_ cut: Double, _ isSquared: Bool) -> Double {
    isSquared ? cut.squareRoot() * (1 + 0x1p-50) : cut
  }

  /// Reads eight sums from `start`. Those at or above the window's end only cause a needless look.
  @inline(__always) private func isAnyWithinMaximum(_ i: Int, _ start: Int, _ reach: Double) -> Bool {
    var alive = SIMDMask<SIMD8<Int64>>(repeating: true)
    let limit = SIMD8<Double>(repeating: reach)
    for j in 0..<m {
      let sum = lanes(at: second.columns[j] + start) + SIMD8(repeating: first.columns[j][i])
      alive = alive .& (sum .<= limit) .& (sum .>= -limit)
      if !any(alive) { return false }
    }
    return true
  }

  @inline(__always) private func isAnyWithinSquares(_ i: Int, _ start: Int, _ cut: Double) -> Bool {
    var squares = SIMD8<Double>.zero
    let limit = SIMD8<Double>(repeating: cut)
    for j in 0..<m {
      let sum = lanes(at: second.columns[j] + start) + SIMD8(repeating: first.columns[j][i])
      squares += sum * sum
      if !any(squares .<= limit) { return false }
    }
    return true
  }

  /// The error of a pair as `PlainMeasure` computes it, with coordinates in their own order.
  private func measure(_ i: Int, _ k: Int) -> Double {
    for j in 0..<m { difference.base[order[j]] = first.columns[j][i] + second.columns[j][k] }
    return plain.of(difference.base, m)
  }
}
