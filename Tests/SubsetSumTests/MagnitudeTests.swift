import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// Numbers near the ends of Float64, alone and mixed, lead to no trap, to a true error, and to the
/// optimum where a solver promises it.
@Suite struct MagnitudeTests {
  private static let exact: [any Solver] = [
    Exhaustive(), MeetInTheMiddle(), FourLists(), CellSweep(), PairwiseSearch(), Portfolio(),
  ]
  private static let others: [any Solver] = [
    FirstHitBySize(tolerance: 1e-3, maximumSize: 12), KList(), BeamSearch(width: 32), GreedyFlips(),
    GreedyFlipsReference(), IteratedGreedy(kicks: 20), FractionalRounding(),
    Exchange(coolings: 2, coolingBits: 12),
    ForwardGreedy(), PopulationSearch(width: 64),
  ]
  private static let control = RunControl(limits: Limits(work: 1_000_000))

  /// What a solver says, or nil for a problem that it does not take.
  private static func found(_ solver: any Solver, _ problem: Problem) throws -> Solution? {
    do { return try solver.solve(problem, control: control) } catch SubsetSumError.unsupported {
      return nil
    }
  }

  private static func optimum(_ problem: Problem) throws -> Double {
    try (0..<1 << problem.count).reduce(Double.infinity) { best, mask in
      let subset = (0..<problem.count).filter { mask >> $0 & 1 == 1 }
      if let size = problem.size, subset.count != size { return best }
      return min(best, try Checker.solution(Claim(subset: subset), for: problem).error)
    }
  }

  /// In units of 2^exponent nothing changes but the unit. Entries have 10 bits, so that they are
  /// exact among subnormal numbers too.
  @Test(arguments: [-1064, -1000, -600, -250, 250, 380])
  func unitsChangeNoOptimum(exponent: Int) throws {
    for m in [1, 2, 3] {
      var numbers = TestNumbers(state: UInt64(m))
      let (n, unit) = (9, scalbn(1.0, Int32(exponent)))
      let entries = (0..<n * m).map { _ in numbers.integer(500) }
      let target = (0..<m).map { _ in numbers.integer(1500) }
      for norm in try norms(m, seed: 3).norms {
        let plain = try Problem(
          candidates: Candidates(Matrix(rows: n, columns: m, values: entries)), target: target,
          norm: norm)
        let scaled = try Problem(
          candidates: Candidates(Matrix(rows: n, columns: m, values: entries.map { $0 * unit })),
          target: target.map { $0 * unit }, norm: norm)
        let best = try Self.optimum(plain)
        for solver in Self.exact {
          guard let solution = try Self.found(solver, scaled) else { continue }
          #expect(solution.isOptimal, "\(solver.name) \(norm.name)")
          let (error, slack) = (
            scalbn(solution.error, Int32(-exponent)),
            scalbn(4.0 * Double(m), -1074 - Int32(exponent))
          )
          #expect(
            abs(error - best) <= 1e-9 * best + slack,
            "\(solver.name) \(norm.name): \(error), \(best)")
        }
        for solver in Self.others {
          guard let solution = try Self.found(solver, scaled) else { continue }
          let isFit = solution.error <= solution.emptySetError
          #expect(isFit || solver is GreedyFlipsReference, "\(solver.name) \(norm.name)")
        }
      }
    }
  }

  /// Candidates and targets of any magnitudes side by side, with scales and zeros among them.
  @Test(arguments: 0..<12) func mixedMagnitudesAreSolved(share: UInt64) throws {
    var numbers = TestNumbers(state: 100 + share)
    for _ in 0..<4 {
      let m = 1 + Int(numbers.next() % 4)
      let n = [1, 3, 8, 10][Int(numbers.next() % 4)]
      let (low, high) = (-320 + 440 * abs(numbers.unit()), -320 + 440 * abs(numbers.unit()))
      func number() -> Double {
        let magnitude = pow(10, low + (high - low) * abs(numbers.unit()))
        return numbers.next() % 8 == 0 ? 0 : numbers.unit() < 0 ? -magnitude : magnitude
      }
      let entries = (0..<n * m).map { _ in number() }
      let target = (0..<m).map { _ in number() }
      let size = numbers.next() % 4 == 0 ? Int(numbers.next() % UInt64(n + 1)) : nil
      var factor = try Matrix<Double>(rows: m, columns: m)
      for i in 0..<m {
        let scale = pow(10, -300 + 360 * abs(numbers.unit()))
        for j in 0...i { factor[i, j] = (i == j ? 1 : numbers.unit()) * scale }
      }
      let weights = (0..<m).map { _ in
        numbers.next() % 4 == 0 ? 0 : pow(10, -320 + 380 * abs(numbers.unit()))
      }
      let all: [Norm] = [
        .maximum, .euclidean, .metric(try Metric(choleskyFactor: factor)),
        .rowSums(try RowSums(blocks: (0..<m).map { $0 / 2 }, weights: weights)),
        .rowSums(try RowSums(blocks: (0..<m).map { $0 / 2 }, weights: weights, sides: .larger)),
      ]
      for norm in all {
        let problem = try Problem(
          candidates: Candidates(Matrix(rows: n, columns: m, values: entries)), target: target,
          norm: norm, size: size)
        let best = try Self.optimum(problem)
        // What the rounding of sums allows: a few units in the last place of all numbers together.
        let magnitudes = (0..<m).map { j in
          (0..<n).reduce(abs(target[j])) { $0 + abs(entries[$1 * m + j]) }
        }
        let allowed = Self.length(norm, magnitudes, factor) * 0x1p-44
        for solver in Self.exact + Self.others {
          guard let solution = try Self.found(solver, problem) else { continue }
          let again = try Checker.solution(Claim(subset: solution.subset), for: problem)
          #expect(
            solution.error == again.error && solution.error.isFinite && solution.error >= best)
          if solution.isOptimal || (solver is Exhaustive) {
            #expect(
              solution.error - best <= allowed,
              "\(solver.name) \(norm.name) \(entries) \(target) \(String(describing: size)) \(weights) \(factor.values)"
            )
          }
        }
      }
    }
  }

  /// A norm of magnitudes, with the magnitudes of a metric's factor.
  private static func length(_ norm: Norm, _ magnitudes: [Double], _ factor: Matrix<Double>)
    -> Double
  {
    guard case .metric = norm else {
      // Squares of the largest entries may overflow, and in units of the largest they do not.
      let largest = magnitudes.max() ?? 0
      return largest > 0 ? definedNorm(norm, of: magnitudes.map { $0 / largest }) * largest : 0
    }
    let rows = magnitudes.indices.map { i in
      magnitudes.indices.reduce(0) { $0 + abs(factor[$1, i]) * magnitudes[$1] }
    }
    return rows.reduce(0, +)
  }

  @Test func aFarTargetIsAsFarFromAllSubsets() throws {
    let rows = try Matrix<Double>(rows: 16, columns: 2, values: (0..<32).map { Double($0 % 7) - 3 })
    for (length, size) in [(1e24, nil), (1e100, nil), (1e24, 3)] as [(Double, Int?)] {
      for norm in [Norm.maximum, .euclidean] {
        let problem = try Problem(
          candidates: Candidates(rows), target: [length, 2 * length], norm: norm, size: size)
        for solver in Self.exact + Self.others {
          guard let solution = try Self.found(solver, problem) else { continue }
          #expect(abs(solution.error / solution.emptySetError - 1) < 1e-15, "\(solver.name)")
          #expect(size == nil || solution.subset.count == size)
        }
      }
    }
  }

  @Test func lengthsNeitherOverflowNorVanish() throws {
    for exponent in [-1070, -700, 300, 397] as [Int32] {
      let unit = scalbn(1.0, exponent)
      let none = Candidates(try Matrix<Double>(rows: 0, columns: 2))
      let factor = try Matrix<Double>(rows: 2, columns: 2, values: [0x1p190, 0, 0, 0x1p190])
      let plain = try Problem(candidates: none, target: [3 * unit, 4 * unit], norm: .euclidean)
      #expect(try Checker.solution(Claim(subset: []), for: plain).error == 5 * unit)
      let metric = Norm.metric(try Metric(choleskyFactor: factor))
      let moved = try Problem(candidates: none, target: [3 * unit, 4 * unit], norm: metric)
      #expect(try Checker.solution(Claim(subset: []), for: moved).error == 5 * unit * 0x1p190)
    }
  }

  @Test func anErrorOfZeroIsOptimalAndOtherClaimsAreNotBelieved() throws {
    let rows = try Matrix<Double>(rows: 3, columns: 2, values: [1, 2, 3, 4, 5, 6])
    for norm in try norms(2, seed: 1).norms {
      let problem = try Problem(candidates: Candidates(rows), target: [6, 8], norm: norm)
      let met = try Checker.solution(Claim(subset: [0, 2], stop: .workLimit), for: problem)
      #expect(met.error == 0 && met.isOptimal && met.lowerBound == 0 && met.stop == nil)
      let other = try Checker.solution(Claim(subset: [1], stop: .workLimit), for: problem)
      #expect(
        other.error > 0 && !other.isOptimal && other.lowerBound == 0 && other.stop == .workLimit)
    }
  }

  @Test(arguments: [-1060, -500, 0, 390]) func batchesKnowAllMagnitudes(exponent: Int) throws {
    var numbers = TestNumbers(state: 7)
    let (n, unit) = (9, scalbn(1.0, Int32(exponent)))
    let line = (0..<n).map { _ in numbers.integer(500) * unit }
    let targets = [0.0, 700, -33].map { $0 * unit } + [0x1p399]
    let shared = try SharedHalves(candidates: line).solve(targets: targets, workers: 1)
    let batch = try ExactBatch(count: n).solve(
      candidates: targets.flatMap { _ in line }, targets: targets, workers: 1)
    for (t, target) in targets.enumerated() {
      let problem = try Problem(
        candidates: Candidates(Matrix(rows: n, columns: 1, values: line)), target: [target],
        norm: .maximum)
      let best = try Self.optimum(problem)
      #expect(shared.optima[t].error == best && batch.optima[t].error == best)
    }
    let pairs = Candidates(
      try Matrix(rows: n, columns: 2, values: (0..<2 * n).map { _ in numbers.integer(500) * unit }))
    for norm in try norms(2, seed: 2).norms {
      let places = [[0, 0], [700 * unit, 20 * unit], [0x1p399, unit]]
      let halves = try SharedVectorHalves(candidates: pairs, norm: norm)
      for (place, solution) in zip(places, try halves.solve(targets: places, workers: 1).solutions) {
        let best = try Self.optimum(try Problem(candidates: pairs, target: place, norm: norm))
        #expect(
          solution.isOptimal && solution.error - best <= 1e-9 * best + 0x1p-1070,
          "\(norm.name) \(place)")
      }
    }
  }

  @Test func listsKeepTheirToleranceInAllUnits() throws {
    var numbers = TestNumbers(state: 5)
    let entries = (0..<18).map { _ in numbers.integer(40) }
    for exponent in [-1060, 0, 380] as [Int32] {
      let unit = scalbn(1.0, exponent)
      let problem = try Problem(
        candidates: Candidates(Matrix(rows: 9, columns: 2, values: entries.map { $0 * unit })),
        target: [10 * unit, -20 * unit], norm: .maximum)
      let listing = try MeetInTheMiddle().allSubsets(
        of: problem, within: 12 * unit, limit: 1000, control: RunControl())
      let expected = try (0..<512).filter { mask in
        let subset = (0..<9).filter { mask >> $0 & 1 == 1 }
        return try Checker.solution(Claim(subset: subset), for: problem).error <= 12 * unit
      }
      #expect(listing.isComplete && listing.solutions.count == expected.count)
      #expect(listing.solutions.allSatisfy { $0.error <= 12 * unit })
    }
  }
}
