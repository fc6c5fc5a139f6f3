import LinearAlgebra
import RunControl
import SubsetSum
import Testing

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

@Suite struct KListTests {
  /// The same subset for any number of workers.
  @Test func workersChangeNothing() throws {
    for (m, n, bits) in [(3, 60, 16), (6, 200, 17), (2, 30, 10)] {
      for norm in [Norm.maximum, .euclidean] {
        let problem = try GeneratedInstance.problem(dimension: m, count: n, seed: 4, norm: norm)
        for limits in [Limits(), Limits(work: 1 << 21)] {
          let control = RunControl(limits: limits)
          let alone = try KList(listBits: bits).solve(problem, control: control)
          for workers in [2, 3, 8] {
            #expect(try KList(listBits: bits, workers: workers).solve(problem, control: control) == alone)
          }
        }
      }
    }
  }

  /// Several lists of 2¹² sums reach what no pair of lists of that length could, over ten seeds.
  @Test func listsBeatGreedyByFar() throws {
    var (lists, greedy): ([Double], [Double]) = ([], [])
    for seed in UInt64(1)...10 {
      let problem = try GeneratedInstance.problem(dimension: 6, count: 200, seed: seed, norm: .maximum)
      let found = try KList(listBits: 12).solve(problem, control: RunControl())
      #expect(found.stop == nil && !found.isOptimal && found.solver == "k-list")
      lists.append(found.error)
      greedy.append(try IteratedGreedy(kicks: 50).solve(problem, control: RunControl()).error)
    }
    #expect(median(lists) < median(greedy) / 2, "\(median(lists)) and \(median(greedy))")
  }

  /// With all candidates in two lists it is a meeting in the middle that may miss the optimum, but
  /// is never better.
  @Test(arguments: [Norm.maximum, .euclidean]) func neverBetterThanTheOptimum(norm: Norm) throws {
    var ratios: [Double] = []
    for seed in UInt64(1)...20 {
      let problem = try GeneratedInstance.problem(dimension: 2, count: 22, seed: seed, norm: norm)
      let found = try KList().solve(problem, control: RunControl())
      let optimum = try MeetInTheMiddle().solve(problem, control: RunControl())
      #expect(optimum.isOptimal && found.error >= optimum.error)
      ratios.append(found.error / optimum.error)
    }
    // Most pairs near the target share a cell, so the best is found in more than a third of the
    // cases.
    #expect(ratios.count { $0 == 1 } >= 7, "\(ratios)")
  }

  @Test func theSameProblemGivesTheSameSubset() throws {
    let problem = try GeneratedInstance.problem(dimension: 5, count: 300, seed: 3, norm: .maximum)
    let first = try KList(listBits: 11).solve(problem, control: RunControl())
    let again = try KList(listBits: 11).solve(problem, control: RunControl())
    #expect(first == again)
    // The order of the candidates changes nothing but their names.
    let order = (0..<300).map { ($0 * 7) % 300 }
    #expect(Set(order).count == 300)
    let moved = try Problem(
      candidates: try problem.candidates.permuted(order), target: problem.target, norm: .maximum)
    let found = try KList(listBits: 11).solve(moved, control: RunControl())
    #expect(found.subset.map { order[$0] }.sorted() == first.subset)
  }

  @Test(arguments: [1e-30, 1e30]) func scalesDoNotMatter(scale: Double) throws {
    let plain = try GeneratedInstance.problem(dimension: 3, count: 60, seed: 1, norm: .maximum)
    let rows = try Matrix<Double>(
      rows: 60, columns: 3, values: (0..<180).map { plain.candidates.coordinate($0 / 3, $0 % 3) * scale })
    let problem = try Problem(
      candidates: Candidates(rows), target: plain.target.map { $0 * scale }, norm: .maximum)
    let found = try KList().solve(problem, control: RunControl())
    #expect(found.error < 1e-3 * problem.target.map(abs).max()!)
  }

  @Test func degenerateProblemsEndWithASubset() throws {
    func solve(_ rows: [[Double]], _ target: [Double]) throws -> Solution {
      let matrix = try Matrix<Double>(rows: rows.count, columns: target.count, values: rows.flatMap { $0 })
      return try KList().solve(
        try Problem(candidates: Candidates(matrix), target: target, norm: .maximum), control: RunControl())
    }
    #expect(try solve([], [1, 2]).subset == [])
    #expect(try solve(Array(repeating: [0, 0], count: 50), [1, 2]).subset == [])
    #expect(try solve(Array(repeating: [], count: 50), []).error == 0)
    // There are too few candidates to make lists of.
    #expect(try solve(Array(repeating: [1, 1], count: 5), [2, 2]).error == 2)
    // One coordinate is 0 in all candidates, and all are equal.
    #expect(try solve(Array(repeating: [0.25, 0], count: 64), [3, 0]).error < 1)
  }

  @Test func limitsAreKept() throws {
    let problem = try GeneratedInstance.problem(dimension: 9, count: 1000, seed: 1, norm: .maximum)
    let limit: UInt64 = 20_000_000
    let found = try KList().solve(problem, control: RunControl(limits: Limits(work: limit)))
    #expect(found.work <= limit && found.error <= found.emptySetError)
    #expect(throws: SubsetSumError.self) {
      try KList().solve(problem, control: RunControl(limits: Limits(memoryBytes: 1000)))
    }
    #expect(throws: SubsetSumError.self) { try KList(listBits: 40).solve(problem, control: RunControl()) }
    let cancellation = Cancellation()
    cancellation.cancel()
    let stopped = try KList().solve(problem, control: RunControl(cancellation: cancellation))
    #expect(stopped.stop == .cancelled && stopped.error <= stopped.emptySetError)
  }
}
