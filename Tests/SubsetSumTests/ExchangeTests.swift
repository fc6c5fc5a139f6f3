import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// A norm of every kind, for problems of m coordinates.
func allNorms(_ m: Int, seed: UInt64) throws -> [Norm] {
  var numbers = TestNumbers(state: seed)
  var factor = try Matrix<Double>(rows: m, columns: m)
  for i in 0..<m {
    for j in 0..<i { factor[i, j] = numbers.unit() }
    factor[i, i] = 1.5 + numbers.unit()
  }
  let blocks = (0..<m).map { $0 % max(1, m / 3) }
  let weights = (0..<m).map { _ in 1.5 + numbers.unit() }
  return [
    .maximum, .euclidean, .metric(try Metric(choleskyFactor: factor)),
    .rowSums(try RowSums(blocks: blocks, weights: weights)),
    .rowSums(try RowSums(blocks: blocks, weights: weights, sides: .larger)),
  ]
}

extension Problem {
  fileprivate func changed(_ norm: Norm? = nil, size: Int? = nil) throws -> Problem {
    try Problem(candidates: candidates, target: target, norm: norm ?? self.norm, size: size)
  }

  /// The checked error of a subset after flips.
  fileprivate func error(_ subset: [Int], flipping flips: [Int]) throws -> Double {
    var chosen = Set(subset)
    for i in flips { if chosen.remove(i) == nil { chosen.insert(i) } }
    return try Checker.solution(Claim(subset: chosen.sorted()), for: self).error
  }
}

@Suite struct ExchangeTests {
  /// Tries every flip and pair that the promise covers, none of which may lower the norm.
  private func expectLocalOptimum(_ found: Solution, _ problem: Problem, _ note: String) throws {
    let floor = found.error * (1 - 1e-9)
    if problem.size == nil {
      for i in 0..<problem.count { #expect(try problem.error(found.subset, flipping: [i]) >= floor, "\(note), \(i)") }
    }
    for i in 0..<problem.count {
      for k in 0..<i {
        if problem.size != nil, found.subset.contains(i) == found.subset.contains(k) { continue }
        #expect(try problem.error(found.subset, flipping: [i, k]) >= floor, "\(note), \(i) and \(k)")
      }
    }
  }

  @Test(arguments: [0, 2]) func noFlipPairOrSwapHelps(coolings: Int) throws {
    for (n, m) in [(1, 1), (30, 1), (40, 3), (36, 9), (24, 17)] {
      for norm in try allNorms(m, seed: UInt64(n)) {
        for dense in [false, true] {
          let problem = try scaledNormals(n, m, seed: UInt64(m), dense: dense).changed(norm)
          let found = try Exchange(coolings: coolings, coolingBits: 14).solve(problem, control: RunControl())
          try expectLocalOptimum(found, problem, "n \(n), m \(m), \(norm.name)")
          #expect(found.stop == nil && !found.isOptimal && found.error <= found.emptySetError)
        }
        for size in Set([1, n / 3, n - 1]) where size > 0 {
          let problem = try scaledNormals(n, m, seed: UInt64(m)).changed(norm, size: size)
          let found = try Exchange(coolings: coolings, coolingBits: 14).solve(problem, control: RunControl())
          #expect(found.subset.count == size)
          try expectLocalOptimum(found, problem, "n \(n), m \(m), \(norm.name), size \(size)")
        }
      }
    }
  }

  @Test func localOptimaOfIntegersHoldDespiteTies() throws {
    for seed in 0..<6 as Range<UInt64> {
      for norm in [Norm.maximum, .euclidean] {
        let problem = try integers(30, 3, limit: 4, seed: seed, norm: norm)
        try expectLocalOptimum(
          try Exchange(coolings: 1, coolingBits: 12).solve(problem, control: RunControl()), problem, "seed \(seed)")
      }
    }
  }

  @Test func smallOptimaAreFound() throws {
    for seed in 0..<4 as Range<UInt64> {
      for norm in try allNorms(3, seed: seed) {
        let problem = try scaledNormals(12, 3, seed: seed).changed(norm)
        let best = try (0..<1 << 12).map { mask in
          try Checker.solution(Claim(subset: (0..<12).filter { mask >> $0 & 1 == 1 }), for: problem).error
        }.min()!
        let found = try Exchange(coolings: 3, heat: 20).solve(problem, control: RunControl())
        #expect(found.error >= best * (1 - 1e-12))
        // Hot coolings make half a million proposals over 4096 subsets, and so find the best.
        #expect(found.error <= best * (1 + 1e-9), "seed \(seed), \(norm.name)")
      }
    }
  }

  @Test func startsAreImprovedNeverWorsened() throws {
    var numbers = TestNumbers(state: 5)
    for norm in try allNorms(6, seed: 2) {
      let problem = try scaledNormals(60, 6, seed: 2).changed(norm)
      for _ in 0..<4 {
        let start = (0..<60).filter { _ in numbers.next() & 1 == 0 }
        let before = try Checker.solution(Claim(subset: start), for: problem)
        let found = try Exchange(from: start, coolings: 0).solve(problem, control: RunControl())
        #expect(found.error < before.error)
        let again = try Exchange(from: found.subset, coolings: 0).solve(problem, control: RunControl())
        #expect(again.subset == found.subset)
        let stopped = Exchange(from: start, coolings: 3)
        #expect(try stopped.solve(problem, control: RunControl(limits: Limits(work: 0))).subset == start)
      }
      let greedy = try GreedyFlips().solve(problem, control: RunControl())
      let found = try Exchange(improving: GreedyFlips(), coolings: 3).solve(problem, control: RunControl())
      #expect(found.error <= greedy.error)
    }
    #expect(throws: SubsetSumError.self) {
      try Exchange(from: [3, 2]).solve(scaledNormals(5, 2, seed: 1), control: RunControl())
    }
    #expect(throws: SubsetSumError.wrongSize(expected: 2, found: 1)) {
      try Exchange(from: [3]).solve(scaledNormals(5, 2, seed: 1).changed(size: 2), control: RunControl())
    }
  }

  @Test func threadsOfBLASAndRepetitionChangeNothing() throws {
    let problem = try scaledNormals(400, 20, seed: 6, norm: .maximum)
    for solver in [FractionalRounding(), Exchange(coolings: 3)] as [any Solver] {
      let expected = try solver.solve(problem, control: RunControl())
      for threads in [1, 2] {
        #expect(try BLASLibrary.withThreads(threads) { try solver.solve(problem, control: RunControl()) } == expected)
      }
    }
  }

  @Test func anyScaleGivesTheSameSubset() throws {
    for norm in [Norm.maximum, .euclidean] {
      let problem = try scaledNormals(50, 4, seed: 3, norm: norm, dense: true)
      func scaled(_ factor: Double) throws -> Problem {
        let entries = (0..<200).map { problem.candidates.coordinate($0 / 4, $0 % 4) * factor }
        return try Problem(
          candidates: Candidates(Matrix<Double>(rows: 50, columns: 4, values: entries)),
          target: problem.target.map { $0 * factor }, norm: norm)
      }
      for solver in [FractionalRounding(), Exchange(coolings: 2)] as [any Solver] {
        let expected = try solver.solve(problem, control: RunControl())
        #expect(!expected.subset.isEmpty)
        for exponent in [-100, 100, 390] {
          let factor = Double(sign: .plus, exponent: exponent, significand: 1)
          let found = try solver.solve(scaled(factor), control: RunControl())
          #expect(found.subset == expected.subset && found.error == expected.error * factor)
        }
        for factor in [1e30, 1e-30, 1e-300 * 1e-20] {
          let found = try solver.solve(scaled(factor), control: RunControl())
          #expect(found.error <= found.emptySetError)
        }
      }
    }
  }

  @Test func degenerateProblemsHaveTheirAnswers() throws {
    for solver in [FractionalRounding(), Exchange(coolings: 2, coolingBits: 12)] as [any Solver] {
      func solve(_ rows: [[Double]], _ m: Int, _ target: [Double], size: Int? = nil) throws -> Solution {
        let matrix = try Matrix<Double>(rows: rows.count, columns: m, values: rows.flatMap { $0 })
        return try solver.solve(
          Problem(candidates: Candidates(matrix), target: target, norm: .maximum, size: size), control: RunControl())
      }
      #expect(try solve([], 2, [1, -2]).error == 2)
      #expect(try solve([[], []], 0, []).error == 0)
      #expect(try solve([[0, 0], [0, 0]], 2, [1, 3]).error == 3)
      #expect(try solve([[1, 2]], 2, [0, 0]).subset == [])
      #expect(try solve([[1], [1], [1], [1]], 1, [3]).error == 0)
      #expect(try solve([[0, 0], [0, 0], [4, 4]], 2, [4, 4]).error == 0)
      #expect(try solve([[1], [2], [3]], 1, [2], size: 0).subset == [])
      #expect(try solve([[1], [2], [3]], 1, [2], size: 3).subset == [0, 1, 2])
      #expect(try solve([[0], [0], [3]], 1, [3], size: 2).error == 0)
      // Nothing can be improved here.
      #expect(try solve([[9, 0], [0, 9], [-9, 0]], 2, [1, 1]).subset == [])
    }
    let rows = try Matrix<Float>(rows: 2, columns: 2, values: [1, 2, 3, .nan])
    let unchecked = try Problem(
      candidates: Candidates(rows), target: [0.5, 1], norm: .maximum, validatesCandidates: false)
    for solver in [FractionalRounding(), Exchange(coolings: 2)] as [any Solver] {
      #expect(try solver.solve(unchecked, control: RunControl()).error.isFinite)
    }
  }

  @Test func badOptionsAndTooLittleMemoryAreNamed() throws {
    let problem = try scaledNormals(500, 20, seed: 1)
    for solver in [
      Exchange(coolings: -1), Exchange(coolingBits: 9), Exchange(pairWindow: -1), Exchange(heat: 0.1),
      Exchange(chill: 0), FractionalRounding(spread: 0), FractionalRounding(spread: .nan),
    ] as [any Solver] {
      #expect(throws: SubsetSumError.self) { try solver.solve(problem, control: RunControl()) }
    }
    let little = RunControl(limits: Limits(memoryBytes: 1000))
    for solver in [FractionalRounding(), Exchange(from: [])] as [any Solver] {
      #expect(throws: SubsetSumError.self) { try solver.solve(problem, control: little) }
    }
    // The window holds only some of the candidates.
    let some = RunControl(limits: Limits(memoryBytes: 60_000))
    #expect(try Exchange(from: [], coolings: 1).solve(problem, control: some).error < 1)
  }

  @Test(arguments: [nil, 9] as [Int?]) func coresChangeNothing(size: Int?) throws {
    let problem = try GeneratedInstance.problem(dimension: 12, count: 200, seed: 5, norm: .maximum, size: size)
    let control = RunControl(limits: Limits(work: 40_000_000))
    for make: (Int) -> any Solver in [
      { workers in
        var exchange = Exchange()
        exchange.workers = workers
        return exchange
      }, { Portfolio(workers: $0) },
    ] {
      let alone = try make(1).solve(problem, control: control)
      #expect(alone.error < alone.emptySetError)
      for workers in [2, 3, 8] { #expect(try make(workers).solve(problem, control: control) == alone) }
    }
  }
}
