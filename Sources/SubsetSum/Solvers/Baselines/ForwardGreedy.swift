import RunControl

/// Candidates added one at a time, each the one that brings the sum closest, and none taken back: forward selection.
///
/// It stops when none brings the sum closer in ‖·‖₂, or at the problem's size, up to which it goes on even uphill. Ties go to the lower index. Metrics and
/// row sums are lowered in their plain coordinates. Float64 in a fixed order, no BLAS. Cost: k·n·m for k chosen.
public struct ForwardGreedy: Solver {
  /// Units of work without a limit of the run's own: 2⁴⁰.
  public static let defaultWorkLimit: UInt64 = 1 << 40

  public let name = "forward-greedy"

  public init() {}

  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let plain = try problem.plainForm()
    let (n, m) = (plain.count, plain.dimension)
    var isChosen = [Bool](repeating: false, count: n)
    var chosen: [Int] = []
    plain.candidates.withRows { rows in
      let state = FlipState(rows, target: plain.target)
      let squares = (0..<n).map { rows.squaredNorm($0) }
      while chosen.count < problem.size ?? n, meter.allows(UInt64(n * m)) {
        meter.count(work: UInt64(n * m), evaluations: UInt64(n - chosen.count))
        var best: (change: Double, index: Int)?
        for i in 0..<n where !isChosen[i] {
          let change = squares[i] - 2 * rows.dot(i, state.residual)
          if change < best?.change ?? .infinity { best = (change, i) }
        }
        guard let best, problem.size != nil || best.change < -Double(m + 16) * 0x1p-49 * 2 * state.energy else {
          return
        }
        state.flip(best.index)
        isChosen[best.index] = true
        chosen.append(best.index)
      }
    }
    if let size = problem.size {
      // Stopped before it was full, or with nothing finite to compare: the first candidates that are left.
      for i in 0..<n where chosen.count < size && !isChosen[i] { chosen.append(i) }
    }
    return try Checker.solution(meter.claim(chosen.sorted(), isOptimal: false, by: name), for: problem)
  }
}
