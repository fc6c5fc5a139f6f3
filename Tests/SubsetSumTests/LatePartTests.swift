import RunControl
import SubsetSum
import Testing

/// Parts of a run that begin long after it was to end.
@Suite struct LatePartTests {
  /// They give at least the best single candidate, and no descent that would keep thousands of them
  /// waiting.
  @Test func theyGiveTheBestSingleCandidate() throws {
    let problem = try GeneratedInstance.problem(dimension: 3, count: 40, seed: 5, norm: .maximum, size: nil)
    let best = try (0..<problem.count).map {
      try Checker.solution(Claim(subset: [$0]), for: problem).error
    }.min()
    let control = RunControl()
    control.cancellation.cancel()
    for solver in [GreedyFlips(), Portfolio(), KList()] as [any Solver] {
      let soon = try solver.solve(problem, control: control)
      let late = try solver.solve(problem, control: control.forLatePart())
      #expect(soon.stop == .cancelled && late.stop == .cancelled, "\(solver.name)")
      #expect(late.error <= min(late.emptySetError, best ?? .infinity), "\(solver.name)")
      #expect(soon.error <= late.error, "\(solver.name)")
    }
  }
}
