import RunControl

/// Guesses, from a sample of a level's states, the score below which the children to be kept will
/// lie.
///
/// A level that starts without a cut takes in many children that better ones push out again. A
/// guess changes the cost alone: where it was too low for the number to be kept, the level is
/// selected again without one.
///
/// As one subset is met from several states, the sample counts every child. How many lay within the
/// cut of the level before tells how often a subset is met.
final class BeamForecast {
  /// About how many children of a sample decide its guess, which is then off by 2 %.
  private static let deciding = 2048
  /// The children that the guess leaves room for, as a multiple of those expected to be needed.
  private static let slack = 1.15
  /// The scores that a sample holds before it drops the upper half, as a multiple of those that the
  /// guess needs.
  fileprivate static let spare = 3

  let kept: Int
  /// The number of children that were met for each one kept.
  private var repeats = 1.0
  /// The lowest scores of the sample, ascending, and the distance of the sampled states.
  private var sample: (scores: [Double], step: Int)?

  init(kept: Int) { self.kept = kept }

  /// A cut for the children of `parents` by candidates from `first` on; infinite where a sample
  /// would not pay. A sample takes at most a quarter of the states.
  func cut(
    _ parents: BeamStates, _ screen: PairScreen<Float>, _ rows: CandidateRows, from first: Int, workers: Int,
    _ meter: inout WorkMeter
  ) throws -> Double {
    let (n, m) = (rows.count - first, rows.dimension)
    sample = nil
    let needed = Double(kept) * repeats * Self.slack
    let step = min(Int(needed) / Self.deciding, parents.count / 64)
    let wanted = needed / Double(max(1, step))
    guard step >= 4, wanted * 4 < Double(parents.count / step * n) else { return .infinity }
    let sampled = parents.count / step
    let work = UInt64(sampled * n * m)
    guard meter.allows(work) else { return .infinity }
    let lowest = Int(wanted) + 16
    var visitors = (0..<workers).map { _ in
      ScoreSample(states: parents, step: step, rows: rows, kept: lowest, control: meter.control)
    }
    let complete = try screen.run(
      leftCount: sampled, firstRight: first, left: { UnsafePointer(parents.residual($0 * step)) }, &visitors)
    meter.count(work: work, evaluations: UInt64(sampled * n))
    guard complete else { return .infinity }
    // Each worker holds its own lowest scores, so together they hold the lowest of all.
    let scores = visitors.flatMap(\.scores).sorted().prefix(ScoreSample.held(lowest))
    sample = (Array(scores), step)
    return scores.count > lowest ? scores[lowest - 1] : .infinity
  }

  /// Notes how many children of a level lay within what became its cut. Each subset has one more
  /// parent on the next level.
  func learn(from selection: BeamSelection) {
    guard let (scores, step) = sample, selection.count == kept else { return }
    let cut = selection[kept - 1].score
    let within = scores.firstIndex { $0 > cut } ?? 2 * scores.count
    repeats = max(1, 1.05 * Double(within * step) / Double(kept))
  }
}

/// Takes the lowest scores of a sample.
private struct ScoreSample: PairVisitor {
  private let states: BeamStates
  private let step: Int
  private let rows: CandidateRows
  let kept: Int
  private let control: RunControl
  private(set) var scores: [Double] = []
  private(set) var cut = Double.infinity

  init(states: BeamStates, step: Int, rows: CandidateRows, kept: Int, control: RunControl) {
    self.states = states
    self.step = step
    self.rows = rows
    self.kept = kept
    self.control = control
    scores.reserveCapacity(BeamForecast.spare * kept)
  }

  @inline(__always) mutating func visit(_ left: Int, _ right: Int) {
    let score = rows.squaredDistance(right, from: states.residual(left &* step))
    if !(score <= cut) { return }
    scores.append(score)
    if scores.count == BeamForecast.spare * kept { trim() }
  }

  /// The number of scores that are certain to be among those held.
  static func held(_ kept: Int) -> Int { BeamForecast.spare * kept / 2 }

  private mutating func trim() {
    let held = Self.held(kept)
    scores.sort()
    if scores.count >= held {
      scores.removeSubrange(held...)
      cut = scores[held - 1]
    }
  }

  mutating func shouldStop(before pairs: Int) -> Bool { control.interruption() != nil }
}
