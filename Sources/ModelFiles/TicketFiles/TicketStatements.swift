import Tickets

/// What a ticket's file says beside figures: how the ticket was found, and for which file.
///
/// Neither decides what the pruned network computes, and no figure depends on it. Searching again
/// checks the first (`tombola verify --replay`), a file of the target the second. Names of nodes
/// and layers are of the same kind (`Ticket.renames`).
extension TicketFile {
  /// The metadata that only searching again can check: generator, mode, calibration images, options
  /// of the search, whether it ended by itself. One line; empty where `isReplayed`.
  public func uncheckedStatements(isReplayed: Bool) -> [String] {
    if isReplayed { return [] }
    var keys = ["generator", "mode"]
    if ticket.calibrationDigest != nil { keys.append("calibration_digest") }
    if search != nil { keys.append("search") }
    return ["\(keys.joined(separator: ", ")), complete: stated only, no figure depends on it"]
  }

  /// What is to be said where the target's file is not the one that the ticket names; nil where it
  /// is, or none is named. Networks are compared by their tensors, so a file that was exported
  /// again still is the target's.
  ///
  /// - Parameter digest: `TicketFile.digest(ofFile:)` of the target's file.
  public func otherTargetFile(than digest: String) -> String? {
    guard let targetFileDigest, targetFileDigest != digest else { return nil }
    return "target_file_digest: stated \(targetFileDigest), the file given has \(digest); its network is the target's"
  }

  /// Refuses options of a search that the ticket itself contradicts.
  ///
  /// - Throws: `TicketError.invalidTicket` for a plan of another mode, and for a fixed size that a
  ///   block of a complete ticket does not keep.
  static func validate(_ search: SearchPlan, of ticket: Ticket) throws(TicketError) {
    if search.calibration != nil, ticket.mode == .weights {
      throw .invalidTicket(
        at: "search", expected: "nothing of damping, sweeps or metric in weights mode",
        found: "a plan of calibrated mode")
    }
    do { try search.validate() } catch {
      throw .invalidTicket(at: "search", expected: "a plan that a search could have", found: "\(error)")
    }
    guard ticket.isComplete, let size = search.fixedSize else { return }
    if let block = ticket.blocks.first(where: { $0.kept.count != size }) {
      throw .invalidTicket(
        at: "\(block.address)", expected: "\(size) filters, as its search was asked for",
        found: "\(block.kept.count)")
    }
  }
}
