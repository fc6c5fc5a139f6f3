import ArgumentParser
import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import Pruning
import RunControl
import SubsetSum
import Synchronization
import Tickets
import Verification

/// `tombola prune`: draws a ticket for a target and writes it.
struct PruneCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Draw a ticket: prune a random network into a trained one.",
    discussion: """
      Each input channel of each layer has 2N random hidden filters; the search keeps those whose sum \
      approximates the target's kernel. Without limits it ends by itself: greedy flips stop where no flip \
      helps, at the latest at the solver's documented work limit.
      """)

  @Option(help: ArgumentHelp("Width N: 2N random filters per input channel.", valueName: "N")) var width: Int?
  @Option(
    help: ArgumentHelp("Instead of a width: find the smallest whose certified error is at most E.", valueName: "E"))
  var epsilon: Double?
  @Option(help: ArgumentHelp("With --epsilon: try no wider network (default: 262144).", valueName: "N"))
  var largestWidth: Int?
  @OptionGroup var input: SearchInput
  @OptionGroup var data: DataOptions
  @OptionGroup var bounds: RunOptions
  @Option(help: ArgumentHelp("Units of work (candidate entries scored) for all blocks together.", valueName: "W"))
  var workLimit: UInt64?
  @Option(help: ArgumentHelp("Write finished blocks to FILE on the way.", valueName: "FILE"))
  var checkpoint: String?
  @Flag(help: "Go on from the checkpoint file if it is there.") var resume = false
  @Flag(help: "Replace an existing output.") var force = false
  @Option(name: .shortAndLong, help: ArgumentHelp("The ticket to write.", valueName: "FILE")) var output: String
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let start = ContinuousClock.now
    let goal = try goal()
    let makeSearch = try input.searchMaker(scale: data.scaling.scale)
    // Wrong options and files are found before any work.
    let first = try makeSearch(width ?? WidthSearch.smallest)
    let limits = try bounds.limits(work: workLimit)
    let workers = try bounds.workers()
    guard checkpoint != nil || !resume else {
      throw OptionError(option: "--resume", expected: "--checkpoint FILE beside it", found: "none")
    }
    try AtomicFile.check(output, force: force)
    let images = try data.load(isScaleUsed: input.calibration != nil)
    if let images { try Measurement.requireUsable(images, by: first.target, in: first.inputRange) }

    blas.warnIfSlow()
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let found: PruneOutcome
    switch goal {
    case .width:
      let result = try first.run(
        workers: workers, control: control, resuming: try knownBlocks(), blockFound: checkpointWriter())
      found = PruneOutcome(result: result, calibration: first.calibration)
    case .error(let epsilon, let largest):
      let search = try WidthSearch(reaching: epsilon, largest: largest) {
        try makeSearch($0).run(workers: workers, control: control)
      } error: {
        try Measurement(ticket: $0.ticket, target: first.target, workers: workers).claims(on: nil).certifiedError
      }
      found = PruneOutcome(
        result: search.result, calibration: first.calibration, epsilon: epsilon, isReached: search.isReached,
        trials: search.trials)
    }
    progress.clear()
    try finish(first.target, found, images, start, workers, signals, progress)
  }

  private enum Goal {
    case width
    case error(Double, largest: Int)
  }

  private func goal() throws -> Goal {
    guard (width == nil) != (epsilon == nil) else {
      throw OptionError(
        option: "--width", expected: "either --width N or --epsilon E", found: width == nil ? "neither" : "both")
    }
    guard let epsilon else {
      if let largestWidth {
        throw OptionError(option: "--largest-width", expected: "--epsilon beside it", found: "\(largestWidth) alone")
      }
      return .width
    }
    if checkpoint != nil {
      throw OptionError(option: "--checkpoint", expected: "--width beside it", found: "--epsilon")
    }
    return .error(epsilon, largest: largestWidth ?? 1 << 18)
  }

  private func knownBlocks() throws -> SearchCheckpoint? {
    guard resume, let checkpoint, FileManager.default.fileExists(atPath: checkpoint) else { return nil }
    return try CheckpointFile.read(checkpoint)
  }

  /// Writes the checkpoint after each block, but not oftener than once a second.
  private func checkpointWriter() -> @Sendable (SearchCheckpoint) -> Void {
    guard let checkpoint else { return { _ in } }
    let last = Guarded<ContinuousClock.Instant?>(nil)
    return { value in
      let isDue = last.withLock { last in
        let now = ContinuousClock.now
        if let previous = last, now - previous < .seconds(1) { return false }
        last = now
        return true
      }
      guard isDue else { return }
      do { try CheckpointFile.write(value, to: checkpoint) } catch { complain("tombola: \(error)") }
    }
  }

  private func finish(
    _ network: Network<Float>, _ found: PruneOutcome, _ images: ImageSet?, _ start: ContinuousClock.Instant,
    _ workers: Int, _ signals: Signals, _ progress: ProgressLine
  ) throws {
    let result = found.result
    let measurement = try Measurement(ticket: result.ticket, target: network, workers: workers)
    var claims = try measurement.claims(on: nil)
    var witness: [Float]?
    if signals.exit == nil {
      // The figures on inputs may be given up by Ctrl-C: the ticket is written all the same.
      let control = RunControl(cancellation: signals.cancellation) { progress.show($0) }
      do {
        witness = try measurement.findWitness(control: control).image
        claims = try measurement.claims(on: nil, witness: witness)
        claims = try measurement.claims(on: images, witness: witness, control: control)
      } catch is InterruptedError {}
      progress.clear()
    }
    let file = TicketFile(
      ticket: result.ticket, claims: claims, witness: witness,
      targetFileDigest: try TicketFile.digest(ofFile: input.target),
      search: try input.searchOptions(found.calibration, result, workLimit: workLimit))
    try file.write(to: output, force: force)
    var report = FigureReport(
      claims: claims, ticket: result.ticket, target: input.target, search: file.search,
      emptySetErrors: measurement.emptySetErrors(), seconds: (ContinuousClock.now - start) / .seconds(1),
      output: output)
    report.epsilon = found.epsilon
    report.trials = found.trials
    if json {
      try printJSON(report)
    } else {
      let width = result.ticket.width
      print(
        "ticket for \(input.target): width \(width), seed \(input.seed), mode \(input.mode), solver \(try input.selection.chosenSolver().name), in \(output)"
      )
      print(report.table)
    }
    if let exit = signals.exit { return try finish(exit) }
    try finish(result.stop != nil ? .limit : found.isReached ? .done : .failed)
  }
}

/// What a search came to.
private struct PruneOutcome {
  let result: SearchResult
  let calibration: Calibration?
  /// The certified error that was asked for, and whether it was reached.
  var epsilon: Double?
  var isReached = true
  var trials: [WidthSearch.Trial]?
}
