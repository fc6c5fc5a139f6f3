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
      let found = try PopulationSearch().solve(problem, control: RunControl(limits: Limits(work: 1 << 30)))
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

  /// ‖U⁻ᵀr‖² is rᵀ(C + δ²I)⁻¹r, and U⁻¹U⁻ᵀr is (C + δ²I)⁻¹r, by a solver of LinearAlgebra.
  @Test(arguments: [1, 2, 7, 8, 17, 30]) func theMetricIsThatOfItsCovariance(m: Int) throws {
    var numbers = TestNumbers(state: UInt64(m))
    let space = try Space(m, candidates: 2 * m, tolerance: 0.1, &numbers)
    for _ in 0..<19 {
      let r = (0..<m).map { _ in numbers.normal() }
      let stride = space.metric.stride
      var scratch = [Double](repeating: .nan, count: 16 * m)
      var whitened = r + [Double](repeating: 0, count: stride - m)
      space.metric.whiten(&whitened)
      let expected = try space.score(r, remaining: 2 * m)
      let found = whitened.reduce(0) { $0 + $1 * $1 }
      #expect(abs(found - expected) <= 1e-10 * expected)
      space.metric.unwhiten(&whitened, count: 1, scratch: &scratch)
      let solved = try space.solved(r, remaining: 2 * m)
      let size = solved.map(abs).max() ?? 0
      for j in 0..<m { #expect(abs(whitened[j] - solved[j]) <= 1e-9 * size) }
    }
  }

  /// The squared distance of a state and a sum in the few coordinates is the child's score in all
  /// of them, also where candidates repeat, are zero, or outnumber the dimensions.
  @Test(arguments: [(1, 1), (3, 10), (9, 10), (30, 4), (72, 10)]) func coordinatesKeepTheScores(m: Int, g: Int) throws {
    for kind in ["normal", "repeated", "zero"] {
      var numbers = TestNumbers(state: UInt64(m * g))
      let space = try Space(m, candidates: 2 * m, tolerance: 0.1, &numbers)
      let stride = (m + 7) / 8 * 8
      var group = (0..<g * stride).map { $0 % stride < m ? numbers.normal() : 0 }
      if kind == "repeated", g > 1 { for j in 0..<stride { group[(g - 1) * stride + j] = group[j] } }
      if kind == "zero" { for j in 0..<stride { group[j] = 0 } }
      let projection = GroupProjection(group, count: g, metric: space.metric)
      var sums = [Double](repeating: .nan, count: (g + 1) << g)
      projection.writeSums(to: &sums)
      let count = 17
      let residuals = (0..<count * stride).map { $0 % stride < m ? numbers.normal() : 0 }
      func residual(_ k: Int) -> [Double] { (0..<m).map { residuals[k * stride + $0] } }
      let members = (0..<g).map { i in (0..<m).map { group[i * stride + $0] } }
      let scores = try (0..<count).map { try space.score(residual($0), remaining: 2 * m, and: members) }
      var coordinates = [Double](repeating: .nan, count: count * (g + 1))
      var scratch = [Double](repeating: .nan, count: 16 * m)
      projection.project(residuals, scores: scores, count: count, to: &coordinates, scratch: &scratch)
      for k in 0..<count {
        for c in [0, 1, (1 << g) - 1, (1 << g) * 5 / 7] {
          var child = residual(k)
          for i in 0..<g { for j in 0..<m { child[j] -= (c >> i & 1 == 1 ? 0.5 : -0.5) * members[i][j] } }
          let expected = try space.score(child, remaining: 2 * m)
          let found = (0...g).reduce(0) { sum, j in
            let difference = coordinates[k * (g + 1) + j] - sums[c * (g + 1) + j]
            return sum + difference * difference
          }
          #expect(abs(found - expected) <= 1e-7 * max(expected, scores[k]), "\(kind), state \(k), sum \(c)")
        }
      }
    }
  }

  /// The kernel adds in the order of the columns, in every variant for a CPU.
  @Test(arguments: [1, 3, 4, 8, 9, 25, 72]) func projectionsKeepTheirOrder(m: Int) {
    var numbers = TestNumbers(state: 5)
    let stride = (m + 7) / 8 * 8
    for (g, count) in [(1, 1), (3, 15), (4, 16), (10, 33)] {
      let matrix = (0..<g * stride).map { _ in numbers.unit() }
      let inverse = (0..<g * g).map { _ in numbers.unit() }
      let states = (0..<count * stride).map { _ in numbers.unit() }
      let scores = (0..<count).map { _ in 1e3 * numbers.unit() }
      var found = [Double](repeating: .nan, count: count * (g + 1))
      var scratch = [Double](repeating: .nan, count: 16 * m)
      tombola_projections_f64(matrix, inverse, g, stride, m, states, scores, count, &found, &scratch)
      for k in 0..<count {
        let products = (0..<g).map { i in
          (0..<m).reduce(0.0) { $0 + matrix[i * stride + $1] * states[k * stride + $1] }
        }
        let reduced = (0..<g).map { i in (0...i).reduce(0.0) { $0 + inverse[i * g + $1] * products[$1] } }
        let rest = scores[k] - reduced.reduce(0.0) { $0 + $1 * $1 }
        let expected = products + [rest > 0 ? rest.squareRoot() : 0]
        #expect(Array(found[k * (g + 1)..<(k + 1) * (g + 1)]) == expected, "m \(m), state \(k) of \(count)")
      }
    }
  }

  /// A child is its parent less two sums, in every variant for a CPU.
  @Test func childrenAreDifferences() {
    var numbers = TestNumbers(state: 6)
    let (stride, lowCount, highCount, parentCount) = (16, 2, 3, 5)
    let parents = (0..<parentCount * stride).map { _ in numbers.unit() }
    let low = (0..<stride << lowCount).map { _ in numbers.unit() }
    let high = (0..<stride << highCount).map { _ in numbers.unit() }
    let codes: [UInt16] = [0, 31, 7, 18, 5, 28]
    let chosen: [UInt32] = [0, 0, 1, 4, 3, 4]
    var children = [Double](repeating: .nan, count: codes.count * stride)
    tombola_children_f64(parents, chosen, codes, codes.count, low, high, lowCount, stride, &children)
    for k in codes.indices {
      for j in 0..<stride {
        let (first, second) = (Int(codes[k]) % (1 << lowCount), Int(codes[k]) >> lowCount)
        let expected = parents[Int(chosen[k]) * stride + j] - low[first * stride + j] - high[second * stride + j]
        #expect(children[k * stride + j] == expected)
      }
    }
  }

  /// The cut lets about as many children pass as are wanted, whatever their number, and is the same
  /// for the same states.
  @Test(arguments: [(1, 10, 64), (7, 9, 300), (64, 9, 64), (2000, 9, 2000), (40, 9, 12000), (90, 2, 100)])
  func cutsLetAboutTheWantedPass(count: Int, g: Int, wanted: Int) {
    var numbers = TestNumbers(state: 7)
    let entries = g + 1
    let sums = (0..<entries << g).map { $0 % entries == g ? 0 : numbers.normal() }
    let states = (0..<count * entries).map { _ in numbers.normal() }
    var panels = SumPanels(capacity: 1 << g, entries: entries)
    panels.load(sums, count: 1 << g)
    let pairs = count << g
    let cut = PopulationCut().score(
      panels, states: states, entries: entries, count: count, wanted: wanted, of: pairs)
    var passing = 0
    for k in 0..<count {
      for c in 0..<1 << g {
        let score = (0..<entries).reduce(0.0) {
          let difference = states[k * entries + $1] - sums[c * entries + $1]
          return $0 + difference * difference
        }
        if score <= cut { passing += 1 }
      }
    }
    #expect(passing > wanted / 4 && passing < wanted * 3, "\(passing) of \(pairs) pass")
  }

  /// Where no subset comes near the target the scores of all states are large and alike, and the
  /// search still uses its work.
  @Test(arguments: [(144, 500, 1), (9, 100, 200)]) func targetsOutOfReachAreSearched(
    m: Int, n: Int, target: Int
  ) throws {
    let near = try GeneratedInstance.problem(dimension: m, count: n, seed: 2, norm: .euclidean)
    let problem = try Problem(
      candidates: near.candidates, target: near.target.map { $0 * Double(target) }, norm: .euclidean)
    let limit = UInt64(1) << 31
    let found = try PopulationSearch().solve(problem, control: RunControl(limits: Limits(work: limit)))
    #expect(found.work > limit / 2 && found.stop == .workLimit, "\(found.work) of \(limit)")
    #expect(found.error <= (try GreedyFlips().solve(problem, control: RunControl())).error)
  }

  /// Of candidates that are repeated only how many are chosen counts: a planted subset with two of
  /// each, or one where there is but one, is found.
  @Test(arguments: [1, 3, 4]) func repeatedCandidatesCountOnce(times: Int) throws {
    var numbers = TestNumbers(state: 9)
    let (m, different) = (5, 12)
    var rows: [[Double]] = []
    for _ in 0..<different { rows.append((0..<m).map { _ in (numbers.normal() * 8).rounded(.towardZero) }) }
    let all = rows.flatMap { row in [[Double]](repeating: row, count: times) }
    let twice = Double(min(2, times))
    var planted = [Double](repeating: 0, count: m)
    for row in rows[..<6] { for j in 0..<m { planted[j] += twice * row[j] } }
    let problem = try Problem(
      candidates: Candidates(Matrix(rows: all.count, columns: m, values: all.flatMap { $0 })), target: planted,
      norm: .maximum)
    let found = try PopulationSearch().solve(problem, control: RunControl(limits: Limits(work: 1 << 30)))
    #expect(found.error == 0, "\(found.error)")
    #expect(found.subset.count == Set(found.subset).count && found.subset.allSatisfy(all.indices.contains))
  }

  /// Equal candidates lose no subset: a population of all of them finds the best.
  @Test func repeatedCandidatesAreSearchedWhole() throws {
    var numbers = TestNumbers(state: 4)
    for counts in [[4, 4, 4], [1, 2, 3, 1, 5], [12], [2, 1, 1, 1, 1, 1, 1, 1, 1, 2]] {
      let m = 3
      var all: [[Double]] = []
      for count in counts {
        let row = (0..<m).map { _ in numbers.normal() }
        for _ in 0..<count { all.append(row) }
      }
      let problem = try Problem(
        candidates: Candidates(Matrix(rows: all.count, columns: m, values: all.flatMap { $0 })),
        target: (0..<m).map { _ in numbers.normal() }, norm: .euclidean)
      let brute = try Exhaustive().solve(problem, control: RunControl())
      let found = try PopulationSearch().solve(problem, control: RunControl(limits: Limits(work: 1 << 28)))
      #expect(abs(found.error - brute.error) <= 1e-12 * brute.error, "\(counts)")
    }
  }

  /// Candidates beyond the ladder's stay as they are in the start.
  @Test func longCandidatesAreKept() throws {
    let problem = try GeneratedInstance.problem(dimension: 9, count: 400, seed: 4, norm: .euclidean)
    let start = try GreedyFlips().solve(problem, control: RunControl())
    let search = PopulationSearch.forBlocks
    let found = try search.solve(problem, control: RunControl(limits: Limits(work: 1 << 26)))
    let bare = try Problem(
      candidates: problem.candidates, target: [Double](repeating: 0, count: 9), norm: .euclidean)
    let lengths = try (0..<problem.count).map { i in
      try Checker.residual(of: [i], in: bare).reduce(0) { $0 + $1 * $1 }
    }
    let longest = lengths.indices.sorted { lengths[$0] < lengths[$1] }.dropFirst(6 * 9 + 24)
    #expect(found.error < start.error)
    #expect(longest.filter(Set(found.subset).contains) == longest.filter(Set(start.subset).contains))
    let ended = try search.solve(problem, control: RunControl())
    #expect(found.stop == .workLimit && ended.stop == nil && ended.work > 1 << 25 && ended.work <= 1 << 26)
  }
}

/// Candidates with the covariance of their signed halves, and the metric of it.
private struct Space {
  let m: Int
  let candidates: [[Double]]
  let tolerance: Double
  let metric: ReachMetric

  init(_ m: Int, candidates count: Int, tolerance: Double, _ numbers: inout TestNumbers) throws {
    self.m = m
    self.tolerance = tolerance
    var made: [[Double]] = []
    for _ in 0..<count { made.append((0..<m).map { _ in numbers.normal() }) }
    candidates = made
    let stride = (m + 7) / 8 * 8
    var covariance = [Double](repeating: 0, count: m * stride)
    for j in 0..<m { covariance[j * stride + j] = tolerance * tolerance }
    for x in made { for i in 0..<m { for j in 0..<m { covariance[i * stride + j] += x[i] * x[j] / 4 } } }
    metric = ReachMetric(covariance: covariance, dimension: m, stride: stride)
  }

  /// (C + δ²I)⁻¹r.
  func solved(_ r: [Double], remaining: Int, and more: [[Double]] = []) throws -> [Double] {
    var values = [Double](repeating: 0, count: m * m)
    for j in 0..<m { values[j * m + j] = tolerance * tolerance }
    for x in candidates[..<remaining] + more {
      for i in 0..<m { for j in 0..<m { values[i * m + j] += x[i] * x[j] / 4 } }
    }
    let whole = try Matrix<Double>(rows: m, columns: m, values: values)
    let factor = try whole.withView { try Cholesky(of: $0) }
    var column = try Matrix<Double>(rows: m, columns: 1, values: r)
    try column.withMutableView { try factor.solve(inPlace: $0) }
    return (0..<m).map { column[$0, 0] }
  }

  /// rᵀ(C + δ²I)⁻¹r.
  func score(_ r: [Double], remaining: Int, and more: [[Double]] = []) throws -> Double {
    let solution = try solved(r, remaining: remaining, and: more)
    return (0..<m).reduce(0) { $0 + r[$1] * solution[$1] }
  }
}
