import LinearAlgebra
import RunControl
import SubsetSum
import SubsetSumKernels
import Testing

@Suite struct PopulationTests {
  /// A population as wide as there are subsets leaves none out.
  @Test func aPopulationOfAllSubsetsFindsTheBest() throws {
    for (n, m) in [(1, 1), (5, 2), (12, 3), (12, 7)] {
      for norm in try allNorms(m, seed: UInt64(n)) {
        for dense in [false, true] {
          let problem = try scaledNormals(n, m, seed: UInt64(m), norm: norm, dense: dense)
          let brute = try Exhaustive().solve(problem, control: RunControl())
          let found = try PopulationSearch().solve(problem, control: RunControl(limits: Limits(work: 1 << 28)))
          #expect(abs(found.error - brute.error) <= 1e-12 * brute.error, "n \(n), m \(m), \(norm.name)")
        }
      }
    }
  }

  /// Exact sums of integers are met, as the last groups leave no subset of theirs out.
  @Test func plantedSubsetsAreFound() throws {
    for seed in UInt64(1)...4 {
      let problem = try integers(60, 4, limit: 20, seed: seed, norm: .maximum)
      let found = try PopulationSearch().solve(problem, control: RunControl(limits: Limits(work: 1 << 28)))
      #expect(found.error == 0 && found.isOptimal, "seed \(seed)")
    }
  }

  @Test(arguments: [(9, 250), (25, 400), (40, 60), (5, 30)])
  func coresChangeNothingAndWorkIsKept(m: Int, n: Int) throws {
    let problem = try GeneratedInstance.problem(dimension: m, count: n, seed: 3, norm: .maximum)
    let greedy = try GreedyFlips().solve(problem, control: RunControl())
    for work in [1 << 16, 1 << 20, 1 << 24, 1 << 27] as [UInt64] {
      let control = RunControl(limits: Limits(work: work))
      let alone = try PopulationSearch().solve(problem, control: control)
      #expect(alone.work <= work && alone.stop == .workLimit, "work \(work), \(alone.work)")
      #expect(alone == (try PopulationSearch(workers: 3).solve(problem, control: control)))
      if work >= 1 << 24 { #expect(alone.error <= greedy.error) }
    }
  }

  /// Later rounds are others, and never lose what was given.
  @Test func aSearchGoesOnFromASolution() throws {
    let problem = try GeneratedInstance.problem(dimension: 9, count: 250, seed: 8, norm: .euclidean)
    let control = RunControl(limits: Limits(work: 1 << 25))
    let first = try PopulationSearch().solve(problem, control: control)
    var search = PopulationSearch()
    search.start = first
    search.firstRound = 1 << 20
    let second = try search.solve(problem, control: control)
    #expect(second.error <= first.error)
  }

  @Test func whatItDoesNotTakeIsRefused() throws {
    let problem = try scaledNormals(20, 3, seed: 1)
    #expect(throws: SubsetSumError.self) { try PopulationSearch(width: 1).solve(problem, control: RunControl()) }
    let penalised = try problem.with(sizePenalty: 0.1)
    #expect(throws: SubsetSumError.self) { try PopulationSearch().solve(penalised, control: RunControl()) }
    let sized = try Problem(candidates: problem.candidates, target: problem.target, norm: .euclidean, size: 4)
    #expect(throws: SubsetSumError.self) { try PopulationSearch().solve(sized, control: RunControl()) }
    let tight = RunControl(limits: Limits(memoryBytes: 1 << 12))
    #expect(throws: SubsetSumError.self) { try PopulationSearch().solve(problem, control: tight) }
  }

  /// ‖L⁻¹r‖² is rᵀ(C + δ²I)⁻¹r, by a solver of LinearAlgebra.
  @Test(arguments: [1, 2, 7, 8, 17, 30]) func theMetricIsThatOfItsCovariance(m: Int) throws {
    var numbers = TestNumbers(state: UInt64(m))
    let stride = (m + 7) / 8 * 8
    var covariance = [Double](repeating: 0, count: m * stride)
    for j in 0..<m { covariance[j * stride + j] = 0.01 }
    for _ in 0..<2 * m {
      let x = (0..<m).map { _ in numbers.normal() }
      for i in 0..<m { for j in 0..<m { covariance[i * stride + j] += x[i] * x[j] / 4 } }
    }
    let metric = ReachMetric(covariance: covariance, dimension: m, stride: stride)
    let count = 19
    let vectors = (0..<count * stride).map { $0 % stride < m ? numbers.normal() : 0 }
    var whitened = [Double](repeating: 0, count: count * m)
    var scratch = [Double](repeating: 0, count: 16 * m)
    metric.whiten(vectors, vectorStride: stride, count: count, to: &whitened, productStride: m, scratch: &scratch)
    let whole = try Matrix<Double>(
      rows: m, columns: m, values: (0..<m * m).map { covariance[$0 / m * stride + $0 % m] })
    let factor = try whole.withView { try Cholesky(of: $0) }
    for k in 0..<count {
      let r = (0..<m).map { vectors[k * stride + $0] }
      var solved = try Matrix<Double>(rows: m, columns: 1, values: r)
      try solved.withMutableView { try factor.solve(inPlace: $0) }
      let expected = (0..<m).reduce(0) { $0 + r[$1] * solved[$1, 0] }
      let found = (0..<m).reduce(0) { $0 + whitened[k * m + $1] * whitened[k * m + $1] }
      #expect(abs(found - expected) <= 1e-10 * expected)
    }
  }

  /// The kernel adds in the order of the columns, in every variant for a CPU.
  @Test(arguments: [1, 3, 4, 9, 25, 72]) func productsKeepTheirOrder(m: Int) {
    var numbers = TestNumbers(state: 5)
    for count in [1, 15, 16, 33] {
      var lower = [Double](repeating: 0, count: m * m)
      for i in 0..<m { for j in 0...i { lower[i * m + j] = numbers.unit() } }
      let vectors = (0..<count * m).map { _ in numbers.unit() }
      var products = [Double](repeating: .nan, count: count * m)
      var scratch = [Double](repeating: .nan, count: 16 * m)
      tombola_lower_product_f64(lower, m, m, vectors, m, count, &products, m, &scratch)
      for k in 0..<count {
        for i in 0..<m {
          var sum = 0.0
          for j in 0...i { sum += lower[i * m + j] * vectors[k * m + j] }
          #expect(products[k * m + i] == sum, "m \(m), count \(count), entry \(i) of \(k)")
        }
      }
    }
  }
}
