import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// Every second candidate, whatever the target: the solver in the documentation of `Solver`.
private struct EverySecond: Solver {
  let name = "every-second"

  func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    let subset = Array(stride(from: 0, to: problem.count, by: 2))
    return try Checker.solution(Claim(subset: subset, solver: name), for: problem)
  }
}

/// The examples in documentation comments do what they say.
@Suite struct DocumentationExampleTests {
  @Test func problemsAndCandidates() throws {
    let few = Candidates(try Matrix<Double>(rows: 3, columns: 2, values: [1, 2, 3, -1, -2, 4]))
    #expect(few.count == 3 && few.dimension == 2 && few.coordinate(1, 0) == 3)
    let rows = try Matrix<Double>(rows: 4, columns: 2, values: [1, 2, 3, -1, -2, 4, 5, 1])
    let problem = try Problem(candidates: Candidates(rows), target: [2, 5], norm: .maximum)
    let found = try Portfolio().solve(problem, control: RunControl())
    #expect(found.subset == [0, 1, 2] && found.error == 0)
    #expect(throws: Never.self) {
      try CellSweep().requireSolvable(ProblemShape(count: 48, dimension: 3))
    }
  }

  @Test func normsAndClaims() throws {
    let rows = try Matrix<Double>(
      rows: 3, columns: 3, values: [1, 0, 2, 0, 1, 1, 4, -1, 0])
    let blocks = try RowSums(blocks: [0, 0, 1], weights: [1, 1, 0.5])
    let problem = try Problem(candidates: Candidates(rows), target: [1, 2, 3], norm: .rowSums(blocks))
    let solution = try Checker.solution(Claim(subset: [0, 2], solver: "by hand"), for: problem)
    let residual: [Double] = [1 - 5, 2 + 1, 3 - 2]
    #expect(solution.residual == residual && solution.solver == "by hand")
    #expect(solution.error == max(abs(residual[0]) + abs(residual[1]), 0.5 * abs(residual[2])))
  }

  @Test func solversOfOnesOwn() throws {
    let problem = try GeneratedInstance.problem(dimension: 9, count: 250, seed: 1, norm: .maximum)
    #expect(problem.count == 250)
    let found = try EverySecond().solve(problem, control: RunControl())
    #expect(found.subset.count == 125 && found.solver == "every-second")
    #expect(EverySecond().takesFixedSize && !EverySecond().takesSizePenalty)
    let rounded = try FractionalRounding().solve(problem, control: RunControl())
    let better = try Exchange(from: rounded.subset).solve(
      problem, control: RunControl(limits: Limits(work: 10_000_000)))
    #expect(better.error <= rounded.error)
  }

  @Test func beamsBatchesAndScales() throws {
    let problem = try GeneratedInstance.problem(
      dimension: 9, count: 1000, seed: 1, norm: .maximum, size: 12)
    let found = try BeamSearch().solve(
      problem, control: RunControl(limits: Limits(work: 100_000_000)))
    #expect(found.subset.count == 12)
    let batch = try ExactBatch(count: 21)
    let optima = try batch.solve(instances: 10) { instance, candidates in
      InstanceLaw.weights.fill(instance: instance, seed: 1, candidates: candidates)
    }.optima
    #expect(optima.count == 10 && optima[7].error < 0.01)
    let scale = try #require(TheoreticalLimit.scale(count: 119, dimension: 9, norm: .maximum))
    #expect(abs(scale - 1e-3) < 2e-5)
  }

  @Test func theDefaultSolverKeepsToItsTime() throws {
    let problem = try GeneratedInstance.problem(dimension: 9, count: 250, seed: 1, norm: .maximum)
    let found = try Portfolio(workers: 2).solve(
      problem, control: RunControl(limits: Limits(seconds: 0.2)))
    #expect(found.error < found.emptySetError && found.solver.hasPrefix("portfolio: "))
  }
}
