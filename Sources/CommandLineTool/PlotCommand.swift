import ArgumentParser
import Experiments
import Files
import Foundation
import ModelFiles
import Outcomes

/// `tombola plot`: draws what sweeps and tickets came to.
struct PlotCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "Draw the results of a sweep or figures of tickets, through gnuplot.",
    discussion: """
      Of a store, against n: success, the fraction of trials within ε, with Wilson intervals, beside 1 − exp(−E T) for E T expected subsets where the \
      solver is exact; error, the median error with its interval, beside ε*. Against ε or m: threshold, the n at which half of the trials \
      succeed, beside the first moment and a fitted line. Of tickets: accuracy, against the width, one series a mode and target, with the median and the \
      range over seeds; size, accuracy against kept filters, a point a ticket; layers, the largest error of each; filters, how many each \
      channel and half keeps.
      """)

  @Argument(help: ArgumentHelp("One store of sweep or merge, or files that prune --json printed.", valueName: "FILE"))
  var files: [String]
  @Option(
    help: ArgumentHelp(
      "\(Self.names(SweepPlot.self)) (default: success where there is an ε, else error); of tickets \(Self.names(TicketPlot.self)) (default: layers for one file, accuracy for several).",
      valueName: "KIND"))
  var kind: String?
  @Option(
    help: ArgumentHelp(
      "Thresholds against epsilon or dimension (default: of which there are more values).", valueName: "AXIS"))
  var against: String?
  @OptionGroup(title: "Cells of a store") var choice: SweepChoice
  @Flag(help: "Replace an existing output.") var force = false
  @Option(name: .shortAndLong, help: ArgumentHelp("The picture to write: .svg or .png.", valueName: "FILE"))
  var output: String
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    _ = try PlotFormat(path: output)
    try OutputFiles.requireDistinct([.file("--output", output)], from: [.files("FILE", files)])
    try AtomicFile.check(output, force: force)
    let results = try files.map { try ResultFile(contentsOf: $0) }
    let tickets = results.compactMap { if case .ticket(let ticket) = $0 { ticket } else { nil } }
    guard tickets.count < results.count else { return try draw(tickets) }
    guard results.count == 1, case .store(let store) = results[0] else {
      throw OptionError(
        option: "FILE", expected: "one store (merge makes one of several), or JSON of prune alone",
        found: "\(results.count - tickets.count) of \(results.count) files that are stores")
    }
    try draw(store)
  }

  private func draw(_ tickets: [TicketFigures]) throws {
    if let option = choice.given.first ?? against.map({ _ in "--against" }) {
      throw OptionError(option: option, expected: "a store beside it", found: "JSON of prune")
    }
    let plot = try chosen(TicketPlot.self) ?? TicketPlot.standard(count: tickets.count)
    try Gnuplot.draw(try plot.chart(of: tickets), to: output, force: force)
    print("\(output): \(plot.rawValue) of \(tickets.count) ticket\(tickets.count == 1 ? "" : "s")")
  }

  private func draw(_ store: ResultStore) throws {
    let kind = try chosen(SweepPlot.self)
    let axis = try against.map { name in
      guard let axis = ThresholdAxis(rawValue: name), kind == .threshold else {
        throw OptionError(
          option: "--against", expected: "epsilon or dimension, and --kind threshold", found: "'\(name)'")
      }
      return axis
    }
    let summaries = try choice.summaries(of: store)
    let plot = kind ?? SweepPlot.standard(for: summaries)
    try Gnuplot.draw(try plot.chart(of: summaries, against: axis), to: output, force: force)
    let trials = summaries.reduce(0) { $0 + $1.trials }
    print("\(output): \(plot.rawValue) of \(summaries.count) cells, \(trials) trials")
    if plot == .threshold {
      for line in ThresholdTable(summaries).lines { print(ThresholdReport.text(line)) }
    }
  }

  /// The kind that `--kind` names.
  private func chosen<Plot: RawRepresentable & CaseIterable>(_: Plot.Type) throws -> Plot?
  where Plot.RawValue == String {
    try kind.map { name in
      guard let plot = Plot(rawValue: name) else {
        throw OptionError(option: "--kind", expected: Self.names(Plot.self), found: "'\(name)'")
      }
      return plot
    }
  }

  private static func names<Plot: RawRepresentable & CaseIterable>(_: Plot.Type) -> String
  where Plot.RawValue == String { Plot.allCases.map(\.rawValue).joined(separator: ", ") }
}
