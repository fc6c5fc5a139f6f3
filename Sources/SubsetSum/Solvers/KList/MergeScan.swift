import LinearAlgebra
import RunControl
import SubsetSumKernels

/// Looks up the sums of one list in the cells of another. Each worker takes shares of them, and the
/// result is that of one share after the other.
struct MergeScan {
  /// Sums of one task.
  private static let share = 1 << 12
  /// Tasks for each worker whose results are joined before the next tasks begin.
  private static let turns = 4
  /// The most pairs that a task looks at, where one is expected to look at 2¹⁵: lists full of equal
  /// sums have any number of them in a cell.
  private static let mostLooks = 1 << 18

  private let workers: Int

  /// - Parameter count: sums that are looked up. Another worker pays from some tens of thousands
  ///   on.
  init(workers: Int, count: Int) { self.workers = max(1, min(workers, count >> 15)) }

  /// Writes the pairs (a, b) with b in cell `keys[a]`, by a and then b, as many as `pairs` has room
  /// for, and returns their number.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func pairs(
    _ index: CellIndex, _ keys: LargeBuffer<UInt64>, into pairs: LargeBuffer<SumPair>, _ control: RunControl
  ) throws -> Int {
    let shares = (keys.count + Self.share - 1) / Self.share
    let parts = (0..<Self.turns * workers).map { _ in MetPairs(capacity: 2 * Self.share) }
    var met = 0
    for start in stride(from: 0, to: shares, by: parts.count) where met < pairs.count {
      nonisolated(unsafe) let keys = keys
      let (room, tasks) = (pairs.count - met, min(shares - start, parts.count))
      try Workers.forEach(count: tasks, workers: workers) { task, _ in
        try control.checkInterruption()
        let first = (start + task) * Self.share
        parts[task].look(first..<min(keys.count, first + Self.share), index, keys, atMost: room)
      }
      for part in parts.prefix(tasks) {
        let taken = min(part.count, pairs.count - met)
        (pairs.base + met).update(from: part.pairs.base, count: taken)
        met += taken
      }
    }
    return met
  }

  private typealias Look = PairLook<SumPair>

  /// The pair in one cell whose sum a + b is the shortest, the first of equal ones, among the pairs
  /// looked at before the run had to stop.
  ///
  /// - Parameter order: the order in which coordinates are compared.
  func closest<Number>(
    _ first: SumList<Number>, _ second: SumList<Number>, _ index: CellIndex, _ keys: LargeBuffer<UInt64>, order: [Int],
    isMaximum: Bool, _ meter: inout WorkMeter
  ) throws -> SumPair? {
    nonisolated(unsafe) let keys = keys
    let shares = (keys.count + Self.share - 1) / Self.share
    return try meter.closest(shares: shares, workers: workers, dimension: first.dimension) { share, below in
      let begin = share * Self.share
      return Self.look(
        begin..<min(keys.count, begin + Self.share), first, second, index, keys, order, isMaximum, below)
    }?.met
  }

  private static func look<Number>(
    _ range: Range<Int>, _ first: SumList<Number>, _ second: SumList<Number>, _ index: CellIndex,
    _ keys: LargeBuffer<UInt64>,
    _ order: [Int], _ isMaximum: Bool, _ below: Double
  ) -> Look {
    var made = Look()
    var least = below
    let (m, left, right) = (first.dimension, first.rows, second.rows)
    order.withUnsafeBufferPointer { order in
      for a in range where made.visited < mostLooks {
        let row = left + a &* m
        index.forEach(in: keys[a]) { b in
          made.visited &+= 1
          if made.visited > mostLooks { return false }
          let other = right + Int(b) &* m
          var measure = 0.0
          for j in order {
            let value = Double(row[j]) + Double(other[j])
            measure = isMaximum ? max(measure, abs(value)) : measure + value * value
            if measure >= least { return true }
          }
          least = measure
          made.best = (measure, SumPair(left: UInt32(truncatingIfNeeded: a), right: b))
          return true
        }
      }
    }
    return made
  }
}

/// The pairs that a task has met. One task at a time writes them.
private final class MetPairs: @unchecked Sendable {
  private(set) var pairs: OwnedBuffer<SumPair>
  private(set) var count = 0

  init(capacity: Int) { pairs = OwnedBuffer(count: capacity) }

  /// Looks up a range of keys until there are so many pairs.
  func look(_ range: Range<Int>, _ index: CellIndex, _ keys: LargeBuffer<UInt64>, atMost room: Int) {
    count = 0
    var place = tombola_lookup_place(key: range.lowerBound, skipped: 0)
    while place.key < range.upperBound, count < room {
      if count == pairs.count {
        let larger = OwnedBuffer<SumPair>(count: 2 * count)
        larger.base.update(from: pairs.base, count: count)
        pairs = larger
      }
      let free = UnsafeMutableBufferPointer(start: pairs.base + count, count: min(room, pairs.count) - count)
      count += index.pairs(keys, from: &place, to: range.upperBound, into: free)
    }
  }
}
