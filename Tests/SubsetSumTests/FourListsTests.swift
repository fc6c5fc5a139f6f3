import LinearAlgebra
import RunControl
import SubsetSum
import Testing

@Suite struct FourListsTests {
  @Test(arguments: [3, 10, 17, 23, 24, 29, 36]) func optimaAreThoseOfMeetInTheMiddle(n: Int) throws {
    for seed in 0..<6 as Range<UInt64> {
      for norm in [Norm.maximum, .euclidean] {
        let problem = try scaledNormals(n, 1, seed: seed, norm: norm, dense: seed == 1)
        let found = try FourLists().solve(problem, control: RunControl())
        let met = try MeetInTheMiddle().solve(problem, control: RunControl())
        #expect(found.error == met.error && found.isOptimal && found.stop == nil, "n = \(n), seed \(seed)")
        #expect(found.solver == "four-lists")
      }
    }
  }

  @Test func integersWithTiesEndAtTheOptimum() throws {
    for seed in 0..<10 as Range<UInt64> {
      let problem = try integers(26, 1, limit: 1000, seed: seed, norm: .maximum)
      // Even numbers cannot reach an odd target.
      let rows = try Matrix<Double>(
        rows: 26, columns: 1, values: (0..<26).map { 2 * problem.candidates.coordinate($0, 0) })
      let odd = try Problem(candidates: Candidates(rows), target: [101], norm: .maximum)
      #expect(try FourLists().solve(odd, control: RunControl()).error == 1)
      #expect(try FourLists().solve(problem, control: RunControl()).error == 0)
    }
  }

  @Test func equalCandidatesDoNotStallTheRescoring() throws {
    let rows = try Matrix<Double>(rows: 26, columns: 1, values: [Double](repeating: 0.1, count: 26))
    let problem = try Problem(candidates: Candidates(rows), target: [0.75], norm: .maximum)
    #expect(abs(try FourLists().solve(problem, control: RunControl()).error - 0.05) < 1e-15)
  }

  @Test func whatItDoesNotTakeIsNamed() throws {
    #expect(
      throws: SubsetSumError.unsupported(
        solver: "four-lists", expected: "a problem in one dimension", found: "dimension 2")
    ) {
      try FourLists().solve(scaledNormals(5, 2, seed: 1), control: RunControl())
    }
    #expect(throws: SubsetSumError.tooManyCandidates(solver: "four-lists", limit: 60, found: 61)) {
      try FourLists().solve(scaledNormals(61, 1, seed: 1), control: RunControl())
    }
    #expect(throws: SubsetSumError.self) {
      try FourLists().solve(scaledNormals(40, 1, seed: 1), control: RunControl(limits: Limits(memoryBytes: 1000)))
    }
    // It takes a thousandth of the memory that two lists take.
    #expect(FourLists.neededBytes(count: 56) * 1000 < MeetInTheMiddle.neededBytes(count: 56, dimension: 1))
  }
}
