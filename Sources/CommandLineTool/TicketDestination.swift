import Outcomes
import Verification

/// Where a ticket goes, and how to say so.
struct TicketDestination {
  let path: String
  let force: Bool
  let json: Bool

  /// Writes a measured ticket, prints its figures, and says how the command ends.
  ///
  /// - Parameter isReached: whether the search met what was asked of it.
  func take(_ measured: MeasuredTicket, isReached: Bool, _ signals: Signals) throws -> ToolExit {
    let bytes = try measured.file.write(to: path, force: force)
    var report = measured.report
    report.output = path
    report.fileBitsPerWeight = measured.file.bitsPerWeight(ofBytes: bytes)
    if json {
      try printJSON(report)
    } else {
      let ticket = measured.file.ticket
      print(
        "ticket for \(report.target): width \(ticket.width), seed \(ticket.seed), mode \(ticket.mode.rawValue), solver \(measured.file.search?.solver ?? "unknown"), in \(path)"
      )
      print(report.table)
    }
    if let exit = signals.exit { return exit }
    if let cause = report.shortfall?.cause, !(cause is InterruptedError) {
      complain("tombola: \(cause)")
      return .badInput
    }
    return measured.isStopped ? .limit : isReached ? .done : .failed
  }
}
