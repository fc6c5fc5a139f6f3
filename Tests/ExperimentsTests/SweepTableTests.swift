import Experiments
import Foundation
import SubsetSum
import Testing

/// What tables make of trials: intervals and moments against published values and formulas, rows
/// against the trials.
@Suite struct SweepTableTests {
  /// Successes, trials and bounds: Newcombe 1998, table I, method 3, and the closed form at 0.
  @Test(arguments: [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
  ])
  func publishedIntervals(successes: Int, trials: Int, low: Double, high: Double) throws {
    let interval = try #require(WilsonInterval(successes: successes, trials: trials))
    #expect(abs(interval.low - low) < 5.1e-5 && abs(interval.high - high) < 5.1e-5)
    let mirrored = try #require(WilsonInterval(successes: trials - successes, trials: trials))
    #expect(abs(1 - mirrored.low - interval.high) < 1e-15 && abs(1 - mirrored.high - interval.low) < 1e-15)
    #expect(WilsonInterval(successes: 0, trials: 0) == nil)
  }

  private func cell(
    _ law: StandardCandidates, _ n: Int, _ m: Int, size: Int? = nil, norm: String = "max", target: String = "zero"
  ) -> SweepCell {
    SweepCell(
      number: 0, instance: 0, dimension: m, count: n, candidates: law.name, target: target, norm: norm, size: size,
      solver: "exact", deviation: law.deviation)
  }

  @Test func momentsAreThoseOfTheirFormulas() throws {
    for (n, m) in [(300, 1), (400, 3), (1000, 8)] {
      let nsn = try #require(CellSummary.Theory(cell(.nsn, n, m)))
      for epsilon in [0.3, 0.01] {
        let expected = exp(FirstMoment.logExpected(count: Double(n), dimension: m, epsilon: epsilon))
        #expect(abs(nsn.expected(within: epsilon) / expected - 1) < 1e-9)
        let uniform = try #require(CellSummary.Theory(cell(.uniform, n, m)))
        #expect(abs(uniform.expected(within: epsilon / 3.0.squareRoot()) / expected - 1) < 1e-9)
        let product = try #require(CellSummary.Theory(cell(.product, n, m)))
        #expect(abs(product.expected(within: epsilon / 3) / expected - 1) < 1e-9)
        let sized = try #require(CellSummary.Theory(cell(.nsn, n, m, size: m + 5)))
        let ofSize = exp(FirstMoment.logExpected(count: n, size: m + 5, dimension: m, epsilon: epsilon))
        #expect(abs(sized.expected(within: epsilon) / ofSize - 1) < 1e-9)
      }
    }
    // Without asymptotics, for a size above m, the formula is the limit for small ε.
    let sized = try #require(CellSummary.Theory(cell(.nsn, 40, 3, size: 9)))
    let limit = exp(FirstMoment.logExpected(count: 40, size: 9, dimension: 3, epsilon: 1e-4))
    #expect(abs(sized.expected(within: 1e-4) / limit - 1) < 1e-6)
    // C(12, 4) = 495 normal sums of variance 4, density (8π)^(−m/2) at 0; the disc of radius ε has
    // area π·ε².
    for (norm, volume) in [("max", 4.0), ("l2", Double.pi)] {
      let normal = try #require(CellSummary.Theory(cell(.normal, 12, 2, size: 4, norm: norm)))
      let expected = 495 * volume * 0.01 / (8 * Double.pi)
      // In the disc the density at 0 stands for all of it, in the square nothing does.
      let part = norm == "max" ? pow(erf(0.1 / 8.0.squareRoot()) / (0.1 / (2 * Double.pi).squareRoot()), 2) : 1
      #expect(abs(normal.expected(within: 0.1) / (expected * part) - 1) < 1e-9)
    }
    #expect(CellSummary.Theory(cell(.nsn, 12, 4, size: 3)) == nil)
    #expect(CellSummary.Theory(cell(.normal, 12, 4, size: 0)) == nil)
  }

  @Test func aSummaryCountsItsTrials() {
    let cell = cell(.nsn, 10, 1)
    func trial(_ number: Int, _ error: Double, isOptimal: Bool) -> TrialResult {
      TrialResult(cell: 0, trial: number, error: error, size: number, isOptimal: isOptimal, work: 1)
    }
    let results = [
      trial(0, 0.5, isOptimal: false), trial(1, 0.1, isOptimal: true), trial(2, 0.2, isOptimal: true),
      trial(3, 0.4, isOptimal: false),
    ]
    let summary = CellSummary(cell, results: results, epsilons: [0.1, 0.3, 0.4])
    #expect(summary.trials == 4 && summary.proved == 2 && summary.medianSize == 1)
    #expect(abs(summary.meanError! - 0.3) < 1e-15 && summary.meanSize == 1.5)
    #expect(abs(summary.medianError! - 0.3) < 1e-15)
    #expect(summary.outcomes.map(\.successes) == [1, 2, 3] && summary.outcomes.map(\.undecided) == [2, 2, 1])
    let empty = CellSummary(cell, results: [], epsilons: [0.1])
    #expect(empty.medianError == nil && empty.outcomes[0].fraction == nil && empty.outcomes[0].interval == nil)
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private struct Row: Decodable {
    let error: Double
    let optimal: Bool
    let subset_size: Int?
  }

  @Test func rowsHoldTheTrialsToTheLastBit() throws {
    let folder = try StoreFolder()
    let specification = try SweepSpecification(
      dimensions: [2], counts: [6, 7], epsilons: [0.2, 0.1], sizes: [nil, 3], trials: 5, seed: 2)
    try Sweep(specification).run(storingIn: folder.file("s"))
    let store = try ResultStore(reading: folder.file("s"))
    var trials: [TrialResult] = []
    try store.forEachTrial { trials.append($0) }
    #expect(trials.map { [$0.cell, $0.trial] } == (0..<4).flatMap { cell in (0..<5).map { [cell, $0] } })
    var csv = ""
    try SweepTable(store, format: .csv).writeTrials { csv += $0 }
    let lines = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(
      lines[0].joined(separator: " ")
        == "cell trial dimension count candidates target norm subset_size solver error size optimal lower_bound work")
    for (row, trial) in zip(lines.dropFirst(), trials) {
      #expect(
        Double(row[9]) == trial.error && Int(row[10]) == trial.size && Double(row[12]) == trial.lowerBound
          && UInt64(row[13]) == trial.work)
      #expect(row[7] == (trial.cell < 2 ? "" : "3") && row[3] == (trial.cell % 2 == 0 ? "6" : "7"))
    }
    var json = ""
    try SweepTable(store, format: .jsonLines).writeTrials { json += $0 }
    for (line, trial) in zip(json.split(separator: "\n"), trials) {
      let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
      #expect(row.error == trial.error && row.optimal && row.subset_size == (trial.cell < 2 ? nil : 3))
    }
    var cells = ""
    try SweepTable(store, format: .csv).writeCells { cells += $0 }
    #expect(cells.split(separator: "\n").count == 1 + 4 * 2)
    var others = ""
    try SweepTable(store, format: .jsonLines).writeCells(epsilons: [10]) { others += $0 }
    let row = try #require(
      try JSONSerialization.jsonObject(with: Data(others.split(separator: "\n")[0].utf8)) as? [String: Any])
    #expect(row["successes"] as? Int == 5 && row["fraction"] as? Double == 1)
  }
}
