import ArgumentParser
import Foundation
import ModelFiles
import Outcomes
import Pruning
import RunControl
import Tickets
import Verification

/// `prune --bits`.
extension PruneCommand {
  /// - Throws: `OptionError` for options that a search for a file's size does not take.
  func requireBudgetAlone() throws {
    guard let bits else {
      if let beam { throw OptionError(option: "--beam", expected: "--bits B beside it", found: "\(beam) alone") }
      return
    }
    guard bits > 0, bits <= 64 else {
      throw OptionError(option: "--bits", expected: "a number above 0, at most 64", found: "\(bits)")
    }
    let given = [
      ("--epsilon", epsilon != nil), ("--checkpoint", checkpoint != nil), ("--shard", part.shard != nil),
      ("--work-limit", workLimit != nil),
      ("--solver", input.selection.solver != nil), ("--size", input.selection.size != nil),
      ("--size-penalty", input.selection.sizePenalty != nil),
      ("--norm-per-width", input.selection.normPerWidth != nil),
      ("--method", input.selection.method != SearchChoice.Method.search.rawValue),
      ("--objective", input.selection.objective != SearchPlan.Objective.squares.rawValue),
    ]
    if let (option, _) = given.first(where: { $0.1 }) {
      throw OptionError(option: option, expected: "no --bits beside it", found: "--bits \(bits)")
    }
    guard output.hasSuffix(TicketFile.codedEnding) else {
      throw OptionError(
        option: "--output", expected: "a name that ends in \(TicketFile.codedEnding), with --bits", found: output)
    }
  }

  /// Draws the ticket of least error whose file meets a budget, and writes it.
  func draw(bits: Double, _ source: SearchSource, _ start: ContinuousClock.Instant) throws {
    guard let width else { throw OptionError(option: "--bits", expected: "--width N beside it", found: "none") }
    let plan = source.codingPlan(width: width)
    let search = try RateSearch(
      source.target, calibration: plan.calibration, seed: source.seed, width: width, inputRange: source.inputRange,
      images: source.images, beam: beam ?? RateSearch.defaultBeam)
    if let images = source.data {
      try Measurement.requireUsable(images, by: source.target.network, in: source.inputRange)
    }
    let workers = try bounds.workers()
    var limits = try bounds.limits()
    blas.warnIfSlow(json: json)
    limits.seconds = limits.seconds.map { max(0, $0 - (ContinuousClock.now - start) / .seconds(1)) }
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let bytes = Int(bits * Double(source.target.graph.weightCount) / 8)
    let result = try search.run(bytes: bytes, workers: workers, control: control) { ticket in
      try TicketFile(ticket: ticket, claims: nil).packedByteCount()
    }
    progress.clear()
    let file = TicketFile(ticket: result.ticket, claims: nil)
    let written = try file.write(to: output, force: force)
    let measurement = try Measurement(
      ticket: result.ticket, target: source.target, workers: workers, convolution: convolutions.way)
    let figures = try measurement.figures(on: source.data, control: control)
    progress.clear()
    var report = FigureReport(
      claims: figures.claims, of: measurement, target: input.target, search: nil,
      seconds: (ContinuousClock.now - start) / .seconds(1))
    report.output = output
    report.fileBitsPerWeight = file.bitsPerWeight(ofBytes: written)
    report.isRangeFromData = source.isRangeFromData
    report.shortfall = figures.shortfall
    if json {
      try printJSON(report)
    } else {
      print(
        "ticket for \(input.target): \(written) of \(bytes) bytes, width \(width), seed \(input.seed), mode \(input.mode), solver \(RateSearch.name), in \(output)"
      )
      print(report.table)
    }
    if let exit = signals.exit { return try finish(exit) }
    if let cause = figures.shortfall?.cause, !(cause is InterruptedError) {
      complain("tombola: \(cause)")
      return try finish(.badInput)
    }
    try finish(result.stop != nil || figures.shortfall != nil ? .limit : .done)
  }
}
