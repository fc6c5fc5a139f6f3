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
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    var chosen: [Int] = []
    var isChosen = [Bool](repeating: false, count: problem.count)
    do {
      try choose(from: try problem.plainForm(control), &chosen, &isChosen, &meter)
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    if let size = problem.size {
      // Stopped before it was full, or with nothing finite to compare: the first candidates that
      // are left.
      for i in 0..<problem.count where chosen.count < size && !isChosen[i] { chosen.append(i) }
    }
    return try solution(meter.claim(chosen.sorted(), isOptimal: false, by: name), for: problem, control)
  }

  /// - Throws: `Interruption` when the run must stop.
  private func choose(
    from plain: Problem, _ chosen: inout [Int], _ isChosen: inout [Bool], _ meter: inout WorkMeter
  ) throws {
    let (n, m, control) = (plain.count, plain.dimension, meter.control)
    let piece = plain.candidates.rowsBetweenQuestions
    try plain.candidates.withRows { rows in
      let state = FlipState(rows, target: plain.target)
      let squares = try control.map(0..<n, askingEvery: piece) { rows.squaredNorm($0) }
      while chosen.count < plain.size ?? n, meter.allows(UInt64(n * m)) {
        meter.count(work: UInt64(n * m), evaluations: UInt64(n - chosen.count))
        var best: (change: Double, index: Int)?
        try control.forEach(0..<n, askingEvery: piece) { i in
          if isChosen[i] { return }
          let change = squares[i] - 2 * rows.dot(i, state.residual)
          if change < best?.change ?? .infinity { best = (change, i) }
        }
        guard let best, plain.size != nil || best.change < -Double(m + 16) * 0x1p-49 * 2 * state.energy else {
          return
        }
        state.flip(best.index)
        isChosen[best.index] = true
        chosen.append(best.index)
      }
    }
  }
}
