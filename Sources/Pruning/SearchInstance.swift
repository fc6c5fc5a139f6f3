import RunControl
import SubsetSum
import Tickets

/// One block of a search as a subset-sum problem, for other solvers.
public struct SearchInstance: Sendable {
  /// In weights mode the NSN vectors |u|·V and ±K_t/s, to be met in ‖·‖₂; in calibrated mode both multiplied into the geometry of the calibration
  /// images. Candidates are ordered by |u|.
  public let problem: Problem
  /// Filter index q of each candidate.
  public let filters: [UInt32]
}

extension TicketSearch {
  /// The problem that the search has to solve for a block: in calibrated mode as it is first met, with all blocks before it chosen.
  ///
  /// - Throws: `TicketError.invalidParameter` for a block that the ticket does not have; as `run`. Cost: in calibrated mode the search up to there.
  /// - Returns: nil when `control` says stop before.
  public func instance(
    of address: BlockAddress, workers: Int, control: RunControl = RunControl()
  ) throws -> SearchInstance? {
    let addresses = Ticket.addresses(graph: graph, inputRange: inputRange)
    guard addresses.contains(address) else {
      let layers = graph.layers.count
      throw TicketError.invalidParameter(
        name: "block",
        expected:
          "a layer of 1 to \(layers), one of its channels, and a half that it has (negative ones only where its input is signed)",
        found: "layer \(address.layer), channel \(address.channel), \(address.half.rawValue)")
    }
    guard let calibration else {
      try requireMemory(control.limits)
      let kernel = target.kernels[address.layer - 1]
      do {
        let block = try BlockInstance(
          address, in: network, kernel: kernel, scale: scales[address.layer - 1], size: size, control)
        return SearchInstance(problem: block.problem, filters: block.filters)
      } catch is Interruption { return nil }
    }
    let record = SearchRecord(identity(control), addresses, control) { _ in }
    guard var search = try calibratedSearch(calibration, workers: workers, record: record, control) else { return nil }
    return try search.instance(of: address)
  }
}
