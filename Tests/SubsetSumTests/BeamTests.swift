import LinearAlgebra
import RunControl
import SubsetSum
import Synchronization
import Testing

@Suite struct BeamTests {
  @Test(arguments: [1, 2, 9]) func aBeamOfOneIsGreedyAddition(m: Int) throws {
    for seed in 0..<5 as Range<UInt64> {
      let problem = try GeneratedInstance.problem(dimension: m, count: 40, seed: seed, norm: .euclidean)
      // Adds candidates one at a time, each the best, until none helps.
      var chosen: [Int] = []
      var least = problem.plainError { _ in false }
      while true {
        let next = (0..<40).filter { !chosen.contains($0) }.map { i in
          (problem.plainError { chosen.contains($0) || $0 == i }, i)
        }.min { $0 < $1 }!
        if next.0 >= least { break }
        least = next.0
        chosen.append(next.1)
      }
      let found = try BeamSearch(width: 1).solve(problem, control: RunControl())
      #expect(found.error <= least * (1 + 1e-12))
      let bySize = try BeamSearch(width: 1).bestBySize(problem, control: RunControl())
      for k in bySize.indices { #expect(bySize[k].subset.count == k) }
      #expect(bySize.map(\.error).min() == found.error)
    }
  }

  @Test func aFullBeamFindsTheOptimum() throws {
    for seed in 0..<5 as Range<UInt64> {
      let problem = try GeneratedInstance.problem(dimension: 4, count: 11, seed: seed, norm: .euclidean)
      let exact = try Exhaustive().solve(problem, control: RunControl())
      let sizes = try BeamSearch(width: 2048).bestBySize(problem, control: RunControl())
      // The beam ends a few sizes after its best one, so the optimum's size may be missing.
      #expect(sizes.map(\.error).min()! >= exact.error)
      if exact.subset.count < sizes.count { #expect(sizes[exact.subset.count].error == exact.error) }
    }
  }

  @Test func aPenaltyPicksAmongSizes() throws {
    let plain = try GeneratedInstance.problem(dimension: 9, count: 200, seed: 2, norm: .euclidean)
    let beam = BeamSearch(width: 32)
    for penalty in [1e-4, 1e-2, 0.1] {
      let problem = try plain.with(sizePenalty: penalty)
      let sizes = try beam.bestBySize(problem, control: RunControl())
      let objectives = sizes.map { $0.error * $0.error + penalty * Double($0.subset.count) }
      let found = try beam.solve(problem, control: RunControl())
      #expect(found.error * found.error + penalty * Double(found.subset.count) == objectives.min())
    }
  }

  /// More levels of 256 states than the work limit allows: narrower beams come to their end.
  @Test func aFixedSizeIsReachedWhateverTheWorkOfWideBeams() throws {
    let problem = try GeneratedInstance.problem(dimension: 72, count: 4000, seed: 1, norm: .euclidean, size: 60)
    let found = try BeamSearch().solve(problem, control: RunControl(limits: Limits(work: 1 << 28)))
    #expect(found.subset.count == 60 && found.error < found.emptySetError, "\(found.error)")
  }

  /// No work limit, however small or odd, leads to a trap or a subset of another size.
  @Test func anyWorkLimitEndsWell() throws {
    for (m, n, size) in [(6, 80, 5), (6, 80, nil), (24, 150, nil)] as [(Int, Int, Int?)] {
      let problem = try GeneratedInstance.problem(dimension: m, count: n, seed: 3, norm: .euclidean, size: size)
      var limit = 100.0
      while limit < 4e7 {
        let found = try BeamSearch().solve(problem, control: RunControl(limits: Limits(work: UInt64(limit))))
        #expect(found.subset.count == size ?? found.subset.count)
        limit *= 1.17
      }
    }
  }

  @Test func workDecides() throws {
    let problem = try GeneratedInstance.problem(dimension: 9, count: 300, seed: 2, norm: .maximum)
    let limits = Limits(work: 1 << 26)
    let once = try BeamSearch().solve(problem, control: RunControl(limits: limits))
    let again = try BeamSearch().solve(problem, control: RunControl(limits: limits))
    #expect(once == again)
    #expect(once.work <= 1 << 26)
    let threaded = try BLASLibrary.withThreads(2) {
      try BeamSearch().solve(problem, control: RunControl(limits: limits))
    }
    #expect(threaded.subset == once.subset)
  }

  /// With cells, with screens, with several parts of a selection, and with sizes that are not
  /// fixed.
  @Test(arguments: [(5, 120, 9, 1 << 14), (25, 100, 12, 1 << 13), (8, 150, nil, 1 << 14), (3, 60, 4, 300)])
  func workersChangeNothing(m: Int, n: Int, size: Int?, width: Int) throws {
    for norm in [Norm.maximum, .euclidean] {
      let problem = try GeneratedInstance.problem(dimension: m, count: n, seed: 4, norm: norm, size: size)
      let alone = try BeamSearch(width: width).solve(problem, control: RunControl())
      for workers in [2, 3, 8] {
        #expect(try BeamSearch(width: width, workers: workers).solve(problem, control: RunControl()) == alone)
      }
    }
  }

  /// Beams in both windows, with cells and without.
  @Test(arguments: [(9, 12), (25, 14)]) func windowsDependOnWorkAlone(m: Int, size: Int) throws {
    let problem = try GeneratedInstance.problem(dimension: m, count: 300, seed: 2, norm: .maximum, size: size)
    let control = RunControl(limits: Limits(work: 1 << 30))
    let alone = try BeamSearch().solve(problem, control: control)
    #expect(alone.subset.count == size && alone.work <= 1 << 30 && alone.work >= 1 << 29)
    for workers in [2, 5] { #expect(try BeamSearch(workers: workers).solve(problem, control: control) == alone) }
  }

  /// No beam is wider than the memory allows, whatever the limit.
  @Test func runsKeepToTheMemory() throws {
    let problem = try GeneratedInstance.problem(dimension: 9, count: 300, seed: 2, norm: .maximum, size: 12)
    var bytes = 6e6
    while bytes < 4e7 {
      let widest = Mutex(0)
      let limits = Limits(work: 1 << 28, memoryBytes: Int(bytes))
      let control = RunControl(limits: limits) { step in
        let width = step.phase.split(separator: " ").last.flatMap { Int($0) } ?? 0
        widest.withLock { $0 = max($0, width) }
      }
      _ = try BeamSearch().solve(problem, control: control)
      let width = widest.withLock { $0 }
      #expect(width > 0)
      let least = Limits(work: 1, memoryBytes: Int(bytes))
      #expect(throws: Never.self) { try BeamSearch(width: width).solve(problem, control: RunControl(limits: least)) }
      bytes *= 1.03
    }
  }

  /// Of few candidates the levels hold every subset, and joins in cells miss few.
  @Test func wideBeamsOfAFixedSizeComeNearTheOptimum() throws {
    for seed in 0..<4 as Range<UInt64> {
      for norm in [Norm.maximum, .euclidean] {
        let problem = try GeneratedInstance.problem(dimension: 2, count: 16, seed: seed, norm: norm, size: 8)
        let exact = try Exhaustive().solve(problem, control: RunControl())
        let found = try BeamSearch(width: 1 << 14).solve(problem, control: RunControl())
        #expect(found.error >= exact.error && found.error <= 2 * exact.error, "\(found.error) \(exact.error)")
      }
    }
  }

  @Test func zeroVectorsDuplicatesAndScales() throws {
    for scale in [1e-30, 1, 1e30] {
      var values: [Double] = [0, 0, 0, 0]
      var numbers = TestNumbers(state: 8)
      for _ in 0..<6 {
        let row = [numbers.unit() * scale, numbers.unit() * scale]
        values += row + row
      }
      let rows = try Matrix<Double>(rows: 14, columns: 2, values: values)
      let target = [0.3 * scale, -0.2 * scale]
      for size in [nil, 5] as [Int?] {
        let problem = try Problem(candidates: Candidates(rows), target: target, norm: .maximum, size: size)
        let best = (0..<1 << 14).filter { size == nil || $0.nonzeroBitCount == size }.map { mask in
          problem.plainError { mask >> $0 & 1 == 1 }
        }.min()!
        let found = try BeamSearch(width: 1 << 13).solve(problem, control: RunControl())
        #expect(found.error >= best * (1 - 1e-12))
        if size != nil { #expect(found.error <= best * (1 + 1e-12) + 1e-16 * scale) }
      }
    }
  }

  @Test func optionsAndMemoryAreChecked() throws {
    let problem = try GeneratedInstance.problem(dimension: 3, count: 20, seed: 1, norm: .maximum)
    #expect(throws: SubsetSumError.self) { try BeamSearch(width: 0).solve(problem, control: RunControl()) }
    #expect(throws: SubsetSumError.self) {
      try BeamSearch(width: 1 << 20).solve(problem, control: RunControl(limits: Limits(memoryBytes: 1 << 20)))
    }
    let none = try GeneratedInstance.problem(dimension: 0, count: 20, seed: 1, norm: .maximum)
    #expect(try BeamSearch().solve(none, control: RunControl()).error == 0)
    let empty = try GeneratedInstance.problem(dimension: 2, count: 0, seed: 1, norm: .maximum)
    #expect(try BeamSearch().solve(empty, control: RunControl()).subset.isEmpty)
  }
}

@Suite struct PairAndSweepTests {
  @Test(arguments: [Norm.maximum, .euclidean], [2, 3, 4]) func agreeWithExhaustiveSearch(norm: Norm, m: Int) throws {
    for n in 8...17 {
      for seed in 0..<4 as Range<UInt64> {
        let problem = try scaledNormals(n, m, seed: seed * 77 + UInt64(n), norm: norm, dense: seed == 1)
        let exact = try Exhaustive().solve(problem, control: RunControl())
        for solver in [CellSweep(), PairwiseSearch()] as [any Solver] {
          let found = try solver.solve(problem, control: RunControl())
          #expect(found.error == exact.error, "\(solver.name)")
          #expect(found.isOptimal)
        }
      }
    }
  }

  @Test func pairsInManyDimensions() throws {
    for (n, m) in [(0, 3), (1, 3), (5, 70), (16, 20), (15, 33)] {
      let problem = try scaledNormals(n, m, seed: UInt64(n + m), norm: .maximum)
      let exact = try Exhaustive().solve(problem, control: RunControl())
      let found = try PairwiseSearch().solve(problem, control: RunControl())
      #expect(found.error == exact.error && found.isOptimal)
    }
  }

  /// Sums full of ties: more of them lie in one range or cell than either solver expects.
  @Test func integersAndDegenerateLists() throws {
    for seed in 0..<20 as Range<UInt64> {
      for norm in [Norm.maximum, .euclidean] {
        let problem = try integers(14, 2, limit: seed < 10 ? 1 : 4, seed: seed, norm: norm)
        let exact = try Exhaustive().solve(problem, control: RunControl())
        for solver in [CellSweep(), PairwiseSearch()] as [any Solver] {
          #expect(try solver.solve(problem, control: RunControl()).error == exact.error)
        }
      }
    }
    for values in [[Double](repeating: 0, count: 40), [Double](repeating: 1, count: 40)] {
      let rows = try Matrix<Double>(rows: 20, columns: 2, values: values)
      let problem = try Problem(candidates: Candidates(rows), target: [3, 4], norm: .maximum)
      let exact = try Exhaustive().solve(problem, control: RunControl())
      for solver in [CellSweep(), PairwiseSearch()] as [any Solver] {
        let found = try solver.solve(problem, control: RunControl())
        #expect(found.error == exact.error, "\(solver.name)")
      }
    }
  }

  @Test func extremeScales() throws {
    for scale in [1e-30, 1e30, 1e-200, 1e100] {
      var numbers = TestNumbers(state: 3)
      let rows = try Matrix<Double>(rows: 14, columns: 3, values: (0..<42).map { _ in numbers.normal() * scale })
      let problem = try Problem(candidates: Candidates(rows), target: [scale, 0, -scale], norm: .maximum)
      let exact = try Exhaustive().solve(problem, control: RunControl())
      for solver in [CellSweep(), PairwiseSearch()] as [any Solver] {
        #expect(try solver.solve(problem, control: RunControl()).error == exact.error, "\(solver.name) \(scale)")
      }
    }
  }

  @Test func aSweepThatIsStoppedKeepsItsBest() throws {
    let problem = try GeneratedInstance.problem(dimension: 2, count: 56, seed: 1, norm: .maximum)
    let found = try CellSweep().solve(problem, control: RunControl(limits: Limits(work: 1 << 22)))
    #expect(found.stop == .workLimit && !found.isOptimal && found.work <= 1 << 22)
    #expect(found.error < 1e-4)
    #expect(throws: SubsetSumError.self) {
      try CellSweep().solve(try scaledNormals(20, 1, seed: 1), control: RunControl())
    }
  }
}
