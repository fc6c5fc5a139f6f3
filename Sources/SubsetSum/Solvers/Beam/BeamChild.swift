/// One child of a beam's state: the state with one more candidate.
struct BeamChild {
  /// ‖residual‖² of the child.
  var score: Double
  /// A number that stands for the child's subset, whatever the order in which its candidates came.
  var key: UInt64
  var parent: UInt32
  var candidate: UInt32

  /// Whether a child comes before another by score, then parent, then candidate: a total order.
  @inline(__always) func precedes(_ other: BeamChild) -> Bool {
    if score != other.score { return score < other.score }
    return parent != other.parent ? parent < other.parent : candidate < other.candidate
  }

  /// Sorts children by `precedes`. Cost: n·log n, or n²/4 moves for a few.
  static func sort(_ children: UnsafeMutablePointer<BeamChild>, _ count: Int) {
    if count > 24 {
      var all = UnsafeMutableBufferPointer(start: children, count: count)
      return all.sort { $0.precedes($1) }
    }
    for k in stride(from: 1, to: count, by: 1) {
      let child = children[k]
      var place = k
      while place > 0, child.precedes(children[place &- 1]) {
        children[place] = children[place &- 1]
        place &-= 1
      }
      children[place] = child
    }
  }
}
