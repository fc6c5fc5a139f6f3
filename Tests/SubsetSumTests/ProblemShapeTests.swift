import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// What a solver says of a shape beforehand is what it does with problems of that shape.
@Suite struct ProblemShapeTests {
  private static let solvers: [any Solver] = [
    Portfolio(), Exhaustive(), MeetInTheMiddle(), FourLists(), CellSweep(), PairwiseSearch(), KList(listBits: 4),
    BeamSearch(width: 4), GreedyFlips(), GreedyFlipsReference(), IteratedGreedy(), FractionalRounding(), Exchange(),
    PopulationSearch(),
    Exchange(improving: GreedyFlips()), ForwardGreedy(), RandomSubset(), LongestCandidates(),
    FirstHitBySize(tolerance: 0.1, maximumSize: 2),
  ]

  @Test(arguments: solvers.indices) func aShapeIsRefusedAsItsProblemsAre(index: Int) throws {
    let solver = Self.solvers[index]
    for m in 1...3 {
      for n in [0, 1, 7, 8, 31, 45, 61, 65] {
        for (size, penalty) in [(nil, 0), (0, 0), (1, 0), (3, 0), (n, 0), (nil, 0.1), (3, 0.1)] as [(Int?, Double)]
        where size ?? 0 <= n {
          let rows = (0..<n * m).map { Double(($0 * 7919) % 101) / 50 - 1 }
          let problem = try Problem(
            candidates: Candidates(try Matrix<Double>(rows: n, columns: m, values: rows)),
            target: [Double](repeating: 0.3, count: m),
            norm: .maximum, size: size, sizePenalty: penalty)
          let shape = ProblemShape(count: n, dimension: m, size: size, hasSizePenalty: penalty > 0)
          var refusal: SubsetSumError?
          do { try solver.requireSolvable(shape) } catch { refusal = error }
          if size != nil, !solver.takesFixedSize { #expect(refusal != nil, "\(solver.name)") }
          if penalty > 0 { #expect(solver.takesSizePenalty || refusal != nil, "\(solver.name)") }
          // A problem that is taken may take long, and a little work is enough to see that it is
          // taken.
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

  @Test func aPenaltyIsANumberOfAtLeastZero() throws {
    let problem = try scaledNormals(5, 2, seed: 1)
    #expect(problem.sizePenalty == 0)
    #expect(try problem.with(sizePenalty: 0.25).sizePenalty == 0.25)
    for penalty in [-1e-300, -.infinity, .infinity, .nan] {
      #expect(throws: SubsetSumError.self) { try problem.with(sizePenalty: penalty) }
      #expect(throws: SubsetSumError.self) {
        try Problem(candidates: problem.candidates, target: problem.target, norm: .maximum, sizePenalty: penalty)
      }
    }
  }
}
