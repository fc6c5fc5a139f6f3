import Experiments
import RandomStreams
import RunControl
import SubsetSum
import Testing

// The example of a sweep with a candidate law and a solver of one's own.

/// Vectors of random signs.
struct RandomSigns: CandidateLaw {
  let name = "random signs"
  let deviation: Double? = 1
  func fill(_ rows: UnsafeMutableBufferPointer<Double>, dimension m: Int, at address: TrialAddress) {
    let stream = address.stream(TrialAddress.Part.vectors)
    for k in rows.indices { rows[k] = UniformStream.symmetricValue(at: stream, entry: k) < 0 ? -1 : 1 }
  }
}

/// Takes the first half of the candidates, whatever they are.
struct FirstHalf: Solver {
  let name = "first half"
  func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try Checker.solution(Claim(subset: Array(0..<problem.count / 2), solver: name), for: problem)
  }
}

@Suite struct SweepExampleTests {
  @Test func aLawAndASolverOfOnesOwn() throws {
    let folder = try StoreFolder()
    let specification = try SweepSpecification(
      dimensions: [1], counts: [8, 16], epsilons: [0.5], candidates: [RandomSigns()], targets: [StandardTarget.zero],
      methods: [.exact, .solver(FirstHalf())], trials: 500, seed: 1)
    try Sweep(specification).run(storingIn: folder.file("signs.sqlite"))
    for summary in try CellSummary.all(of: try ResultStore(reading: folder.file("signs.sqlite"))) {
      // The first half of 8 or 16 signs adds up to 0 with probability C(4, 2)/2⁴ or C(8, 4)/2⁸; the
      // empty set always does.
      let isSmall = summary.cell.count == 8
      let expected = summary.cell.isExact ? 1 : isSmall ? 6.0 / 16 : 70.0 / 256
      let successes = summary.outcomes[0].successes
      let interval = try #require(WilsonInterval(successes: successes, trials: summary.trials, quantile: 4))
      #expect(interval.low <= expected && expected <= interval.high)
    }
  }
}
