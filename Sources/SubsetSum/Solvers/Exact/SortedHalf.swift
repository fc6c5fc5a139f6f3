import RunControl

/// The 2^bits vector sums of some candidates, by columns, in groups that ascend in column 0.
final class SortedHalf {
  private(set) var count: Int
  /// The range of sums that each of `HalfSums`' groups takes.
  private(set) var groups: [Range<Int>]
  let columns: [UnsafeMutablePointer<Double>]
  let masks: UnsafeMutablePointer<UInt32>
  private let memory: (columns: [OwnedBuffer<Double>], masks: OwnedBuffer<UInt32>)
  /// Sums that are made between two questions whether the run may go on.
  private static let piece = 1 << 14

  /// The sums `−bases + Σ`, or `Σ` without bases, of the coordinates `order`, one column for each.
  /// `padding` infinite sums follow the last.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(
    dimension m: Int, order: [Int], rows: UnsafePointer<Double>, bits: Int, bySize: Bool = false,
    bases: UnsafePointer<Double>?, padding: Int, _ control: RunControl
  ) throws(Interruption) {
    let count = 1 << bits
    self.count = count
    let key = order[0]
    let sorted = try HalfSums(
      base: bases.map { -$0[key] } ?? 0, numbers: rows + key, bits: bits, stride: m, bySize: bySize, control)
    let capacity = count + padding
    memory = ((0..<m).map { _ in OwnedBuffer(count: capacity) }, OwnedBuffer(count: count))
    let (columns, masks) = (memory.columns.map(\.base), memory.masks.base)
    (self.columns, self.masks) = (columns, masks)
    var groups: [Range<Int>] = []
    for group in sorted.groups {
      let start = groups.last?.upperBound ?? 0
      try control.inPieces(0..<group.count, of: Self.piece) { range in
        let first = range.lowerBound
        (masks + start + first).update(from: group.masks + first, count: range.count)
        (columns[0] + start + first).update(from: group.values + first, count: range.count)
      }
      groups.append(start..<start + group.count)
    }
    self.groups = groups
    let made = OwnedBuffer<Double>(count: count)
    let unsorted = made.base
    for (position, j) in order.dropFirst().enumerated() {
      unsorted[0] = bases.map { -$0[j] } ?? 0
      for bit in 0..<bits {
        let half = 1 << bit
        let number = rows[bit * m + j]
        try control.forEach(0..<half, askingEvery: Self.piece) { unsorted[half &+ $0] = unsorted[$0] + number }
      }
      let column = columns[position + 1]
      try control.forEach(0..<count, askingEvery: Self.piece) { column[$0] = unsorted[Int(masks[$0])] }
    }
    for column in columns {
      for k in count..<capacity { column[k] = .infinity }
    }
  }

  func least(_ column: Int) -> Double { (0..<count).reduce(.infinity) { min($0, columns[column][$1]) } }
  func most(_ column: Int) -> Double { (0..<count).reduce(-.infinity) { max($0, columns[column][$1]) } }
  func mean(_ column: Int) -> Double { (0..<count).reduce(0) { $0 + columns[column][$1] } / Double(count) }
  func deviation(_ column: Int) -> Double {
    let mean = mean(column)
    let squares = (0..<count).reduce(0) { $0 + (columns[column][$1] - mean) * (columns[column][$1] - mean) }
    return (squares / Double(count)).squareRoot()
  }

  /// Drops sums that are equal to another of the list. Cost: a few passes, and a sort where many
  /// first coordinates are equal.
  ///
  /// Of subsets that differ only in which of equal candidates they hold, the one with the first of
  /// them is kept; with `areExact`, of all subsets with the same sum the first in the list. `rows`
  /// are the candidates that the list was made of.
  ///
  /// - Precondition: one group.
  func dropRepeats(rows: UnsafePointer<Double>, bits: Int, areExact: Bool) {
    let m = columns.count
    var needed = [UInt32](repeating: 0, count: bits)
    for later in 0..<bits {
      let equal = (0..<later).last { earlier in
        (0..<m).allSatisfy { rows[earlier * m + $0] == rows[later * m + $0] }
      }
      if let equal { needed[later] = 1 << UInt32(equal) }
    }
    let chains = (0..<bits).filter { needed[$0] != 0 }.map { (bit: UInt32(1) << UInt32($0), needed: needed[$0]) }
    if !chains.isEmpty {
      let masks = masks
      keep { k in chains.allSatisfy { masks[k] & $0.bit == 0 || masks[k] & $0.needed != 0 } }
    }
    if areExact { dropEqualSums() }
  }

  private func dropEqualSums() {
    var isRepeat = [Bool](repeating: false, count: count)
    let (key, others) = (columns[0], columns.dropFirst())
    var start = 0
    while start < count {
      var end = start + 1
      while end < count, key[end] == key[start] { end += 1 }
      if end - start > 1 {
        let sorted = (start..<end).sorted { a, b in
          for column in others where column[a] != column[b] { return column[a] < column[b] }
          return a < b
        }
        for (a, b) in zip(sorted, sorted.dropFirst()) {
          isRepeat[b] = others.allSatisfy { $0[a] == $0[b] }
        }
      }
      start = end
    }
    keep { !isRepeat[$0] }
  }

  private func keep(where isKept: (Int) -> Bool) {
    var kept = 0
    for k in 0..<count where isKept(k) {
      for column in columns { column[kept] = column[k] }
      masks[kept] = masks[k]
      kept += 1
    }
    count = kept
    groups = [0..<kept]
  }
}
