import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// Many targets over shared candidates against a search for each; small problems meet brute force
/// in `ManyInstancesTests`.
@Suite struct SharedVectorHalvesTests {
  private func targets(_ count: Int, _ m: Int, scale: Double = 1, seed: UInt64) -> [[Double]] {
    var numbers = TestNumbers(state: seed)
    return (0..<count).map { _ in (0..<m).map { _ in numbers.unit() * scale } }
  }

  @Test(arguments: TestNorm.allCases, [(2, 22), (3, 20), (4, 18), (6, 16)])
  func optimaAreThoseOfMeetInTheMiddle(norm: TestNorm, shape: (m: Int, n: Int)) throws {
    let (m, n) = shape
    let norm = try norm.norm(m)
    for dense in [true, false] {
      let problem = try scaledNormals(n, m, seed: UInt64(n), norm: norm, dense: dense)
      let targets = targets(5, m, seed: 7) + targets(2, m, scale: 100, seed: 8) + [problem.target]
      let shared = try SharedVectorHalves(candidates: problem.candidates, norm: norm)
      let found = try shared.solve(targets: targets, workers: 2)
      #expect(found.stop == nil && found.solutions.count == targets.count)
      for (target, solution) in zip(targets, found.solutions) {
        let alone = try Problem(candidates: problem.candidates, target: target, norm: norm)
        let exact = try MeetInTheMiddle().solve(alone, control: RunControl())
        #expect(solution.error == exact.error && solution.isOptimal)
        #expect(try Checker.residual(of: solution.subset, in: alone) == solution.residual)
      }
    }
  }

  @Test func manyTargetsInFewDimensions() throws {
    let problem = try GeneratedInstance.problem(dimension: 2, count: 34, seed: 5, norm: .maximum)
    let targets = targets(20, 2, seed: 1)
    let shared = try SharedVectorHalves(candidates: problem.candidates, norm: .maximum)
    let found = try shared.solve(targets: targets)
    for (target, solution) in zip(targets, found.solutions) {
      let alone = try Problem(candidates: problem.candidates, target: target, norm: .maximum)
      #expect(solution.error == (try CellSweep().solve(alone, control: RunControl())).error)
    }
  }

  /// Equal candidates, integers full of ties, and zeros.
  @Test func tiesCostLittle() throws {
    var equal: [Double] = []
    for i in 0..<36 { equal += [Double(i % 3), Double(i % 2) * 0.1] }
    let rows = try Matrix<Double>(rows: 36, columns: 2, values: equal)
    let shared = try SharedVectorHalves(candidates: Candidates(rows), norm: .maximum)
    let found = try shared.solve(targets: [[7, 0.5], [0, 0], [1000, -1], [18.4, 0.33]])
    for (solution, expected) in zip(found.solutions, [0, 0, 964, 0.4]) {
      #expect(abs(solution.error - expected) < 1e-9 && solution.isOptimal, "\(solution.error)")
    }
    let whole = try integers(20, 3, limit: 2, seed: 3, norm: .euclidean)
    let exact = try MeetInTheMiddle().solve(whole, control: RunControl())
    let one = try SharedVectorHalves(candidates: whole.candidates, norm: .euclidean).solve(targets: [whole.target])
    #expect(one.solutions[0].error == exact.error)
  }

  @Test func workersAndLimits() throws {
    let problem = try GeneratedInstance.problem(dimension: 3, count: 30, seed: 2, norm: .euclidean)
    let targets = targets(9, 3, seed: 2)
    let shared = try SharedVectorHalves(candidates: problem.candidates, norm: .euclidean)
    for limits in [Limits(), Limits(work: 9 * 40_000)] {
      let alone = try shared.solve(targets: targets, workers: 1, control: RunControl(limits: limits))
      #expect((alone.stop == nil) == (limits.work == nil))
      if let work = limits.work { #expect(alone.work <= 2 * work) }
      for workers in [2, 3, 8] {
        let found = try shared.solve(targets: targets, workers: workers, control: RunControl(limits: limits))
        #expect(found.solutions == alone.solutions)
      }
    }
    let cancellation = Cancellation()
    cancellation.cancel()
    let none = try shared.solve(targets: targets, control: RunControl(cancellation: cancellation))
    #expect(none.stop == .cancelled && none.solutions.allSatisfy { !$0.isOptimal && $0.error <= $0.emptySetError })
    #expect(try shared.solve(targets: []).solutions.isEmpty)
  }

  @Test func badInputIsNamed() throws {
    let problem = try GeneratedInstance.problem(dimension: 2, count: 10, seed: 2, norm: .maximum)
    let shared = try SharedVectorHalves(candidates: problem.candidates, norm: .maximum)
    #expect(throws: SubsetSumError.self) { try shared.solve(targets: [[1, 2], [1]]) }
    #expect(throws: SubsetSumError.self) { try shared.solve(targets: [[1, .nan]]) }
    let line = try GeneratedInstance.problem(dimension: 1, count: 10, seed: 2, norm: .maximum)
    #expect(throws: SubsetSumError.self) { try SharedVectorHalves(candidates: line.candidates, norm: .maximum) }
    let many = try GeneratedInstance.problem(dimension: 2, count: 57, seed: 2, norm: .maximum)
    #expect(throws: SubsetSumError.self) { try SharedVectorHalves(candidates: many.candidates, norm: .maximum) }
    let large = try GeneratedInstance.problem(dimension: 2, count: 40, seed: 2, norm: .maximum)
    #expect(throws: SubsetSumError.self) {
      try SharedVectorHalves(candidates: large.candidates, norm: .maximum, memoryBytes: 1 << 20)
    }
    let bad = Candidates(try Matrix<Double>(rows: 1, columns: 2, values: [1, .infinity]))
    #expect(throws: SubsetSumError.self) { try SharedVectorHalves(candidates: bad, norm: .maximum) }
  }
}
