import LinearAlgebra
import RunControl

/// Which sums of a list lie in which cell: a hash table in two arrays. Nothing is written after
/// `init`.
final class CellIndex: @unchecked Sendable {
  private struct Entry {
    var tag: UInt32
    var sum: UInt32
  }
  private let shift: UInt64
  private let starts: LargeBuffer<UInt32>
  private let entries: LargeBuffer<Entry>

  /// Keys that are counted or placed between two questions whether the run may go on. Most go to
  /// random places in memory.
  private static let piece = 1 << 14

  /// The index of a list's keys. Workers take ranges of buckets, so that each writes to a part of
  /// its own.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(_ keys: LargeBuffer<UInt64>, workers: Int = 1, _ control: RunControl) throws {
    let bits = max(4, Int.bitWidth - max(1, keys.count).leadingZeroBitCount)
    let (buckets, shift) = (1 << bits, UInt64(64 - bits))
    // Bucket b ends where bucket b + 1 starts. While entries are placed, starts[b + 1] is where the
    // next entry of bucket b goes.
    let starts = try LargeBuffer<UInt32>(count: buckets + 2)
    try control.forEach(0..<starts.count, askingEvery: 4 * Self.piece) { starts[$0] = 0 }
    let tasks = max(1, min(workers, keys.count >> 15))
    nonisolated(unsafe) let (read, begin) = (keys, starts)
    try Workers.forEach(count: tasks, workers: tasks) { task, _ in
      let range = buckets * task / tasks..<buckets * (task + 1) / tasks
      try control.forEach(0..<read.count, askingEvery: Self.piece) { k in
        if read[k] == CellGrid.outside { return }
        let bucket = Int(SplitMix.mix(read[k]) >> shift)
        if range.contains(bucket) { begin[bucket &+ 2] &+= 1 }
      }
    }
    try control.forEach(1..<starts.count, askingEvery: 4 * Self.piece) { starts[$0] &+= starts[$0 &- 1] }
    let entries = try LargeBuffer<Entry>(count: Int(starts[buckets + 1]))
    nonisolated(unsafe) let placed = entries
    try Workers.forEach(count: tasks, workers: tasks) { task, _ in
      let range = buckets * task / tasks..<buckets * (task + 1) / tasks
      try control.forEach(0..<read.count, askingEvery: Self.piece) { k in
        if read[k] == CellGrid.outside { return }
        let hash = SplitMix.mix(read[k])
        let bucket = Int(hash >> shift)
        if !range.contains(bucket) { return }
        let place = begin[bucket &+ 1]
        placed[Int(place)] = Entry(tag: UInt32(truncatingIfNeeded: hash), sum: UInt32(k))
        begin[bucket &+ 1] = place &+ 1
      }
    }
    (self.shift, self.starts, self.entries) = (shift, starts, entries)
  }

  /// Calls `body` with each sum of the cell, ascending, until it returns false. Two cells in 2³²
  /// share a tag and are taken for one.
  @inline(__always) func forEach(in key: UInt64, _ body: (UInt32) -> Bool) {
    if key == CellGrid.outside { return }
    let hash = SplitMix.mix(key)
    let bucket = Int(hash >> shift)
    let tag = UInt32(truncatingIfNeeded: hash)
    var k = Int(starts[bucket])
    let end = Int(starts[bucket &+ 1])
    while k < end {
      if entries[k].tag == tag, !body(entries[k].sum) { return }
      k &+= 1
    }
  }
}
