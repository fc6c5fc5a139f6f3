import LinearAlgebra
import RunControl

/// One k-list search: its plan, the groups of candidates, and what came of each list.
final class KListSearch {
  private let problem: Problem
  private let plan: KListPlan
  /// The candidates of each leaf.
  private let groups: [[Int]]
  private let centers: [[Double]]
  /// The lists by level, leaves first. Their values are released once they have been merged.
  private var lists: [[SumList?]]
  private let workers: Int

  /// Whether the lists hold all subsets of all candidates, so that no other dealing has more to
  /// look at.
  var hasSeenAll: Bool { problem.dimension == 1 && 2 * plan.sizes[plan.levels - 1] == candidateCount }
  /// The number of candidates that are not 0.
  private let candidateCount: Int

  /// Nil where the problem has too few candidates, or no coordinate to narrow.
  ///
  /// - Throws: `Interruption` when the run must stop.
  convenience init?(_ problem: Problem, longest bits: [Int], workers: Int, _ meter: inout WorkMeter) throws {
    let (n, m) = (problem.count, problem.dimension)
    guard m > 0, meter.allows(UInt64(n * m)) else { return nil }
    meter.count(work: UInt64(n * m), evaluations: 0)
    let order = try problem.candidates.ascendingOrder(meter.control) { $0 > 0 }
    try self.init(problem, order: order, longest: bits, dealing: 0, workers: workers, &meter)
  }

  /// - Parameters:
  ///   - order: the candidates that are not 0, by ascending norm.
  ///   - dealing: the number of the way in which candidates are dealt to groups.
  init?(
    _ problem: Problem, order: [Int], longest bits: [Int], dealing: Int, workers: Int, _ meter: inout WorkMeter
  ) throws {
    let m = problem.dimension
    if m == 0 { return nil }
    let control = meter.control
    let made = try KListPlan.best(count: order.count, largestBits: { bits[$0] }) { first in
      var squares = [Double](repeating: 0, count: m)
      try problem.candidates.withRows { rows in
        try control.forEach(0..<first, askingEvery: problem.candidates.rowsBetweenQuestions) { place in
          let i = order[place]
          for j in 0..<m { squares[j] += rows.coordinate(i, j) * rows.coordinate(i, j) }
        }
      }
      return squares
    }
    guard let made else { return nil }
    let leaves = 1 << made.levels
    let dealt = Self.dealt(Array(order.prefix(leaves * made.sizes[0])), dealing)
    // Candidates are dealt in turn, so that the groups are alike.
    let groups = (0..<leaves).map { leaf in (0..<made.sizes[0]).map { dealt[$0 * leaves + leaf] } }
    candidateCount = order.count
    self.problem = problem
    self.workers = workers
    self.groups = groups
    plan = made
    centers = Self.centers(problem, groups)
    lists = (0...made.levels).map { level in [SumList?](repeating: nil, count: leaves >> level) }
  }

  /// The candidates in the order in which they are dealt: as they are for 0, in a fixed random
  /// order for each number above.
  private static func dealt(_ candidates: [Int], _ dealing: Int) -> [Int] {
    if dealing == 0 { return candidates }
    return candidates.map { (SplitMix.draw(dealing, $0), $0) }.sorted { $0 < $1 }.map(\.1)
  }

  /// The mean sum of each group, and an equal share of what the means leave of the target.
  private static func centers(_ problem: Problem, _ groups: [[Int]]) -> [[Double]] {
    let m = problem.dimension
    var means = groups.map { _ in [Double](repeating: 0, count: m) }
    var rest = problem.target
    problem.candidates.withRows { rows in
      for (g, group) in groups.enumerated() {
        for i in group { for j in 0..<m { means[g][j] += rows.coordinate(i, j) / 2 } }
        for j in 0..<m { rest[j] -= means[g][j] }
      }
    }
    return means.map { mean in mean.indices.map { mean[$0] + rest[$0] / Double(groups.count) } }
  }

  /// The best subset met; nil when a merge came out empty, or the run stopped before the last one.
  func run(_ meter: inout WorkMeter) throws -> [Int]? {
    guard let first = try build(plan.levels - 1, 0, &meter), let second = try build(plan.levels - 1, 1, &meter) else {
      return nil
    }
    lists[plan.levels - 1] = [first, second]
    guard let pair = try closest(first, second, &meter) else { return nil }
    var chosen: [Int] = []
    collect(plan.levels - 1, 0, Int(pair.left), into: &chosen)
    collect(plan.levels - 1, 1, Int(pair.right), into: &chosen)
    return chosen.sorted()
  }

  /// The list of node `index` of `level`, from its leaves up.
  private func build(_ level: Int, _ index: Int, _ meter: inout WorkMeter) throws -> SumList? {
    let work = UInt64(problem.dimension) << UInt64(plan.sizes[level])
    guard meter.allows(work) else { return nil }
    let list: SumList
    if level == 0 {
      let (group, m) = (groups[index], problem.dimension)
      let rows = OwnedBuffer<Double>(count: group.count * m)
      problem.candidates.withRows { source in
        for (bit, i) in group.enumerated() { source.copy(i, to: rows.base + bit * m) }
      }
      list = try SumList(rows, bits: group.count, center: centers[index], meter.control)
    } else {
      guard let first = try build(level - 1, 2 * index, &meter),
        let second = try build(level - 1, 2 * index + 1, &meter)
      else { return nil }
      list = try merged(first, second, level: level, meter.control)
      first.releaseValues()
      second.releaseValues()
    }
    meter.count(work: work, evaluations: UInt64(list.count))
    meter.report("merging lists", completed: index, total: groups.count >> level, best: plan.expectedError)
    lists[level][index] = list
    return list.count > 0 ? list : nil
  }

  /// The subset behind sum `k` of a node.
  private func collect(_ level: Int, _ index: Int, _ k: Int, into chosen: inout [Int]) {
    if level == 0 {
      for (bit, i) in groups[index].enumerated() where k >> bit & 1 == 1 { chosen.append(i) }
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
    _ first: SumList, _ second: SumList, level: Int, _ control: RunControl
  ) throws -> SumList {
    let wanted = 1 << plan.sizes[level]
    var widths = plan.widths[level - 1]
    let reach = first.deviations.map { 6 * $0 }
    let narrowed = widths.count { $0.isFinite }
    let pairs = try LargeBuffer<SumPair>(count: wanted)
    var met = 0
    for attempt in 0..<4 {
      guard let grid = CellGrid(widths: widths, reach: reach) else { break }
      let index = try CellIndex(
        grid.keys(of: second, opposite: true, workers: workers, control), workers: workers, control)
      let keys = try grid.keys(of: first, opposite: false, workers: workers, control)
      met = try MergeScan(workers: workers, count: keys.count).pairs(index, keys, into: pairs, control)
      if met >= wanted / 2 || narrowed == 0 || attempt == 3 { break }
      let growth = min(8, 1.1 * Double(wanted) / Double(max(1, met)))
      let factor = power(growth, 1 / Double(narrowed))
      widths = widths.map { $0 * factor }
    }
    return try SumList(first, second, pairs, count: met, workers: workers, control)
  }

  /// The pair of least norm among those that share a cell of a grid so coarse that about eight
  /// pairs are looked at for each sum.
  private func closest(_ first: SumList, _ second: SumList, _ meter: inout WorkMeter) throws -> SumPair? {
    let m = problem.dimension
    let spread = first.deviations
    // Cells lie on the widest coordinates, until about eight of the second list's sums are left to
    // a cell.
    var widths = [Double](repeating: .infinity, count: m)
    var budget = logarithm2(Double(second.count)) - 3
    let order = (0..<m).sorted { (spread[$1], $0) < (spread[$0], $1) }
    for j in order where budget > 0 && spread[j] > 0 {
      let whole = (4 * Double.pi).squareRoot() * spread[j]
      let cost = min(budget, logarithm2(whole / (16 * plan.expectedError)))
      if cost <= 0 { break }
      widths[j] = whole * exponential2(-cost)
      budget -= cost
    }
    guard let grid = CellGrid(widths: widths, reach: spread.map { 6 * $0 }) else { return nil }
    let control = meter.control
    let index = try CellIndex(
      grid.keys(of: second, opposite: true, workers: workers, control), workers: workers, control)
    let keys = try grid.keys(of: first, opposite: false, workers: workers, control)
    return try MergeScan(workers: workers, count: keys.count).closest(
      first, second, index, keys, order: order, isMaximum: problem.norm == .maximum, &meter)
  }
}
