import LinearAlgebra
import RunControl
import SubsetSum
import Testing

@Suite struct GreedyTests {
  @Test func everyStepIsTheReferences() throws {
    for (n, m) in [(1, 1), (50, 1), (40, 3), (100, 9), (60, 17), (200, 36)] {
      for seed in 0..<4 as Range<UInt64> {
        let problem = try scaledNormals(n, m, seed: seed, half: seed == 3 ? 4 : 0.5, dense: seed == 2)
        for columns in [0, 5, 40] {
          let expected = try GreedyFlipsReference(exchangeColumns: columns).path(problem, control: RunControl())
          let found = try GreedyFlips(exchangeColumns: columns).path(problem, control: RunControl())
          #expect(found == expected, "n \(n), m \(m), seed \(seed), columns \(columns)")
        }
      }
    }
  }

  @Test func tiesAndUnsortedCandidatesFollowTheReferenceToo() throws {
    for seed in 0..<10 as Range<UInt64> {
      let problem = try integers(60, 4, limit: 3, seed: seed, norm: .euclidean)
      let expected = try GreedyFlipsReference().path(problem, control: RunControl())
      #expect(try GreedyFlips(tileRows: 7).path(problem, control: RunControl()) == expected)
    }
  }

  /// Four of each vector, with scales a last bit apart, which Float32 dot products cannot tell.
  private static func nearTies(
    vectors count: Int, _ m: Int, seed: UInt64, scale: Double, target: Double
  ) throws -> Problem {
    var numbers = TestNumbers(state: seed)
    var scales: [Float] = []
    var values: [Float] = []
    for _ in 0..<count {
      var scale = Float(abs(numbers.normal()) * scale)
      let vector = (0..<m).map { _ in Float(numbers.normal()) }
      for _ in 0..<4 {
        scales.append(scale)
        values += vector
        scale = numbers.next() & 1 == 0 ? scale.nextUp : scale.nextDown
      }
    }
    let vectors = try Matrix<Float>(rows: 4 * count, columns: m, values: values)
    return try Problem(
      candidates: Candidates(scales: scales, vectors: vectors), target: (0..<m).map { _ in target * numbers.unit() },
      norm: .euclidean)
  }

  @Test func nearTiesAreDecidedInFloat64() throws {
    for seed in 0..<40 as Range<UInt64> {
      let problem = try Self.nearTies(vectors: 20, 5 + Int(seed % 20), seed: seed, scale: 0.1, target: 1)
      let expected = try GreedyFlipsReference().path(problem, control: RunControl())
      #expect(try GreedyFlips().path(problem, control: RunControl()) == expected)
    }
  }

  @Test(arguments: [Norm.euclidean, .maximum]) func tilesChangeNothing(norm: Norm) throws {
    let problem = try scaledNormals(300, 11, seed: 4, norm: norm)
    let expected = try GreedyFlips().solve(problem, control: RunControl())
    let kicked = try IteratedGreedy(kicks: 20).solve(problem, control: RunControl())
    for tile in [1, 2, 7, 64, 299, 1000] {
      let greedy = GreedyFlips(tileRows: tile)
      #expect(try greedy.solve(problem, control: RunControl()) == expected)
      #expect(try IteratedGreedy(kicks: 20, greedy: greedy).solve(problem, control: RunControl()) == kicked)
    }
  }

  /// Scans of 2¹⁷ numbers are shared. All candidates are there twice, so that ties fall into
  /// different tiles.
  @Test func coresChangeNoStep() throws {
    for seed in 0..<3 as Range<UInt64> {
      let (n, m) = (3000, 50)
      var numbers = TestNumbers(state: seed)
      let half = (0..<n / 2 * m).map { _ in Float(numbers.normal()) }
      let vectors = try Matrix<Float>(rows: n, columns: m, values: half + half)
      let scales = (0..<n / 2).map { _ in Float(abs(numbers.normal())) }
      let problem = try Problem(
        candidates: Candidates(scales: scales + scales, vectors: vectors),
        target: (0..<m).map { _ in 20 * numbers.unit() }, norm: .euclidean)
      let expected = try GreedyFlips().path(problem, control: RunControl())
      for (workers, tile) in [(2, nil), (3, 100), (5, 7), (2, 2999)] as [(Int, Int?)] {
        var greedy = GreedyFlips(tileRows: tile)
        greedy.workers = workers
        let found = try greedy.path(problem, control: RunControl())
        #expect(found == expected, "\(workers) workers, tiles of \(tile ?? 0)")
      }
    }
  }

  /// From 32 coordinates on, products are carried from flip to flip; not where memory is limited.
  /// (3000, 32) makes more columns than there is room for.
  @Test(arguments: [(200, 32), (600, 40), (3000, 32), (500, 90)])
  func carriedProductsChangeNoStep(n: Int, m: Int) throws {
    let limited = RunControl(limits: Limits(memoryBytes: 1 << 30))
    for seed in 0..<4 as Range<UInt64> {
      let problem = try scaledNormals(n, m, seed: seed, half: 3, dense: seed == 2)
      let expected = try GreedyFlipsReference(exchangeColumns: 5).path(problem, control: RunControl())
      for control in [RunControl(), limited] {
        let found = try GreedyFlips(exchangeColumns: 5).path(problem, control: control)
        #expect(found == expected, "seed \(seed)")
      }
      let kicked = try IteratedGreedy(kicks: 40).solve(problem, control: RunControl())
      #expect(try IteratedGreedy(kicks: 40).solve(problem, control: limited) == kicked)
      let penalised = try problem.with(sizePenalty: 0.01)
      let few = try GreedyFlipsReference(exchangeColumns: 5).path(penalised, control: RunControl())
      #expect(try GreedyFlips(exchangeColumns: 5).path(penalised, control: RunControl()) == few)
    }
  }

  /// Products that are carried over many flips tell less than single ones.
  @Test func carriedProductsLeaveNearTiesToFloat64() throws {
    for seed in 0..<10 as Range<UInt64> {
      let problem = try Self.nearTies(vectors: 60, 32 + Int(seed), seed: seed, scale: 1, target: 9)
      let expected = try GreedyFlipsReference().path(problem, control: RunControl())
      #expect(try GreedyFlips().path(problem, control: RunControl()) == expected)
    }
  }

  @Test func noSingleFlipOfTheResultHelps() throws {
    for (n, m) in [(80, 2), (150, 9), (90, 30)] {
      let problem = try scaledNormals(n, m, seed: 8)
      for solver in [GreedyFlips(exchangeColumns: 0), GreedyFlips(), IteratedGreedy(kicks: 10)] as [any Solver] {
        let found = try solver.solve(problem, control: RunControl())
        for i in 0..<n {
          let flipped = problem.plainError { found.subset.contains($0) != ($0 == i) }
          #expect(flipped >= found.error * (1 - 1e-9))
        }
      }
    }
  }

  @Test func noSinglePairHelpsWhenAllAreTried() throws {
    let problem = try scaledNormals(60, 6, seed: 3)
    let found = try GreedyFlips(exchangeColumns: 60).solve(problem, control: RunControl())
    // First flips are taken from those in reach of the residual.
    let near = (0..<60).filter { i in
      (0..<6).reduce(0) { $0 + problem.candidates.coordinate(i, $1) * problem.candidates.coordinate(i, $1) }
        .squareRoot() < 2 * found.error
    }
    for i in near {
      for k in 0..<60 where k != i {
        let flipped = problem.plainError { found.subset.contains($0) != ($0 == i || $0 == k) }
        #expect(flipped >= found.error * (1 - 1e-9))
      }
    }
  }

  @Test func noSingleFlipLowersThePolishedMaxNorm() throws {
    for (n, m) in [(80, 2), (150, 9)] {
      let problem = try scaledNormals(n, m, seed: 6, norm: .maximum)
      let found = try GreedyFlips().solve(problem, control: RunControl())
      for i in 0..<n {
        #expect(problem.plainError { found.subset.contains($0) != ($0 == i) } >= found.error * (1 - 1e-9))
      }
    }
  }

  @Test func neverWorseThanNothingAndKicksOnlyHelp() throws {
    for seed in 0..<10 as Range<UInt64> {
      for norm in [Norm.euclidean, .maximum] {
        let problem = try scaledNormals(100, 12, seed: seed, norm: norm)
        let plain = try GreedyFlips().solve(problem, control: RunControl())
        #expect(plain.error <= plain.emptySetError)
        #expect(!plain.isOptimal && plain.stop == nil && plain.work > 0)
      }
      let problem = try scaledNormals(100, 12, seed: seed)
      let single = try GreedyFlips(exchangeColumns: 0).solve(problem, control: RunControl())
      #expect(try GreedyFlips().solve(problem, control: RunControl()).error <= single.error)
      #expect(try IteratedGreedy(kicks: 30).solve(problem, control: RunControl()).error <= single.error)
    }
  }

  /// Every step with a size penalty is that of the reference.
  @Test func penalisedStepsAreTheReferences() throws {
    for (n, m) in [(50, 1), (40, 3), (100, 9), (200, 36)] {
      for seed in 0..<3 as Range<UInt64> {
        let plain = try scaledNormals(n, m, seed: seed, half: 2, dense: seed == 2)
        for penalty in [1e-3, 0.05, 1] {
          let problem = try plain.with(sizePenalty: penalty)
          let expected = try GreedyFlipsReference(exchangeColumns: 40).path(problem, control: RunControl())
          let greedy = GreedyFlips(exchangeColumns: 40)
          #expect(try greedy.path(problem, control: RunControl()) == expected, "n \(n), m \(m), penalty \(penalty)")
        }
      }
    }
  }

  /// From a subset that is far too large a descent ends where no single flip could save anything,
  /// and never above the start.
  @Test func aPenaltyThinsAGivenSubset() throws {
    let problem = try scaledNormals(120, 8, seed: 5)
    func objective(_ subset: [Int], _ penalty: Double) -> Double {
      let chosen = Set(subset)
      let error = problem.plainError { chosen.contains($0) }
      return error * error + penalty * Double(subset.count)
    }
    var sizes: [Int] = []
    for penalty in [0, 1e-4, 1e-2, 1] {
      var greedy = GreedyFlips()
      greedy.start = Array(stride(from: 0, to: 120, by: 3))
      let found = try greedy.solve(problem.with(sizePenalty: penalty), control: RunControl()).subset
      let reached = objective(found, penalty)
      #expect(reached <= objective(greedy.start, penalty))
      for i in 0..<120 {
        let other = found.contains(i) ? found.filter { $0 != i } : (found + [i]).sorted()
        #expect(objective(other, penalty) >= reached * (1 - 1e-9))
      }
      sizes.append(found.count)
    }
    #expect(sizes == sizes.sorted(by: >) && sizes.first! > sizes.last!, "\(sizes)")
    var wrong = GreedyFlips()
    wrong.start = [3, 3]
    #expect(throws: SubsetSumError.self) { try wrong.solve(problem, control: RunControl()) }
  }

  @Test func extremeMagnitudesStillDescend() throws {
    // The first scale overflows Float32 dot products, the second underflows them.
    for scale in [1e30 as Float, 1e-38] {
      var numbers = TestNumbers(state: 3)
      let vectors = try Matrix<Float>(
        rows: 50, columns: 3, values: (0..<150).map { _ in Float(numbers.unit()) * scale * (scale > 1 ? 1e8 : 1) })
      let target = (0..<3).map { _ in Double(scale) * (scale > 1 ? 1e8 : 1) * numbers.unit() }
      let problem = try Problem(candidates: Candidates(vectors), target: target, norm: .euclidean)
      let found = try GreedyFlips().path(problem, control: RunControl())
      #expect(!found.isEmpty)
      #expect(try found == GreedyFlipsReference().path(problem, control: RunControl()))
    }
  }
}
