import LinearAlgebra
import RandomStreams
import RunControl
import SubsetSum
import Testing

/// By how many standard errors a count may be off.
private let spread = 4.0

/// The solvers that searches are compared with.
@Suite struct BaselineTests {
  private func sized(_ size: Int?, seed: UInt64 = 3) throws -> Problem {
    try GeneratedInstance.problem(dimension: 5, count: 60, seed: seed, norm: .euclidean, size: size)
  }

  @Test func theLongestAreKept() throws {
    let problem = try sized(12)
    let lengths = (0..<60).map { i in
      (0..<5).reduce(0.0) { $0 + problem.candidates.coordinate(i, $1) * problem.candidates.coordinate(i, $1) }
    }
    let found = try LongestCandidates().solve(problem, control: RunControl())
    let shortest = found.subset.map { lengths[$0] }.min()!
    #expect(found.subset.count == 12)
    for i in 0..<60 where !found.subset.contains(i) { #expect(lengths[i] <= shortest) }
  }

  @Test func everyCandidateIsDrawnAlike() throws {
    let problem = try sized(15)
    var counts = [Int](repeating: 0, count: 60)
    let draws = 2000
    for draw in 0..<draws {
      let solver = RandomSubset(address: StreamAddress(seed: 1, path: StreamPath(filter: UInt64(draw))))
      let found = try solver.solve(problem, control: RunControl()).subset
      #expect(found.count == 15)
      for i in found { counts[i] += 1 }
    }
    let deviation = (Double(draws) * 0.25 * 0.75).squareRoot()
    for count in counts { #expect(abs(Double(count) - Double(draws) * 0.25) < spread * deviation) }
  }

  @Test(arguments: [nil, 1, 7, 60]) func greedyAddsTheBestOneByOne(size: Int?) throws {
    for seed in 0..<5 as Range<UInt64> {
      let problem = try sized(size, seed: seed)
      var chosen: [Int] = []
      var least = problem.plainError { _ in false }
      while chosen.count < size ?? 60 {
        let next = (0..<60).filter { !chosen.contains($0) }.map { i in
          (problem.plainError { chosen.contains($0) || $0 == i }, i)
        }.min { $0 < $1 }!
        if size == nil, next.0 >= least { break }
        least = next.0
        chosen.append(next.1)
      }
      let found = try ForwardGreedy().solve(problem, control: RunControl())
      #expect(found.subset == chosen.sorted())
    }
    // A run that is cut short still returns a subset of the size asked for.
    let stopped = try ForwardGreedy().solve(try sized(7), control: RunControl(limits: Limits(work: 700)))
    #expect(stopped.subset.count == 7 && stopped.stop == .workLimit)
  }

  @Test func whatNeedsASizeSaysSo() throws {
    for solver in [RandomSubset(), LongestCandidates()] as [any Solver] {
      #expect(throws: SubsetSumError.self) { try solver.solve(try sized(nil), control: RunControl()) }
      #expect(try solver.solve(try sized(0), control: RunControl()).subset.isEmpty)
    }
  }
}
