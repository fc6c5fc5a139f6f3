import Experiments
import Files
import Foundation
import ModelFiles
import Testing

/// Charts as scripts and as pictures that gnuplot drew.
@Suite struct ChartTests {
  static let hasGnuplot = Gnuplot.executable() != nil

  private func chart(_ series: [Chart.Series], logarithmic: Bool = false, levels: [Chart.Level] = []) -> Chart {
    Chart(
      title: "a title", horizontal: Chart.Axis("across", isLogarithmic: logarithmic),
      vertical: Chart.Axis("up", isLogarithmic: logarithmic), series: series, levels: levels)
  }

  private static let points = [
    Chart.Point(1, 2, low: 1, high: 3), Chart.Point(10, 3, low: 2.5, high: 3), Chart.Point(1000, 0.5, low: 0.25),
  ]

  @Test(.enabled(if: hasGnuplot, "needs gnuplot"), arguments: Chart.Mark.allCases, Chart.Spread.allCases)
  func everyPointIsDrawn(mark: Chart.Mark, spread: Chart.Spread) throws {
    let drawn = chart(
      [
        Chart.Series("first", Self.points, mark: mark, spread: spread),
        Chart.Series("second", [Chart.Point(3, 4)], mark: .points),
      ], logarithmic: true, levels: [Chart.Level("goal", 2)])
    let svg = try SVGReader(Gnuplot.draw(GnuplotScript(drawn, format: .svg)))
    for text in ["a title", "across", "up", "first", "second", "goal"] { #expect(svg.texts.contains(text)) }
    // The spread comes first, then the level, then the series; a legend has a sample of each point.
    let counts = svg.points.sorted { $0.key < $1.key }.map(\.value)
    #expect(counts == (spread == .none ? [] : [0]) + [0, mark == .lines ? 0 : 4, 2])
  }

  @Test(.enabled(if: hasGnuplot, "needs gnuplot")) func textsAreShownAndNothingElse() throws {
    // Short enough for the legend to show it whole.
    let folder = URL(fileURLWithPath: "/tmp/tombola-" + UUID().uuidString.prefix(8))
    let names = [
      "it's 'quoted' \"twice\"", "back\\slash\\", "`touch \(folder.path)`", "@x $(y) {/Symbol q}_2^3 %d",
      "a < b & c > d",
      "ε ≤ 1/4 · Ωλ", "'; system('touch \(folder.path)') #",
    ]
    let svg = try SVGReader(
      Gnuplot.draw(
        GnuplotScript(
          chart(
            names.map { Chart.Series($0, [Chart.Point(1, 1)]) } + [
              Chart.Series("two\nlines\u{0}\u{7f}", [Chart.Point(2, 2)])
            ]),
          format: .svg)))
    for name in names { #expect(svg.texts.contains(name), "\(name) in \(svg.texts)") }
    var ticked = chart([Chart.Series("s", [Chart.Point(1, 1)])])
    ticked.horizontal.ticks = names.enumerated().map { Chart.Tick(Double($0.offset), $0.element) }
    let labels = try SVGReader(Gnuplot.draw(GnuplotScript(ticked, format: .svg))).texts
    for name in names { #expect(labels.contains(name), "\(name) in \(labels)") }
    #expect(svg.texts.contains("two lines  "))
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }

  /// gnuplot leaves a legend out that is wider than the picture, so long names lose their middle.
  @Test(.enabled(if: hasGnuplot, "needs gnuplot"), arguments: [100, 300, 900])
  func longNamesStayInTheLegend(width: Int) throws {
    let long = "mm" + String(repeating: "m", count: 300)
    var drawn = chart(
      [Chart.Series("first \(long) 1", Self.points), Chart.Series("other \(long) 2", Self.points)],
      levels: [Chart.Level("level \(long) 3", 2)])
    (drawn.width, drawn.height) = (width, 560)
    let texts = try SVGReader(Gnuplot.draw(GnuplotScript(drawn, format: .svg))).texts
    for (start, end) in [("f", "1"), ("o", "2"), ("l", "3")] {
      let shown = texts.filter { $0.hasPrefix(start) && $0.hasSuffix(end) && $0.contains("…") }
      #expect(shown.count == 1, "\(start) in \(texts)")
      #expect(shown.allSatisfy { $0.count == width / 9 - 3 })
    }
  }

  @Test(.enabled(if: hasGnuplot, "needs gnuplot")) func pngHasItsSize() throws {
    var drawn = chart([Chart.Series("s", Self.points)])
    (drawn.width, drawn.height) = (640, 400)
    let bytes = [UInt8](try Gnuplot.draw(GnuplotScript(drawn, format: .png)))
    #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    #expect(number(at: 16) == 640 && number(at: 20) == 400)
    #expect((1000...200_000).contains(bytes.count))
  }

  @Test(.enabled(if: hasGnuplot, "needs gnuplot")) func extremeNumbersAreDrawn() throws {
    let most = Double.greatestFiniteMagnitude
    for points in [
      [(0, 0)], [(1, -5), (2, -5)], [(-most / 4, -most / 4), (most / 4, most / 4)], [(0, 1e-300), (1e-300, 2e-300)],
    ] as [[(Double, Double)]] {
      let line = Chart.Series("s", points.map { Chart.Point($0.0, $0.1) })
      #expect(try SVGReader(Gnuplot.draw(GnuplotScript(chart([line]), format: .svg))).points.count == 1)
    }
    for values in [[1e-300, 1e300], [5.0, 5], [0.03, 0.2]] {
      let line = Chart.Series("s", values.map { Chart.Point($0, $0) })
      let svg = try SVGReader(Gnuplot.draw(GnuplotScript(chart([line], logarithmic: true), format: .svg)))
      #expect(svg.points.values.first == 3)
    }
  }

  @Test func scriptsAreValues() throws {
    let drawn = chart([Chart.Series("s", Self.points, spread: .band), Chart.Series("none", [])])
    let script = try GnuplotScript(drawn, format: .svg)
    #expect(try script == GnuplotScript(drawn, format: .svg))
    #expect(script.files.map(\.name) == ["series0.dat"])
    #expect(script.files[0].text == "1.0 2.0 1.0 3.0\n10.0 3.0 2.5 3.0\n1000.0 0.5 0.25 0.5\n")
    #expect(script.text.contains("filledcurves") && !script.text.contains("logscale"))
    let dashes = try GnuplotScript(
      chart([
        Chart.Series("a", Self.points), Chart.Series("", Self.points, mark: .lines, dash: .dashed, colour: 0),
        Chart.Series("c", Self.points, dash: .dotted),
      ]), format: .svg
    ).text.split(separator: "\n").filter { $0.contains(".dat'") }
    #expect(dashes[0].contains("#4477aa") && dashes[0].contains("title \"a\"") && !dashes[0].contains(" dt "))
    #expect(dashes[1].contains("#4477aa' dt 2 notitle") && dashes[2].contains("dt 3"))
    var marked = drawn
    marked.horizontal = Chart.Axis("x", isLogarithmic: true, ticks: [Chart.Tick(10, "ten")], dividers: [3])
    marked.vertical.startsAtZero = true
    let second = try GnuplotScript(marked, format: .png)
    #expect(second.text.contains("set xtics (\"ten\" 10.0)") && second.text.contains("set logscale x\n"))
    #expect(second.text.contains("set yrange [0.0:") && second.text.contains("set arrow from 3.0, graph 0"))
    #expect(second.text.contains("pngcairo") && second.output == "chart.png")
  }

  @Test func unusableChartsAreNamed() {
    func rejects(_ chart: Chart, _ part: String) {
      let error = #expect(throws: ExperimentError.self) { try GnuplotScript(chart, format: .svg) }
      #expect(error.map { "\($0)".contains(part) } == true, "\(String(describing: error))")
    }
    rejects(chart([]), "at least one point")
    rejects(chart([Chart.Series("s", [])]), "at least one point")
    rejects(chart([Chart.Series("s", [Chart.Point(0, 1)])], logarithmic: true), "series 's', point 0, x")
    rejects(chart([Chart.Series("s", [Chart.Point(1, .nan)])]), "series 's', point 0, y")
    rejects(chart([Chart.Series("s", [Chart.Point(1, 1, low: 2)])]), "a spread around 1.0")
    rejects(chart([Chart.Series("s", [Chart.Point(1, 1)], colour: -1)]), "series 's', colour")
    rejects(chart([Chart.Series("s", [Chart.Point(1, 1)])], levels: [Chart.Level("goal", .infinity)]), "line 'goal'")
    var ticked = chart([Chart.Series("s", [Chart.Point(1, 1)])], logarithmic: true)
    ticked.vertical.ticks = [Chart.Tick(-1, "below")]
    rejects(ticked, "tick 'below'")
    ticked.vertical.ticks = []
    ticked.horizontal.dividers = [0]
    rejects(ticked, "divider")
    var huge = chart([Chart.Series("s", [Chart.Point(1, 1)])])
    huge.width = 1_000_000
    rejects(huge, "100 to 10000 pixels")
  }

  @Test(.enabled(if: hasGnuplot, "needs gnuplot")) func filesAppearWholeOrNotAtAll() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tombola-chart-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("a.SVG").path
    let drawn = chart([Chart.Series("s", Self.points)])
    try Gnuplot.draw(drawn, to: path, force: false)
    #expect(throws: FileError.self) { try Gnuplot.draw(drawn, to: path, force: false) }
    try Gnuplot.draw(drawn, to: path, force: true)
    #expect(throws: ExperimentError.self) { try Gnuplot.draw(chart([]), to: path, force: true) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.SVG"])
    for name in ["a", "a.pdf", "a.svg.gz"] {
      let error = #expect(throws: FileError.self) { try PlotFormat(path: name) }
      #expect(error?.kind == .unsupported)
    }
  }

  @Test func onlyExecutablesOnThePathCount() {
    #expect(Gnuplot.executable(path: nil) == nil && Gnuplot.executable(path: "") == nil)
    #expect(Gnuplot.executable(path: "/nonexistent:.:relative") == nil)
    #expect(
      "\(ExperimentError.missingProgram(name: "gnuplot", package: "gnuplot-nox"))".contains(
        "apt-get install gnuplot-nox"))
  }
}
