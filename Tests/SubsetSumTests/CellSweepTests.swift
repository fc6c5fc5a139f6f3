import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// Sums that repeat, or crowd on one coordinate, against optima that are known otherwise.
@Suite struct CellSweepTests {
  private func problem(
    _ rows: [[Double]], _ target: [Double], norm: Norm = .maximum, size: Int? = nil
  ) throws -> Problem {
    let m = target.count
    let matrix = try Matrix<Double>(rows: rows.count, columns: m, values: rows.flatMap { $0 })
    return try Problem(candidates: Candidates(matrix), target: target, norm: norm, size: size)
  }

  @Test(arguments: [Norm.maximum, .euclidean], [1, 0.1, -3]) func equalCandidatesAreSolved(
    norm: Norm, value: Double
  ) throws {
    for n in [9, 40, 64] {
      for m in [2, 3] {
        let row = [Double](repeating: value, count: m)
        let found = try CellSweep().solve(
          try problem([[Double]](repeating: row, count: n), row.map { 7.25 * $0 }, norm: norm), control: RunControl())
        let best = 0.25 * abs(value) * (norm == .maximum ? 1 : Double(m).squareRoot())
        #expect(abs(found.error - best) < 1e-14 && found.subset.count == 7)
        #expect(found.isOptimal && found.stop == nil)
      }
    }
  }

  /// Half of the candidates are zeros, so all sums of one side are the same.
  @Test(arguments: [false, true]) func zerosCostNothing(areFirst: Bool) throws {
    let few = try scaledNormals(18, 2, seed: 5, norm: .maximum)
    let rows = (0..<18).map { i in (0..<2).map { few.candidates.coordinate(i, $0) } }
    let zeros = [[Double]](repeating: [0, 0], count: 18)
    let padded = try problem(areFirst ? zeros + rows : rows + zeros, few.target)
    let exact = try Exhaustive().solve(few, control: RunControl())
    let found = try CellSweep().solve(padded, control: RunControl())
    #expect(found.isOptimal && found.error == exact.error)
  }

  /// In the coordinate of largest spread one value holds more sums than there is room for, and the
  /// other coordinate decides.
  @Test(arguments: [11, 18, 25]) func crowdedRangesAreDoneInPieces(size: Int) throws {
    let line = try scaledNormals(36, 1, seed: UInt64(size), norm: .maximum)
    let rows = (0..<36).map { [1024, line.candidates.coordinate($0, 0)] }
    let exact = try MeetInTheMiddle().solve(
      try problem(rows.map { [$0[1]] }, line.target, size: size), control: RunControl())
    let found = try CellSweep().solve(
      try problem(rows, [1024 * Double(size), line.target[0]]), control: RunControl())
    #expect(found.isOptimal && found.stop == nil)
    #expect(found.error == exact.error && found.subset.count == size)
    // One line of integers, with many equal sums of which none is closer than another.
    let coarse = rows.map { [$0[0], ($0[1] * 8).rounded()] }
    let target = [1024 * Double(size), 0.5]
    let counted = try CellSweep().solve(try problem(coarse, target), control: RunControl())
    #expect(counted.isOptimal && counted.error == 0.5)
  }

  @Test(arguments: [Norm.maximum, .euclidean]) func integersWithManyTies(norm: Norm) throws {
    for n in [40, 64] {
      for seed in 0..<3 as Range<UInt64> {
        let plain = try integers(n, 2, limit: 3, seed: seed, norm: norm)
        let shifted = try Problem(
          candidates: plain.candidates, target: plain.target.map { $0 + 0.5 }, norm: norm)
        for (problem, best) in [(plain, 0), (shifted, norm == .maximum ? 0.5 : 0.5.squareRoot())] {
          let found = try CellSweep().solve(problem, control: RunControl())
          #expect(found.isOptimal && found.error == best, "n \(n), seed \(seed)")
        }
      }
    }
  }

  /// Sums that differ by rounding alone: whatever ends the search must be what it says.
  @Test func nearTiesEndAtTheWorkLimitOrAreDecided() throws {
    var numbers = TestNumbers(state: 12)
    let rows = (0..<40).map { _ in [numbers.integer(3) * 0.1, numbers.integer(3) * 0.1] }
    let limits = Limits(work: 1 << 28)
    let found = try CellSweep().solve(try problem(rows, [0.35, 0.75]), control: RunControl(limits: limits))
    #expect(abs(found.error - 0.05) < 1e-14)
    #expect(found.work <= 1 << 28)
    #expect(found.isOptimal == (found.stop == nil))
  }

  /// Grids on several coordinates, against the search that screens all pairs by GEMM.
  @Test(arguments: [Norm.maximum, .euclidean]) func middlingDimensionsAgreeWithAllPairs(norm: Norm) throws {
    for m in [3, 5, 8, 12, 20] {
      for seed in 0..<3 as Range<UInt64> {
        let problem = try scaledNormals(26, m, seed: seed, norm: norm)
        let pairs = try PairwiseSearch().solve(problem, control: RunControl())
        let found = try CellSweep().solve(problem, control: RunControl())
        #expect(found.isOptimal && found.stop == nil)
        #expect(found.error == pairs.error && found.subset == pairs.subset, "m \(m), seed \(seed)")
        #expect(found.lowerBound == found.error)
      }
    }
  }

  @Test func fixedSizesInMiddlingDimensionsAgreeWithMeetingInTheMiddle() throws {
    for m in [3, 6, 9] {
      for size in [3, 12, 20] {
        let free = try scaledNormals(24, m, seed: UInt64(m), norm: .maximum)
        let problem = try Problem(candidates: free.candidates, target: free.target, norm: .maximum, size: size)
        let met = try MeetInTheMiddle().solve(problem, control: RunControl())
        let found = try CellSweep().solve(problem, control: RunControl())
        #expect(found.isOptimal && found.error == met.error && found.subset == met.subset, "m \(m), size \(size)")
      }
    }
  }

  /// Just below the optimum there is no subset, and just above it there is one. A sufficient error
  /// ends the search early.
  @Test(arguments: [2, 4, 8]) func existenceIsDecidedOnBothSidesOfTheOptimum(m: Int) throws {
    let problem = try scaledNormals(30, m, seed: 4, norm: .maximum)
    let best = try CellSweep().solve(problem, control: RunControl())
    let none = try CellSweep(radius: best.error.nextDown).solve(problem, control: RunControl())
    #expect(!none.isOptimal && none.error >= best.error && none.lowerBound == best.error.nextDown && none.stop == nil)
    let some = try CellSweep(radius: best.error).solve(problem, control: RunControl())
    #expect(some.isOptimal && some.subset == best.subset)
    let wide = 4 * best.error
    let early = try CellSweep(radius: wide, sufficient: wide).solve(problem, control: RunControl())
    #expect(early.error <= wide && early.work < best.work)
  }

  /// A stopped run proves nothing.
  @Test func limitsLeaveNoBound() throws {
    let problem = try scaledNormals(34, 6, seed: 4, norm: .maximum)
    for limit in [0, 1 << 12, 1 << 18] as [UInt64] {
      let found = try CellSweep(radius: 1e-3).solve(problem, control: RunControl(limits: Limits(work: limit)))
      #expect(found.stop == .workLimit && !found.isOptimal && found.lowerBound == 0 && found.work <= limit)
    }
  }
}
