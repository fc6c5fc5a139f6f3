import LinearAlgebra
import RunControl

/// Joins a beam's states with the shortest sums of a few candidates: pairs that nearly cancel meet
/// in cells of several grids.
///
/// A cell is several times as wide, in every coordinate, as the errors that are hoped for, yet its
/// borders part most of the close pairs in some coordinate. So there are several grids, moved
/// against each other by a part of a cell: where one parts a pair, another rarely does. Narrow
/// cells of several grids find more than wide cells of one, for fewer pairs that are looked at.
final class BeamCells: Sendable {
  /// The most dimensions in which cells are wider than the errors that are hoped for.
  static let largestDimension = 12
  private static let gridCount = 4
  /// About how many sums there are in a cell on average.
  private static let occupancy = 4.0
  /// States that one task looks up.
  private static let share = 1024

  /// The problem in plain form.
  private let problem: Problem
  private let m: Int
  private let workers: Int
  private let sums: BeamStates

  /// - Parameter problem: in plain form.
  init(_ problem: Problem, _ sums: BeamStates, workers: Int) {
    self.problem = problem
    self.sums = sums
    self.workers = workers
    m = problem.dimension
  }

  /// Bytes for `count` sums: the keys and the index of each grid.
  static func bytes(count: Int) -> Int { gridCount * (8 + 8 + 16) * count }

  private typealias Look = PairLook<(state: Int, sum: Int)>

  /// The best completion with an error below `limit`, that of the first state among equal ones; nil
  /// for none, or where the run must stop first. Work: m for each sum and grid, and for each pair
  /// that is looked at, about `gridCount`·`occupancy` for each state.
  func best(
    _ states: BeamStates, below limit: Double, _ meter: inout WorkMeter
  ) throws -> (error: Double, subset: [Int])? {
    let used = sumsWithin(reach: radius(states, limit))
    let cost = UInt64(Self.gridCount * used * m)
    guard used > 0, meter.allows(cost) else { return nil }
    meter.count(work: cost, evaluations: 0)
    let grids = try grids(used, meter.control)
    let shares = (states.count + Self.share - 1) / Self.share
    let best = try meter.closest(shares: shares, workers: workers, dimension: m, below: limit) { share, below in
      let first = share * Self.share
      return try look(states, first..<min(states.count, first + Self.share), grids, below: below)
    }
    return best.map { ($0.error, (states.subset($0.met.state) + sums.subset($0.met.sum)).sorted()) }
  }

  /// A length such that longer sums complete no state to an error below the limit.
  private func radius(_ states: BeamStates, _ limit: Double) -> Double {
    let last = states.residual(states.count - 1)
    let slack = limit < .infinity ? limit * problem.norm.largestSquares(dimension: m).squareRoot() : 0
    return fixedOrderDot(last, last, m).squareRoot() + slack
  }

  private func sumsWithin(reach: Double) -> Int {
    partitionPoint(0..<sums.count) { k in
      let sum = sums.residual(k)
      return !(fixedOrderDot(sum, sum, m).squareRoot() <= reach)
    }
  }

  /// The best completion of some states.
  private func look(
    _ states: BeamStates, _ range: Range<Int>, _ grids: [Cells], below limit: Double
  ) throws -> Look {
    var made = Look()
    let (m, isMaximum) = (m, problem.norm == .maximum)
    var least = limit
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: m) { left in
      for cells in grids {
        let (grid, index) = (cells.grid, cells.index)
        let keys = try grid.keys(of: states.residual(range.lowerBound), count: range.count, dimension: m)
        for state in range {
          let residual = states.residual(state)
          index.forEach(in: keys[state &- range.lowerBound]) { candidate in
            made.visited &+= 1
            let sum = sums.residual(Int(candidate))
            if isMaximum {
              for j in 0..<m where !(abs(residual[j] + sum[j]) < least) { return true }
            }
            for j in 0..<m { left[j] = residual[j] + sum[j] }
            let error = problem.norm.measure(left.baseAddress!, m)
            if error < least, sums.members(Int(candidate)).allSatisfy({ !states.contains(state, $0) }) {
              least = error
              made.best = (error, (state, Int(candidate)))
            }
            return true
          }
        }
      }
    }
    return made
  }

  /// Grids of cells on all coordinates in which sums differ, with the first `used` sums in them.
  ///
  /// - Throws: `Interruption` when the run must stop.
  private func grids(_ used: Int, _ control: RunControl) throws -> [Cells] {
    let step = max(1, used / 4096)
    let deviations = (0..<m).map { j in
      let sample = stride(from: 0, to: used, by: step)
      let squares = sample.reduce(0.0) { $0 + sums.residual($1)[j] * sums.residual($1)[j] }
      return (squares * Double(step) / Double(used)).squareRoot()
    }
    let axes = deviations.count { $0 > 0 }
    let shares = max(1, logarithm2(Double(used) / Self.occupancy))
    let widths = deviations.map { $0 > 0 ? 4 * $0 * exponential2(-shares / Double(axes)) : .infinity }
    let reach = deviations.map { 6 * $0 }
    return try Workers.map(count: Self.gridCount, workers: min(workers, Self.gridCount)) { g -> Cells? in
      let shift = Double(g) / Double(Self.gridCount)
      guard let grid = CellGrid(widths: widths, reach: reach, shift: shift) else { return nil }
      let keys = try grid.keys(of: sums.residual(0), count: used, dimension: m, opposite: true, control)
      return Cells(grid: grid, index: try CellIndex(keys, control))
    }.compactMap { $0 }
  }

  /// One grid, and which sums lie in its cells.
  private struct Cells: Sendable {
    let grid: CellGrid
    let index: CellIndex
  }
}
