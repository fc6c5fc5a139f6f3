import LinearAlgebra
import RunControl

/// A grid on some coordinates. Sums of two lists that lie in opposite cells nearly cancel there.
struct CellGrid: Sendable {
  private struct Axis: Sendable {
    let coordinate: Int
    let inverse: Double
    /// Cells to each side of 0.
    let reach: Double
    /// Where cell 0 begins, in cells.
    let shift: Double
  }
  private let axes: [Axis]
  /// Nothing lies in this cell.
  static let outside = UInt64.max

  /// Cells of `widths` where they are finite, moved by a part `shift` of a cell; sums further than `reach` from 0 lie outside. Nil for too many
  /// cells to number.
  init?(widths: [Double], reach: [Double], shift: Double = 0) {
    var axes: [Axis] = []
    var cells = 1.0
    for (j, width) in widths.enumerated() where width.isFinite && width > 0 {
      let side = (reach[j] / width).rounded(.up) + (shift > 0 ? 1 : 0)
      cells *= 2 * side
      guard cells < 0x1p62 else { return nil }
      axes.append(Axis(coordinate: j, inverse: 1 / width, reach: side, shift: side + shift))
    }
    self.axes = axes
  }

  /// The cell of each sum: floor(v/w) in each coordinate; of −v for the `opposite` side.
  ///
  /// - Throws: `Interruption` when the run must stop; `SubsetSumError.memoryLimit`.
  func keys(
    of list: SumList, opposite: Bool, workers: Int, _ control: RunControl
  ) throws -> LargeBuffer<UInt64> {
    let keys = try LargeBuffer<UInt64>(count: list.count)
    let share = 1 << 15
    let tasks = (list.count + share - 1) / share
    // Tasks write disjoint parts.
    nonisolated(unsafe) let (rows, target) = (UnsafePointer(list.rows), keys.base)
    let (m, count) = (list.dimension, list.count)
    try Workers.forEach(count: tasks, workers: max(1, min(workers, tasks))) { task, _ in
      try control.checkInterruption()
      let first = task * share
      write(rows + first * m, min(share, count - first), m, opposite, to: target + first)
    }
    return keys
  }

  /// The cell of each of `count` rows of `dimension` entries, a few thousand.
  func keys(
    of rows: UnsafePointer<Double>, count: Int, dimension m: Int
  ) throws(SubsetSumError) -> LargeBuffer<UInt64> {
    let keys = try LargeBuffer<UInt64>(count: count)
    write(rows, count, m, false, to: keys.base)
    return keys
  }

  /// The cell of each of any number of rows, of −v for the `opposite` side.
  ///
  /// - Throws: `Interruption` when the run must stop; `SubsetSumError.memoryLimit`.
  func keys(
    of rows: UnsafePointer<Double>, count: Int, dimension m: Int, opposite: Bool, _ control: RunControl
  ) throws -> LargeBuffer<UInt64> {
    let keys = try LargeBuffer<UInt64>(count: count)
    try control.inPieces(0..<count, of: 1 << 14) {
      write(rows + $0.lowerBound &* m, $0.count, m, opposite, to: keys.base + $0.lowerBound)
    }
    return keys
  }

  private func write(
    _ rows: UnsafePointer<Double>, _ count: Int, _ m: Int, _ opposite: Bool, to keys: UnsafeMutablePointer<UInt64>
  ) {
    for k in 0..<count { keys[k] = 0 }
    for axis in axes {
      let factor = opposite ? -axis.inverse : axis.inverse
      let (limit, scale) = (2 * axis.reach, UInt64(2 * axis.reach))
      let column = rows + axis.coordinate
      for k in 0..<count {
        let place = column[k &* m] * factor + axis.shift
        let key = keys[k]
        if place >= 0 && place < limit && key != Self.outside {
          keys[k] = key &* scale &+ UInt64(place)
        } else {
          keys[k] = Self.outside
        }
      }
    }
  }
}

/// The sums of a list by their cell: a hash table in two arrays. Nothing is written after `init`.
final class CellIndex: @unchecked Sendable {
  private struct Entry {
    var tag: UInt32
    var sum: UInt32
  }
  private let shift: UInt64
  private let starts: LargeBuffer<UInt32>
  private let entries: LargeBuffer<Entry>

  /// Keys counted or placed between two questions whether to go on: most at random places in
  /// memory.
  private static let piece = 1 << 14

  /// Buckets are dealt to workers in ranges, so that each writes in a part of its own.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(_ keys: LargeBuffer<UInt64>, workers: Int = 1, _ control: RunControl) throws {
    let bits = max(4, Int.bitWidth - max(1, keys.count).leadingZeroBitCount)
    let (buckets, shift) = (1 << bits, UInt64(64 - bits))
    // Bucket b ends where b + 1 starts; while entries are placed, starts[b + 1] is where the next of bucket b goes.
    let starts = try LargeBuffer<UInt32>(count: buckets + 2)
    try control.forEach(0..<starts.count, askingEvery: 4 * Self.piece) { starts[$0] = 0 }
    let tasks = max(1, min(workers, keys.count >> 15))
    nonisolated(unsafe) let (read, begin) = (keys, starts)
    try Workers.forEach(count: tasks, workers: tasks) { task, _ in
      let range = buckets * task / tasks..<buckets * (task + 1) / tasks
      try control.forEach(0..<read.count, askingEvery: Self.piece) { k in
        if read[k] == CellGrid.outside { return }
        let bucket = Int(Self.hash(read[k]) >> shift)
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
        let hash = Self.hash(read[k])
        let bucket = Int(hash >> shift)
        if !range.contains(bucket) { return }
        let place = begin[bucket &+ 1]
        placed[Int(place)] = Entry(tag: UInt32(truncatingIfNeeded: hash), sum: UInt32(k))
        begin[bucket &+ 1] = place &+ 1
      }
    }
    (self.shift, self.starts, self.entries) = (shift, starts, entries)
  }

  @inline(__always) private static func hash(_ key: UInt64) -> UInt64 {
    // The finaliser of SplitMix64, a bijection: bucket and tag come from all bits.
    var z = key
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Calls `body` with each sum of the cell, ascending, until it returns false. Two cells in 2³² share a tag and are taken
  /// for one.
  @inline(__always) func forEach(in key: UInt64, _ body: (UInt32) -> Bool) {
    if key == CellGrid.outside { return }
    let hash = Self.hash(key)
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
