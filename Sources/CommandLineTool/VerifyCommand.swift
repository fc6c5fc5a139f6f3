import ArgumentParser
import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
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
    let images = try data.load(isScaleUsed: calibration != nil)
    let figures: FigureReport
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    do {
      let check = try TicketCheck(
        file, of: model, images: images, replays: replay,
        calibration: try calibration.map { try ImageSetFile.calibration($0, scale: data.scaling.scale) })
      blas.warnIfSlow(json: json)
      let control = RunControl(cancellation: signals.cancellation) { progress.show($0) }
      figures = try check.run(
        target: target, targetFileDigest: TicketFile.digest(ofFile: target), convolution: convolutions.way,
        workers: workers, control: control
      ) { (ContinuousClock.now - start) / .seconds(1) }
    } catch let error as VerificationFailure {
      progress.clear()
      complain("tombola: \(ticket): verification failed: \(error)")
      return try finish(.failed)
    } catch let error as InterruptedError {
      progress.clear()
      complain("tombola: \(error)")
      return try finish(signals.exit ?? .failed)
    }
    progress.clear()
    if json { try printJSON(figures) } else { show(figures) }
    try finish(figures.disagreements?.isEmpty ?? true ? .done : .failed)
  }

  private func show(_ figures: FigureReport) {
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
      switch figures.agrees ?? nil {
      case true: "yes: every figure was found again"
      case false: "NO"
      default: "as far as measured; see what was not checked"
      }
    print("  " + "agrees".padding(toLength: 25, withPad: " ", startingAt: 0) + words)
  }
}
