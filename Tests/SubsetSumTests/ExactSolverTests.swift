import LinearAlgebra
import RunControl
import SubsetSum
import Testing

@Suite struct ExactSolverTests {
  @Test(arguments: [Norm.maximum, .euclidean], [1, 2, 3, 4]) func meetInTheMiddleFindsTheOptimum(
    norm: Norm, m: Int
  ) throws {
    for n in 0...16 {
      for seed in 0..<3 as Range<UInt64> {
        let problem = try scaledNormals(n, m, seed: seed * 1000 + UInt64(n), norm: norm, dense: seed == 1)
        let exact = try Exhaustive().solve(problem, control: RunControl())
        let found = try MeetInTheMiddle().solve(problem, control: RunControl())
        #expect(found.error == exact.error)
        #expect(found.subset == exact.subset)
        #expect(found.isOptimal && exact.isOptimal)
        #expect(exact.evaluations == 1 << UInt64(n))
      }
    }
  }

  @Test(arguments: [Norm.maximum, .euclidean]) func bothAgreeWithPlainEnumeration(norm: Norm) throws {
    for (n, m) in [(1, 1), (6, 1), (9, 2), (8, 3), (7, 12)] {
      let problem = try scaledNormals(n, m, seed: UInt64(n), norm: norm)
      let best = (0..<1 << n).map { mask in problem.plainError { mask >> $0 & 1 == 1 } }.min()!
      for solver in [Exhaustive(), MeetInTheMiddle()] as [any Solver] {
        let found = try solver.solve(problem, control: RunControl())
        #expect(abs(found.error - best) <= 1e-14)
        #expect(abs(problem.plainError { found.subset.contains($0) } - best) <= 1e-14)
      }
    }
  }

  @Test(arguments: [Norm.maximum, .euclidean]) func tiesGoToFewerThenSmallerIndices(norm: Norm) throws {
    for seed in 0..<20 as Range<UInt64> {
      for m in 1...2 {
        let problem = try integers(10, m, limit: 3, seed: seed, norm: norm)
        let errors = (0..<1024).map { mask in problem.plainError { mask >> $0 & 1 == 1 } }
        let subsets = (0..<1024).filter { errors[$0] == errors.min()! }.map { mask in
          (0..<10).filter { mask >> $0 & 1 == 1 }
        }
        let first = subsets.min {
          $0.count != $1.count ? $0.count < $1.count : $0.lexicographicallyPrecedes($1)
        }
        let exact = try Exhaustive().solve(problem, control: RunControl())
        #expect(exact.subset == first)
        #expect(try MeetInTheMiddle().solve(problem, control: RunControl()).error == exact.error)
      }
    }
  }

  @Test func equalCandidatesDoNotStallTheRescoring() throws {
    // 2²⁴ subsets with 25 distinct sums whose rounding depends on the order.
    let rows = try Matrix<Double>(rows: 24, columns: 1, values: [Double](repeating: 0.1, count: 24))
    let problem = try Problem(candidates: Candidates(rows), target: [0.75], norm: .maximum)
    let found = try MeetInTheMiddle().solve(problem, control: RunControl())
    #expect(abs(found.error - 0.05) < 1e-15)
  }

  @Test func aZeroTargetIsSolvedByTheEmptySet() throws {
    for norm in [Norm.maximum, .euclidean] {
      let problem = try scaledNormals(12, 2, seed: 5, half: 0, norm: norm)
      for solver in [
        Exhaustive(), MeetInTheMiddle(), GreedyFlips(), IteratedGreedy(), FirstHitBySize(tolerance: 0, maximumSize: 3),
      ] as [any Solver] {
        let found = try solver.solve(problem, control: RunControl())
        #expect(found.subset.isEmpty && found.error == 0, "\(solver.name)")
      }
    }
  }

  @Test func emptyProblemsHaveTheEmptySolution() throws {
    for (n, m) in [(0, 2), (3, 0), (0, 0)] {
      let rows = try Matrix<Float>(rows: n, columns: m, values: [Float](repeating: 1, count: n * m))
      let problem = try Problem(
        candidates: Candidates(rows), target: [Double](repeating: 0.5, count: m), norm: .maximum)
      for solver in [
        Exhaustive(), MeetInTheMiddle(), GreedyFlips(), GreedyFlipsReference(), IteratedGreedy(),
        FirstHitBySize(tolerance: 0, maximumSize: 3),
      ] as [any Solver] {
        let found = try solver.solve(problem, control: RunControl())
        #expect(found.subset.isEmpty, "\(solver.name)")
        #expect(found.error == (m == 0 ? 0 : 0.5))
        #expect(found.limit == nil)
      }
    }
  }
}
