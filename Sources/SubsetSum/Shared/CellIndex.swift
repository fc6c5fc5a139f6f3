import LinearAlgebra
import RunControl
import SubsetSumKernels

/// Which sums of a list lie in which cell: a hash table in two arrays. Nothing is written after
/// `init`.
final class CellIndex: @unchecked Sendable {
  private let shift: Int
  private let starts: LargeBuffer<UInt32>
  private let entries: LargeBuffer<tombola_cell_entry>

  /// Keys that are counted or placed between two questions whether the run may go on. Most go to
  /// random places in memory.
  private static let piece = 1 << 14

  /// The index of a list's keys. Workers take ranges of buckets, so that each writes to a part of
  /// its own.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(_ keys: LargeBuffer<UInt64>, workers: Int = 1, memory: LargeMemory? = nil, _ control: RunControl) throws {
    let bits = max(4, Int.bitWidth - max(1, keys.count).leadingZeroBitCount)
    let (buckets, shift) = (1 << bits, 64 - bits)
    // Bucket b ends where bucket b + 1 starts. While entries are placed, starts[b + 1] is where the
    // next entry of bucket b goes.
    let starts = try LargeBuffer<UInt32>(count: buckets + 2, memory: memory)
    try control.forEach(0..<starts.count, askingEvery: 4 * Self.piece) { starts[$0] = 0 }
    let tasks = max(1, min(workers, keys.count >> 15))
    nonisolated(unsafe) let (read, begin) = (keys, starts)
    try Workers.forEach(count: tasks, workers: tasks) { task, _ in
      let (first, end) = (buckets * task / tasks, buckets * (task + 1) / tasks)
      try control.inPieces(0..<read.count, of: Self.piece) {
        tombola_count_cells(read.base + $0.lowerBound, $0.count, shift, first, end, begin.base + 2)
      }
    }
    try control.forEach(1..<starts.count, askingEvery: 4 * Self.piece) { starts[$0] &+= starts[$0 &- 1] }
    // As many as there may be, so that another list's entries fit in the same memory.
    let entries = try LargeBuffer<tombola_cell_entry>(count: keys.count, memory: memory)
    nonisolated(unsafe) let placed = entries
    try Workers.forEach(count: tasks, workers: tasks) { task, _ in
      let (first, end) = (buckets * task / tasks, buckets * (task + 1) / tasks)
      try control.inPieces(0..<read.count, of: Self.piece) {
        tombola_place_cells(
          read.base + $0.lowerBound, $0.count, shift, first, end, begin.base + 1, $0.lowerBound, placed.base)
      }
    }
    (self.shift, self.starts, self.entries) = (shift, starts, entries)
  }

  /// Calls `body` with each sum of the cell, ascending, until it returns false. Two cells in 2³²
  /// share a tag and are taken for one.
  @inline(__always) func forEach(in key: UInt64, _ body: (UInt32) -> Bool) {
    if key == CellGrid.outside { return }
    let hash = SplitMix.mix(key)
    let bucket = Int(hash >> UInt64(shift))
    let tag = UInt32(truncatingIfNeeded: hash)
    var k = Int(starts[bucket])
    let end = Int(starts[bucket &+ 1])
    while k < end {
      if entries[k].tag == tag, !body(entries[k].sum) { return }
      k &+= 1
    }
  }

  /// Writes the pairs of keys from `place` up to `end` and the sums of their cells, by key and then
  /// by sum, as many as there is room for, and returns their number. `place` moves to where it
  /// stopped.
  func pairs(
    _ keys: LargeBuffer<UInt64>, from place: inout tombola_lookup_place, to end: Int,
    into pairs: UnsafeMutableBufferPointer<SumPair>
  ) -> Int {
    guard let base = pairs.baseAddress else { return 0 }
    return tombola_look_up(keys.base, &place, end, starts.base, entries.base, shift, base, pairs.count)
  }
}
