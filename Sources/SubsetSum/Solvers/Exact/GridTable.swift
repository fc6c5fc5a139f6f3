/// Which sums lie where in several coordinates: boxes of a grid, whose sums are stored one box
/// after the other.
///
/// It serves windows that are wide beside the distances of sums in any one coordinate. Boxes are at
/// least as wide as the window, so that a look meets two or three of them in each coordinate; those
/// along the last coordinate are neighbours in memory. The outermost boxes hold all sums beyond
/// four deviations.
final class GridTable {
  private struct Axis {
    var column = 0
    var boxes = CellAxis(low: 0, inverse: 0, count: 1)
    var count = 1
    var stride = 1
  }

  /// What a grid would cost: the looks of a sum at neighbouring boxes, the sums that these hold,
  /// and the boxes.
  private struct Plan {
    var axes: [(column: Int, width: Double, boxes: Int)]
    var looks = 1.0
    /// The part of all sums that a look meets.
    var share = 1.0
    var boxes = 1
  }

  private let lists: PairedLists
  private let sums: RangeSums
  /// The lists whose sums are looked up.
  private let others: PairedLists
  private let starts: UnsafeMutablePointer<UInt32>
  private let entries: UnsafeMutablePointer<ListPair>
  private let places: UnsafeMutablePointer<UInt32>
  private let offsets: UnsafeMutablePointer<Int>
  private let axes: UnsafeMutablePointer<Axis>
  private var axisCount = 0
  /// The columns in the order in which pairs are compared, those that the grid has not narrowed
  /// first.
  let columns: UnsafeMutablePointer<Int>
  private let mostBoxes: Int
  /// The column of sizes, each box of which holds one size.
  private let sizes: (column: Int, unit: Double)?

  private static let mostAxes = 5
  /// The most boxes along a coordinate.
  private static let mostPlaces = 4096.0
  /// The most boxes that a look meets: three in each coordinate but the last.
  private static let mostLooks = 81

  /// - Precondition: two columns or more.
  init(_ sums: RangeSums, of lists: PairedLists, lookedUpBy others: PairedLists, sizes: (column: Int, unit: Double)?) {
    (self.lists, self.sums, self.others, self.sizes) = (lists, sums, others, sizes)
    mostBoxes = max(1 << 10, 2 * sums.capacity)
    starts = .allocate(capacity: mostBoxes + 2)
    entries = .allocate(capacity: sums.capacity)
    places = .allocate(capacity: sums.capacity)
    offsets = .allocate(capacity: Self.mostLooks)
    axes = .allocate(capacity: Self.mostAxes)
    axes.initialize(repeating: Axis(), count: Self.mostAxes)
    columns = .allocate(capacity: lists.columnCount)
    for column in 0..<lists.columnCount { columns[column] = column }
  }

  deinit {
    starts.deallocate()
    entries.deallocate()
    places.deallocate()
    offsets.deallocate()
    axes.deallocate()
    columns.deallocate()
  }

  /// Takes the sums, for looks within `window` by about `lookCount` others.
  func fill(window: Double, lookCount: Int) {
    plan(window: window, lookCount: lookCount)
    let boxes = axes[0].count * axes[0].stride
    let count = sums.count
    places.update(repeating: 0, count: count)
    for number in 0..<axisCount {
      let axis = axes[number]
      let (left, right) = (lists.left.columns[axis.column], lists.right.columns[axis.column])
      for k in 0..<count {
        let pair = sums.pairs[k]
        let box = axis.boxes.place(left[Int(pair.left)] + right[Int(pair.right)])
        places[k] &+= UInt32(truncatingIfNeeded: box &* axis.stride)
      }
    }
    // Box b ends where box b + 1 starts. While sums are placed, starts[b + 1] is where the next sum
    // of box b goes.
    starts.update(repeating: 0, count: boxes + 2)
    for k in 0..<count { starts[Int(places[k]) &+ 2] &+= 1 }
    for box in 1..<boxes + 2 { starts[box] &+= starts[box &- 1] }
    for k in 0..<count {
      let next = starts[Int(places[k]) &+ 1]
      entries[Int(next)] = sums.pairs[k]
      starts[Int(places[k]) &+ 1] = next &+ 1
    }
  }

  /// Visits the sums in the boxes that −(left + right) ± window meets, where left and right are
  /// entries of the others' lists, and returns how many there were.
  @inline(__always) func forEach(_ pair: ListPair, _ window: Double, _ body: (ListPair) -> Void) -> Int {
    var count = 1
    offsets[0] = 0
    let last = axisCount &- 1
    for number in 0..<last {
      let (first, final) = span(pair, axes[number], window)
      let stride = axes[number].stride
      if first == final {
        for k in 0..<count { offsets[k] &+= first &* stride }
      } else {
        let known = count
        for box in (first &+ 1)...final {
          for k in 0..<known {
            offsets[count] = offsets[k] &+ box &* stride
            count &+= 1
          }
        }
        for k in 0..<known { offsets[k] &+= first &* stride }
      }
    }
    let (first, final) = span(pair, axes[last], window)
    var seen = 0
    for k in 0..<count {
      let start = Int(starts[offsets[k] &+ first])
      let end = Int(starts[offsets[k] &+ final &+ 1])
      seen &+= end &- start
      var entry = start
      while entry < end {
        body(entries[entry])
        entry &+= 1
      }
    }
    return seen
  }

  @inline(__always) private func span(_ pair: ListPair, _ axis: Axis, _ window: Double) -> (Int, Int) {
    let value = -(others.left.columns[axis.column][Int(pair.left)] + others.right.columns[axis.column][Int(pair.right)])
    return (axis.boxes.place(value - window), axis.boxes.place(value + window))
  }

  /// Chooses coordinates and widths for which the looks and the sums met are expected to cost
  /// least. Sums of both sides are taken to be normal.
  private func plan(window: Double, lookCount: Int) {
    var best: (cost: Double, plan: Plan)?
    let most = min(Self.mostAxes, lists.columnCount - 1)
    for factor in [1.0, 1.5, 2, 3] {
      var plan = Plan(axes: [])
      for column in 1...most {
        let deviation = lists.deviations[column]
        let half = min((lists.highs[column] - lists.lows[column]) / 2, 4 * deviation)
        let finest = max(2 * half / Self.mostPlaces, .leastNormalMagnitude)
        let width = sizes?.column == column ? sizes!.unit : max(2 * window * factor, finest)
        let boxes = Int(saturating: min(Self.mostPlaces, (2 * half / width).rounded(.down))) + 1
        guard plan.boxes * boxes <= mostBoxes else { break }
        let spread = (deviation * deviation + others.deviations[column] * others.deviations[column]).squareRoot()
        // The boxes that a look meets in one row lie side by side, so those along the last
        // coordinate cost no more looks.
        if let last = plan.axes.last { plan.looks *= 1 + 2 * window / last.width }
        plan.share *= min(1, (2 * window + width) / (spread * (2 * Double.pi).squareRoot()))
        plan.boxes *= boxes
        plan.axes.append((column, width, boxes))
        let looks = Double(lookCount)
        let cost =
          looks * (plan.looks * 4 + Double(plan.axes.count)) + looks * Double(sums.count) * plan.share * 2
          + Double(plan.boxes)
        if best.map({ cost < $0.cost }) ?? true { best = (cost, plan) }
      }
    }
    let chosen = best!.plan.axes
    axisCount = chosen.count
    var stride = 1
    for (number, axis) in chosen.enumerated().reversed() {
      let middle = lists.lows[axis.column] + (lists.highs[axis.column] - lists.lows[axis.column]) / 2
      let inverse = (1 / axis.width).isFinite ? 1 / axis.width : 0
      let low = middle - axis.width * Double(axis.boxes) / 2
      axes[number] = Axis(
        column: axis.column, boxes: CellAxis(low: low, inverse: inverse, count: axis.boxes), count: axis.boxes,
        stride: stride)
      stride *= axis.boxes
    }
    let gridded = Set(chosen.map(\.column))
    let order =
      (0..<lists.columnCount).filter { $0 != 0 && !gridded.contains($0) } + [0] + chosen.map(\.column).reversed()
    for (place, column) in order.enumerated() { columns[place] = column }
  }
}
