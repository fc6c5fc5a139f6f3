import ArgumentParser
import Foundation
import ModelFiles
import RunControl
import Tickets
import Verification

/// `tombola verify`: measures a ticket afresh and compares with what it claims.
struct VerifyCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Measure a ticket's claims again, from the ticket and the target alone.",
    discussion: """
      Exit code 0: nothing disagrees. 1: a figure differs, the file was edited, or it belongs to another \
      target. Accuracies are measured when --data names labelled images; claims that could not be measured \
      are listed, and "agrees" is then null rather than true.
      """)

  @Argument(help: "The ticket, a safetensors file.") var ticket: String
  @Option(help: ArgumentHelp("The trained network it was drawn for.", valueName: "TARGET.onnx")) var target: String
  @OptionGroup var data: DataOptions
  @Option(help: ArgumentHelp("Tasks at a time, one a core (default: all cores).", valueName: "T")) var threads: Int?
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let start = ContinuousClock.now
    var runOptions = RunOptions()
    runOptions.threads = threads
    let workers = try runOptions.workers()
    let file: TicketFile
    do { file = try TicketFile(contentsOf: ticket) } catch let error as TicketError {
      complain("tombola: \(ticket): verification failed: \(error)")
      return try finish(.failed)
    }
    let network = try ONNXModel.network(fromFile: target)
    let images = try data.load()
    guard file.isIntact else {
      complain("tombola: \(ticket): verification failed: the digest does not match the contents: the file was edited")
      return try finish(.failed)
    }
    blas.warnIfSlow()
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let report: VerificationReport
    do {
      let measurement = try Measurement(ticket: file.ticket, target: network, workers: workers)
      let control = RunControl(cancellation: signals.cancellation) { progress.show($0) }
      report = VerificationReport(measured: try measurement.claims(on: images, control: control), stated: file.claims)
    } catch let error as TicketError where error.isContradiction {
      progress.clear()
      complain("tombola: \(ticket): verification failed: \(error)")
      return try finish(.failed)
    } catch let error as InterruptedError {
      progress.clear()
      complain("tombola: \(error)")
      return try finish(signals.exit ?? .failed)
    }
    progress.clear()
    try show(report, file.ticket, seconds: (ContinuousClock.now - start) / .seconds(1))
    try finish(report.agrees ? .done : .failed)
  }

  private func show(_ report: VerificationReport, _ ticket: Ticket, seconds: Double) throws {
    var figures = FigureReport(claims: report.measured, ticket: ticket, seconds: seconds)
    let verdict: Bool? = report.agrees ? (report.unchecked.isEmpty ? true : nil) : false
    if json {
      figures.agrees = .some(verdict)
      figures.disagreements = report.disagreements
      figures.unchecked = report.unchecked
      return try printJSON(figures)
    }
    print("measured again from \(self.ticket) and \(target)")
    print(figures.table)
    for line in report.disagreements { print("  DISAGREES: \(line)") }
    for line in report.unchecked { print("  not checked: \(line)") }
    let words =
      switch verdict {
      case true: "yes: every figure was found again"
      case false: "NO"
      default: "as far as measured; see what was not checked"
      }
    print("  " + "agrees".padding(toLength: 25, withPad: " ", startingAt: 0) + words)
  }
}

extension TicketError {
  /// Whether the error says that ticket, random network and target contradict each other.
  fileprivate var isContradiction: Bool {
    switch self {
    case .invalidTicket, .targetMismatch: true
    case .unsupportedTarget, .invalidParameter: false
    }
  }
}
