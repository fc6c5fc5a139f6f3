import Experiments
import Files
import Foundation
import ModelFiles
import Testing

/// Figures read from JSON, and the charts made of them.
@Suite struct TicketPlotTests {
  /// The JSON of a small ticket, with some keys replaced or, by nil, left out.
  private static func json(_ changes: [String: Any?] = [:], block: [String: Any?] = [:]) throws -> Data {
    func changed(_ fields: [String: Any], _ changes: [String: Any?]) -> [String: Any] {
      var fields = fields
      for (key, value) in changes { fields[key] = value }
      return fields
    }
    func row(_ layer: Int, _ channel: Int, _ half: String, _ kept: Int, _ error: Double) -> [String: Any] {
      ["layer": layer, "channel": channel, "half": half, "candidates": 100, "kept": kept, "error": error]
    }
    let blocks = [
      changed(row(1, 0, "positive", 5, 0.5), block), row(1, 0, "negative", 6, 0.25), row(2, 0, "positive", 7, 0.125),
      row(2, 1, "positive", 8, 2),
    ]
    let fields: [String: Any] = [
      "width": 100, "seed": "1", "mode": "weights", "target_accuracy": 0.9, "ticket_accuracy": 0.5, "complete": true,
      "empty_set_error": 4.5, "blocks": blocks, "more": ["is": "ignored"],
    ]
    return try JSONSerialization.data(withJSONObject: changed(fields, changes))
  }

  private static func figures(_ changes: [String: Any?] = [:]) throws -> TicketFigures {
    try TicketFigures(json(changes), source: "f\(changes.count).json")
  }

  @Test func whatPlotsNeedIsRead() throws {
    let figures = try Self.figures()
    #expect(figures.width == 100 && figures.seed == "1" && figures.mode == "weights" && figures.isComplete)
    #expect(figures.targetAccuracy == 0.9 && figures.ticketAccuracy == 0.5 && figures.emptySetError == 4.5)
    #expect(figures.target == nil && figures.solver == nil && figures.blocks.count == 4)
    let block = figures.blocks[1]
    #expect(block.layer == 1 && block.half == .negative && block.kept == 6 && block.error == 0.25)
    #expect(block.emptySetError == nil)
    let more = try Self.figures(["target": "a/cnn.onnx", "solver": "beam", "ticket_accuracy": NSNull()])
    #expect(more.target == "a/cnn.onnx" && more.solver == "beam" && more.ticketAccuracy == nil)
  }

  @Test func wrongFilesAreNamedByFileAndKey() throws {
    func rejects(_ data: Data, _ kind: FileError.Kind, _ parts: String...) {
      let error = #expect(throws: FileError.self) { try TicketFigures(data, source: "a.json") }
      #expect(error?.kind == kind)
      let text = error.map { "\($0)" } ?? ""
      for part in ["a.json"] + parts { #expect(text.contains(part), "\(text)") }
    }
    rejects(Data(), .malformed, "an empty file")
    rejects(Data("ticket for target".utf8), .malformed, "JSON")
    rejects(try Self.json().dropLast(), .malformed)
    rejects(Data([0xFF, 0xFE, 0x00]), .malformed)
    rejects(Data("[1, 2]".utf8), .wrongType, "a JSON object", "a list of 2")
    for key in ["width", "seed", "mode", "complete", "empty_set_error", "blocks"] {
      rejects(try Self.json([key: nil]), .missing, "key '\(key)'", "no such key")
    }
    rejects(try Self.json(["width": "100"]), .wrongType, "key 'width'", "a whole number", "the text '100'")
    rejects(try Self.json(["width": 0]), .wrongType, "key 'width'", "found 0")
    rejects(try Self.json(["width": 1.5]), .wrongType, "key 'width'", "1.5")
    rejects(try Self.json(["width": 1e18]), .wrongType, "key 'width'")
    rejects(try Self.json(["seed": 1]), .wrongType, "key 'seed'", "a text")
    rejects(try Self.json(["complete": "yes"]), .wrongType, "key 'complete'", "true or false")
    rejects(try Self.json(["target_accuracy": 87.2]), .wrongType, "key 'target_accuracy'", "0 to 1")
    rejects(try Self.json(["ticket_accuracy": true]), .wrongType, "key 'ticket_accuracy'", "true")
    rejects(try Self.json(["target": 3]), .wrongType, "key 'target'")
    rejects(try Self.json(["blocks": [Int]()]), .missing, "key 'blocks'", "at least one")
    rejects(try Self.json(["blocks": 3]), .wrongType, "key 'blocks'", "a list of objects")
    rejects(try Self.json(["blocks": [3]]), .wrongType, "key 'blocks[0]'", "a JSON object")
    rejects(try Self.json(block: ["kept": nil]), .missing, "key 'blocks[0]'", "key 'kept'")
    rejects(try Self.json(block: ["half": "both"]), .wrongType, "key 'half'", "'positive' or 'negative'", "'both'")
    rejects(try Self.json(block: ["error": -1]), .wrongType, "key 'error'", "a number from 0")
    #expect(throws: FileError.self) { try TicketFigures(contentsOf: "/nonexistent/a.json") }
  }

  @Test func accuracyIsMedianAndRangeOverSeeds() throws {
    var tickets: [TicketFigures] = []
    for (seed, accuracy) in [("1", 0.5), ("2", 0.8), ("3", 0.6), ("4", 0.55)] {
      tickets.append(try Self.figures(["seed": seed, "ticket_accuracy": accuracy, "width": 1000]))
    }
    tickets.append(try Self.figures())
    tickets.append(try Self.figures(["mode": "calibrated"]))
    tickets.append(try Self.figures(["mode": "calibrated", "seed": "2", "complete": false]))
    let chart = try TicketPlot.accuracy.chart(of: tickets)
    #expect(chart.series.map(\.name) == ["weights", "calibrated", "calibrated, stopped early"])
    let points = chart.series[0].points
    #expect(points.map(\.x) == [100, 1000] && points[0] == Chart.Point(100, 50))
    for (value, expected) in zip([points[1].low, points[1].y, points[1].high], [50, 57.5, 80]) {
      #expect(abs(value - expected) < 1e-9)
    }
    #expect(chart.series[0].spread == .bars && chart.series[1].spread == .none)
    #expect(chart.levels == [Chart.Level("target: 90.00 %", 90)])
    #expect(chart.horizontal.isLogarithmic && chart.horizontal.ticks.map(\.label) == ["100", "1000"])
    try chart.validate()
  }

  @Test func sizesAreKeptFilters() throws {
    let more = try TicketFigures(
      Self.json(["ticket_accuracy": 0.8, "seed": "2"], block: ["kept": 60]), source: "more.json")
    let chart = try TicketPlot.size.chart(of: [more, Self.figures(), Self.figures(["mode": "calibrated"])])
    #expect(chart.series.map(\.name) == ["weights", "calibrated"])
    // 5, or 60, and 6, 7 and 8.
    #expect(chart.series[0].points == [Chart.Point(26, 50), Chart.Point(81, 80)])
    #expect(chart.levels == [Chart.Level("target: 90.00 %", 90)] && chart.horizontal.isLogarithmic)
    try chart.validate()
    let block: [String: Any] = [
      "layer": 1, "channel": 0, "half": "positive", "candidates": 9, "kept": 0, "error": 1,
    ]
    let empty = try Self.figures(["blocks": [block]])
    #expect(throws: ExperimentError.self) { try TicketPlot.size.chart(of: [empty]) }
  }

  @Test func targetsAndSolversAreSeriesOfTheirOwn() throws {
    let byAccuracy = try TicketPlot.accuracy.chart(
      of: [Self.figures(), Self.figures(["target_accuracy": 0.75])])
    #expect(byAccuracy.series.map(\.name) == ["weights, target of 90.00 %", "weights, target of 75.00 %"])
    #expect(byAccuracy.levels.map(\.name) == ["target: 90.00 %", "target: 75.00 %"])
    let byName = try TicketPlot.accuracy.chart(
      of: [Self.figures(["target": "a/x.onnx"]), Self.figures(["target": "y.onnx", "solver": "beam"])])
    #expect(byName.series.map(\.name) == ["weights, x", "weights, beam, y"])
    #expect(byName.levels.map(\.name) == ["x: 90.00 %", "y: 90.00 %"])
  }

  @Test func whatCannotStandInOneChartIsRefused() throws {
    let twice = [try Self.figures(), try Self.figures()]
    let error = #expect(throws: ExperimentError.self) { try TicketPlot.accuracy.chart(of: twice) }
    #expect("\(error!)".contains("seed 1 in both"))
    #expect(throws: ExperimentError.self) { try TicketPlot.filters.chart(of: twice) }
    #expect(throws: ExperimentError.self) { try TicketPlot.layers.chart(of: []) }
    for key in ["ticket_accuracy", "target_accuracy"] {
      let missing = try Self.figures([key: NSNull()])
      let error = #expect(throws: FileError.self) { try TicketPlot.accuracy.chart(of: [missing]) }
      #expect(error?.location == [.key(key)] && error?.source == "f1.json")
      _ = try TicketPlot.layers.chart(of: [missing])
    }
    #expect(TicketPlot.standard(count: 1) == .layers && TicketPlot.standard(count: 2) == .accuracy)
  }

  @Test func layersHaveTheirLargestErrorBesideTheEmptySets() throws {
    let chart = try TicketPlot.layers.chart(of: [Self.figures()])
    #expect(chart.series.map(\.name) == ["weights, width 100, seed 1"])
    #expect(chart.series[0].points == [Chart.Point(1, 0.5), Chart.Point(2, 2)])
    #expect(chart.levels == [Chart.Level("empty set, largest layer", 4.5)])
    #expect(chart.vertical.isLogarithmic && chart.horizontal.ticks.map(\.label) == ["1", "2"])
    let rows = [("positive", 3.0), ("negative", 3.5)].map { half, empty in
      [
        "layer": 4, "channel": 0, "half": half, "candidates": 9, "kept": 1, "error": 0.0, "empty_set_error": empty,
      ] as [String: Any]
    }
    let own = try TicketPlot.layers.chart(of: [Self.figures(["blocks": rows]), Self.figures(["blocks": rows])])
    #expect(own.series.map(\.name).last == "empty set" && own.series.count == 3 && own.levels.isEmpty)
    #expect(own.series[2].points == [Chart.Point(4, 3.5)])
    // An error of 0 has no logarithm.
    #expect(!own.vertical.isLogarithmic)
    #expect(Set(own.series.map(\.name)).count == 3)
    try own.validate()
  }

  @Test func filtersStandByChannelAndHalf() throws {
    let chart = try TicketPlot.filters.chart(of: [Self.figures()])
    #expect(chart.series.map(\.name) == ["positive half", "negative half"])
    #expect(chart.series[0].points == [Chart.Point(0, 5), Chart.Point(1, 7), Chart.Point(2, 8)])
    #expect(chart.series[1].points == [Chart.Point(0, 6)])
    #expect(chart.horizontal.ticks.map(\.label) == ["layer 1", "layer 2"] && chart.horizontal.dividers == [0.5])
    try chart.validate()
  }

  @Test(.enabled(if: ChartTests.hasGnuplot, "needs gnuplot"), arguments: TicketPlot.allCases)
  func picturesHoldAxesSeriesAndPoints(plot: TicketPlot) throws {
    let chart = try plot.chart(of: [Self.figures()])
    let svg = try SVGReader(Gnuplot.draw(GnuplotScript(chart, format: .svg)))
    for text in [chart.title, chart.horizontal.title, chart.vertical.title] + chart.series.map(\.name)
      + chart.levels.map(\.name)
    {
      #expect(svg.texts.contains(text), "\(text)")
    }
    let points = chart.series.reduce(0) { $0 + $1.points.count }
    #expect(svg.points.values.reduce(0, +) == points + chart.series.count)
  }
}
