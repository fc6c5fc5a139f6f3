/// The states of one level of a beam: subsets of one size with what they leave of the target, best first.
final class BeamStates {
  let dimension: Int
  private(set) var size = 0
  private(set) var count = 0
  /// Residual of state s at s·m.
  private let residuals: UnsafeMutablePointer<Double>
  private let keys: UnsafeMutablePointer<UInt64>
  /// The candidates of state s at s·size, ascending.
  private var members: UnsafeMutablePointer<UInt32>
  private let capacity: Int

  init(capacity: Int, dimension: Int) {
    self.capacity = capacity
    self.dimension = dimension
    residuals = .allocate(capacity: max(1, capacity * dimension))
    keys = .allocate(capacity: capacity)
    members = .allocate(capacity: 1)
  }

  deinit {
    residuals.deallocate()
    keys.deallocate()
    members.deallocate()
  }

  /// The empty subset alone.
  func reset(to target: [Double]) {
    (size, count) = (0, 1)
    for (j, entry) in target.enumerated() { residuals[j] = entry }
    keys[0] = 0
  }

  func residual(_ state: Int) -> UnsafeMutablePointer<Double> { residuals + state &* dimension }

  /// The candidates of a state, ascending.
  @inline(__always) func members(_ state: Int) -> UnsafeBufferPointer<UInt32> {
    UnsafeBufferPointer(start: members + state &* size, count: size)
  }

  func subset(_ state: Int) -> [Int] { (0..<size).map { Int(members[state * size + $0]) } }

  @inline(__always) func contains(_ state: Int, _ candidate: UInt32) -> Bool {
    let list = members + state &* size
    var equal: UInt32 = 0
    for k in 0..<size { equal |= list[k] == candidate ? 1 : 0 }
    return equal != 0
  }

  @inline(__always) func key(_ state: Int, adding candidate: UInt32) -> UInt64 {
    keys[state] ^ IteratedGreedy.draw(0, Int(candidate))
  }

  /// Takes the selected children of `parents`. Cost: m + size for each.
  func take(_ children: BeamSelection, of parents: BeamStates, _ rows: CandidateRows) {
    size = parents.size + 1
    count = children.count
    members.deallocate()
    members = .allocate(capacity: max(1, count * size))
    for s in 0..<count {
      let child = children[s]
      let parent = Int(child.parent)
      let residual = residual(s)
      residual.update(from: parents.residual(parent), count: dimension)
      rows.subtract(Int(child.candidate), from: residual)
      keys[s] = child.key
      let (list, known) = (members + s &* size, parents.members + parent &* parents.size)
      var place = parents.size
      while place > 0, known[place &- 1] > child.candidate {
        list[place] = known[place &- 1]
        place &-= 1
      }
      list[place] = child.candidate
      list.update(from: known, count: place)
    }
  }
}
