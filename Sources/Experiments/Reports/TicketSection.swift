import Files
import Foundation

/// What a report says of tickets, all in one table.
struct TicketSection {
  private let tickets: [TicketFigures]

  /// Tickets whose kept filters are drawn, each in a chart of its own, and the most whose layers
  /// share a chart.
  private static let mostCharts = 8

  init(_ tickets: [TicketFigures]) { self.tickets = tickets }

  func html(_ drawings: inout ReportDrawings) throws -> String {
    var html = HTMLText.heading("Tickets", level: 2) + figures() + layers()
    html += HTMLText.heading("Plots of tickets", level: 3)
    var plots: [TicketPlot] = tickets.count > 1 ? [.accuracy, .size] : []
    if tickets.count <= Self.mostCharts { plots.append(.layers) }
    for plot in plots {
      // Tickets without accuracies, or of the same seed twice, cannot be drawn this way; their
      // tables are shown without the drawing.
      do { html += try drawings.figure(plot.chart(of: tickets)) } catch let error as ExperimentError {
        guard case .unplottable = error else { throw error }
        html += HTMLText.paragraph("Not drawn: \(error)")
      } catch let error as FileError { html += HTMLText.paragraph("Not drawn: \(plot.rawValue): \(error)") }
    }
    for ticket in tickets.prefix(Self.mostCharts) {
      html += try drawings.figure(TicketPlot.filters.chart(of: [ticket]))
    }
    html += try pictures()
    let left = tickets.count - Self.mostCharts
    if left > 0 { html += HTMLText.paragraph("Layers of all, and the kept filters of \(left) tickets, are not drawn.") }
    return html
  }

  /// The targets' layers, each architecture once.
  private func pictures() throws(ExperimentError) -> String {
    var drawn: Set<[GraphPicture.Node]> = []
    var html = ""
    for ticket in tickets where !ticket.layers.isEmpty && drawn.count < Self.mostCharts {
      guard drawn.insert(ticket.layers).inserted else { continue }
      let label = "layers of \(ticket.target ?? ticket.source)"
      let picture = Data(GraphPicture(ticket.layers).svg.utf8)
      html += HTMLText.heading("Target: \(label)", level: 3)
      html += "<figure>\(try InlineSVG.element(picture, prefix: "g\(drawn.count)-", label: label))</figure>\n"
    }
    return html
  }

  private func figures() -> String {
    let searches = tickets.map { ticket in
      let solver = ticket.solver ?? ReportFigure.none
      let isComplete = ticket.isComplete ? "yes" : "no"
      return [ticket.source, ticket.target ?? ReportFigure.none, ticket.mode, solver, ticket.seed, isComplete] + [
        "\(ticket.width)", ticket.seconds.map { String(format: "%.1f", $0) } ?? ReportFigure.none,
        ticket.peakMemoryBytes.map { String(format: "%.0f", $0 / 1_048_576) } ?? ReportFigure.none,
      ]
    }
    let figures = tickets.map { ticket in
      [
        ticket.source, ReportFigure.percent(ticket.targetAccuracy), ReportFigure.percent(ticket.ticketAccuracy),
        ReportFigure.percent(ticket.unprunedAccuracy), ReportFigure.integer(ticket.keptFilters),
        ReportFigure.integer(ticket.totalFilters), ReportFigure.short(ticket.maxWeightError),
        ReportFigure.short(ticket.emptySetError), ReportFigure.short(ticket.certifiedError),
        ReportFigure.short(ticket.measuredError),
        ticket.bitsPerWeight.map { String(format: "%.1f", $0) } ?? ReportFigure.none,
      ]
    }
    let reasons = tickets.compactMap { ticket in
      ticket.certifiedError == nil ? ticket.certificateReason.map { "\(ticket.source): not certified, \($0)" } : nil
    }
    return HTMLText.table(
      ["file", "target", "mode", "solver", "seed", "complete", "width", "seconds", "MiB"], searches, textColumns: 6,
      caption: "Searches: width N is 2N random filters per input channel; MiB: the largest memory.")
      + HTMLText.table(
        [
          "file", "target accuracy", "ticket accuracy", "unpruned", "filters kept", "of", "max weight error",
          "empty set", "certified error", "error met", "bits per weight",
        ], figures, textColumns: 1,
        caption:
          "Unpruned: the random network with all filters. Weight errors are in the target's units, certified error and error met on a logit."
      ) + reasons.map(HTMLText.paragraph).joined()
  }

  private func layers() -> String {
    var rows: [[String]] = []
    for ticket in tickets {
      for (layer, blocks) in Dictionary(grouping: ticket.blocks, by: \.layer).sorted(by: { $0.key < $1.key }) {
        let errors = blocks.map(\.error)
        let empty = blocks.compactMap(\.emptySetError).max()
        rows.append([
          ticket.source, "\(layer)", "\(blocks.count)", "\(blocks.reduce(0) { $0 + $1.candidates })",
          "\(blocks.reduce(0) { $0 + $1.kept })", ReportFigure.short(errors.max()), ReportFigure.short(empty),
        ])
      }
    }
    return HTMLText.heading("Layers", level: 3)
      + HTMLText.table(
        ["file", "layer", "blocks", "candidates", "kept", "largest error", "empty set"], rows, textColumns: 1,
        caption: "A block is one input channel and half of a layer.")
  }
}
