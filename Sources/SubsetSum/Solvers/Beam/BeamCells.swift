import RunControl

/// Completes a beam's subsets in few dimensions: states meet the shortest sums of two or three candidates in cells of a grid.
///
/// The sums are a beam of their own from the target 0. A state and a sum are compared where they share a cell of a few coordinates: a small part of
/// all pairs, with most of the close ones, since a cell is several times as wide as what is hoped for.
final class BeamCells {
  private static let largest = (two: 1 << 19, three: 1 << 21)
  /// Sums in a cell where states are, about.
  private static let cellCount = 32.0

  /// Plain form.
  private let problem: Problem
  private let m: Int
  /// Their residuals are −Σ.
  private let sums: BeamStates
  private var made: (grid: CellGrid, index: CellIndex)?

  /// Nil where the run must stop first, or there are no such sums. Work: n²·m for sums of two, up to 2¹⁹·n·m more for those of three.
  ///
  /// - Parameter radius: longer sums are left out.
  init?(
    _ problem: Problem, _ rows: CandidateRows, added: Int, radius: Double, _ meter: inout WorkMeter
  ) throws {
    self.problem = problem
    m = problem.dimension
    let n = rows.count
    let singles = BeamStates(capacity: 1, dimension: m)
    singles.reset(to: [Double](repeating: 0, count: m))
    var made = singles
    for size in 1...added {
      let kept = size == 1 ? n : size == 2 ? min(Self.largest.two, n * (n - 1) / 2) : Self.largest.three
      let expansion = BeamExpansion(rows, kept: kept)
      let limit = size == added ? radius * radius : .infinity
      guard kept > 0, try expansion.selectChildren(of: made, within: limit, &meter) else { return nil }
      let longer = BeamStates(capacity: expansion.selection.count, dimension: m)
      longer.take(expansion.selection, of: made, rows)
      made = longer
    }
    sums = made
  }

  /// Bytes for the sums, their selection and their index.
  static func bytes(_ problem: Problem, added: Int) -> Int {
    let n = problem.count
    return (added == 2 ? min(largest.two, n * (n - 1) / 2) : largest.three) * (8 * problem.dimension + 150)
  }

  /// The best completion met with an error below `limit`. Cost: about `cellCount`·m a state.
  func best(_ states: BeamStates, below limit: Double, _ meter: inout WorkMeter) -> (error: Double, subset: [Int])? {
    guard let (grid, index) = cells(for: states, below: limit) else { return nil }
    let keys = grid.keys(of: states.residual(0), count: states.count, dimension: m)
    let isMaximum = problem.norm == .maximum
    var (best, least) = (nil as (state: Int, sum: Int)?, limit)
    var (visited, start) = (0, 0)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: m) { left in
      while start < states.count, meter.allows(UInt64(m) << 17) {
        let end = min(states.count, start + 1024)
        for state in start..<end {
          let residual = states.residual(state)
          index.forEach(in: keys[state]) { candidate in
            visited &+= 1
            let sum = sums.residual(Int(candidate))
            if isMaximum {
              for j in 0..<m where !(abs(residual[j] + sum[j]) < least) { return true }
            }
            for j in 0..<m { left[j] = residual[j] + sum[j] }
            let error = problem.norm.measure(left.baseAddress!, m)
            if error < least, sums.members(Int(candidate)).allSatisfy({ !states.contains(state, $0) }) {
              (least, best) = (error, (state, Int(candidate)))
            }
            return true
          }
        }
        meter.count(work: UInt64(visited * m), evaluations: UInt64(visited))
        (visited, start) = (0, end)
      }
    }
    return best.map { (least, (states.subset($0.state) + sums.subset($0.sum)).sorted()) }
  }

  /// Cells of a few coordinates, those in which sums differ most, that hold about `cellCount` sums where states are, or are four times as wide as
  /// the error to beat.
  private func cells(for states: BeamStates, below limit: Double) -> (CellGrid, CellIndex)? {
    if let made { return made }
    let deviations = (0..<m).map { j in
      let squares = (0..<sums.count).reduce(0.0) { $0 + sums.residual($1)[j] * sums.residual($1)[j] }
      return (squares / Double(sums.count)).squareRoot()
    }
    let order = (0..<m).sorted { (deviations[$1], $0) < (deviations[$0], $1) }
    let shares = max(1, logarithm2(Double(sums.count) / Self.cellCount))
    let used = max(1, min(m, Int((shares / 2).rounded())))
    var widths = [Double](repeating: .infinity, count: m)
    for j in order.prefix(used) where deviations[j] > 0 {
      widths[j] = 2 * deviations[j] * exponential2(-shares / Double(used))
    }
    for _ in 0..<6 {
      guard let grid = CellGrid(widths: widths, reach: deviations.map { 6 * $0 }) else { break }
      let index = CellIndex(grid.keys(of: sums.residual(0), count: sums.count, dimension: m, opposite: true))
      made = (grid, index)
      let sampled = min(states.count, 512)
      let keys = grid.keys(of: states.residual(0), count: sampled, dimension: m)
      var met = 0
      for state in 0..<sampled {
        index.forEach(in: keys[state]) { _ in
          met &+= 1
          return true
        }
      }
      let growth = Self.cellCount * Double(sampled) / Double(max(1, met))
      if growth > 0.5 && growth < 2 { break }
      let factor = exponential2(max(-4, min(4, logarithm2(growth))) / Double(used))
      let narrowest = limit < .infinity ? 4 * limit : 0
      let next = widths.map { max(narrowest, $0 * factor) }
      if next == widths { break }
      widths = next
    }
    return made
  }
}
