/// One child of a beam's state: the state with one more candidate.
struct BeamChild {
  /// ‖residual‖² of the child.
  var score: Double
  /// Names the child's subset, whatever the order it was put together in.
  var key: UInt64
  var parent: UInt32
  var candidate: UInt32

  /// By score, then parent, then candidate: a total order.
  @inline(__always) func precedes(_ other: BeamChild) -> Bool {
    if score != other.score { return score < other.score }
    return parent != other.parent ? parent < other.parent : candidate < other.candidate
  }
}

/// The best children with distinct subsets, as many as a level keeps. What is kept does not depend on the order of arrival.
///
/// Twice as many are held as are kept; when they are full, the better half stays and its last score becomes the cut. Of several children with
/// one subset the first by `precedes` is held. Two subsets whose 64-bit keys collide count as one: of 10⁷ children, with odds of 3·10⁻⁶.
/// Children wait in a queue until their places in the index have been read, all at once, so that the memory answers side by side.
/// Cost: amortised constant for a child; 24 bytes and about 32 of index for each of twice the kept.
final class BeamSelection {
  /// Where the child with a key is.
  private struct Slot {
    /// The upper half of its key.
    var tag: UInt32
    /// Its position + 1; 0 for none.
    var place: UInt32
  }
  private static var queueLength: Int { 64 }
  private let kept: Int
  private let capacity: Int
  private let children: LargeBuffer<BeamChild>
  /// Open addressing.
  private let index: LargeBuffer<Slot>
  private let mask: Int
  private let queue: UnsafeMutablePointer<BeamChild>
  private var queued = 0
  /// Keeps the reads ahead of use.
  private var touched: UInt32 = 0
  private(set) var count = 0
  /// Children above this score are not among the best.
  private(set) var cut = Double.infinity

  /// Precondition: 1 ≤ `kept` < 2³⁰.
  init(kept: Int) {
    self.kept = kept
    capacity = max(64, 2 * kept)
    children = LargeBuffer(count: capacity)
    var slots = 64
    while slots < 2 * capacity { slots *= 2 }
    index = LargeBuffer(count: slots)
    mask = slots - 1
    queue = .allocate(capacity: Self.queueLength)
    clearIndex()
  }

  deinit { queue.deallocate() }

  subscript(_ position: Int) -> BeamChild { children[position] }

  /// Starts anew; children above `cut` will be left out.
  func removeAll(cut: Double = .infinity) {
    (count, queued) = (0, 0)
    self.cut = cut
    clearIndex()
  }

  @inline(__always) func insert(_ child: BeamChild) {
    if !(child.score <= cut) { return }
    queue[queued] = child
    queued &+= 1
    if queued == Self.queueLength { settle() }
  }

  /// Leaves the kept children in ascending order.
  func sort() {
    settle()
    if count > kept { keepBest() }
    var best = UnsafeMutableBufferPointer(start: children.base, count: count)
    best.sort { $0.precedes($1) }
  }

  /// Takes in what is queued.
  private func settle() {
    for k in 0..<queued { touched &+= index[Int(truncatingIfNeeded: queue[k].key) & mask].place }
    for k in 0..<queued { take(queue[k]) }
    queued = 0
  }

  private func take(_ child: BeamChild) {
    if !(child.score <= cut) { return }
    let slot = slot(of: child.key)
    if index[slot].place != 0 {
      let position = Int(index[slot].place) &- 1
      if child.precedes(children[position]) { children[position] = child }
      return
    }
    children[count] = child
    count &+= 1
    index[slot] = Slot(tag: Self.tag(child.key), place: UInt32(count))
    if count == capacity { keepBest() }
  }

  @inline(__always) private static func tag(_ key: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: key >> 32) }

  /// The slot that holds a key, or where it belongs.
  @inline(__always) private func slot(of key: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: key) & mask
    let tag = Self.tag(key)
    while index[slot].place != 0, index[slot].tag != tag || children[Int(index[slot].place) &- 1].key != key {
      slot = (slot &+ 1) & mask
    }
    return slot
  }

  private func clearIndex() { index.base.update(repeating: Slot(tag: 0, place: 0), count: mask + 1) }

  /// Drops all but the best `kept`.
  private func keepBest() {
    partition(at: kept)
    count = kept
    cut = children[kept - 1].score
    for position in 0..<(kept - 1) where children[position].score > cut { cut = children[position].score }
    clearIndex()
    for position in 0..<kept {
      let key = children[position].key
      index[slot(of: key)] = Slot(tag: Self.tag(key), place: UInt32(position &+ 1))
    }
  }

  /// Hoare's selection: the first `middle` children precede all others.
  private func partition(at middle: Int) {
    var (low, high) = (0, count - 1)
    while low < high {
      let pivot = medianOfThree(low, (low + high) / 2, high)
      var (i, j) = (low, high)
      while i <= j {
        while children[i].precedes(pivot) { i &+= 1 }
        while pivot.precedes(children[j]) { j &-= 1 }
        if i <= j {
          (children[i], children[j]) = (children[j], children[i])
          i &+= 1
          j &-= 1
        }
      }
      if middle <= j { high = j } else if middle >= i { low = i } else { return }
    }
  }

  private func medianOfThree(_ a: Int, _ b: Int, _ c: Int) -> BeamChild {
    let (x, y, z) = (children[a], children[b], children[c])
    if x.precedes(y) { return y.precedes(z) ? y : x.precedes(z) ? z : x }
    return x.precedes(z) ? x : y.precedes(z) ? z : y
  }
}
