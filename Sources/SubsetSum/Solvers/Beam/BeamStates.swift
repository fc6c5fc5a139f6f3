import LinearAlgebra
import RunControl

/// The states of one level of a beam, best first: subsets of one size, with what they leave of the
/// target.
///
/// One call at a time writes them, and any thread reads them in between.
final class BeamStates: @unchecked Sendable {
  let dimension: Int
  private(set) var size = 0
  private(set) var count = 0
  /// The residual of state s at s·m.
  private let residuals: LargeBuffer<Double>
  private let keys: LargeBuffer<UInt64>
  /// The candidates of state s at s·size, ascending.
  private var members: LargeBuffer<UInt32>
  /// A random number for each candidate. The key of a subset is their exclusive or.
  private let draws: LargeBuffer<UInt64>
  /// Children that one task takes.
  private static let share = 1 << 12

  /// Room for `capacity` states, of subsets of so many candidates.
  ///
  /// - Throws: `SubsetSumError.memoryLimit`.
  init(capacity: Int, dimension: Int, candidates: Int) throws(SubsetSumError) {
    self.dimension = dimension
    residuals = try LargeBuffer(count: ByteCount.product(capacity, dimension))
    keys = try LargeBuffer(count: capacity)
    draws = try LargeBuffer(count: candidates)
    members = try LargeBuffer(count: 0)
    for i in 0..<candidates { draws[i] = SplitMix.draw(0, i) }
  }

  /// Leaves the empty subset alone, which leaves the whole target.
  func reset(to target: [Double]) {
    (size, count) = (0, 1)
    for (j, entry) in target.enumerated() { residuals[j] = entry }
    keys[0] = 0
  }

  @inline(__always) func residual(_ state: Int) -> UnsafeMutablePointer<Double> { residuals.base + state &* dimension }

  /// The candidates of a state, ascending.
  @inline(__always) func members(_ state: Int) -> UnsafeBufferPointer<UInt32> {
    UnsafeBufferPointer(start: members.base + state &* size, count: size)
  }

  func subset(_ state: Int) -> [Int] { members(state).map(Int.init) }

  @inline(__always) func contains(_ state: Int, _ candidate: UInt32) -> Bool {
    let list = members.base + state &* size
    var equal: UInt32 = 0
    for k in 0..<size { equal |= list[k] == candidate ? 1 : 0 }
    return equal != 0
  }

  @inline(__always) func key(_ state: Int, adding candidate: UInt32) -> UInt64 {
    keys[state] ^ draws[Int(truncatingIfNeeded: candidate)]
  }

  /// Takes the selected children of `parents` as the states. Cost: m + size for each.
  ///
  /// - Throws: `Interruption` when the run must stop; the states then mean nothing.
  func take(
    _ children: BeamSelection, of parents: BeamStates, _ rows: CandidateRows, workers: Int, _ control: RunControl
  ) throws {
    size = parents.size + 1
    count = children.count
    if members.count < count * size { members = try LargeBuffer(count: count * size) }
    let tasks = (count + Self.share - 1) / Self.share
    nonisolated(unsafe) let rows = rows
    try Workers.forEach(count: tasks, workers: min(workers, max(1, tasks))) { task, _ in
      try control.checkInterruption()
      for s in task * Self.share..<min(count, (task + 1) * Self.share) { take(children[s], s, parents, rows) }
    }
  }

  private func take(_ child: BeamChild, _ s: Int, _ parents: BeamStates, _ rows: CandidateRows) {
    let parent = Int(child.parent)
    rows.writeDifference(parents.residual(parent), less: Int(child.candidate), to: residual(s))
    keys[s] = child.key
    let (list, known) = (members.base + s &* size, parents.members.base + parent &* parents.size)
    var place = parents.size
    while place > 0, known[place &- 1] > child.candidate {
      list[place] = known[place &- 1]
      place &-= 1
    }
    list[place] = child.candidate
    list.update(from: known, count: place)
  }
}
