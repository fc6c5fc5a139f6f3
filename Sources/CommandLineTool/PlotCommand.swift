import ArgumentParser
import Experiments
import Foundation
import ModelFiles

/// `tombola plot`: draws what tickets came to.
struct PlotCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "Draw figures of tickets, from the JSON of prune, through gnuplot.",
    discussion: """
      accuracy: against the width, one series a mode and target, with the median and the range over seeds. size: \
      accuracy against kept filters, a point a ticket. layers: the largest error of each layer. filters: how many each \
      channel and half keeps.
      """)

  @Argument(help: ArgumentHelp("Files that prune --json printed.", valueName: "FILE")) var files: [String]
  @Option(
    help: ArgumentHelp(
      "\(TicketPlot.allCases.map(\.rawValue).joined(separator: ", ")) (default: layers for one file, accuracy for several).",
      valueName: "KIND"))
  var kind: String?
  @Flag(help: "Replace an existing output.") var force = false
  @Option(name: .shortAndLong, help: ArgumentHelp("The picture to write: .svg or .png.", valueName: "FILE"))
  var output: String
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let plot =
      try kind.map { name in
        guard let plot = TicketPlot(rawValue: name) else {
          throw OptionError(
            option: "--kind", expected: TicketPlot.allCases.map(\.rawValue).joined(separator: ", "), found: "'\(name)'")
        }
        return plot
      } ?? TicketPlot.standard(count: files.count)
    let tickets = try files.map { try TicketFigures(contentsOf: $0) }
    try Gnuplot.draw(try plot.chart(of: tickets), to: output, force: force)
    print("\(output): \(plot.rawValue) of \(tickets.count) ticket\(tickets.count == 1 ? "" : "s")")
  }
}
