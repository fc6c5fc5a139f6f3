#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import LinearAlgebra
import RunControl

/// Lists of subset sums merged pairwise on windows of coordinates (the generalised birthday method, Wagner 2002): for m up
/// to about 16 and many more candidates than an exact search can take.
///
/// 2^t disjoint groups of the shortest candidates make 2^t lists of at most N subset sums each. A merge keeps the pairs whose
/// sums nearly cancel in the next few coordinates, about N of them; the last merge takes the pair that is closest in all.
/// The error shrinks about as N^(−(t+1)/m), so that n buys accuracy that no exact search could pay for:
/// t = 1 is meeting in the middle over a part of the candidates. `KListPlan` chooses t, N and the widths.
///
/// Cost: 2^(t+1)·N·m additions and as many random reads of rows; memory: `bytes(levels:dimension:)` a sum. No BLAS, and the
/// same pairs whatever the workers; values only propose, the checker decides the error reported. Two cores are 1.5 to 2 times as fast as one with lists of
/// 2¹⁷ sums or more; shorter lists stay on one.
public struct KList: MultipleWorkers {
  /// Units of work without a limit of the run's own: 2³².
  public static let defaultWorkLimit: UInt64 = 1 << 32
  /// Bytes without a limit of the run's own: 2 GiB.
  public static let defaultMemoryLimit = 1 << 31
  static let bitsRange = 4...24

  public let name = "k-list"
  /// log₂ N at most, or nil for what work and memory allow.
  public var listBits: Int?
  /// Cores that it runs on. The subset does not depend on it, unless there is a time limit.
  public var workers: Int

  public init(listBits: Int? = nil, workers: Int = 1) {
    self.listBits = listBits
    self.workers = workers
  }

  /// - Throws: `SubsetSumError.invalidOption`, or `.memoryLimit` where not even the shortest lists fit.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    if let listBits, !Self.bitsRange.contains(listBits) {
      throw SubsetSumError.invalidOption(
        solver: name, option: "listBits", expected: "\(Self.bitsRange)", found: "\(listBits)")
    }
    try requireAnySize(problem)
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let longest = try longestLists(problem, control)
    let search = KListSearch(try problem.plainForm(), longest: longest, workers: max(1, workers), &meter)
    let subset = try search?.run(&meter) ?? []
    return try Checker.solution(meter.claim(subset, isOptimal: false, by: name), for: problem)
  }

  /// log₂ of the longest lists that limits allow, by levels.
  func longestLists(_ problem: Problem, _ control: RunControl) throws(SubsetSumError) -> [Int] {
    let m = max(1, problem.dimension)
    let memory = control.limits.memoryBytes ?? Self.defaultMemoryLimit
    let work = control.limits.work ?? Self.defaultWorkLimit
    let least = Self.bytes(levels: 1, dimension: m) << Self.bitsRange.lowerBound
    guard memory >= least else { throw .memoryLimit(solver: name, neededBytes: least, limitBytes: memory) }
    func log2(_ value: Int) -> Int { Int.bitWidth - 1 - max(1, value).leadingZeroBitCount }
    return (0...KListPlan.levelsRange.upperBound).map { levels in
      let byMemory = log2(memory / Self.bytes(levels: levels, dimension: m))
      let byWork = log2(Int(clamping: work / UInt64(((1 << levels) * 2 + 8) * m)))
      return min(listBits ?? Self.bitsRange.upperBound, byMemory, byWork)
    }
  }

  /// Bytes for each sum of a list: `levels` + 1 lists of rows, keys and index of a merge, and where every list's sums came from.
  static func bytes(levels: Int, dimension m: Int) -> Int { (levels + 1) * 8 * m + 48 + 8 << levels }
}

/// One search: the plan, the groups, and what came of each list.
final class KListSearch {
  private let problem: Problem
  private let plan: KListPlan
  /// Candidates of each leaf.
  private let groups: [[Int]]
  private let centers: [[Double]]
  /// Lists by level from the leaves, values released once they are merged.
  private var lists: [[SumList?]]
  private let workers: Int

  /// Nil where the problem has too few candidates, or nothing to narrow.
  init?(_ problem: Problem, longest bits: [Int], workers: Int, _ meter: inout WorkMeter) {
    let (n, m) = (problem.count, problem.dimension)
    guard m > 0, meter.allows(UInt64(n * m)) else { return nil }
    meter.count(work: UInt64(n * m), evaluations: 0)
    let order = problem.candidates.withRows { rows in
      (0..<n).map { (rows.squaredNorm($0), $0) }.filter { $0.0 > 0 }.sorted { $0 < $1 }.map(\.1)
    }
    let made = KListPlan.best(count: order.count, largestBits: { bits[$0] }) { first in
      var squares = [Double](repeating: 0, count: m)
      problem.candidates.withRows { rows in
        for i in order.prefix(first) {
          for j in 0..<m { squares[j] += rows.coordinate(i, j) * rows.coordinate(i, j) }
        }
      }
      return squares
    }
    guard let made else { return nil }
    let leaves = 1 << made.levels
    // Round robin, so that the groups are alike.
    let groups = (0..<leaves).map { leaf in (0..<made.sizes[0]).map { order[$0 * leaves + leaf] } }
    self.problem = problem
    self.workers = workers
    self.groups = groups
    plan = made
    centers = Self.centers(problem, groups)
    lists = (0...made.levels).map { level in [SumList?](repeating: nil, count: leaves >> level) }
  }

  /// Each group's mean sum, and an equal share of what the means leave of the target.
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

  /// The best subset met, or nil when a merge came out empty or the run stopped before the last.
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
      let rows = problem.candidates.withRows { rows in
        groups[index].map { i in (0..<problem.dimension).map { rows.coordinate(i, $0) } }
      }
      list = SumList(rows, center: centers[index])
    } else {
      guard let first = try build(level - 1, 2 * index, &meter),
        let second = try build(level - 1, 2 * index + 1, &meter)
      else { return nil }
      list = try merged(first, second, level: level)
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

  /// As many pairs as the level has room for, of sums that nearly cancel in the coordinates that have a width. Widths adapt
  /// to the lists at hand.
  private func merged(_ first: SumList, _ second: SumList, level: Int) throws -> SumList {
    let wanted = 1 << plan.sizes[level]
    var widths = plan.widths[level - 1]
    let reach = first.deviations.map { 6 * $0 }
    let narrowed = widths.count { $0.isFinite }
    let pairs = LargeBuffer<SumPair>(count: wanted)
    var met = 0
    for attempt in 0..<4 {
      guard let grid = CellGrid(widths: widths, reach: reach) else { break }
      let index = try CellIndex(grid.keys(of: second, opposite: true, workers: workers), workers: workers)
      let keys = try grid.keys(of: first, opposite: false, workers: workers)
      met = try MergeScan(workers: workers, count: keys.count).pairs(index, keys, into: pairs)
      if met >= wanted / 2 || narrowed == 0 || attempt == 3 { break }
      let growth = min(8, 1.1 * Double(wanted) / Double(max(1, met)))
      let factor = pow(growth, 1 / Double(narrowed))
      widths = widths.map { $0 * factor }
    }
    return try SumList(first, second, pairs, count: met, workers: workers)
  }

  /// The pair of least norm among those that share a cell of a grid coarse enough to look at about eight pairs a sum.
  private func closest(_ first: SumList, _ second: SumList, _ meter: inout WorkMeter) throws -> SumPair? {
    let m = problem.dimension
    let spread = first.deviations
    // Cells on the widest coordinates, until about eight of the second list's sums are left to a cell.
    var widths = [Double](repeating: .infinity, count: m)
    var budget = log2(Double(second.count)) - 3
    let order = (0..<m).sorted { (spread[$1], $0) < (spread[$0], $1) }
    for j in order where budget > 0 && spread[j] > 0 {
      let whole = (4 * Double.pi).squareRoot() * spread[j]
      let cost = min(budget, log2(whole / (16 * plan.expectedError)))
      if cost <= 0 { break }
      widths[j] = whole * exp2(-cost)
      budget -= cost
    }
    guard let grid = CellGrid(widths: widths, reach: spread.map { 6 * $0 }) else { return nil }
    let index = try CellIndex(grid.keys(of: second, opposite: true, workers: workers), workers: workers)
    let keys = try grid.keys(of: first, opposite: false, workers: workers)
    return try MergeScan(workers: workers, count: keys.count).closest(
      first, second, index, keys, order: order, isMaximum: problem.norm == .maximum, &meter)
  }
}
