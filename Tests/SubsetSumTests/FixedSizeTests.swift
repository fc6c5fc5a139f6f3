import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// Subsets of a fixed size, by every solver that takes them.
@Suite struct FixedSizeTests {
  private static func sized(_ problem: Problem, _ size: Int) throws -> Problem {
    try Problem(candidates: problem.candidates, target: problem.target, norm: problem.norm, size: size)
  }

  @Test(arguments: TestNorm.allCases, [1, 2, 3]) func optimaAreThoseOfBruteForce(norm: TestNorm, m: Int) throws {
    for size in 0...11 {
      let plain = try scaledNormals(11, m, seed: UInt64(size), norm: norm.norm(m))
      let problem = try Self.sized(plain, size)
      let oracle = BruteForce(problem)
      var solvers: [any Solver] = [
        Exhaustive(), MeetInTheMiddle(), FirstHitBySize(tolerance: 0, maximumSize: 11),
      ]
      if m == 1 { solvers.append(FourLists()) } else { solvers.append(CellSweep()) }
      for solver in solvers {
        let found = try solver.solve(problem, control: RunControl())
        #expect(found.subset.count == size, "\(solver.name)")
        #expect(abs(found.error - oracle.best) <= 1e-14, "\(solver.name), size \(size)")
        #expect(found.isOptimal)
      }
      let looked = try Exhaustive().solve(problem, control: RunControl()).evaluations
      #expect(looked == UInt64(oracle.errors.count))
    }
  }

  /// Larger problems, on which solvers that share no code check each other.
  @Test(arguments: [1, 2]) func solversAgreeOnTwentyFourCandidates(m: Int) throws {
    for size in [1, 5, 12, 20, 24] {
      let problem = try Self.sized(scaledNormals(24, m, seed: 31, norm: .maximum), size)
      let exact = try Exhaustive().solve(problem, control: RunControl())
      let met = try MeetInTheMiddle().solve(problem, control: RunControl())
      #expect(met.error == exact.error && met.subset == exact.subset)
      if m > 1 { #expect(try CellSweep().solve(problem, control: RunControl()).error == exact.error) }
      if m == 1 { #expect(try FourLists().solve(problem, control: RunControl()).error == exact.error) }
    }
  }

  @Test func firstHitLooksAtItsSizeAlone() throws {
    let rows = try Matrix<Double>(rows: 4, columns: 1, values: [1, 2, 4, 5])
    let problem = try Problem(candidates: Candidates(rows), target: [6], norm: .maximum, size: 2)
    let found = try FirstHitBySize(tolerance: 0, maximumSize: 3).solve(problem, control: RunControl())
    #expect(found.subset == [0, 3] && found.error == 0)
    #expect(throws: SubsetSumError.self) {
      try FirstHitBySize(tolerance: 0, maximumSize: 1).solve(problem, control: RunControl())
    }
  }

  /// Whatever a limit leaves undone, the subset has the size asked for.
  @Test func stoppedSearchesKeepTheSize() throws {
    let problem = try Self.sized(scaledNormals(22, 1, seed: 8), 7)
    for solver in [Exhaustive(), MeetInTheMiddle(), FourLists(), FirstHitBySize(tolerance: 0, maximumSize: 9)]
      as [any Solver]
    {
      for limit in [0, 3000, 20000, 100_000] as [UInt64] {
        let found = try solver.solve(problem, control: RunControl(limits: Limits(work: limit)))
        #expect(found.subset.count == 7 && found.work <= limit, "\(solver.name)")
        #expect(found.stop == nil || !found.isOptimal)
      }
    }
  }
}
