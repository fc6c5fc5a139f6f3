import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// What the default solver owes beside its parts.
@Suite struct PortfolioTests {
  @Test func smallProblemsAreSolvedToOptimality() throws {
    for seed in UInt64(1)...10 {
      for (m, n) in [(1, 12), (2, 14), (5, 13), (9, 16), (3, 17)] {
        let problem = try GeneratedInstance.problem(dimension: m, count: n, seed: seed, norm: .maximum)
        let found = try Portfolio().solve(problem, control: RunControl())
        let brute = try Exhaustive().solve(problem, control: RunControl())
        #expect(found.isOptimal && found.error == brute.error && found.stop == nil)
      }
    }
  }

  @Test func anEmptyProblemIsSolved() throws {
    for (m, n) in [(0, 5), (3, 0), (0, 0)] {
      let problem = try GeneratedInstance.problem(dimension: m, count: n, seed: 1, norm: .euclidean)
      let found = try Portfolio().solve(problem, control: RunControl())
      #expect(found.subset.isEmpty && found.isOptimal && found.error == found.emptySetError)
    }
  }

  /// It is the best of its parts, the same each time, and within the work allowed.
  @Test(arguments: [(2, 60), (9, 250), (40, 400)]) func workDecides(m: Int, n: Int) throws {
    let problem = try GeneratedInstance.problem(dimension: m, count: n, seed: 5, norm: .maximum)
    let control = RunControl(limits: Limits(work: 60_000_000))
    let found = try Portfolio().solve(problem, control: control)
    #expect(found == (try Portfolio().solve(problem, control: control)))
    #expect(found.work <= 60_000_000 && !found.isOptimal && found.solver.hasPrefix("portfolio: "))
    #expect(found.error <= (try GreedyFlips().solve(problem, control: RunControl()).error))
    let more = try Portfolio().solve(problem, control: RunControl(limits: Limits(work: 400_000_000)))
    #expect(more.error <= found.error)
  }

  @Test func aTimeLimitEndsIt() throws {
    let problem = try GeneratedInstance.problem(dimension: 30, count: 3000, seed: 5, norm: .maximum)
    let start = ContinuousClock.now
    let found = try Portfolio().solve(problem, control: RunControl(limits: Limits(work: .max / 2, seconds: 0.3)))
    #expect(found.stop == .timeLimit && found.error < found.emptySetError)
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  /// Beams have the whole run where the size is fixed, and exchanges what they leave.
  @Test(arguments: [(9, 300, 12), (16, 120, 9), (25, 200, 27), (40, 150, 20)])
  func aFixedSizeIsMetAtLeastAsWellAsByBeams(m: Int, n: Int, size: Int) throws {
    for seed in UInt64(1)...3 {
      let problem = try GeneratedInstance.problem(
        dimension: m, count: n, seed: seed, norm: .maximum, size: size)
      for work in [1 << 20, 1 << 25] as [UInt64] {
        let control = RunControl(limits: Limits(work: work))
        let beam = try BeamSearch().solve(problem, control: control)
        let found = try Portfolio().solve(problem, control: control)
        #expect(found.subset.count == size && found.error <= beam.error, "seed \(seed), \(work)")
        #expect(found.work <= work)
      }
    }
  }

  /// In many dimensions beams share the run with exchanges.
  @Test func theSameSubsetForAnyNumberOfCores() throws {
    for (m, n, size) in [(60, 200, 30), (16, 200, 12), (16, 200, nil), (9, 120, nil)]
      as [(Int, Int, Int?)]
    {
      let problem = try GeneratedInstance.problem(
        dimension: m, count: n, seed: 4, norm: .euclidean, size: size)
      let control = RunControl(limits: Limits(work: 1 << 24))
      let alone = try Portfolio().solve(problem, control: control)
      #expect(alone.work <= 1 << 24 && alone.subset.count == size ?? alone.subset.count)
      #expect(try Portfolio(workers: 3).solve(problem, control: control) == alone)
    }
  }

  /// Too little work for any beam to come to its end leads to another solver.
  @Test func littleWorkStillFindsSomething() throws {
    let problem = try GeneratedInstance.problem(
      dimension: 20, count: 2000, seed: 1, norm: .maximum, size: 30)
    let found = try Portfolio().solve(problem, control: RunControl(limits: Limits(work: 3_000_000)))
    let first = try Checker.solution(Claim(subset: Array(0..<30)), for: problem)
    #expect(found.subset.count == 30 && found.error < first.error / 2)
  }

  @Test func penaltiesAreRefused() throws {
    let problem = try scaledNormals(20, 3, seed: 1).with(sizePenalty: 0.1)
    #expect(throws: SubsetSumError.self) { try Portfolio().solve(problem, control: RunControl()) }
  }
}

@Suite struct GeneratedInstanceTests {
  @Test func generatedInstancesAreAddressed() throws {
    let whole = try GeneratedInstance.problem(dimension: 4, count: 10, seed: 7, norm: .maximum)
    // Fewer candidates are the first of more: entries do not depend on how many are made.
    let few = try GeneratedInstance.problem(dimension: 4, count: 6, seed: 7, norm: .maximum)
    for i in 0..<6 { for j in 0..<4 { #expect(whole.candidates.coordinate(i, j) == few.candidates.coordinate(i, j)) } }
    #expect(whole.target == few.target && whole.target.allSatisfy { abs($0) < 0.5 })
    #expect(throws: SubsetSumError.self) {
      try GeneratedInstance.problem(dimension: -1, count: 3, seed: 1, norm: .maximum)
    }
  }
}
