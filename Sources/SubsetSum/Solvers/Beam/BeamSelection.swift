import LinearAlgebra
import RunControl
import Synchronization

/// The best children with distinct subsets, as many as a level keeps, from any number of workers.
///
/// Children fall to parts by the top bits of their keys. Each part keeps the best of its own
/// (`SelectionPart`), eight deviations more than its share of `kept`, and the best `kept` of all
/// parts are left. So what is left does not depend on the order of arrival or on the workers. It is
/// the best `kept` unless more than its room fall to one part, with odds of 10⁻¹⁵. Two subsets
/// whose 64-bit keys collide count as one: of 10⁷ children, with odds of 3·10⁻⁶.
///
/// Children wait in queues, one for each worker and part; all other members serve one thread.
/// Memory: that of the parts, and 24 bytes a kept child.
final class BeamSelection: @unchecked Sendable {
  private static let queueLength = 64
  /// The number of kept children from which on there are several parts.
  private static let leastDivided = 1 << 13
  private static let dividedParts = 16
  /// Children, or buckets of a few, that are gone through between two questions whether the run may
  /// go on.
  private static let piece = 1 << 13

  let kept: Int
  private let workers: Int
  private let parts: [SelectionPart]
  private let shift: UInt64
  /// The queue of worker w for part p at (w·parts + p)·queueLength.
  private let queues: LargeBuffer<BeamChild>
  private let queued: LargeBuffer<Int>
  private let ordered: LargeBuffer<BeamChild>
  private(set) var count = 0
  private let cutBits = Atomic<UInt64>(Double.infinity.bitPattern)

  /// Children above this score are not among the best. It may be read while others insert.
  var cut: Double { Double(bitPattern: cutBits.load(ordering: .relaxed)) }

  /// - Precondition: 1 ≤ `kept` < 2³⁰.
  /// - Throws: `SubsetSumError.memoryLimit`.
  init(kept: Int, workers: Int = 1) throws(SubsetSumError) {
    self.kept = kept
    self.workers = workers
    let (count, share) = Self.division(kept)
    var parts: [SelectionPart] = []
    for _ in 0..<count { parts.append(try SelectionPart(kept: share)) }
    self.parts = parts
    shift = UInt64(64 - count.trailingZeroBitCount)
    queues = try LargeBuffer(count: workers * count * Self.queueLength)
    queued = try LargeBuffer(count: workers * count)
    queued.base.update(repeating: 0, count: queued.count)
    ordered = try LargeBuffer(count: count * share)
  }

  /// The number of parts, and how many children each keeps.
  private static func division(_ kept: Int) -> (parts: Int, share: Int) {
    if kept < leastDivided { return (1, kept) }
    let mean = Double(kept) / Double(dividedParts)
    return (dividedParts, Int((mean + 8 * mean.squareRoot()).rounded(.up)))
  }

  /// Bytes, beside the queues of the workers.
  static func bytes(kept: Int) -> Int {
    let (parts, share) = division(kept)
    return parts * (SelectionPart.bytes(kept: share) + 24 * share)
  }

  /// The kept child at a position in ascending order, once they have been sorted.
  subscript(_ position: Int) -> BeamChild { ordered[position] }

  /// Starts anew, and leaves out children above `cut`.
  func removeAll(cut: Double = .infinity) {
    for part in parts { part.removeAll(cut: cut) }
    queued.base.update(repeating: 0, count: queued.count)
    cutBits.store(cut.bitPattern, ordering: .relaxed)
    count = 0
  }

  /// Takes a child in. Each `worker` is one thread's number.
  @inline(__always) func insert(_ child: BeamChild, worker: Int) {
    let part = Int(truncatingIfNeeded: child.key >> shift)
    let queue = worker &* parts.count &+ part
    let place = queued[queue]
    queues[queue &* Self.queueLength &+ place] = child
    queued[queue] = place &+ 1
    if place &+ 1 == Self.queueLength { settle(queue, part) }
  }

  private func settle(_ queue: Int, _ part: Int) {
    if parts[part].take(queues.base + queue &* Self.queueLength, queued[queue]) {
      // Another worker may store an older maximum after this one. The cut is then higher for a
      // while, which costs visits alone.
      cutBits.store(parts.reduce(0) { max($0, $1.cut) }.bitPattern, ordering: .relaxed)
    }
    queued[queue] = 0
  }

  /// Takes in what is queued, and leaves the kept children in ascending order.
  ///
  /// Children are dealt to buckets of equal widths in score, and buckets are sorted. First and last
  /// scores of a level differ by little more than a few deviations, so most buckets hold a few
  /// children.
  ///
  /// - Throws: `Interruption` when the run must stop; the children are then in no order.
  func sort(_ control: RunControl) throws {
    for queue in 0..<queued.count where queued[queue] > 0 { settle(queue, queue % parts.count) }
    for part in parts { try part.finish() }
    let all = parts.reduce(0) { $0 + $1.count }
    let (least, most) = extremes()
    count = min(all, kept)
    let buckets = max(1, min(1 << 18, all / 4))
    let inverse = Double(buckets) / (most - least)
    guard inverse.isFinite, inverse > 0, buckets > 1 else { return sortAsOne() }
    let starts = try LargeBuffer<UInt32>(count: buckets + 1)
    starts.base.update(repeating: 0, count: buckets + 1)
    func bucket(_ child: BeamChild) -> Int { min(buckets &- 1, Int((child.score - least) * inverse)) }
    for part in parts {
      try control.forEach(0..<part.count, askingEvery: Self.piece) { starts[bucket(part.children[$0]) &+ 1] &+= 1 }
    }
    for b in 0..<buckets { starts[b &+ 1] &+= starts[b] }
    let tasks = max(1, min(4 * workers, all >> 12))
    // Task t has the buckets from the place where its share of the children begins.
    let bounds = (0...tasks).map { t in
      t == tasks ? buckets : partitionPoint(0..<buckets) { Int(starts[$0]) >= all * t / tasks }
    }
    nonisolated(unsafe) let (ordered, ends) = (ordered, try LargeBuffer<UInt32>(count: buckets))
    ends.base.update(from: starts.base, count: buckets)
    nonisolated(unsafe) let first = starts
    try Workers.forEach(count: tasks, workers: min(workers, tasks)) { task, _ in
      let (low, high) = (bounds[task], bounds[task + 1])
      for part in parts {
        try control.forEach(0..<part.count, askingEvery: Self.piece) { k in
          let child = part.children[k]
          let b = min(buckets &- 1, Int((child.score - least) * inverse))
          if b < low || b >= high { return }
          ordered[Int(ends[b])] = child
          ends[b] &+= 1
        }
      }
      try control.forEach(low..<high, askingEvery: Self.piece) { b in
        let count = Int(first[b &+ 1] - first[b])
        if count > 1 { BeamChild.sort(ordered.base + Int(first[b]), count) }
      }
    }
  }

  /// The least and the largest score.
  private func extremes() -> (least: Double, most: Double) {
    var (least, most) = (Double.infinity, 0.0)
    for part in parts {
      for k in 0..<part.count {
        let score = part.children[k].score
        if score < least { least = score }
        if score > most { most = score }
      }
    }
    return (least, most)
  }

  private func sortAsOne() {
    var all = 0
    for part in parts {
      (ordered.base + all).update(from: part.children.base, count: part.count)
      all += part.count
    }
    BeamChild.sort(ordered.base, all)
  }
}
