import Foundation

/// What a report says of one store.
struct StoreSection {
  private let store: ResultStore
  private let summaries: [CellSummary]

  /// Charts of one kind that a page draws.
  private static let mostCharts = 24

  /// - Throws: `StoreError`.
  init(_ store: ResultStore, epsilons: [Double]?) throws {
    self.store = store
    summaries = try CellSummary.all(of: store, epsilons: epsilons)
  }

  func html(_ drawings: inout ReportDrawings) throws -> String {
    let stored = summaries.reduce(0) { $0 + $1.trials }
    var html = HTMLText.heading("Sweep \(store.path)", level: 2)
    html += HTMLText.paragraph(
      "\(stored) of \(store.trialsPerCell * store.cells.count) trials in \(store.cells.count) cells. Cells of the solver exact say how often a "
        + "subset exists, those of other solvers how often one was found.")
    html += HTMLText.heading("Specification", level: 3)
    if let source = store.source { html += HTMLText.preformatted(source) }
    html += HTMLText.paragraph("All that results depend on, with SHA-256 \(store.digest):")
    html += HTMLText.preformatted(store.specification)
    html += HTMLText.heading("Runs", level: 3) + (try runs())
    html += HTMLText.heading("Plots", level: 3)
    for plot in SweepPlot.allCases { html += try figures(plot, &drawings) }
    let thresholds = ThresholdTable(summaries)
    if !thresholds.rows.isEmpty { html += HTMLText.heading("Thresholds", level: 3) + Self.html(thresholds) }
    html += HTMLText.heading("Cells", level: 3) + cells()
    return html
  }

  private func figures(_ plot: SweepPlot, _ drawings: inout ReportDrawings) throws -> String {
    let charts = plot.charts(of: summaries)
    if charts.isEmpty {
      do { _ = try plot.chart(of: summaries) } catch { return HTMLText.paragraph("Not drawn: \(error)") }
    }
    let left = charts.count - Self.mostCharts
    let note = left > 0 ? HTMLText.paragraph("\(left) more charts of kind \(plot.rawValue) are left out.") : ""
    return try charts.prefix(Self.mostCharts).map { try drawings.figure($0) }.joined() + note
  }

  private func runs() throws -> String {
    let rows = try store.runs().map { run in
      [
        "\(run.number)", run.program, run.commit ?? ReportFigure.none, run.machine, run.cpu, run.blas, run.blasCore,
        run.shard, run.started, run.ended ?? "not ended", "\(run.threads)", "\(run.trials)",
        String(format: "%.3f", run.seconds),
      ]
    }
    return HTMLText.table(
      [
        "run", "program", "commit", "machine", "CPU", "BLAS", "BLAS core", "shard", "started (UTC)", "ended (UTC)",
        "threads", "trials", "seconds of all threads",
      ], rows, textColumns: 10, caption: "Who computed what, and when.")
  }

  private func cells() -> String {
    let columns = ReportCoordinates(store.cells, always: [.dimension, .count])
    var rows: [[String]] = []
    for summary in summaries {
      let interval = summary.medianInterval.map {
        ReportFigure.range(ReportFigure.short($0.lowerBound), ReportFigure.short($0.upperBound))
      }
      let head =
        columns.values(of: summary.cell) + [
          "\(summary.trials)", "\(summary.proved)", ReportFigure.integer(summary.medianSize),
          ReportFigure.short(summary.medianError), interval ?? ReportFigure.none, ReportFigure.short(summary.scale),
        ]
      if summary.outcomes.isEmpty { rows.append(head + [String](repeating: ReportFigure.none, count: 5)) }
      for (index, outcome) in summary.outcomes.enumerated() {
        rows.append(
          (index == 0 ? head : head.map { _ in "" }) + [
            ReportFigure.short(outcome.epsilon), ReportFigure.fraction(outcome.fraction),
            outcome.interval.map {
              ReportFigure.range(ReportFigure.fraction($0.low), ReportFigure.fraction($0.high))
            } ?? ReportFigure.none,
            "\(outcome.undecided)", ReportFigure.short(outcome.expected),
          ])
      }
    }
    return HTMLText.table(
      columns.names + [
        "trials", "proved", "median size", "median error", "95 % interval", "ε*", "ε", "within ε", "95 % interval",
        "undecided", "expected subsets",
      ], rows, textColumns: columns.names.count,
      caption: columns.caption("Intervals: by ranks for medians, Wilson's for fractions."))
  }

  private static func html(_ table: ThresholdTable) -> String {
    let columns = ReportCoordinates(table.rows.map(\.cell), always: [.dimension], never: [.count])
    let rows = table.rows.map { row in
      columns.values(of: row.cell) + [
        row.isDecided ? "" : "undecided trials", ReportFigure.short(row.epsilon),
        row.range.map { ReportFigure.range("\($0.lowerBound)", "\($0.upperBound)") } ?? ReportFigure.none,
        ThresholdTable.words(row.threshold), ReportFigure.short(row.threshold.low),
        ReportFigure.short(row.threshold.high), ReportFigure.short(row.firstMoment),
      ]
    }
    var html = HTMLText.table(
      columns.names + ["", "ε", "n tried", "n50", "from", "to", "first moment"], rows,
      textColumns: columns.names.count + 1,
      caption: columns.caption(
        "n50: the candidates with which half of the trials come within ε, with its 95 % interval; first moment: where 1 − exp(−E T) = 1/2."
      ))
    if !table.lines.isEmpty {
      let items = table.lines.map { line in
        let deviation = String(format: "%.2f", line.fit.deviation)
        return "<li>\(HTMLText.escaped("\(line.name): n50 ≈ \(line.fit), through \(line.fit.points) thresholds, "))"
          + "\(HTMLText.escaped("which it misses by \(deviation) (root mean square)"))</li>\n"
      }
      html += "<ul>\n\(items.joined())</ul>\n"
    }
    return html
  }
}

/// Columns for the coordinates that differ; the others are said in the caption.
struct ReportCoordinates {
  private let shown: [SweepCoordinate]
  private let shared: String
  var names: [String] {
    shown.map { coordinate in
      switch coordinate {
      case .dimension: "m"
      case .count: "n"
      default: coordinate.rawValue
      }
    }
  }

  init(_ cells: [SweepCell], always: Set<SweepCoordinate>, never: Set<SweepCoordinate> = []) {
    let told = SweepCoordinate.allCases.filter { !never.contains($0) }
    let shown = told.filter { always.contains($0) || $0.values(of: cells).count > 1 }
    let others = told.filter { !shown.contains($0) }
    shared =
      cells.first.map { cell in others.map { "\($0.rawValue) \($0.value(of: cell))" } }?
      .joined(separator: "; ") ?? ""
    self.shown = shown
  }

  func values(of cell: SweepCell) -> [String] { shown.map { $0.value(of: cell) } }

  func caption(_ text: String) -> String { shared.isEmpty ? text : "All: \(shared). \(text)" }
}
