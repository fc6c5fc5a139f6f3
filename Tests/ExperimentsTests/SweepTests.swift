import Experiments
import Foundation
import RandomStreams
import RunControl
import SubsetSum
import Testing

/// Sweeps: the numbers of trials against their definition, optima against brute force, and results
/// against threads, shards and order.
@Suite struct SweepTests {
  @Test func shardsThreadsAndOrderChangeNoByte() throws {
    let folder = try StoreFolder()
    let sweep = Sweep(try variedSpecification())
    try sweep.run(storingIn: folder.file("one"), workers: 1)
    let whole = try folder.csv("one")
    #expect(whole.split(separator: "\n").count == 1 + 32 * 40)
    try sweep.run(storingIn: folder.file("three"), workers: 3)
    #expect(try folder.csv("three") == whole)

    for index in 1...3 {
      let outcome = try sweep.run(
        storingIn: folder.file("shard\(index)"), shard: try SweepShard(index, of: 3), workers: index)
      #expect(outcome.stop == nil && outcome.stored == outcome.total && outcome.total > 300)
    }
    let merged = try StoreMerge.merge(
      [3, 1, 2].map { folder.file("shard\($0)") }, into: folder.file("merged"))
    #expect(merged == StoreMerge.Outcome(trials: 32 * 40, total: 32 * 40, duplicates: 0))
    #expect(try folder.csv("merged") == whole)
    let runs = try ResultStore(reading: folder.file("merged")).runs()
    #expect(runs.map(\.number) == [1, 2, 3] && runs.map(\.shard) == ["3/3", "1/3", "2/3"])
    #expect(runs.reduce(0) { $0 + $1.trials } == 32 * 40 && runs.allSatisfy { $0.ended != nil })

    // One by one, backwards.
    var rows: [TrialResult] = []
    try ResultStore(reading: folder.file("one")).forEachTrial { rows.append($0) }
    for row in rows.reversed().prefix(200) { #expect(try sweep.result(cell: row.cell, trial: row.trial) == row) }
  }

  @Test func trialsAreMadeOfTheirAddressAlone() throws {
    let specification = try SweepSpecification(
      dimensions: [2], counts: [3], candidates: StandardCandidates.allCases,
      targets: [
        StandardTarget.uniform(halfWidth: 0.25), StandardTarget.normal(deviation: 0.5), StandardTarget.zero,
      ], trials: 9, seed: 77)
    let sweep = Sweep(specification)
    for number in 0..<specification.cellCount {
      let cell = specification.cell(number)
      let problem = try sweep.problem(cell: number, trial: 8)
      func stream(_ part: UInt64) -> StreamAddress {
        StreamAddress(seed: 77, path: StreamPath(filter: 8, channel: UInt64(1 + number) << 32 + part))
      }
      for i in 0..<3 {
        for j in 0..<2 {
          let k = 2 * i + j
          let expected: Double
          switch StandardCandidates(rawValue: cell.candidates)! {
          case .normal: expected = NormalStream.value(at: stream(2), entry: k)
          case .nsn:
            expected =
              Double(Float(NormalStream.value(at: stream(1), entry: i)))
              * Double(Float(NormalStream.value(at: stream(2), entry: k)))
          case .uniform: expected = UniformStream.symmetricValue(at: stream(2), entry: k)
          case .product:
            expected =
              UniformStream.symmetricValue(at: stream(2), entry: k)
              * UniformStream.symmetricValue(at: stream(3), entry: k)
          }
          #expect(problem.candidates.coordinate(i, j) == expected, "\(cell.candidates)")
        }
      }
      for j in 0..<2 {
        let expected =
          switch cell.target {
          case "uniform 0.25": UniformStream.symmetricValue(at: stream(4), entry: j) * 0.25
          case "normal 0.5": NormalStream.value(at: stream(4), entry: j) * 0.5
          default: 0.0
          }
        #expect(problem.target[j] == expected, "\(cell.target)")
      }
    }
  }

  @Test func cellsAreNumberedWithTheCountFastestAndTheSolverSlowest() throws {
    let specification = try SweepSpecification(
      dimensions: [1, 2], counts: [5, 6, 7], candidates: [StandardCandidates.nsn, StandardCandidates.normal],
      methods: [.exact, .solver(ForwardGreedy())], norms: [.maximum, .euclidean], sizes: [nil, 2], trials: 1, seed: 1)
    var number = 0
    for solver in ["exact", ForwardGreedy().name] {
      for norm in ["max", "l2"] {
        for size in [nil, 2] {
          for (law, candidates) in ["nsn", "normal"].enumerated() {
            for (at, dimension) in [1, 2].enumerated() {
              for (position, count) in [5, 6, 7].enumerated() {
                let cell = specification.cell(number)
                #expect(cell.solver == solver && cell.norm == norm && cell.size == size)
                #expect(cell.candidates == candidates && cell.dimension == dimension && cell.count == count)
                #expect(cell.number == number && cell.instance == (law * 2 + at) * 3 + position)
                number += 1
              }
            }
          }
        }
      }
    }
    #expect(number == specification.cellCount)
    // The same problem for the other solver.
    let sweep = Sweep(specification)
    let (first, second) = (try sweep.problem(cell: 4, trial: 0), try sweep.problem(cell: 4 + 48, trial: 0))
    #expect(first.target == second.target && first.candidates.coordinate(3, 1) == second.candidates.coordinate(3, 1))
  }

  /// The least error of all subsets, by the checker.
  private func least(_ problem: Problem) throws -> Double {
    var best = Double.infinity
    for mask in 0..<1 << problem.count where problem.size ?? mask.nonzeroBitCount == mask.nonzeroBitCount {
      let subset = (0..<problem.count).filter { mask >> $0 & 1 == 1 }
      best = min(best, try Checker.solution(Claim(subset: subset), for: problem).error)
    }
    return best
  }

  @Test func existenceIsThatOfAllSubsets() throws {
    let folder = try StoreFolder()
    let specification = try SweepSpecification(
      dimensions: [1, 2, 7], counts: [3, 8, 10], candidates: [StandardCandidates.nsn, StandardCandidates.product],
      targets: [StandardTarget.uniform(halfWidth: 0.5), StandardTarget.zero], norms: [.maximum, .euclidean],
      sizes: [nil, 2], trials: 3, seed: 5)
    let sweep = Sweep(specification)
    try sweep.run(storingIn: folder.file("s"), workers: 2)
    var count = 0
    try ResultStore(reading: folder.file("s")).forEachTrial { row in
      #expect(row.isOptimal)
      let problem = try sweep.problem(cell: row.cell, trial: row.trial)
      let best = try least(problem)
      #expect(
        row.error >= best && row.error <= best * (1 + 0x1p-50),
        "cell \(specification.cell(row.cell)), trial \(row.trial)")
      #expect(row.size == problem.size ?? row.size)
      count += 1
    }
    #expect(count == 144 * 3)
  }

  @Test func largerExactSearchesAgreeWithOneAnother() throws {
    let specification = try SweepSpecification(
      dimensions: [1, 2, 8], counts: [22], methods: [.exact, .solver(MeetInTheMiddle())],
      norms: [.maximum, .euclidean],
      trials: 4, seed: 6)
    let sweep = Sweep(specification)
    for cell in 0..<specification.cellCount / 2 {
      for trial in 0..<4 {
        let exact = try sweep.result(cell: cell, trial: trial)
        let other = try sweep.result(cell: cell + specification.cellCount / 2, trial: trial)
        #expect(exact.isOptimal && other.isOptimal && abs(exact.error - other.error) <= 0x1p-50 * other.error)
      }
    }
  }

  /// Deciding and optimising say the same about each ε, and where the optimum lies between the ε
  /// both have it.
  @Test func decisionsAreThoseOfOptima() throws {
    let epsilons = [0.05, 0.2, 0.4]
    let specification = try SweepSpecification(
      dimensions: [1, 3, 6], counts: [8, 14, 20, 24], epsilons: epsilons, methods: [.existence, .exact],
      sizes: [.any, .share(divisor: 2), .squareRoot], trials: 6, seed: 7)
    let sweep = Sweep(specification)
    for cell in 0..<specification.cellCount / 2 {
      for trial in 0..<6 {
        let decided = try sweep.result(cell: cell, trial: trial)
        let exact = try sweep.result(cell: cell + specification.cellCount / 2, trial: trial)
        for epsilon in epsilons {
          #expect(decided.decides(epsilon) && (decided.error <= epsilon) == (exact.error <= epsilon))
        }
        #expect(exact.isOptimal && decided.error >= exact.error && decided.lowerBound <= exact.error)
        if exact.error > 0.05 && exact.error <= 0.4 { #expect(decided.error == exact.error) }
      }
    }
  }

  @Test func sizesFollowTheirRules() throws {
    let specification = try SweepSpecification(
      dimensions: [1], counts: [9, 16], sizes: [.any, 3, .share(divisor: 2), .squareRoot], trials: 1, seed: 1)
    let cells = (0..<specification.cellCount).map { specification.cell($0) }
    #expect(cells.map(\.size) == [nil, nil, 3, 3, 4, 8, 3, 4])
    #expect(cells.map(\.sizeRule) == ["any", "any", "3", "3", "n/2", "n/2", "sqrt(n)", "sqrt(n)"])
    for rule in [.any, 3, .share(divisor: 4), .squareRoot] as [SubsetSize] {
      #expect(SubsetSize(name: rule.name) == rule)
    }
    for name in ["n/0", "n/-1", "-1", "half", "n/", "sqrt"] { #expect(SubsetSize(name: name) == nil) }
  }

  @Test func aWorkLimitLeavesTrialsUndecided() throws {
    let folder = try StoreFolder()
    let specification = try SweepSpecification(
      dimensions: [1, 2], counts: [12], epsilons: [10, 1e-9], trials: 5, seed: 1, workLimit: 20)
    try Sweep(specification).run(storingIn: folder.file("s"))
    for summary in try CellSummary.all(of: try ResultStore(reading: folder.file("s"))) {
      #expect(summary.trials == 5 && summary.proved == 0)
      #expect(summary.outcomes.map(\.successes) == [5, 0] && summary.outcomes.map(\.undecided) == [0, 5])
    }
  }

  @Test func aSpecificationSaysWhatIsWrong() throws {
    func found(_ key: String, _ part: String, _ make: () throws -> SweepSpecification) {
      do {
        _ = try make()
        Issue.record("no error for \(key)")
      } catch let error as ExperimentError {
        guard case .outOfRange(let quantity, let expected, let found) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(quantity == key && "\(expected), \(found)".contains(part), "\(error)")
      } catch { Issue.record("\(error)") }
    }
    found("dimension", "1 to") { try SweepSpecification(dimensions: [0], counts: [4], trials: 1, seed: 1) }
    found("count", "none") { try SweepSpecification(dimensions: [1], counts: [], trials: 1, seed: 1) }
    found("count", "4 twice") { try SweepSpecification(dimensions: [1], counts: [4, 4], trials: 1, seed: 1) }
    found("count", "at most 60") { try SweepSpecification(dimensions: [1], counts: [61], trials: 1, seed: 1) }
    found("count", "at most 64") { try SweepSpecification(dimensions: [9], counts: [65], trials: 1, seed: 1) }
    found("epsilon", "none") {
      try SweepSpecification(dimensions: [2], counts: [8], methods: [.existence], trials: 1, seed: 1)
    }
    found("size", "least count") {
      try SweepSpecification(dimensions: [1], counts: [4, 6], sizes: [5], trials: 1, seed: 1)
    }
    found("epsilon", "0.0") { try SweepSpecification(dimensions: [1], counts: [4], epsilons: [0], trials: 1, seed: 1) }
    found("trials", "at least 1") { try SweepSpecification(dimensions: [1], counts: [4], trials: 0, seed: 1) }
    found("trials", "100000000") { try SweepSpecification(dimensions: [1], counts: [4, 5], trials: 1 << 30, seed: 1) }
    #expect(throws: ExperimentError.self) { try SweepShard(0, of: 3) }
    #expect(throws: ExperimentError.self) { try SweepShard(4, of: 3) }
  }
}
