import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// All subsets within a tolerance, against brute force.
@Suite struct SubsetListingTests {
  private func listed(_ problem: Problem, _ tolerance: Double, _ limit: Int) throws -> SubsetListing {
    try MeetInTheMiddle().allSubsets(of: problem, within: tolerance, limit: limit, control: RunControl())
  }

  /// The subsets by error, then fewer elements, then lexicographically.
  private func expected(_ problem: Problem, _ tolerance: Double) -> [[Int]] {
    BruteForce(problem).errors.filter { $0.error <= tolerance }.map { (error: $0.error, subset: elements($0.mask)) }
      .sorted { first, second in
        if first.error != second.error { return first.error < second.error }
        if first.subset.count != second.subset.count { return first.subset.count < second.subset.count }
        return first.subset.lexicographicallyPrecedes(second.subset)
      }.map(\.subset)
  }

  @Test(arguments: [Norm.maximum, .euclidean], [1, 2, 3]) func integersWithTiesAreListedInOrder(
    norm: Norm, m: Int
  ) throws {
    for seed in 0..<12 as Range<UInt64> {
      let plain = try integers(10, m, limit: 3, seed: seed, norm: norm)
      for size in [nil, 4] {
        let problem = try Problem(candidates: plain.candidates, target: plain.target, norm: norm, size: size)
        for tolerance in [0, 1, 2, 5] as [Double] {
          let all = expected(problem, tolerance)
          let found = try listed(problem, tolerance, 5000)
          #expect(found.isComplete && found.stop == nil)
          #expect(found.solutions.map(\.subset) == all, "seed \(seed), within \(tolerance)")
          #expect(found.solutions.allSatisfy { $0.error <= tolerance })
          // The limit keeps the closest subsets, and among ties the first in order.
          if all.count > 3 {
            let some = try listed(problem, tolerance, 3)
            #expect(!some.isComplete && some.solutions.map(\.subset) == Array(all.prefix(3)))
            #expect(try listed(problem, tolerance, all.count).isComplete)
          }
        }
      }
    }
  }

  @Test(arguments: TestNorm.allCases, [1, 3]) func realNumbersAreListedUpToRounding(norm: TestNorm, m: Int) throws {
    for seed in 0..<6 as Range<UInt64> {
      let problem = try scaledNormals(10, m, seed: seed, norm: norm.norm(m))
      let errors = BruteForce(problem).errors.map(\.error).sorted()
      // The tolerance lies halfway between two errors, where rounding does not matter.
      for count in [1, 7, 100, 1023] {
        let found = try listed(problem, (errors[count - 1] + errors[count]) / 2, 2000)
        #expect(found.isComplete && found.solutions.count == count)
        for (solution, error) in zip(found.solutions, errors) { #expect(abs(solution.error - error) < 1e-13) }
        #expect(found.solutions[0].isOptimal)
        #expect(Set(found.solutions.map(\.subset)).count == count)
      }
    }
  }

  @Test func anInfiniteToleranceGivesTheClosest() throws {
    for m in [1, 2] {
      let problem = try scaledNormals(20, m, seed: 77, norm: .maximum)
      let found = try listed(problem, .infinity, 10)
      let best = try Exhaustive().solve(problem, control: RunControl())
      #expect(!found.isComplete && found.solutions.count == 10)
      #expect(found.solutions[0].subset == best.subset && found.solutions[0].error == best.error)
      let tenth = found.solutions[9].error
      // Only those ten lie within the tenth's error.
      #expect(try listed(problem, tenth, 1000).solutions.map(\.subset) == found.solutions.map(\.subset))
    }
  }

  @Test func nothingWithinIsACompleteEmptyList() throws {
    let rows = try Matrix<Double>(rows: 2, columns: 1, values: [1, 2])
    let problem = try Problem(candidates: Candidates(rows), target: [0.5], norm: .maximum)
    #expect(try listed(problem, 0.25, 5).solutions.isEmpty)
    #expect(try listed(problem, 0.25, 5).isComplete)
    #expect(try listed(problem, 0.5, 5).solutions.map(\.subset) == [[], [0]])
  }

  @Test func limitsAndBadOptionsAreNamed() throws {
    let problem = try scaledNormals(20, 1, seed: 1)
    #expect(throws: SubsetSumError.self) { try listed(problem, .nan, 5) }
    #expect(throws: SubsetSumError.self) { try listed(problem, -1, 5) }
    #expect(throws: SubsetSumError.self) { try listed(problem, 1, 0) }
    #expect(throws: SubsetSumError.self) { try listed(scaledNormals(3, 0, seed: 1), 1, 5) }
    let stopped = try MeetInTheMiddle().allSubsets(
      of: problem, within: .infinity, limit: 1 << 20, control: RunControl(limits: Limits(work: 50_000)))
    #expect(stopped.stop == .workLimit && !stopped.isComplete && stopped.work <= 50_000)
  }
}
