import LinearAlgebra
import Synchronization

/// The best children with distinct subsets among those whose keys fall to one part of a
/// `BeamSelection`.
///
/// It holds twice as many as it keeps. When it is full, the better half stays, and the last score
/// of that half becomes the cut. Of several children with one subset the first by `precedes` is
/// held, so what is kept does not depend on the order of arrival. The index of keys grows with what
/// arrives. Cost: amortised constant for a child; 24 bytes and about 32 of index for each of twice
/// the kept.
final class SelectionPart: @unchecked Sendable {
  /// Where the child with a key is.
  private struct Slot {
    /// The upper half of the child's key.
    var tag: UInt32
    /// The child's position + 1; 0 for none.
    var place: UInt32
  }
  private static let leastSlots = 64
  private let kept: Int
  private let capacity: Int
  let children: LargeBuffer<BeamChild>
  /// A hash table with open addressing, doubled when it is half full.
  private var index: LargeBuffer<Slot>
  private var mask = SelectionPart.leastSlots - 1
  private let lock = Guarded(())
  /// A sum that keeps the compiler from dropping reads that only bring the index into the cache.
  private var touched: UInt32 = 0
  private(set) var count = 0
  /// What kept the index from growing; no child is taken from then on.
  private var failure: SubsetSumError?
  /// The bits of `cut`, which have the same order as numbers that are at least 0.
  private let cutBits = Atomic<UInt64>(Double.infinity.bitPattern)

  /// Children above this score are not among the best. It falls while children arrive, and may be
  /// read meanwhile.
  var cut: Double { Double(bitPattern: cutBits.load(ordering: .relaxed)) }

  /// - Throws: `SubsetSumError.memoryLimit`.
  init(kept: Int) throws(SubsetSumError) {
    self.kept = kept
    capacity = max(64, 2 * kept)
    children = try LargeBuffer(count: capacity)
    index = try LargeBuffer(count: Self.leastSlots)
    clearIndex()
  }

  /// Bytes of a part that keeps so many children.
  static func bytes(kept: Int) -> Int { max(64, 2 * kept) * (24 + 32) }

  /// Starts anew. For one thread at a time.
  func removeAll(cut: Double) {
    count = 0
    cutBits.store(cut.bitPattern, ordering: .relaxed)
    clearIndex()
  }

  /// Takes children in, from any thread. True where the cut has fallen.
  ///
  /// Their places in the index are all read first, so that the memory answers several reads at a
  /// time.
  func take(_ queue: UnsafePointer<BeamChild>, _ queued: Int) -> Bool {
    lock.withLock { _ in
      let before = cut
      for k in 0..<queued { touched &+= index[Int(truncatingIfNeeded: queue[k].key) & mask].place }
      for k in 0..<queued { take(queue[k]) }
      return cut < before
    }
  }

  /// Leaves the kept children, in any order. For one thread at a time.
  ///
  /// - Throws: `SubsetSumError.memoryLimit` where there was no memory for all children that came.
  func finish() throws(SubsetSumError) {
    if let failure { throw failure }
    if count > kept { keepBest() }
  }

  private func take(_ child: BeamChild) {
    if !(child.score <= cut) || failure != nil { return }
    let slot = slot(of: child.key)
    if index[slot].place != 0 {
      let position = Int(index[slot].place) &- 1
      if child.precedes(children[position]) { children[position] = child }
      return
    }
    children[count] = child
    count &+= 1
    index[slot] = Slot(tag: Self.tag(child.key), place: UInt32(count))
    if count == capacity { keepBest() } else if 2 * count > mask { growIndex() }
  }

  @inline(__always) private static func tag(_ key: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: key >> 32) }

  /// The slot that holds a key, or the one where it belongs.
  @inline(__always) private func slot(of key: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: key) & mask
    let tag = Self.tag(key)
    while index[slot].place != 0, index[slot].tag != tag || children[Int(index[slot].place) &- 1].key != key {
      slot = (slot &+ 1) & mask
    }
    return slot
  }

  private func clearIndex() { index.base.update(repeating: Slot(tag: 0, place: 0), count: mask + 1) }

  /// Drops all children but the best `kept`.
  private func keepBest() {
    partition(at: kept)
    count = kept
    var largest = children[kept - 1].score
    for position in 0..<(kept - 1) where children[position].score > largest { largest = children[position].score }
    cutBits.store(largest.bitPattern, ordering: .relaxed)
    listChildren()
  }

  private func growIndex() {
    do throws(SubsetSumError) { index = try LargeBuffer(count: 2 * (mask + 1)) } catch {
      failure = error
      return
    }
    mask = 2 * mask + 1
    listChildren()
  }

  private func listChildren() {
    clearIndex()
    for position in 0..<count {
      let key = children[position].key
      index[slot(of: key)] = Slot(tag: Self.tag(key), place: UInt32(position &+ 1))
    }
  }

  /// Hoare's selection: moves children so that the first `middle` of them precede all others.
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
