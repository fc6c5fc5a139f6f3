import Convolution
import ModelFiles
import Pruning
import RunControl
import Tickets
import Verification

/// What a search for a ticket is to reach.
package enum PruneGoal: Sendable {
  /// The best ticket of a width.
  case width(Int)
  /// The narrowest ticket whose certified error is at most that, up to a largest width.
  case error(Double, largest: Int)

  /// The largest width that is tried where none is named.
  package static let largestWidth = 1 << 18

  /// The width at which the search begins.
  package var firstWidth: Int { if case .width(let width) = self { width } else { WidthSearch.smallest } }
}

/// What a search came to.
package struct PruneOutcome {
  package let result: SearchResult
  /// SHA-256 of the target's file as it was read, in hexadecimal; nil where the target was none.
  package let targetFileDigest: String?
  /// The certified error that was asked for, and whether it was reached.
  package private(set) var epsilon: Double?
  package private(set) var isReached = true
  package private(set) var trials: [WidthSearch.Trial]?

  /// What parts of a search came to together.
  package init(result: SearchResult, targetFileDigest: String?) {
    self.result = result
    self.targetFileDigest = targetFileDigest
  }

  /// Searches.
  ///
  /// - Parameters:
  ///   - known: blocks of a search of a width to go on from.
  ///   - checkpoint: takes the blocks found so far, of a search of a width, one call at a time.
  /// - Throws: as `TicketSearch.run`.
  package init(
    _ source: SearchSource, _ goal: PruneGoal, targetFileDigest: String?, workers: Int, control: RunControl,
    resuming known: SearchCheckpoint? = nil, checkpoint: @escaping @Sendable (SearchCheckpoint) -> Void = { _ in }
  ) throws {
    self.targetFileDigest = targetFileDigest
    switch goal {
    case .width(let width):
      result = try source.search(width: width).run(
        workers: workers, control: control, resuming: known, blockFound: checkpoint)
    case .error(let epsilon, let largest):
      let search = try WidthSearch(reaching: epsilon, largest: largest) {
        try source.search(width: $0).run(workers: workers, control: control)
      } error: {
        try Measurement(ticket: $0.ticket, target: source.target, workers: workers).claims(on: nil).certifiedError
      }
      result = search.result
      (self.epsilon, isReached, trials) = (epsilon, search.isReached, search.trials)
    }
  }
}

/// A ticket as it is written and reported: measured, as far as the run left time for it.
package struct MeasuredTicket {
  package let file: TicketFile
  package var report: FigureReport
  /// Whether the search or the measurement was stopped.
  package let isStopped: Bool

  /// Measures what a search found.
  ///
  /// - Parameters:
  ///   - images: those to measure on, or nil.
  ///   - target: the target's file, as it was named.
  ///   - seconds: those since the run began, asked for when all is measured.
  /// - Throws: as `Measurement.figures`.
  package init(
    _ source: SearchSource, _ found: PruneOutcome, on images: ImageSet?, target: String, workers: Int,
    convolution: ConvolutionWay = .automatic, control: RunControl, seconds: () -> Double
  ) throws {
    try self.init(
      of: try source.search(width: found.result.ticket.width), found, on: images, target: target, workers: workers,
      convolution: convolution, control: control, seconds: seconds)
    report.isRangeFromData = source.isRangeFromData
  }

  /// Measures what a search found, or its parts together.
  ///
  /// - Parameters:
  ///   - search: the search.
  ///   - images: those to measure on, or nil.
  ///   - target: the target's file, as it was named.
  ///   - seconds: those since the run began, asked for when all is measured.
  /// - Throws: as `Measurement.figures`.
  package init(
    of search: TicketSearch, _ found: PruneOutcome, on images: ImageSet?, target: String, workers: Int,
    convolution: ConvolutionWay = .automatic, control: RunControl, seconds: () -> Double
  ) throws {
    let ticket = found.result.ticket
    let measurement = try Measurement(
      ticket: ticket, target: search.target, workers: workers, convolution: convolution)
    let figures = try measurement.figures(on: images, control: control)
    file = TicketFile(
      ticket: ticket, claims: figures.claims, witness: figures.witness, targetFileDigest: found.targetFileDigest,
      search: search.plan)
    report = FigureReport(
      claims: figures.claims, of: measurement, target: target, search: file.search, seconds: seconds())
    report.shortfall = figures.shortfall
    report.epsilon = found.epsilon
    report.trials = found.trials
    isStopped = found.result.stop != nil || figures.shortfall != nil
  }
}
