import ArgumentParser
import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import Pruning
import RunControl
import SubsetSum
import Tickets
import Verification

/// `tombola verify`: measures a ticket afresh and compares with what it claims.
struct VerifyCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Measure a ticket's claims again, from the ticket and the target alone.",
    discussion: """
      Exit code 0: nothing disagrees. 1: a figure differs, the file was edited, it belongs to another \
      target or says otherwise of its graph or biases, or --replay found another ticket. Accuracies are \
      measured when --data names labelled images. "unchecked" lists claims that could not be measured and a \
      target file other than the one the ticket names, for which "agrees" is null rather than true; and \
      what the ticket states of its search, on which no figure depends and which --replay checks.
      """)

  @Argument(help: "The ticket, in either form.") var ticket: String
  @Option(help: ArgumentHelp("The trained network it was drawn for.", valueName: "TARGET.onnx")) var target: String
  @OptionGroup var data: DataOptions
  @OptionGroup var convolutions: ConvolutionOptions
  @OptionGroup var model: ModelOptions
  @Option(number: ArgumentHelp("Tasks at a time, one a core (default: all cores).", valueName: "T")) var threads: Int?
  @Flag(help: "Search again as the ticket says it was, and compare every block.") var replay = false
  @Option(
    help: ArgumentHelp("With --replay of a calibrated ticket: the images it was calibrated on.", valueName: "D"))
  var calibration: String?
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
    let model = try ONNXModel(contentsOf: target, model.choices(ticket: file.ticket))
    let network = try Target(model.network)
    let images = try data.load(isScaleUsed: calibration != nil).map { try model.arranged($0) }
    let search = try replay ? replayed(file, network, model) : nil
    if !replay, let calibration {
      throw OptionError(option: "--calibration", expected: "--replay beside it", found: calibration)
    }
    guard file.isIntact else {
      complain("tombola: \(ticket): verification failed: the digest does not match the contents: the file was edited")
      return try finish(.failed)
    }
    if let images, images.images.shape == network.network.inputShape {
      try file.ticket.inputRange.requireHolds(
        images, "the ticket's is that of its claims; prune again with another, or --scale the images")
    }
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let report: VerificationReport
    let measurement: Verification.Measurement
    var isFoundAgain: Bool?
    do {
      measurement = try Measurement(
        ticket: file.ticket, target: network, workers: workers, convolution: convolutions.way)
      blas.warnIfSlow(json: json)
      let control = RunControl(cancellation: signals.cancellation) { progress.show($0) }
      let measured = try measurement.claims(on: images, witness: file.witness, control: control)
      if let search {
        let again = try search.run(workers: workers, control: control)
        if let reason = control.interruption() { throw InterruptedError(reason: reason) }
        isFoundAgain = again.isSame(as: file)
      }
      let otherFile = file.otherTargetFile(than: try TicketFile.digest(ofFile: target))
      report = VerificationReport(
        measured: measured, stated: file.claims, isFoundAgain: isFoundAgain,
        unconfirmed: [otherFile].compactMap { $0 })
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
    var statements = file.uncheckedStatements(isReplayed: isFoundAgain != nil)
    if file.ticket.renames(network) {
      statements.append("names of nodes and layers: other than the target's, which decides nothing")
    }
    var figures = FigureReport(
      claims: report.measured, of: measurement, target: target, search: file.search,
      seconds: (ContinuousClock.now - start) / .seconds(1))
    figures.fileBitsPerWeight = file.byteCount.map { file.bitsPerWeight(ofBytes: $0) }
    figures.agrees = .some(report.verdict)
    figures.disagreements = report.disagreements
    figures.unchecked = report.unchecked + statements
    figures.replay = isFoundAgain
    if json { try printJSON(figures) } else { show(figures, report.verdict) }
    try finish(report.agrees ? .done : .failed)
  }

  /// The search that a ticket says it came from.
  private func replayed(_ file: TicketFile, _ target: Target, _ model: ONNXModel) throws -> TicketSearch {
    let ticket = file.ticket
    func refused(_ expected: String, _ found: String) -> OptionError {
      OptionError(option: "--replay", expected: expected, found: found)
    }
    guard let plan = file.search else { throw refused("a ticket that says how it was searched for", "none") }
    guard file.generator == TicketSearch.generator else {
      throw refused("a ticket of \(TicketSearch.generator)", file.generator)
    }
    guard ticket.isComplete || plan.workLimit != nil else {
      throw refused("a search that ended by itself or at a work limit", "one that was stopped")
    }
    guard (ticket.mode == .calibrated) == (calibration != nil) else {
      throw ticket.mode == .calibrated
        ? refused("--calibration D beside it, for a calibrated ticket", "none")
        : OptionError(option: "--calibration", expected: "a calibrated ticket", found: "mode \(ticket.mode.rawValue)")
    }
    guard ticket.mode == plan.pruningMode else {
      throw refused("a ticket that says how it was calibrated", "a plan of \(plan.pruningMode.rawValue) mode")
    }
    let search = try TicketSearch(
      target, plan: plan, seed: ticket.seed, width: ticket.width, inputRange: ticket.inputRange,
      images: try calibration.map { try model.arranged(ImageSetFile.calibration($0, scale: data.scaling.scale)) })
    if let found = search.calibrationDigest, let expected = ticket.calibrationDigest, found != expected {
      throw OptionError(
        option: "--calibration",
        expected: "the images and options that the ticket was calibrated with, of digest \(expected)",
        found: found)
    }
    return search
  }

  private func show(_ figures: FigureReport, _ verdict: Bool?) {
    print("measured again from \(ticket) and \(target)")
    print(figures.table)
    for line in figures.disagreements ?? [] { print("  DISAGREES: \(line)") }
    for line in figures.unchecked ?? [] { print("  not checked: \(line)") }
    if let isFoundAgain = figures.replay {
      print(
        "  " + "replay".padding(toLength: 25, withPad: " ", startingAt: 0)
          + (isFoundAgain ? "yes: the search found the same blocks again" : "NO: the search found other blocks"))
    }
    let words =
      switch verdict {
      case true: "yes: every figure was found again"
      case false: "NO"
      default: "as far as measured; see what was not checked"
      }
    print("  " + "agrees".padding(toLength: 25, withPad: " ", startingAt: 0) + words)
  }
}

extension SearchResult {
  /// Whether a ticket's file holds what this search found, names of nodes aside. That target, seed
  /// and width are the ticket's goes without saying, as the search was made from them.
  fileprivate func isSame(as file: TicketFile) -> Bool {
    let other = file.ticket
    return ticket.blocks == other.blocks && ticket.scales == other.scales && ticket.mode == other.mode
      && ticket.calibrationDigest == other.calibrationDigest && ticket.isComplete == other.isComplete
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
