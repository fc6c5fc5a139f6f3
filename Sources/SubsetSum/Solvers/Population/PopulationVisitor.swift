import RunControl

/// Takes the children whose scores lie within the cut, in the order in which they come.
///
/// Where there is no room for more, the best `width` of them stay, and the cut becomes the worst of
/// their scores.
struct PopulationVisitor: PairVisitor {
  /// The states and the group's sums, `entries` coordinates each.
  let states: UnsafePointer<Double>
  let sums: UnsafePointer<Double>
  /// The choice that each sum stands for.
  let choices: UnsafePointer<UInt16>
  let entries: Int
  private(set) var cut: Double
  /// A number other than 0 leaves out every second child, in a pattern of its own.
  let pattern: Int
  /// Of each child taken: its parent's number, its choice, and its score.
  let parents: UnsafeMutablePointer<UInt32>
  let codes: UnsafeMutablePointer<UInt16>
  let scores: UnsafeMutablePointer<Double>
  /// Room for as many scores.
  let spare: UnsafeMutablePointer<Double>
  let width: Int
  /// The children that there is room for, more than `width`.
  let capacity: Int
  let control: RunControl
  /// Children taken.
  private(set) var count = 0

  @inline(__always) mutating func visit(_ left: Int, _ right: Int) {
    let score = fixedOrderSquaredDistance(sums + right &* entries, states + left &* entries, entries)
    if !(score <= cut) { return }
    if pattern != 0, SplitMix.draw(pattern, left << 16 | right) & 1 == 0 { return }
    parents[count] = UInt32(truncatingIfNeeded: left)
    codes[count] = choices[right]
    scores[count] = score
    count &+= 1
    if count == capacity { keepTheBest() }
  }

  /// Drops all but the best `width`, of equal ones the last.
  @inline(never) private mutating func keepTheBest() {
    spare.update(from: scores, count: count)
    cut = selectedScore(width - 1, of: spare, count)
    var below = 0
    for k in 0..<count where scores[k] < cut { below += 1 }
    var (kept, equal) = (0, width - below)
    for k in 0..<count where scores[k] < cut || scores[k] == cut && equal > 0 {
      if scores[k] == cut { equal -= 1 }
      (parents[kept], codes[kept], scores[kept]) = (parents[k], codes[k], scores[k])
      kept += 1
    }
    count = kept
  }

  mutating func shouldStop(before pairs: Int) -> Bool { control.interruption() != nil }
}
