import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// A norm by its definition, entry by entry.
func definedNorm(_ norm: Norm, of r: [Double], factor: Matrix<Double>? = nil) -> Double {
  switch norm {
  case .maximum: return r.map(abs).max() ?? 0
  case .euclidean: return r.reduce(0) { $0 + $1 * $1 }.squareRoot()
  case .metric:
    let columns = r.indices.map { i in r.indices.reduce(0) { $0 + factor![$1, i] * r[$1] } }
    return columns.reduce(0) { $0 + $1 * $1 }.squareRoot()
  case .rowSums(let sums):
    return (0..<r.count).map { block in
      let members = r.indices.filter { sums.blocks[$0] == block }
      let positive = members.reduce(0) { $0 + sums.weights[$1] * max(0, r[$1]) }
      let negative = members.reduce(0) { $0 + sums.weights[$1] * max(0, -r[$1]) }
      return sums.sides == .both ? positive + negative : max(positive, negative)
    }.max() ?? 0
  }
}

/// A norm of each kind for m coordinates, and the factor of the metric.
func norms(_ m: Int, seed: UInt64) throws -> (norms: [Norm], factor: Matrix<Double>) {
  var numbers = TestNumbers(state: seed)
  var factor = try Matrix<Double>(rows: m, columns: m, values: [Double](repeating: 0, count: m * m))
  for i in 0..<m { for j in 0...i { factor[i, j] = i == j ? 0.5 + abs(numbers.unit()) : numbers.unit() } }
  let blocks = (0..<m).map { _ in Int(numbers.next() % UInt64(m)) }
  let weights = (0..<m).map { _ in abs(numbers.unit()) }
  return (
    [
      .maximum, .euclidean, .metric(try Metric(choleskyFactor: factor)),
      .rowSums(try RowSums(blocks: blocks, weights: weights)),
      .rowSums(try RowSums(blocks: blocks, weights: weights, sides: .larger)),
      .rowSums(try RowSums(blocks: blocks, weights: [Double](repeating: 1, count: m))),
    ], factor
  )
}

@Suite struct NormTests {
  @Test func errorsAreThoseOfTheDefinition() throws {
    for seed in 0..<20 as Range<UInt64> {
      let m = 1 + Int(seed % 7)
      let (all, factor) = try norms(m, seed: seed)
      for norm in all {
        let problem = try scaledNormals(9, m, seed: seed + 100, norm: norm)
        let solution = try GreedyFlips().solve(problem, control: RunControl())
        let defined = definedNorm(norm, of: solution.residual, factor: factor)
        #expect(abs(solution.error - defined) <= 1e-14 * (1 + defined))
        #expect(abs(solution.emptySetError - definedNorm(norm, of: problem.target, factor: factor)) <= 1e-14)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 5]) func exactSolversFindTheOptimumOfEveryNorm(m: Int) throws {
    for seed in 0..<12 as Range<UInt64> {
      let (all, factor) = try norms(m, seed: seed)
      for norm in all {
        let n = 8 + Int(seed % 4)
        let problem = try scaledNormals(n, m, seed: seed, half: 1, norm: norm)
        let best = (0..<1 << n).map { mask in
          let residual = (0..<m).map { j in
            (0..<n).reduce(problem.target[j]) { mask >> $1 & 1 == 1 ? $0 - problem.candidates.coordinate($1, j) : $0 }
          }
          return definedNorm(norm, of: residual, factor: factor)
        }.min()!
        var solvers: [any Solver] = [Exhaustive(), MeetInTheMiddle(), PairwiseSearch(), Portfolio()]
        if m > 1 { solvers.append(CellSweep()) }
        for solver in solvers {
          let found = try solver.solve(problem, control: RunControl())
          #expect(abs(found.error - best) <= 1e-13 * (1 + best), "\(solver.name) \(norm.name)")
          #expect(found.isOptimal)
        }
      }
    }
  }

  @Test func aMetricsFactorIsChecked() throws {
    func factor(_ values: [Double]) throws -> Metric {
      try Metric(choleskyFactor: Matrix(rows: 2, columns: 2, values: values))
    }
    #expect(throws: SubsetSumError.self) { try factor([1, 0.5, 0, 1]) }
    #expect(throws: SubsetSumError.self) { try factor([0, 0, 1, 1]) }
    #expect(throws: SubsetSumError.self) { try factor([1, 0, .nan, 1]) }
    #expect(throws: SubsetSumError.self) { try factor([1, 0, 1, .infinity]) }
    #expect(throws: SubsetSumError.self) { try Metric(choleskyFactor: Matrix(rows: 1, columns: 2, values: [1, 0])) }
    let two = try factor([1, 0, 3, 2])
    #expect(throws: SubsetSumError.self) { try scaledNormals(5, 3, seed: 1, norm: .metric(two)) }
  }

  @Test func rowSumsAreChecked() throws {
    #expect(throws: SubsetSumError.self) { try RowSums(blocks: [0, 1], weights: [1]) }
    #expect(throws: SubsetSumError.self) { try RowSums(blocks: [0, 2], weights: [1, 1]) }
    #expect(throws: SubsetSumError.self) { try RowSums(blocks: [0, -1], weights: [1, 1]) }
    #expect(throws: SubsetSumError.self) { try RowSums(blocks: [0, 1], weights: [1, -1]) }
    #expect(throws: SubsetSumError.self) { try RowSums(blocks: [0, 1], weights: [1, .nan]) }
  }

  /// The volume of {norm ≤ 1} by Monte Carlo, in the cube that holds it.
  @Test func limitsKnowTheVolumeOfTheBall() throws {
    let (all, factor) = try norms(3, seed: 5)
    for norm in all {
      guard let scale = TheoreticalLimit.scale(count: 10, dimension: 3, norm: norm) else {
        guard case .rowSums(let sums) = norm else {
          Issue.record("no scale for \(norm.name)")
          continue
        }
        #expect(sums.sides == .larger)
        continue
      }
      var numbers = TestNumbers(state: 1)
      let reach = 8.0
      let tries = 400_000
      let inside = (0..<tries).count { _ in
        definedNorm(norm, of: (0..<3).map { _ in reach * numbers.unit() }, factor: factor) <= 1
      }
      let volume = Double(inside) / Double(tries) * 8 * reach * reach * reach
      let expected = (Double.pi * 10).squareRoot() / pow(1024 * volume, 1.0 / 3)
      #expect(abs(scale / expected - 1) < 0.08, "\(norm.name): \(scale) \(expected)")
    }
  }
}

@Suite struct SizeTests {
  @Test func sizesOutsideAreRefused() throws {
    let rows = try Matrix<Double>(rows: 3, columns: 1, values: [1, 2, 3])
    for size in [-1, 4] {
      #expect(throws: SubsetSumError.self) {
        try Problem(candidates: Candidates(rows), target: [1], norm: .maximum, size: size)
      }
    }
  }

  @Test func everySizeIsKept() throws {
    for size in 0...12 {
      for solver in [BeamSearch(), BeamSearch(width: 3), Portfolio()] as [any Solver] {
        let problem = try GeneratedInstance.problem(dimension: 3, count: 12, seed: 4, norm: .maximum, size: size)
        let found = try solver.solve(problem, control: RunControl(limits: Limits(work: 1 << 22)))
        #expect(found.subset.count == size)
        let error = problem.plainError { found.subset.contains($0) }
        #expect(abs(found.error - error) < 1e-13)
      }
    }
  }

  /// A beam as wide as there are subsets leaves none out.
  @Test(arguments: [Norm.maximum, .euclidean]) func aFullBeamFindsTheOptimumOfASize(norm: Norm) throws {
    for size in 1...9 {
      let problem = try GeneratedInstance.problem(dimension: 3, count: 9, seed: 7, norm: norm, size: size)
      let best = (0..<512).filter { $0.nonzeroBitCount == size }.map { mask in
        problem.plainError { mask >> $0 & 1 == 1 }
      }.min()!
      let found = try BeamSearch(width: 512).solve(problem, control: RunControl())
      #expect(abs(found.error - best) < 1e-13)
    }
  }

  @Test func theFixedSizeScaleIsTheMeanCount() throws {
    // At the scale E T_k = C(n,k)(ε/√π)^m Γ((k−m)/2)/Γ(k/2) is 1.
    let scale = try #require(TheoreticalLimit.scale(count: 10, size: 4, dimension: 2, norm: .maximum))
    // C(10,4) = 210, Γ(1) = 1, Γ(2) = 1.
    #expect(abs(210 * scale * scale / Double.pi - 1) < 1e-12)
    #expect(TheoreticalLimit.scale(count: 10, size: 2, dimension: 2, norm: .maximum) == nil)
  }
}
