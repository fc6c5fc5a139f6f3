import LinearAlgebra
import RunControl

/// Looks up the sums of one list in the cells of another. Each worker takes shares of them, and the
/// result is that of one share after the other.
struct MergeScan {
  /// Sums of one task, and tasks whose results are joined before the next tasks begin.
  private static let (share, wave) = (1 << 12, 64)
  /// The most pairs that a task looks at, where one is expected to look at 2¹⁵: lists full of equal
  /// sums have any number of them in a cell.
  private static let mostLooks = 1 << 18
  /// Sums that are looked up between two questions whether the run may go on.
  private static let asked = 1 << 8

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
    var met = 0
    var parts = [[SumPair]](repeating: [], count: min(shares, Self.wave))
    for start in stride(from: 0, to: shares, by: Self.wave) where met < pairs.count {
      try parts.withUnsafeMutableBufferPointer { parts in
        // Each task writes a part of its own.
        nonisolated(unsafe) let (parts, keys) = (parts, keys)
        let room = pairs.count - met
        try Workers.forEach(count: min(shares - start, Self.wave), workers: workers) { task, _ in
          parts[task].removeAll(keepingCapacity: true)
          let first = (start + task) * Self.share
          try control.forEach(first..<min(keys.count, first + Self.share), askingEvery: Self.asked) { a in
            if parts[task].count >= room { return }
            index.forEach(in: keys[a]) { b in
              parts[task].append(SumPair(left: UInt32(truncatingIfNeeded: a), right: b))
              return parts[task].count < room
            }
          }
        }
      }
      for part in parts.prefix(shares - start) {
        let taken = min(part.count, pairs.count - met)
        part.withUnsafeBufferPointer { if taken > 0 { (pairs.base + met).update(from: $0.baseAddress!, count: taken) } }
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
  func closest(
    _ first: SumList, _ second: SumList, _ index: CellIndex, _ keys: LargeBuffer<UInt64>, order: [Int],
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

  private static func look(
    _ range: Range<Int>, _ first: SumList, _ second: SumList, _ index: CellIndex, _ keys: LargeBuffer<UInt64>,
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
            let value = row[j] + other[j]
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
