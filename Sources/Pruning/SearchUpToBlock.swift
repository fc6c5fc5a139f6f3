import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

extension TicketSearch {
  /// The problem that the search has to solve for a block: in calibrated mode as it is first met,
  /// with all blocks before it chosen.
  ///
  /// - Throws: `TicketError.invalidParameter` for a block that the ticket does not have; as `run`.
  /// - Returns: nil when `control` says stop before.
  /// - Complexity: making the block; in calibrated mode the search up to there.
  public func instance(
    of address: BlockAddress, workers: Int, control: RunControl = RunControl()
  ) throws -> SearchInstance? {
    guard setting.addresses.contains(address) else {
      throw TicketError.invalidParameter(
        name: "block",
        expected: "a layer of 1 to \(target.graph.layers.count), one of its channels, and a half that it "
          + "has (negative ones only where its input is signed)",
        found: "\(address)")
    }
    guard let calibration = plan.calibration, let images = setting.images else {
      try requireMemory(control.limits)
      do {
        let block = try BlockInstance(
          address, in: network, kernel: target.kernels[address.layer - 1],
          scale: setting.scale(address), size: plan.fixedSize, control)
        return SearchInstance(problem: block.problem, filters: block.filters)
      } catch is Interruption { return nil }
    }
    let record = SearchRecord(setting, control) { _ in }
    return try BLASLibrary.withThreads(1) {
      try CalibratedSearch(setting, calibration, images.images, workers: workers, record, control)
        .instance(of: address)
    }
  }
}
