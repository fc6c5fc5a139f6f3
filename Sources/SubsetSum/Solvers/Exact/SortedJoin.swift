import RunControl

/// Meeting in the middle in one dimension: sorted sums of both halves, joined by passes of two
/// pointers.
///
/// A first pass finds the least computed error, and a second one visits all pairs close to it.
/// Where subsets are collected, the second pass alone visits all pairs within the tolerance. With a
/// fixed size each pass goes over the pairs of groups whose sizes add up.
final class SortedJoin {
  private let first: HalfSums
  private let second: HalfSums
  private let pairs: [(first: Int, second: Int)]
  private static let chunk = 1 << 14

  /// - Throws: `Interruption` when the run must stop.
  init(_ instance: SmallInstance, _ control: RunControl) throws(Interruption) {
    let split = instance.count / 2
    let bySize = instance.size != nil
    first = try HalfSums(
      base: -instance.target[0], numbers: instance.rows, bits: split, stride: 1, bySize: bySize, control)
    second = try HalfSums(
      base: 0, numbers: instance.rows + split, bits: instance.count - split, stride: 1, bySize: bySize, control)
    pairs = HalfSums.pairs(size: instance.size, split, instance.count - split)
  }

  func run(_ best: inout MeetingPoint, _ meter: inout WorkMeter) {
    if !best.isCollecting {
      for pair in pairs {
        let (a, b) = (first.groups[pair.first], second.groups[pair.second])
        if let least = Self.leastMagnitude(a, b, &meter) { best.consider(a.masks[least.first], b.masks[least.second]) }
        if meter.stop != nil { return }
      }
      // Exact sums leave nothing to decide.
      if best.rule.slack == 0 { return }
    }
    for pair in pairs {
      if !Self.visitPairs(first.groups[pair.first], second.groups[pair.second], &best, &meter) { return }
    }
  }

  /// The pair of least |a + b|. Where the run is stopped, the best of what was visited; nil for
  /// nothing.
  private static func leastMagnitude(
    _ a: HalfSums.Group, _ b: HalfSums.Group, _ meter: inout WorkMeter
  ) -> (first: Int, second: Int)? {
    var (i, j) = (0, b.count - 1)
    var least = Double.infinity
    var found: (first: Int, second: Int)?
    let (first, second) = (a.values, b.values)
    while i < a.count, j >= 0 {
      if !meter.allows(UInt64(chunk)) { return found }
      // A chunk that cannot run off either end.
      let steps = min(chunk, min(a.count - i, j + 1))
      var (bestI, bestJ) = (-1, -1)
      for _ in 0..<steps {
        let sum = first[i] + second[j]
        let magnitude = abs(sum)
        if magnitude < least { (least, bestI, bestJ) = (magnitude, i, j) }
        let down = sum > 0 ? 1 : 0
        j &-= down
        i &+= 1 &- down
      }
      if bestI >= 0 { found = (bestI, bestJ) }
      meter.count(work: UInt64(steps), evaluations: UInt64(steps))
    }
    return found
  }

  /// Rescores all pairs whose |a + b| lies within the rounding bound of what is of use. False when
  /// the run must stop.
  ///
  /// A subset of checked error e has |a + b| ≤ e + slack, so none that is of use lies beyond
  /// `MeetingPoint.reach`.
  private static func visitPairs(
    _ a: HalfSums.Group, _ b: HalfSums.Group, _ best: inout MeetingPoint, _ meter: inout WorkMeter
  ) -> Bool {
    let (first, second) = (a.values, b.values)
    var reach = best.reach
    var top = b.count - 1
    var spent = 0
    if !meter.allows(UInt64(chunk)) { return false }
    for i in 0..<a.count {
      let value = first[i]
      while top >= 0, value + second[top] > reach { top &-= 1 }
      if top < 0 { break }
      var j = top
      while true {
        // One unit for the row, and one for each pair in it.
        spent &+= 1
        if spent == chunk {
          meter.count(work: UInt64(spent), evaluations: 0)
          spent = 0
          meter.report("listing", completed: i, total: a.count, best: best.error)
          if !meter.allows(UInt64(chunk)) { return false }
        }
        if j < 0 || value + second[j] < -reach { break }
        // The reach may have narrowed since the row began.
        if value + second[j] <= reach {
          best.consider(a.masks[i], b.masks[j])
          reach = best.reach
        }
        j &-= 1
      }
    }
    meter.count(work: UInt64(spent), evaluations: 0)
    return true
  }
}
