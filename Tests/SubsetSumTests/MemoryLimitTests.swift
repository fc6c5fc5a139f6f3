import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// Sizes beyond memory are refused before anything is allocated, and little memory leads to solvers
/// that need less.
@Suite struct MemoryLimitTests {
  @Test func instancesBeyondMemoryAreRefused() {
    for (m, n) in [
      (2, 1 << 62), (1 << 62, 2), (Int.max, Int.max), (3, 1_000_000_000_000), (0, 1 << 60),
    ] {
      #expect(throws: SubsetSumError.self) {
        try GeneratedInstance.problem(dimension: m, count: n, seed: 1, norm: .maximum)
      }
    }
    #expect(throws: SubsetSumError.self) {
      try GeneratedInstance.targets(dimension: 3, count: 1 << 60, seed: 1)
    }
    #expect(throws: SubsetSumError.self) {
      try GeneratedInstance.targets(dimension: -1, count: 3, seed: 1)
    }
    let needed = 8 * 1000 + 4 * 10_000 * 1001 + 40 * 10_000
    #expect(
      throws: SubsetSumError.memoryLimit(
        solver: "generated instance", neededBytes: needed, limitBytes: 1 << 21)
    ) {
      try GeneratedInstance.problem(
        dimension: 1000, count: 10_000, seed: 1, norm: .maximum,
        control: RunControl(limits: Limits(memoryBytes: 1 << 21)))
    }
  }

  @Test func instancesAreMadeWithinTheTimeOrNotAtAll() {
    let late = RunControl(limits: Limits(seconds: 0))
    #expect(
      throws: SubsetSumError.stoppedBefore(made: "9 candidates of dimension 3", reason: .timeLimit)
    ) {
      try GeneratedInstance.problem(dimension: 3, count: 9, seed: 1, norm: .maximum, control: late)
    }
    let cancelled = RunControl()
    cancelled.cancellation.cancel()
    #expect(
      throws: SubsetSumError.stoppedBefore(
        made: "100000 targets of dimension 3", reason: .cancelled)
    ) {
      try GeneratedInstance.targets(dimension: 3, count: 100_000, seed: 1, control: cancelled)
    }
  }

  @Test func instancesMadeInPartsAreTheSame() throws {
    // There are more entries than are made between two questions whether the run may go on.
    let problem = try GeneratedInstance.problem(
      dimension: 1100, count: 1000, seed: 5, norm: .maximum)
    let narrow = try GeneratedInstance.problem(dimension: 1, count: 1000, seed: 5, norm: .maximum)
    for i in [0, 1, 953, 999] {
      // Scales are those of any dimension, and vector entry k of the stream is entry k of the
      // narrow problem.
      let scale = narrow.candidates.coordinate(i, 0)
      #expect(scale != 0 && problem.candidates.coordinate(i, 0) != 0)
    }
    #expect(problem.candidates.coordinate(0, 999) == narrow.firstScale * narrow.vectorEntry(999))
  }

  @Test func batchesBeyondMemoryAreRefused() throws {
    let little = RunControl(limits: Limits(memoryBytes: 1 << 20))
    let batch = try ExactBatch(count: 10)
    #expect(throws: SubsetSumError.self) {
      try batch.solve(instances: 1 << 40, control: little) { _, _ in 0 }
    }
    #expect(throws: SubsetSumError.self) { try batch.solve(instances: 1 << 60) { _, _ in 0 } }
    #expect(throws: SubsetSumError.self) { try batch.solve(instances: -1) { _, _ in 0 } }
    // There are as many workers as there is memory for their tables, and the same results.
    let make: @Sendable (Int, UnsafeMutableBufferPointer<Double>) -> Double = { instance, numbers in
      InstanceLaw.uniform.fill(instance: instance, seed: 3, candidates: numbers)
    }
    let all = try ExactBatch(count: 20).solve(
      instances: 40, workers: 4, control: RunControl(), make)
    let few = try ExactBatch(count: 20).solve(
      instances: 40, workers: 4096, control: RunControl(limits: Limits(memoryBytes: 100_000)), make)
    #expect(all.optima == few.optima)
  }

  @Test func roundingInTooManyDimensionsIsRefusedAndThePortfolioGoesOn() throws {
    let problem = try GeneratedInstance.problem(
      dimension: 20_000, count: 35, seed: 1, norm: .maximum)
    #expect(throws: SubsetSumError.self) {
      try FractionalRounding().solve(problem, control: RunControl())
    }
    let found = try Portfolio().solve(
      problem, control: RunControl(limits: Limits(work: 10_000_000)))
    #expect(found.error <= found.emptySetError && found.solver.hasPrefix("portfolio: "))
  }

  @Test(arguments: [1, 1000, 30_000, 1_000_000]) func littleMemoryLeadsToAnotherSolver(bytes: Int)
    throws
  {
    let control = RunControl(limits: Limits(work: 2_000_000, memoryBytes: bytes))
    for (m, n, size) in [
      (1, 40, nil), (1, 12, nil), (20, 28, nil), (3, 30, nil), (9, 200, nil), (9, 200, 12),
      (25, 100, nil),
    ]
      as [(Int, Int, Int?)]
    {
      let problem = try GeneratedInstance.problem(
        dimension: m, count: n, seed: 2, norm: .euclidean, size: size)
      let found = try Portfolio().solve(problem, control: control)
      #expect(found.solver.hasPrefix("portfolio: "))
      #expect(size != nil || found.error <= found.emptySetError)
    }
  }
}

extension Problem {
  fileprivate var firstScale: Double {
    guard case .factored(let scales, _) = candidates.storage else { return .nan }
    return Double(scales[0])
  }

  /// Entry k of the stream that vectors come from.
  fileprivate func vectorEntry(_ k: Int) -> Double {
    guard case .factored(_, let vectors) = candidates.storage else { return .nan }
    return Double(vectors.values[k])
  }
}
