import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// What a solver says of a shape beforehand is what it does with problems of that shape.
@Suite struct ProblemShapeTests {
  private static let solvers: [any Solver] = [
    Portfolio(), Exhaustive(), MeetInTheMiddle(), FourLists(), CellSweep(), PairwiseSearch(), KList(listBits: 4),
    BeamSearch(width: 4), GreedyFlips(), GreedyFlipsReference(), IteratedGreedy(), FractionalRounding(), Exchange(),
    Exchange(improving: GreedyFlips()), ForwardGreedy(), RandomSubset(), LongestCandidates(),
    FirstHitBySize(tolerance: 0.1, maximumSize: 2),
  ]

  @Test(arguments: solvers.indices) func aShapeIsRefusedAsItsProblemsAre(index: Int) throws {
    let solver = Self.solvers[index]
    for m in 1...3 {
      for n in [0, 1, 7, 8, 31, 45, 61, 65] {
        for size in [nil, 0, 1, 3, n] where size ?? 0 <= n {
          let rows = (0..<n * m).map { Double(($0 * 7919) % 101) / 50 - 1 }
          let problem = try Problem(
            candidates: Candidates(try Matrix<Double>(rows: n, columns: m, values: rows)),
            target: [Double](repeating: 0.3, count: m),
            norm: .maximum, size: size)
          var refusal: SubsetSumError?
          do { try solver.requireSolvable(ProblemShape(count: n, dimension: m, size: size)) } catch { refusal = error }
          // A problem that is taken may take long: a little of it is enough to see that.
          if refusal == nil, n > 31 { continue }
          let limits = Limits(work: 1000)
          do {
            _ = try solver.solve(problem, control: RunControl(limits: limits))
            #expect(refusal == nil, "\(solver.name), m = \(m), n = \(n), size \(size ?? -1)")
          } catch let error as SubsetSumError { #expect(error == refusal) }
        }
      }
    }
  }
}
