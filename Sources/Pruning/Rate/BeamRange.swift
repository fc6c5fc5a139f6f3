import SubsetSum
import Tickets

extension SuperpositionSearch {
  /// - Throws: `TicketError.invalidParameter` for a beam that no search has.
  static func requireUsable(beam: Int) throws(TicketError) {
    guard (1...greatestWidth).contains(beam) else {
      throw .invalidParameter(name: "beam", expected: "1 to \(greatestWidth)", found: "\(beam)")
    }
  }
}
