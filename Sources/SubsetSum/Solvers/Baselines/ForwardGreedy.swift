import RunControl

/// Forward selection: candidates are added one at a time, each the one that brings the sum closest,
/// and none is taken back.
///
/// It stops when no candidate brings the sum closer in ‖·‖₂. Where the problem fixes a size it goes
/// on to that size, even where every candidate takes the sum away. Ties go to the lower index.
/// Metrics and row sums are lowered in the Euclidean norm of their plain coordinates. All
/// arithmetic is Float64 in a fixed order, without BLAS.
///
/// Complexity: k·n·m for k chosen candidates.
public struct ForwardGreedy: Solver {
  /// The work limit of a run that states none: 2⁴⁰.
  static let defaultWorkLimit: UInt64 = 1 << 40

  /// The name that reports and the command line use.
  public let name = "forward-greedy"

  /// A solver without options.
  public init() {}

  /// Adds candidates until none helps, or to the problem's size.
  ///
  /// - Throws: `SubsetSumError.unsupported` for a size penalty.
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
      // Stopped before the subset was full, or with nothing finite to compare, it takes the first
      // candidates that are left.
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
