import LinearAlgebra
import RandomStreams
import RunControl
import SubsetSum
import Testing

/// Medians of the optimum over batches, known to half a unit of their last digit.
private let knownMedians: [(law: InstanceLaw, count: Int, median: Double)] = [
  (.smallTargets, 10, 1.14e-3), (.smallTargets, 15, 4.4e-5), (.smallTargets, 20, 1.6e-6), (.uniform, 10, 1.33e-3),
  (.uniform, 15, 4.9e-5), (.uniform, 20, 1.75e-6),
]
private let givenDigits = 0.031
private let medianTrials = 20_000

@Suite struct ExactBatchTests {
  private func problem(_ candidates: [Double], _ target: Double) throws -> Problem {
    try Problem(
      candidates: Candidates(try Matrix<Double>(rows: candidates.count, columns: 1, values: candidates)),
      target: [target], norm: .maximum)
  }

  @Test(arguments: [0, 1, 2, 11, 16, 21, 22, 27]) func optimaAreThoseOfMeetInTheMiddle(n: Int) throws {
    let trials = 40
    for law in InstanceLaw.allCases {
      let found = try ExactBatch(count: n).solve(instances: trials) { law.fill(instance: $0, seed: 5, candidates: $1) }
      #expect(found.optima.count == trials && found.stop == nil)
      for (t, optimum) in found.optima.enumerated() {
        var candidates = [Double](repeating: 0, count: n)
        let target = candidates.withUnsafeMutableBufferPointer { law.fill(instance: t, seed: 5, candidates: $0) }
        let problem = try problem(candidates, target)
        let exact = try MeetInTheMiddle().solve(problem, control: RunControl())
        #expect(optimum.error == exact.error && optimum.subset == exact.subset, "\(law), n = \(n), instance \(t)")
        #expect(optimum.error == abs(try Checker.residual(of: optimum.subset, in: problem)[0]))
      }
    }
  }

  @Test func sharedCandidatesServeManyTargets() throws {
    var numbers = TestNumbers(state: 3)
    for n in [0, 1, 13, 24] {
      let candidates = (0..<n).map { _ in numbers.normal() }
      // Far targets, and targets that a subset meets exactly, are among them.
      let targets = (0..<60).map {
        $0 % 10 == 0 ? 1e3 * numbers.unit() : $0 % 10 == 1 ? candidates.reduce(0, +) : numbers.unit()
      }
      let shared = try SharedHalves(candidates: candidates)
      let found = try shared.solve(targets: targets)
      #expect(try found.optima == shared.solve(targets: targets, workers: 1).optima)
      for (target, optimum) in zip(targets, found.optima) {
        let exact = try MeetInTheMiddle().solve(problem(candidates, target), control: RunControl())
        #expect(abs(optimum.error - exact.error) <= exact.error * 0x1p-51, "n = \(n), target \(target)")
      }
    }
  }

  @Test func tiesWithoutEndAreCutShort() throws {
    // 2²⁴ subsets with 25 distinct sums, which are inexact, then exact, then all zero.
    for value in [0.1, 0.25, 0] {
      let candidates = [Double](repeating: value, count: 24)
      let found = try SharedHalves(candidates: candidates).solve(targets: [0.75]).optima[0]
      #expect(abs(found.error - [0.1: 0.05, 0.25: 0, 0: 0.75][value]!) < 1e-15)
    }
  }

  @Test func scalesFarApartAreDecidedByTheChecker() throws {
    for scale in [1e-300, 1e-30, 1e30, 1e100] {
      var numbers = TestNumbers(state: 17)
      for _ in 0..<20 {
        let candidates = (0..<14).map { _ in scale * numbers.normal() * (numbers.next() % 3 == 0 ? 1e-17 : 1) }
        let target = scale * numbers.unit()
        let found = try ExactBatch(count: 14).solve(candidates: candidates, targets: [target]).optima[0]
        #expect(found.error <= BruteForce(try problem(candidates, target)).best * (1 + 0x1p-51))
      }
    }
  }

  /// The errors are nearly exponential, so the median of T draws has the standard error median/(ln
  /// 2·√T).
  @Test(arguments: knownMedians.indices) func mediansAreTheKnownOnes(row: Int) throws {
    let known = knownMedians[row]
    let found = try ExactBatch(count: known.count).solve(instances: medianTrials) {
      known.law.fill(instance: $0, seed: 2, candidates: $1)
    }
    let errors = found.optima.map(\.error).sorted()
    let median = (errors[medianTrials / 2 - 1] + errors[medianTrials / 2]) / 2
    let tolerance = 3 / (0.6931 * Double(medianTrials).squareRoot()) + givenDigits
    #expect(abs(median / known.median - 1) <= tolerance, "\(known): \(median)")
  }

  /// 21 candidates reach a weight within 0.01, as in Pensia et al. 2020, here on surrogate targets.
  @Test func twentyOneCandidatesReachAHundredth() throws {
    let found = try ExactBatch(count: 21).solve(instances: 5000) {
      InstanceLaw.weights.fill(instance: $0, seed: 1, candidates: $1)
    }
    #expect(found.optima.count { $0.error > 0.01 } <= 1)
  }

  @Test func lawsAreAddressed() {
    var entries = [Double](repeating: 0, count: 5)
    func stream(_ channel: UInt64) -> StreamAddress {
      StreamAddress(seed: 9, path: StreamPath(filter: 7, channel: channel))
    }
    for law in InstanceLaw.allCases {
      let target = entries.withUnsafeMutableBufferPointer { law.fill(instance: 7, seed: 9, candidates: $0) }
      for i in 0..<5 {
        let factor = law == .products ? UniformStream.symmetricValue(at: stream(5), entry: i) : 1
        #expect(entries[i] == UniformStream.symmetricValue(at: stream(4), entry: i) * factor)
      }
      let uniform = UniformStream.symmetricValue(at: stream(6), entry: 0)
      switch law {
      case .uniform, .products: #expect(target == uniform)
      case .smallTargets: #expect(target == uniform / 10)
      case .weights: #expect(target == 0.05 * NormalStream.value(at: stream(6), entry: 0))
      }
    }
  }

  @Test func limitsAndBadInputAreNamed() throws {
    #expect(throws: SubsetSumError.tooManyCandidates(solver: "exact batch", limit: 40, found: 41)) {
      try ExactBatch(count: 41)
    }
    #expect(throws: SubsetSumError.self) { try ExactBatch(count: -1) }
    let batch = try ExactBatch(count: 2)
    #expect(throws: SubsetSumError.self) { try batch.solve(candidates: [1, 2, 3], targets: [1, 2]) }
    #expect { try batch.solve(candidates: [1, 2, 3, .nan], targets: [1, 2]) } throws: {
      "\($0)".contains("instance 1, candidate 1")
    }
    #expect { try batch.solve(candidates: [1, 2], targets: [.infinity]) } throws: {
      "\($0)".contains("instance 0, target")
    }
    #expect { try SharedHalves(candidates: [1, .nan]) } throws: { "\($0)".contains("candidate 1") }
    #expect { try SharedHalves(candidates: [1]).solve(targets: [0, .nan]) } throws: { "\($0)".contains("target 1") }
    #expect(throws: SubsetSumError.self) {
      try ExactBatch(count: 30).solve(
        candidates: [], targets: [], control: RunControl(limits: Limits(memoryBytes: 1000)))
    }
    // A work limit is a number of instances, of 8 units each.
    let ones = [Double](repeating: 1, count: 20)
    let stopped = try ExactBatch(count: 2).solve(
      candidates: ones, targets: Array(ones.dropLast(10)), control: RunControl(limits: Limits(work: 25)))
    #expect(stopped.optima.count == 3 && stopped.stop == .workLimit && stopped.work == 24)
    let cancelled = RunControl()
    cancelled.cancellation.cancel()
    let none = try batch.solve(candidates: ones, targets: Array(ones.dropLast(10)), control: cancelled)
    #expect(none.optima.isEmpty && none.stop == .cancelled)
  }
}
