import LinearAlgebra
import RunControl

/// One k-list search: what came of each list of a dealing. Sums are in units of the dealing.
final class KListSearch<Number: ListNumber> {
  private let dealing: KListDealing
  private var plan: KListPlan { dealing.plan }
  /// The lists by level, leaves first. Their values are released once they have been merged.
  private var lists: [[SumList<Number>?]]
  private let workers: Int
  private let memory: LargeMemory

  /// - Parameter memory: what searches of lists as long have left.
  init(_ dealing: KListDealing, workers: Int, memory: LargeMemory) {
    self.dealing = dealing
    self.workers = workers
    self.memory = memory
    let levels = dealing.plan.levels
    lists = (0...levels).map { level in Array(repeating: nil, count: 1 << (levels - level)) }
  }

  /// The best subset met; nil when a merge came out empty, or the run stopped before the last one.
  ///
  /// - Parameter goesOn: called with the part of all leaves that have been merged.
  /// - Throws: what `goesOn` does; `Interruption` when the run must stop.
  func run(_ meter: inout WorkMeter, goesOn: (_ part: Double) throws -> Void) throws -> [Int]? {
    let top = plan.levels - 1
    guard let first = try build(top, 0, &meter, goesOn), let second = try build(top, 1, &meter, goesOn) else {
      return nil
    }
    lists[top] = [first, second]
    guard let pair = try closest(first, second, &meter) else { return nil }
    var chosen: [Int] = []
    collect(top, 0, Int(pair.left), into: &chosen)
    collect(top, 1, Int(pair.right), into: &chosen)
    return chosen.sorted()
  }

  /// The list of node `index` of `level`, from its leaves up.
  private func build(
    _ level: Int, _ index: Int, _ meter: inout WorkMeter, _ goesOn: (Double) throws -> Void
  ) throws -> SumList<Number>? {
    let work = UInt64(dealing.problem.dimension * plan.length(level))
    guard meter.allows(work) else { return nil }
    let list: SumList<Number>
    if level == 0 {
      list = try leaf(index, meter.control)
    } else {
      guard let first = try build(level - 1, 2 * index, &meter, goesOn),
        let second = try build(level - 1, 2 * index + 1, &meter, goesOn)
      else { return nil }
      list = try merged(first, second, level: level, meter.control)
      first.releaseValues()
      second.releaseValues()
      try goesOn(Double((index + 1) << level) / Double(dealing.groups.count))
    }
    meter.count(work: work, evaluations: UInt64(list.count))
    meter.report(
      "merging lists", completed: index, total: dealing.groups.count >> level, best: plan.expectedError)
    lists[level][index] = list
    return list.count > 0 ? list : nil
  }

  /// All sums of a leaf's candidates.
  private func leaf(_ index: Int, _ control: RunControl) throws -> SumList<Number> {
    let (group, m, unit) = (dealing.groups[index], dealing.problem.dimension, dealing.unit)
    let rows = OwnedBuffer<Number>(count: group.count * m)
    dealing.problem.candidates.withRows { source in
      for (bit, i) in group.enumerated() {
        for j in 0..<m { rows.base[bit * m + j] = Number(source.coordinate(i, j) * unit) }
      }
    }
    let center = dealing.centers[index].map { Number($0 * unit) }
    return try SumList(rows, bits: group.count, center: center, memory: memory, control)
  }

  /// The subset behind sum `k` of a node.
  private func collect(_ level: Int, _ index: Int, _ k: Int, into chosen: inout [Int]) {
    if level == 0 {
      for (bit, i) in dealing.groups[index].enumerated() where k >> bit & 1 == 1 { chosen.append(i) }
      return
    }
    let parents = lists[level][index]!.parents![k]
    collect(level - 1, 2 * index, Int(parents.left), into: &chosen)
    collect(level - 1, 2 * index + 1, Int(parents.right), into: &chosen)
  }

  /// As many pairs as the level has room for, of sums that nearly cancel in the coordinates that
  /// have a width. The widths grow where the lists at hand make too few pairs.
  ///
  /// - Throws: `Interruption` when the run must stop.
  private func merged(
    _ first: SumList<Number>, _ second: SumList<Number>, level: Int, _ control: RunControl
  ) throws -> SumList<Number> {
    let wanted = plan.length(level)
    var widths = plan.widths[level - 1].map { $0 * dealing.unit }
    let reach = first.deviations.map { 6 * $0 }
    let narrowed = widths.count { $0.isFinite }
    let pairs = try LargeBuffer<SumPair>(count: wanted, memory: memory)
    var met = 0
    for attempt in 0..<4 {
      guard let grid = CellGrid(widths: widths, reach: reach) else { break }
      met = try scanned(grid, first, second, control) { index, keys, scan in
        try scan.pairs(index, keys, into: pairs, control)
      }
      if met >= wanted / 2 || narrowed == 0 || attempt == 3 { break }
      let growth = min(8, 1.1 * Double(wanted) / Double(max(1, met)))
      let factor = power(growth, 1 / Double(narrowed))
      widths = widths.map { $0 * factor }
    }
    return try SumList(first, second, pairs, count: met, workers: workers, memory: memory, control)
  }

  /// What the scan of the first list's sums in the cells of the second's makes.
  private func scanned<Result>(
    _ grid: CellGrid, _ first: SumList<Number>, _ second: SumList<Number>, _ control: RunControl,
    _ look: (CellIndex, LargeBuffer<UInt64>, MergeScan) throws -> Result
  ) throws -> Result {
    let others = try grid.keys(of: second, opposite: true, workers: workers, memory: memory, control)
    let index = try CellIndex(others, workers: workers, memory: memory, control)
    let keys = try grid.keys(of: first, opposite: false, workers: workers, memory: memory, control)
    return try look(index, keys, MergeScan(workers: workers, count: keys.count))
  }

  /// The pair of least norm among those that share a cell of a grid so coarse that about eight
  /// pairs are looked at for each sum.
  private func closest(
    _ first: SumList<Number>, _ second: SumList<Number>, _ meter: inout WorkMeter
  ) throws -> SumPair? {
    let m = first.dimension
    let spread = first.deviations
    // Cells lie on the widest coordinates, until about eight of the second list's sums are left to
    // a cell.
    var widths = [Double](repeating: .infinity, count: m)
    var budget = logarithm2(Double(second.count)) - 3
    let order = (0..<m).sorted { (spread[$1], $0) < (spread[$0], $1) }
    for j in order where budget > 0 && spread[j] > 0 {
      let whole = (4 * Double.pi).squareRoot() * spread[j]
      let cost = min(budget, logarithm2(whole / (16 * plan.expectedError * dealing.unit)))
      if cost <= 0 { break }
      widths[j] = whole * exponential2(-cost)
      budget -= cost
    }
    guard let grid = CellGrid(widths: widths, reach: spread.map { 6 * $0 }) else { return nil }
    let isMaximum = dealing.problem.norm == .maximum
    return try scanned(grid, first, second, meter.control) { index, keys, scan in
      try scan.closest(first, second, index, keys, order: order, isMaximum: isMaximum, &meter)
    }
  }
}
