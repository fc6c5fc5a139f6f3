/// What can be wrong with a target or a ticket.
public enum TicketError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A network outside the class that can be pruned into, with the node and the reason.
  case unsupportedTarget(node: String, expected: String, found: String)
  /// A parameter out of its range.
  case invalidParameter(name: String, expected: String, found: String)
  /// A ticket that contradicts itself or its random network.
  case invalidTicket(at: String, expected: String, found: String)
  /// A ticket and a target that do not belong together.
  case targetMismatch(at: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .unsupportedTarget(let node, let expected, let found):
      "target node '\(node)': expected \(expected), found \(found)"
    case .invalidParameter(let name, let expected, let found): "\(name): expected \(expected), found \(found)"
    case .invalidTicket(let at, let expected, let found): "ticket, \(at): expected \(expected), found \(found)"
    case .targetMismatch(let at, let expected, let found):
      "ticket and target, \(at): expected \(expected), found \(found)"
    }
  }
}
