import RunControl

/// Positions of an entry in each of two lists.
struct ListPair {
  let left: UInt32
  let right: UInt32
}

/// Two sorted lists, whose sums are asked for by ranges of their first coordinate.
final class PairedLists {
  let left: SortedHalf
  let right: SortedHalf
  /// The number of candidates of the left list.
  let bits: Int
  let columnCount: Int
  /// Means, deviations and extremes of the sums, by column.
  let means: [Double]
  let deviations: [Double]
  let lows: [Double]
  let highs: [Double]

  var longest: Int { max(left.count, right.count) }
  var count: Int { left.count * right.count }

  /// - Throws: `Interruption` when the run must stop.
  init(_ left: SortedHalf, _ right: SortedHalf, bits: Int, _ control: RunControl) throws(Interruption) {
    (self.left, self.right, self.bits) = (left, right, bits)
    let columns = left.columns.indices
    columnCount = columns.count
    means = try control.map(columns, askingEvery: 1) { left.mean($0) + right.mean($0) }
    deviations = try control.map(columns, askingEvery: 1) { column in
      let (a, b) = (left.deviation(column), right.deviation(column))
      return (a * a + b * b).squareRoot()
    }
    lows = try control.map(columns, askingEvery: 1) { left.least($0) + right.least($0) }
    highs = try control.map(columns, askingEvery: 1) { left.most($0) + right.most($0) }
  }

  func sum(_ pair: ListPair, _ column: Int) -> Double {
    left.columns[column][Int(pair.left)] + right.columns[column][Int(pair.right)]
  }

  func mask(_ pair: ListPair) -> UInt32 { left.masks[Int(pair.left)] | right.masks[Int(pair.right)] << UInt32(bits) }
}

/// The sums of two lists that lie in a range: their second coordinates, and the entries that they
/// are made of.
final class RangeSums {
  let capacity: Int
  private(set) var count = 0
  let values: UnsafeMutablePointer<Double>
  let pairs: UnsafeMutablePointer<ListPair>

  init(capacity: Int) {
    self.capacity = capacity
    values = .allocate(capacity: capacity)
    pairs = .allocate(capacity: capacity)
  }

  deinit {
    values.deallocate()
    pairs.deallocate()
  }

  /// Where a collection that ran out of room goes on: positions in the two lists.
  struct Place {
    let left: Int
    let right: Int
  }

  /// Collects the sums s with low ≤ s < high in the first coordinate, from `place` on, as many as
  /// there is room for. Returns where to go on, or nil when there are no more.
  ///
  /// As the left entry ascends, the range of right ones descends. Cost: both lists, and the sums.
  func collect(
    _ lists: PairedLists, from low: Double, to high: Double, at place: Place = Place(left: 0, right: 0)
  ) -> Place? {
    let (a, b) = (lists.left.columns[0], lists.right.columns[0])
    let (a1, b1) = (lists.left.columns[1], lists.right.columns[1])
    let (leftCount, rightCount) = (lists.left.count, lists.right.count)
    let (values, pairs, capacity) = (values, pairs, capacity)
    var start = rightCount
    var made = 0
    defer { count = made }
    for i in place.left..<leftCount {
      let value = a[i]
      let other = a1[i]
      while start > 0, value + b[start &- 1] >= low { start &-= 1 }
      var k = i == place.left ? max(start, place.right) : start
      while k < rightCount, value + b[k] < high {
        if made == capacity { return Place(left: i, right: k) }
        values[made] = other + b1[k]
        pairs[made] = ListPair(left: UInt32(truncatingIfNeeded: i), right: UInt32(truncatingIfNeeded: k))
        made &+= 1
        k &+= 1
      }
    }
    return nil
  }
}

/// The sums of a range, made in parts that there is room for: narrower ranges, or pieces of a range
/// where so many sums are nearly equal that no narrower one helps.
struct SumParts {
  private let lists: PairedLists
  private let sums: RangeSums
  private let high: Double
  /// The width below which no range is split.
  private let finest: Double
  private var width = Double.infinity
  private var rest: RangeSums.Place?
  /// Where the range of the current part begins, and where it ends.
  private(set) var low: Double
  private(set) var end: Double

  init(_ lists: PairedLists, in sums: RangeSums, from low: Double, to high: Double) {
    (self.lists, self.sums) = (lists, sums)
    self.low = max(low, lists.lows[0])
    end = self.low
    self.high = min(high, lists.highs[0].nextUp)
    finest = (lists.highs[0] - lists.lows[0]) * 0x1p-52
  }

  /// Makes the next part. False when there is none.
  mutating func advance() -> Bool {
    if let place = rest {
      rest = sums.collect(lists, from: low, to: end, at: place)
      return true
    }
    low = end
    guard low < high else { return false }
    end = min(high, low + 4 * width)
    rest = sums.collect(lists, from: low, to: end)
    while rest != nil, end - low > finest {
      let middle = low + (end - low) / 4
      guard middle > low else { break }
      end = middle
      rest = sums.collect(lists, from: low, to: end)
    }
    width = end - low
    return true
  }
}
