import LinearAlgebra
import RunControl
import SubsetSum
import Testing

@Suite struct RunLimitTests {
  private static let solvers: [any Solver] = [
    Exhaustive(), MeetInTheMiddle(), GreedyFlips(), GreedyFlipsReference(), IteratedGreedy(),
    FirstHitBySize(tolerance: 0, maximumSize: 20), FractionalRounding(), Exchange(coolings: 2),
  ]

  @Test func workLimitsHoldAndRepeat() throws {
    for norm in [Norm.maximum, .euclidean] {
      let problem = try scaledNormals(20, 3, seed: 3, norm: norm)
      for solver in Self.solvers {
        let whole = try solver.solve(problem, control: RunControl())
        #expect(whole.stop == nil, "\(solver.name)")
        for limit in [0, 1, 100, 500, 5000, 50000, 300_000] as [UInt64] {
          let control = RunControl(limits: Limits(work: limit))
          let found = try solver.solve(problem, control: control)
          #expect(try found == solver.solve(problem, control: control))
          #expect(found.error <= found.emptySetError)
          #expect(found.work <= limit, "\(solver.name)")
          #expect(found.stop == (found.subset == whole.subset && found.stop == nil ? nil : .workLimit))
          #expect(found.stop == nil || !found.isOptimal)
        }
        #expect(try solver.solve(problem, control: RunControl(limits: Limits(work: 0))).stop == .workLimit)
      }
    }
  }

  @Test func cancellationAndTimeLimitsStopEverySolver() throws {
    let problem = try scaledNormals(20, 2, seed: 4)
    for solver in Self.solvers {
      let cancelled = RunControl()
      cancelled.cancellation.cancel()
      #expect(try solver.solve(problem, control: cancelled).stop == .cancelled, "\(solver.name)")
      let late = RunControl(limits: Limits(seconds: 0))
      #expect(try solver.solve(problem, control: late).stop == .timeLimit, "\(solver.name)")
    }
  }

  @Test func tooManyCandidatesAndTooLittleMemoryAreNamed() throws {
    let problem = try scaledNormals(31, 1, seed: 1)
    #expect(throws: SubsetSumError.tooManyCandidates(solver: "exhaustive", limit: 30, found: 31)) {
      try Exhaustive().solve(problem, control: RunControl())
    }
    let needed = MeetInTheMiddle.neededBytes(count: 31, dimension: 1)
    #expect(needed > 1 << 20)
    #expect(throws: SubsetSumError.memoryLimit(solver: "meet-in-the-middle", neededBytes: needed, limitBytes: 1000)) {
      try MeetInTheMiddle().solve(problem, control: RunControl(limits: Limits(memoryBytes: 1000)))
    }
    #expect(throws: SubsetSumError.self) {
      try MeetInTheMiddle().solve(scaledNormals(60, 9, seed: 1), control: RunControl())
    }
    #expect(throws: SubsetSumError.tooManyCandidates(solver: "meet-in-the-middle", limit: 60, found: 61)) {
      try MeetInTheMiddle().solve(scaledNormals(61, 1, seed: 1), control: RunControl())
    }
    #expect(throws: SubsetSumError.self) {
      try FirstHitBySize(tolerance: .nan, maximumSize: 2).solve(problem, control: RunControl())
    }
    #expect(throws: SubsetSumError.self) { try GreedyFlips(tileRows: 0).solve(problem, control: RunControl()) }
    #expect(throws: SubsetSumError.self) { try IteratedGreedy(kicks: -1).solve(problem, control: RunControl()) }
    #expect(throws: SubsetSumError.self) {
      try IteratedGreedy(kickSize: .max).solve(problem, control: RunControl())
    }
  }
}
