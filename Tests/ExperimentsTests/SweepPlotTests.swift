import Experiments
import Foundation
import SubsetSum
import Testing

/// Charts of sweeps: what they say of solvers, their bands, and what they refuse.
@Suite struct SweepPlotTests {
  /// A cell in which each of ten trials has an error of its own: 0.05 to 0.95 over `scale`.
  static func summary(
    _ n: Int, _ m: Int = 1, solver: String = "exact", scale: Double = 1, epsilons: [Double] = [0.1], trials: Int = 10,
    proved: Int = 10, candidates: String = "nsn", target: String = "own", size: Int? = nil
  ) -> CellSummary {
    let cell = SweepCell(
      number: 0, instance: 0, dimension: m, count: n, candidates: candidates, target: target, norm: "max", size: size,
      solver: solver, deviation: candidates == "nsn" ? 1 : nil)
    let results = (0..<trials).map { trial in
      TrialResult(
        cell: 0, trial: trial, error: (Double(trial) + 0.5) / 10 / scale, size: 1, isOptimal: trial < proved, work: 1)
    }
    return CellSummary(cell, results: results, epsilons: epsilons)
  }

  @Test func successesExistOrAreFound() throws {
    let exact = [8, 4, 6].map { Self.summary($0, scale: Double($0)) }
    let chart = try SweepPlot.success.chart(of: exact)
    #expect(chart.series.map(\.name) == ["exists", "dashed: 1 − exp(−E T), E T the expected subsets"])
    #expect(chart.title == "How often a subset within ε = 0.1 exists")
    let points = chart.series[0].points
    #expect(points.map(\.x) == [4, 6, 8] && points.map(\.y) == [0.4, 0.6, 0.8] && chart.series[0].spread == .band)
    let wilson = try #require(WilsonInterval(successes: 4, trials: 10))
    #expect(points[0].low == wilson.low && points[0].high == wilson.high)
    let theory = try #require(CellSummary.Theory(exact[1].cell))
    let first = try #require(chart.series[1].points.first)
    #expect(first.x == 4 && abs(first.y - (1 - exp(-theory.expected(within: 0.1)))) < 1e-12)
    #expect(chart.series[1].dash == .dashed && chart.series[1].colour == 0)

    let found = [4, 6].map { Self.summary($0, solver: "greedy", proved: 0) }
    let other = try SweepPlot.success.chart(of: found)
    #expect(other.series.map(\.name) == ["found by greedy"] && other.title.hasSuffix("is found"))
    let both = try SweepPlot.success.chart(of: exact + found)
    #expect(both.series.map(\.name).prefix(2) == ["exists", "found by greedy"])
    #expect(both.title.hasSuffix("exists, or is found"))
  }

  /// Where the size grows with the count there is a scale at the cells alone, and none below the
  /// dimension.
  @Test func sharesHaveScalesAtTheirCells() throws {
    let specification = try SweepSpecification(
      dimensions: [4], counts: [4, 8, 16, 32], epsilons: [0.5], sizes: [.share(divisor: 2), .squareRoot], trials: 6,
      seed: 1)
    let sweep = Sweep(specification)
    let summaries = try (0..<specification.cellCount).map { cell in
      CellSummary(
        specification.cell(cell), results: try (0..<6).map { try sweep.result(cell: cell, trial: $0) },
        epsilons: [0.5])
    }
    let errors = try SweepPlot.error.chart(of: summaries)
    let dashed = errors.series.filter { $0.dash == .dashed }
    let scales = summaries.compactMap(\.scale)
    #expect(dashed.flatMap(\.points).map(\.y).allSatisfy { scales.contains($0) } && !dashed.isEmpty)
    try errors.validate()
    try SweepPlot.success.chart(of: summaries).validate()
  }

  @Test func undecidedTrialsWidenTheBand() throws {
    let chart = try SweepPlot.success.chart(of: [Self.summary(4, proved: 3), Self.summary(6)])
    #expect(chart.series[0].name == "exists, undecided trials counted as none")
    let point = chart.series[0].points[0]
    #expect(point.low == WilsonInterval(successes: 1, trials: 10)!.low)
    #expect(point.high == WilsonInterval(successes: 8, trials: 10)!.high)
    #expect(chart.series[0].points[1].high == WilsonInterval(successes: 1, trials: 10)!.high)
    let errors = try SweepPlot.error.chart(of: [Self.summary(4, proved: 3)])
    #expect(errors.series[0].name == "optimum, not all proved")
  }

  @Test func namesSayWhatDiffersAndAxesWhatDoesNot() throws {
    let cells = [(1, "zero", nil), (2, "zero", nil), (2, "uniform 0.5", 3 as Int?)].map {
      Self.summary(8, $0.0, epsilons: [0.1, 0.25], target: $0.1, size: $0.2)
    }
    let chart = try SweepPlot.success.chart(of: cells)
    #expect(
      chart.series.map(\.name).prefix(6) == [
        "exists, m = 1, target zero, any size, ε = 0.1", "exists, m = 1, target zero, any size, ε = 0.25",
        "exists, m = 2, target zero, any size, ε = 0.1", "exists, m = 2, target zero, any size, ε = 0.25",
        "exists, m = 2, target uniform 0.5, size 3, ε = 0.1", "exists, m = 2, target uniform 0.5, size 3, ε = 0.25",
      ])
    #expect(chart.horizontal.title == "candidates n (nsn, max norm)" && !chart.horizontal.isLogarithmic)
    let wide = try SweepPlot.success.chart(of: [Self.summary(4), Self.summary(200)])
    #expect(wide.horizontal.isLogarithmic)
  }

  @Test func mediansHaveTheirIntervalsAndScales() throws {
    let cells = ["exact", "greedy"].flatMap { solver in
      [4, 8].map { Self.summary($0, solver: solver, scale: Double($0), proved: solver == "exact" ? 10 : 0) }
    }
    let chart = try SweepPlot.error.chart(of: cells)
    #expect(chart.series.map(\.name) == ["optimum", "found by greedy", "dashed: ε*, where one subset is expected"])
    #expect(chart.vertical.isLogarithmic)
    let point = chart.series[0].points[0]
    #expect(abs(point.y - 0.125) < 1e-15 && abs(point.low - 0.0375) < 1e-15 && abs(point.high - 0.2125) < 1e-15)
    let scale = try #require(CellSummary.Theory(cells[0].cell)?.scale)
    #expect(abs(chart.series[2].points[0].y / scale - 1) < 1e-12)
    // Five trials have no interval; an error of 0 has no logarithm.
    let few = try SweepPlot.error.chart(of: [Self.summary(4, trials: 5)])
    #expect(few.series[0].spread == .none)
    let cell = cells[0].cell
    let zeros = (0..<9).map { TrialResult(cell: 0, trial: $0, error: 0, size: 0, isOptimal: true, work: 0) }
    let flat = try SweepPlot.error.chart(of: [CellSummary(cell, results: zeros, epsilons: [])])
    #expect(!flat.vertical.isLogarithmic)
    try flat.validate()
  }

  /// Curves in which the fraction within ε is n·ε: n50 is 1/(2ε).
  private func crossing(_ dimensions: [Int], _ epsilons: [Double], solver: String = "exact") -> [CellSummary] {
    dimensions.flatMap { m in
      [2, 4, 8, 16].map { Self.summary($0, m, solver: solver, scale: Double($0), epsilons: epsilons) }
    }
  }

  @Test func thresholdsStandBesideMomentAndLine() throws {
    let summaries = crossing([1, 2], [0.2, 0.1, 0.05])
    let chart = try SweepPlot.threshold.chart(of: summaries)
    #expect(chart.series.map(\.name).prefix(2) == ["exists, m = 1", "exists, m = 2"])
    #expect(chart.horizontal.title.hasPrefix("error ε (") && chart.horizontal.isLogarithmic)
    let points = chart.series[0].points
    #expect(points.map(\.x) == [0.05, 0.1, 0.2] && chart.series[0].spread == .bars)
    for (point, row) in zip(points, ThresholdTable(summaries).rows.reversed().suffix(3)) {
      #expect(point.y == row.threshold.count && row.cell.dimension == 1 && row.epsilon == point.x)
    }
    let theory = try #require(CellSummary.Theory(summaries[0].cell))
    let dashed = try #require(chart.series.first { $0.dash == .dashed })
    #expect(dashed.name == "dashed: 1 − exp(−E T) = 1/2, E T the expected subsets")
    for point in dashed.points {
      #expect(abs(exp(theory.logExpected(within: point.x, counts: [point.y])[0]) - log(2)) < 1e-8)
    }
    let dotted = chart.series.filter { $0.dash == .dotted }
    let fit = try #require(ThresholdTable(summaries).lines.first?.fit)
    #expect(dotted.map(\.name) == ["dotted: \(fit)", ""] && dotted[1].colour == 1)
    let other = try SweepPlot.threshold.chart(of: summaries, against: .dimension)
    #expect(
      other.series.map(\.name).prefix(3) == ["exists, ε = 0.2", "exists, ε = 0.1", "exists, ε = 0.05"])
    #expect(other.series[0].points.map(\.x) == [1, 2] && other.horizontal.ticks.map(\.label) == ["1", "2"])
    let default3 = try SweepPlot.threshold.chart(of: crossing([1, 2, 3], [0.1]))
    #expect(default3.horizontal.title.hasPrefix("dimension m"))
    let found = try SweepPlot.threshold.chart(of: crossing([1], [0.2, 0.1], solver: "beam"))
    #expect(found.series[0].name == "found by beam")
  }

  @Test func tablesOfThresholds() throws {
    let table = ThresholdTable(crossing([1], [0.2, 0.1, 0.05, 1]) + [Self.summary(4, 9, trials: 0)])
    // Ten trials at 0.05/n, 0.15/n, …: of ε = 0.2 4 of 10 at n = 2, 8 at 4, so 1/2 a quarter of the
    // way from 2 to 4.
    #expect(table.rows.map(\.threshold.position) == [.within, .within, .within, .below, .unknown])
    #expect(abs(table.rows[0].threshold.count! - 2.5) < 1e-12 && table.rows[0].range == 2...16)
    #expect(table.rows[4].range == nil && table.lines.count == 1)
    #expect(table.lines[0].name == "exists, nsn, target own, max norm, any size")
    let lines = table.text(.csv).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(lines.count == 6 && lines.allSatisfy { $0.count == 18 })
    let names = lines[0].map(String.init)
    func entry(_ row: Int, _ name: String) -> String { String(lines[row + 1][names.firstIndex(of: name)!]) }
    #expect(Double(entry(0, "n50")) == table.rows[0].threshold.count && entry(0, "position") == "within")
    #expect(Double(entry(0, "low")) == table.rows[0].threshold.low && entry(3, "n50").isEmpty)
    #expect(Double(entry(1, "first_moment_count")) == table.rows[1].firstMoment && entry(0, "decided") == "1")
    #expect(Double(entry(0, "fit_slope")) == table.lines[0].fit.slope)
    let json = table.text(.jsonLines).split(separator: "\n")
    let row = try #require(try JSONSerialization.jsonObject(with: Data(json[3].utf8)) as? [String: Any])
    #expect(row["n50"] is NSNull && row["decided"] as? Bool == true && row["solver"] as? String == "exact")
    #expect(Set(row.keys) == Set(names))
  }

  @Test func whatCannotBeDrawnIsNamed() {
    func rejects(_ plot: SweepPlot, _ summaries: [CellSummary], _ parts: String...) {
      let error = #expect(throws: ExperimentError.self) { try plot.chart(of: summaries) }
      for part in parts { #expect("\(error!)".contains(part), "\(error!)") }
    }
    let many = (1...7).map { Self.summary(8, $0, epsilons: [0.1, 0.2]) }
    rejects(.success, many, "at most 12 curves", "14 (dimension 1, 2, 3, 4, 5, 6, 7; epsilon 0.1, 0.2)")
    rejects(.success, [], "cells with trials", "none")
    rejects(.error, [Self.summary(4, trials: 0)], "cells with trials")
    rejects(.success, [Self.summary(4, epsilons: [])], "at least one epsilon")
    rejects(.threshold, [Self.summary(4), Self.summary(8)], "on both sides", "above for m = 1, ε = 0.1")
    rejects(.threshold, (1...13).flatMap { crossing([1], [0.1, 0.2], solver: "s\($0)") }, "at most 12 curves", "s8 …")
    // Parted by what they differ in, they can be drawn.
    #expect(
      SweepPlot.success.charts(of: many).map { $0.series.filter { $0.dash == .solid }.count }
        == [Int](repeating: 2, count: 7))
    #expect(SweepPlot.threshold.charts(of: [Self.summary(4)]).isEmpty)
    #expect(SweepPlot.standard(for: many) == .success)
    #expect(SweepPlot.standard(for: [Self.summary(4, epsilons: [])]) == .error)
  }

  @Test func selections() throws {
    let summaries = [Self.summary(4, 1), Self.summary(4, 2), Self.summary(8, 2, solver: "greedy", size: 3)]
    func chosen(_ values: [SweepCoordinate: [String]]) throws -> [Int] {
      try SweepSelection(values)(summaries).map { summary in summaries.firstIndex(of: summary)! }
    }
    #expect(try chosen([:]) == [0, 1, 2] && chosen([.dimension: ["2"]]) == [1, 2])
    #expect(
      try chosen([.dimension: ["2"], .size: ["any"]]) == [1] && chosen([.solver: ["greedy", "exact"]]) == [0, 1, 2])
    let error = #expect(throws: ExperimentError.self) { try chosen([.count: ["5"]]) }
    #expect("\(error!)" == "count: expected one of 4, 8, found '5'")
  }

  @Test(.enabled(if: ChartTests.hasGnuplot, "needs gnuplot"), arguments: SweepPlot.allCases)
  func picturesHoldAxesSeriesAndPoints(plot: SweepPlot) throws {
    let chart = try plot.chart(
      of: crossing([1, 2], [0.2, 0.1, 0.05]) + crossing([1], [0.2, 0.1, 0.05], solver: "greedy"))
    let svg = try SVGReader(Gnuplot.draw(GnuplotScript(chart, format: .svg)))
    for text in [chart.title, chart.horizontal.title, chart.vertical.title] + chart.series.map(\.name)
    where !text.isEmpty {
      #expect(svg.texts.contains(text), "\(text)")
    }
    let marked = chart.series.filter { $0.mark == .linesAndPoints }
    #expect(svg.points.values.reduce(0, +) == marked.reduce(0) { $0 + $1.points.count + 1 })
  }
}
