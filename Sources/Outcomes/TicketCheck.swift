import Convolution
import ModelFiles
import Pruning
import RunControl
import Tickets
import Verification

/// That a ticket's claims do not hold: the file was edited, or ticket, random network and target
/// contradict each other.
package struct VerificationFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// A ticket's claims measured again from the ticket and its target alone.
package struct TicketCheck: Sendable {
  private let file: TicketFile
  private let target: Target
  private let images: ImageSet?
  private let search: TicketSearch?

  /// Refuses what cannot be checked, before any work.
  ///
  /// - Parameters:
  ///   - file: the ticket.
  ///   - model: the trained network that it was drawn for.
  ///   - images: labelled ones to measure accuracies on, in the order of their array, or nil.
  ///   - replays: whether the search is run again.
  ///   - calibration: with `replays`, the images of a calibrated ticket, in the order of their
  ///     array.
  /// - Throws: `OptionError` for options that do not fit the ticket, `VerificationFailure` for an
  ///   edited file, `TicketError` for a network that cannot be a target.
  package init(
    _ file: TicketFile, of model: ONNXModel, images: ImageSet?, replays: Bool, calibration: ImageSet?
  ) throws {
    self.file = file
    target = try Target(model.network)
    self.images = try images.map { try model.arranged($0) }
    let calibration = try calibration.map { try model.arranged($0) }
    search = try replays ? Self.replayed(file, target, calibration) : nil
    if !replays, let calibration {
      throw OptionError(option: "--calibration", expected: "--replay beside it", found: calibration.name)
    }
    guard file.isIntact else {
      throw VerificationFailure("the digest does not match the contents: the file was edited")
    }
    if let images = self.images, images.images.shape == target.network.inputShape {
      try file.ticket.inputRange.requireHolds(
        images, "the ticket's is that of its claims; prune again with another, or --scale the images")
    }
  }

  /// Measures everything again, and searches again where that was asked for.
  ///
  /// - Parameters:
  ///   - name: the target's file, as it was named.
  ///   - digest: SHA-256 of that file, in hexadecimal; nil where the target is none.
  ///   - seconds: those since the run began, asked for when all is measured.
  /// - Returns: the figures, with the verdict and what was not checked.
  /// - Throws: `VerificationFailure` for contradictions, `InterruptedError` where the run was
  ///   stopped.
  package func run(
    target name: String, targetFileDigest digest: String?, convolution: ConvolutionWay = .automatic, workers: Int,
    control: RunControl, seconds: () -> Double
  ) throws -> FigureReport {
    do {
      let measurement = try Measurement(
        ticket: file.ticket, target: target, workers: workers, convolution: convolution)
      let measured = try measurement.claims(on: images, witness: file.witness, control: control)
      var isFoundAgain: Bool?
      if let search {
        let again = try search.run(workers: workers, control: control)
        if let reason = control.interruption() { throw InterruptedError(reason: reason) }
        isFoundAgain = again.isSame(as: file)
      }
      let report = VerificationReport(
        measured: measured, stated: file.claims, isFoundAgain: isFoundAgain,
        unconfirmed: [digest.flatMap { file.otherTargetFile(than: $0) }].compactMap { $0 })
      var statements = file.uncheckedStatements(isReplayed: isFoundAgain != nil)
      if file.ticket.renames(target) {
        statements.append("names of nodes and layers: other than the target's, which decides nothing")
      }
      var figures = FigureReport(
        claims: report.measured, of: measurement, target: name, search: file.search, seconds: seconds())
      figures.fileBitsPerWeight = file.byteCount.map { file.bitsPerWeight(ofBytes: $0) }
      figures.agrees = .some(report.verdict)
      figures.disagreements = report.disagreements
      figures.unchecked = report.unchecked + statements
      figures.replay = isFoundAgain
      return figures
    } catch let error as TicketError where error.isContradiction {
      throw VerificationFailure("\(error)")
    }
  }

  /// The search that a ticket says it came from.
  private static func replayed(
    _ file: TicketFile, _ target: Target, _ calibration: ImageSet?
  ) throws -> TicketSearch {
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
      images: calibration)
    if let found = search.calibrationDigest, let expected = ticket.calibrationDigest, found != expected {
      throw OptionError(
        option: "--calibration",
        expected: "the images and options that the ticket was calibrated with, of digest \(expected)",
        found: found)
    }
    return search
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
