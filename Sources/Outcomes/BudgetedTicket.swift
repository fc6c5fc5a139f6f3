import Convolution
import ModelFiles
import Pruning
import RunControl
import Tickets
import Verification

/// A search for the ticket of least error whose coded file, without claims, takes at most so many
/// bits for each weight of its target.
package struct BudgetSearch {
  /// Bytes that the file may take.
  package let allowedBytes: Int
  private let source: SearchSource
  private let search: RateSearch

  /// A search that has not begun; everything that can be wrong is found here.
  ///
  /// - Parameters:
  ///   - bits: of the file, for each weight of the target.
  ///   - beam: partial subsets kept; nil for the default.
  /// - Throws: as `requireUsable`; `TicketError` for a width or beam that none has; what is wrong
  ///   with the images to measure on.
  package init(_ source: SearchSource, width: Int, bits: Double, beam: Int?) throws {
    try Self.requireUsable(bits: bits)
    self.source = source
    search = try RateSearch(
      source.target, calibration: source.codingPlan(width: width).calibration, seed: source.seed, width: width,
      inputRange: source.inputRange, images: source.images, beam: beam ?? RateSearch.defaultBeam)
    allowedBytes = Int(bits * Double(source.target.graph.weightCount) / 8)
    if let images = source.data {
      try Measurement.requireUsable(images, by: source.target.network, in: source.inputRange)
    }
  }

  /// - Throws: `OptionError` for a number of bits that no search takes.
  package static func requireUsable(bits: Double) throws(OptionError) {
    guard bits > 0, bits <= 64 else {
      throw OptionError(option: "--bits", expected: "a number above 0, at most 64", found: "\(bits)")
    }
  }

  /// Searches; a search that is stopped gives its best so far.
  ///
  /// - Throws: as `RateSearch.run`.
  package func run(workers: Int, control: RunControl) throws -> BudgetedTicket {
    let result = try search.run(bytes: allowedBytes, workers: workers, control: control) {
      try TicketFile(ticket: $0, claims: nil).packedByteCount(workers: workers)
    }
    return BudgetedTicket(
      source: source, file: TicketFile(ticket: result.ticket, claims: nil), stop: result.stop)
  }
}

/// A ticket that was drawn for a file's size.
package struct BudgetedTicket {
  private let source: SearchSource
  package let file: TicketFile
  /// Why the search ended before its end; nil where it did not.
  package let stop: StopReason?

  fileprivate init(source: SearchSource, file: TicketFile, stop: StopReason?) {
    (self.source, self.file, self.stop) = (source, file, stop)
  }

  /// Its figures, as far as the run leaves time for them.
  ///
  /// - Parameters:
  ///   - target: the target's file, as it was named.
  ///   - seconds: those since the run began, asked for when all is measured.
  /// - Throws: as `Measurement.figures`.
  package func report(
    target: String, workers: Int, convolution: ConvolutionWay = .automatic, control: RunControl,
    seconds: () -> Double
  ) throws -> FigureReport {
    let measurement = try Measurement(
      ticket: file.ticket, target: source.target, workers: workers, convolution: convolution)
    let figures = try measurement.figures(on: source.data, control: control)
    var report = FigureReport(
      claims: figures.claims, of: measurement, target: target, search: nil, seconds: seconds())
    report.fileBitsPerWeight = file.bitsPerWeight(ofBytes: try file.packedByteCount(workers: workers))
    report.isRangeFromData = source.isRangeFromData
    report.shortfall = figures.shortfall
    return report
  }
}

extension SearchChoice {
  /// The first option given that a search for a file's size does not take; nil for none.
  package var optionNotBesideBits: String? {
    let given = [
      ("--solver", solver != nil), ("--size", size != nil), ("--size-penalty", sizePenalty != nil),
      ("--norm-per-width", normPerWidth != nil), ("--method", method != Method.search.rawValue),
      ("--objective", objective != SearchPlan.Objective.squares.rawValue),
    ]
    return given.first { $0.1 }?.0
  }
}
