import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// The number of instances, over all cases of the suite.
private let instanceCount = 100_000
private let shares = 20
/// Room for norms whose formulas are added up in another order, relative to the spread of sums.
private let formulaRounding = 1e-14

/// What an instance's numbers are like.
private enum Kind: CaseIterable {
  case normal, factored, integers, withZeros, duplicates, huge, tiny, farTarget, zeroTarget, powers
}

/// Random small instances against brute force: no wrong claim of an error, a size or optimality.
@Suite struct ManyInstancesTests {
  @Test(arguments: 0..<shares) func exactSolversMakeNoWrongClaim(share: Int) throws {
    var numbers = TestNumbers(state: UInt64(share) &* 7919 &+ 1)
    for instance in 0..<instanceCount / shares {
      let kind = Kind.allCases[instance % Kind.allCases.count]
      let norm = TestNorm.allCases[Int(numbers.next() % UInt64(TestNorm.allCases.count))]
      let problem = try Self.problem(kind, norm, &numbers)
      let oracle = BruteForce(problem)
      var solvers: [any Solver] = [Exhaustive(), MeetInTheMiddle()]
      if problem.dimension == 1 { solvers.append(FourLists()) }
      for solver in solvers {
        let found = try solver.solve(problem, control: RunControl())
        Self.check(found, oracle, "\(solver.name), \(kind), \(norm), share \(share), instance \(instance)")
      }
      if problem.dimension >= 2, problem.count >= 8 {
        let name = "\(kind), \(norm), share \(share), instance \(instance)"
        Self.check(try CellSweep().solve(problem, control: RunControl()), oracle, "cell-sweep, \(name)")
        try Self.checkDecision(oracle, factor: 0.5 + numbers.unit(), name)
      }
      if problem.dimension > 1, problem.size == nil {
        let shared = try SharedVectorHalves(candidates: problem.candidates, norm: problem.norm)
        let found = try shared.solve(targets: [problem.target], workers: 1).solutions[0]
        Self.check(found, oracle, "shared halves, \(kind), \(norm), share \(share), instance \(instance)")
      }
      if problem.dimension == 1, problem.size == nil {
        try Self.checkBatches(oracle, "\(kind), share \(share), instance \(instance)")
      }
    }
  }

  private static func check(_ found: Solution, _ oracle: BruteForce, _ name: String) {
    let problem = oracle.problem
    // Comparisons come first, as a hundred thousand expectations with words cost more than the
    // searches.
    let isFeasible = found.subset.count == problem.size ?? found.subset.count
    let mask = found.subset.reduce(0) { $0 | 1 << $1 }
    let own = oracle.errors.first { $0.mask == mask }?.error ?? .nan
    let room = formulaRounding * oracle.spread * 8
    let isRight: Bool
    switch problem.norm {
    // Nothing is rounded but what the checker rounds too.
    case .maximum: isRight = found.error == own && found.error == oracle.best
    default: isRight = abs(found.error - own) <= room && found.error <= oracle.best + room
    }
    if !isFeasible || !isRight || !found.isOptimal || found.stop != nil {
      Issue.record("\(name): \(found.subset) of error \(found.error), own \(own), best \(oracle.best)")
    }
  }

  /// Whether a solver finds a subset within a radius about the optimum, and one within an error
  /// that needs no improvement.
  private static func checkDecision(_ oracle: BruteForce, factor: Double, _ name: String) throws {
    let radius = max(.leastNormalMagnitude, oracle.best * factor)
    // Within rounding of the optimum either answer is right.
    let room = formulaRounding * oracle.spread * 8
    for sufficient in [0, radius] {
      let found = try CellSweep(radius: radius, sufficient: sufficient).solve(oracle.problem, control: RunControl())
      let isThere = found.error <= radius
      let isRight =
        isThere
        ? radius >= oracle.best - room && (sufficient > 0 || found.error <= oracle.best + room)
        : radius <= oracle.best + room && found.lowerBound == radius && !found.isOptimal
      if !isRight || found.lowerBound > oracle.best + room || found.stop != nil {
        Issue.record("\(name): within \(radius) \(found.error), bound \(found.lowerBound), best \(oracle.best)")
      }
    }
  }

  private static func checkBatches(_ oracle: BruteForce, _ name: String) throws {
    let problem = oracle.problem
    let candidates = (0..<problem.count).map { problem.candidates.coordinate($0, 0) }
    // Errors in one dimension are multiples of the magnitude, whatever the norm, and here they are
    // the magnitude itself.
    let plain = try Problem(candidates: problem.candidates, target: problem.target, norm: .maximum)
    let best = BruteForce(plain).best
    let shared = try SharedHalves(candidates: candidates).solve(targets: problem.target, workers: 1).optima[0]
    let batch = try ExactBatch(count: problem.count).solve(
      candidates: candidates, targets: problem.target, workers: 1
    ).optima[0]
    let own = abs(try Checker.residual(of: shared.subset, in: problem)[0])
    if shared != batch || shared.error != own || shared.error > best * (1 + 0x1p-51)
      || shared.size != shared.subset.count
    {
      Issue.record("batch, \(name): \(shared) and \(batch), best \(best)")
    }
  }

  private static func problem(_ kind: Kind, _ norm: TestNorm, _ numbers: inout TestNumbers) throws -> Problem {
    // Small sizes have few shapes, so most instances have more candidates.
    let n = [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10][Int(numbers.next() % 12)]
    let m = 1 + Int(numbers.next() % 4)
    let size = numbers.next() % 2 == 0 ? nil : Int(numbers.next() % UInt64(n + 1))
    let norm = try norm.norm(m)
    if kind == .factored {
      let scales = (0..<n).map { _ in Float(numbers.normal()) }
      let vectors = try Matrix<Float>(rows: n, columns: m, values: (0..<n * m).map { _ in Float(numbers.normal()) })
      return try Problem(
        candidates: try Candidates(scales: scales, vectors: vectors), target: (0..<m).map { _ in numbers.unit() },
        norm: norm, size: size)
    }
    var rows = (0..<n * m).map { _ in numbers.normal() }
    var target = (0..<m).map { _ in numbers.unit() }
    switch kind {
    case .normal, .factored: break
    case .integers:
      rows = rows.map { _ in numbers.integer(4) }
      target = target.map { _ in numbers.integer(9) }
    case .withZeros:
      for i in 0..<n where numbers.next() % 3 == 0 { for j in 0..<m { rows[i * m + j] = 0 } }
    case .duplicates:
      for i in stride(from: 1, to: n, by: 2) { for j in 0..<m { rows[i * m + j] = rows[(i - 1) * m + j] } }
    case .huge:
      rows = rows.map { $0 * 1e30 }
      target = target.map { $0 * 1e30 }
    case .tiny:
      rows = rows.map { $0 * 1e-30 }
      target = target.map { $0 * 1e-30 }
    case .farTarget: target = target.map { $0 * 1e3 }
    case .zeroTarget: target = target.map { _ in 0 }
    case .powers: rows = rows.map { _ in numbers.integer(1) * (numbers.next() % 2 == 0 ? 0.5 : 0x1p-20) }
    }
    return try Problem(
      candidates: Candidates(try Matrix<Double>(rows: n, columns: m, values: rows)), target: target, norm: norm,
      size: size)
  }
}
