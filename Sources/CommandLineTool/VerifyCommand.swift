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
      Exit code 0: nothing disagrees. 1: a figure differs, the file was edited, or it belongs to another \
      target. Accuracies are measured when --data names labelled images; claims that could not be measured \
      are listed, and "agrees" is then null rather than true.
      """)

  @Argument(help: "The ticket, a safetensors file.") var ticket: String
  @Option(help: ArgumentHelp("The trained network it was drawn for.", valueName: "TARGET.onnx")) var target: String
  @OptionGroup var data: DataOptions
  @Option(help: ArgumentHelp("Tasks at a time, one a core (default: all cores).", valueName: "T")) var threads: Int?
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
    let network = try ONNXModel.network(fromFile: target)
    let images = try data.load(isScaleUsed: calibration != nil)
    let search = try replay ? replayed(file, network) : nil
    if !replay, let calibration {
      throw OptionError(option: "--calibration", expected: "--replay beside it", found: calibration)
    }
    guard file.isIntact else {
      complain("tombola: \(ticket): verification failed: the digest does not match the contents: the file was edited")
      return try finish(.failed)
    }
    blas.warnIfSlow()
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let report: VerificationReport
    let emptySetErrors: [Double]
    var again: SearchResult?
    do {
      let measurement = try Measurement(ticket: file.ticket, target: network, workers: workers)
      let control = RunControl(cancellation: signals.cancellation) { progress.show($0) }
      let measured = try measurement.claims(on: images, witness: file.witness, control: control)
      report = VerificationReport(measured: measured, stated: file.claims)
      emptySetErrors = measurement.emptySetErrors()
      if let search {
        let limits = Limits(work: file.search?.workLimit)
        let replay = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
        again = try search.run(workers: workers, control: replay)
        if let reason = replay.interruption() { throw InterruptedError(reason: reason) }
      }
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
    let isFoundAgain = again.map {
      $0.ticket == file.ticket && $0.damping == file.search?.damping
        && $0.dampingTrials == file.search?.dampingTrials ?? []
    }
    let figures = FigureReport(
      claims: report.measured, ticket: file.ticket, target: target, search: file.search,
      emptySetErrors: emptySetErrors, seconds: (ContinuousClock.now - start) / .seconds(1))
    try show(report, figures, isFoundAgain)
    try finish(report.agrees && isFoundAgain != false ? .done : .failed)
  }

  /// The search that a ticket says it came from.
  private func replayed(_ file: TicketFile, _ network: Network<Float>) throws -> TicketSearch {
    let ticket = file.ticket
    func refused(_ expected: String, _ found: String) -> OptionError {
      OptionError(option: "--replay", expected: expected, found: found)
    }
    guard let options = file.search else { throw refused("a ticket that says how it was searched for", "none") }
    guard file.generator == TicketSearch.generator else {
      throw refused("a ticket of \(TicketSearch.generator)", file.generator)
    }
    guard ticket.isComplete || options.workLimit != nil else {
      throw refused("a search that ended by itself or at a work limit", "one that was stopped")
    }
    guard (ticket.mode == .calibrated) == (calibration != nil) else {
      throw ticket.mode == .calibrated
        ? refused("--calibration D beside it, for a calibrated ticket", "none")
        : OptionError(option: "--calibration", expected: "a calibrated ticket", found: "mode \(ticket.mode.rawValue)")
    }
    var calibration = try calibration.map { try Calibration(named: $0, scale: data.scaling.scale) }
    if let damping = options.damping { calibration?.damping = .fixed(damping) }
    if options.dampingTrials != nil { calibration?.damping = .chosen }
    if let sweeps = options.sweeps { calibration?.sweeps = sweeps }
    if let metric = options.metric { calibration?.metric = metric }
    if let found = calibration?.digest, let expected = ticket.calibrationDigest, found != expected {
      throw OptionError(option: "--calibration", expected: "images of digest \(expected)", found: found)
    }
    var rule = ScaleRule.standard
    if let norm = options.largestNormPerWidth {
      guard norm > 0, norm.isFinite else { throw refused("a norm per width above 0", "\(norm)") }
      rule.largestNormPerWidth = norm
    }
    let solvers = SolverChoice(all: SolverChoice.prunes.all + SolverChoice.baselines.all)
    return try TicketSearch(
      target: network, width: ticket.width, seed: ticket.seed, inputRange: ticket.inputRange,
      solver: try solvers.solver(named: options.solver), size: options.size,
      sizePenalty: options.sizePenalty ?? 0, objective: options.objective ?? .squares, scaleRule: rule,
      calibration: calibration)
  }

  private func show(_ report: VerificationReport, _ figures: FigureReport, _ isFoundAgain: Bool?) throws {
    var figures = figures
    let verdict: Bool? = report.agrees ? (report.unchecked.isEmpty ? true : nil) : false
    if json {
      figures.agrees = .some(verdict)
      figures.disagreements = report.disagreements
      figures.unchecked = report.unchecked
      figures.replay = isFoundAgain
      return try printJSON(figures)
    }
    print("measured again from \(self.ticket) and \(target)")
    print(figures.table)
    for line in report.disagreements { print("  DISAGREES: \(line)") }
    for line in report.unchecked { print("  not checked: \(line)") }
    if let isFoundAgain {
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

extension TicketError {
  /// Whether the error says that ticket, random network and target contradict each other.
  fileprivate var isContradiction: Bool {
    switch self {
    case .invalidTicket, .targetMismatch: true
    case .unsupportedTarget, .invalidParameter: false
    }
  }
}
