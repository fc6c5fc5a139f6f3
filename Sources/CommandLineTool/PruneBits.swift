import ArgumentParser
import Foundation
import ModelFiles
import Outcomes
import Pruning
import RunControl
import Verification

/// `prune --bits`.
extension PruneCommand {
  /// - Throws: `OptionError` for options that a search for a file's size does not take.
  func requireBudgetAlone() throws {
    guard let bits else {
      if let beam { throw OptionError(option: "--beam", expected: "--bits B beside it", found: "\(beam) alone") }
      return
    }
    try BudgetSearch.requireUsable(bits: bits)
    let given = [
      ("--epsilon", epsilon != nil), ("--checkpoint", checkpoint != nil), ("--shard", part.shard != nil),
      ("--work-limit", workLimit != nil),
    ]
    if let option = given.first(where: { $0.1 })?.0 ?? input.selection.choice.optionNotBesideBits {
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
    let search = try BudgetSearch(source, width: width, bits: bits, beam: beam)
    let workers = try bounds.workers()
    var limits = try bounds.limits()
    blas.warnIfSlow(json: json)
    limits.seconds = limits.seconds.map { max(0, $0 - (ContinuousClock.now - start) / .seconds(1)) }
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let drawn = try search.run(workers: workers, control: control)
    progress.clear()
    let written = try drawn.file.write(to: output, force: force)
    var report = try drawn.report(
      target: input.target, workers: workers, convolution: convolutions.way, control: control
    ) { (ContinuousClock.now - start) / .seconds(1) }
    progress.clear()
    report.output = output
    if json {
      try printJSON(report)
    } else {
      print(
        "ticket for \(input.target): \(written) of \(search.allowedBytes) bytes, width \(width), seed \(input.seed), mode \(input.mode), solver \(RateSearch.name), in \(output)"
      )
      print(report.table)
    }
    if let exit = signals.exit { return try finish(exit) }
    if let cause = report.shortfall?.cause, !(cause is InterruptedError) {
      complain("tombola: \(cause)")
      return try finish(.badInput)
    }
    try finish(drawn.stop != nil || report.shortfall != nil ? .limit : .done)
  }
}
