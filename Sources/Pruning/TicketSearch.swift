import Convolution
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Draws a ticket: prunes the random network of a seed, block by block, until its summed kernels
/// approximate the target's.
///
/// ```swift
/// let search = try TicketSearch(target, seed: 7, width: 2000)
/// let result = try search.run()
/// print(result.ticket.keptFilters)
/// ```
///
/// In weights mode blocks are independent and run one a core. In calibrated mode they are chosen
/// one after another, and each makes up for what the ones before it missed. Which filters are kept
/// depends on target, plan, seed, width, input range and calibration images alone: not on threads,
/// memory limit or time (unless the time limit strikes, which the ticket then says).
public struct TicketSearch: Sendable {
  /// Named in tickets and checkpoints; changes whenever the same plan could give another ticket.
  public static let generator = TombolaVersion.generator

  let setting: SearchSetting

  /// What is pruned into.
  public var target: Target { setting.target }
  /// How filters are searched for.
  public var plan: SearchPlan { setting.plan }
  /// What is pruned.
  public var network: RandomNetwork { setting.network }
  /// The box that inputs come from.
  public var inputRange: InputRange { setting.inputRange }
  /// What each layer's kernel is divided by.
  public var scales: [Double] { setting.scales }
  /// SHA-256 of the calibration images and of how errors are measured on them; nil in weights mode.
  public var calibrationDigest: String? { setting.calibrationDigest }

  /// A search that has not begun.
  ///
  /// - Parameters:
  ///   - target: what is pruned into.
  ///   - plan: how filters are searched for.
  ///   - seed: the random network's.
  ///   - width: N; every input channel has 2N hidden filters.
  ///   - inputRange: the box that inputs come from; images must lie in it.
  ///   - images: what calibrated mode measures errors on; labels are not read. Nil in weights mode.
  ///   - solver: in the place of the one that the plan names, one with options of its own.
  /// - Throws: `TicketError.invalidParameter` for a plan that contradicts itself or its solver, and
  ///   for images of another shape than the target's input, outside the input range, or none. A
  ///   block with fewer candidates than a fixed size asks for is an error when it is searched.
  public init(
    _ target: Target, plan: SearchPlan = SearchPlan(), seed: UInt64, width: Int,
    inputRange: InputRange = .unit, images: ImageSet? = nil, solver: (any Solver)? = nil
  ) throws(TicketError) {
    setting = try SearchSetting(
      target, plan, seed: seed, width: width, inputRange: inputRange, images: images, solver: solver)
  }

  /// Searches all blocks and returns the ticket; a search that is stopped returns one that says so.
  ///
  /// `control.limits.memoryBytes` lowers the number of blocks in work at once.
  ///
  /// BLAS runs at one thread meanwhile. With OpenBLAS's own threads that count is the process's:
  /// products that the host computes on other threads while a search runs may differ in their last
  /// bits. `BLASLibrary.threadPolicy` leaves the host's count alone.
  ///
  /// - Parameters:
  ///   - workers: blocks in work at once, one a core; 1 or more.
  ///   - control: limits of time and memory, progress, cancellation.
  ///   - checkpoint: blocks found by an earlier run of the same search.
  ///   - blockFound: called after each finished block with all finished so far, one call at a time.
  /// - Throws: `PruningError`; `TicketError.invalidParameter` where `control` has a work limit,
  ///   which belongs to the plan; `LinearAlgebraError.outOfRange` for fewer than one worker; what
  ///   the solver throws.
  /// - Complexity: a subset-sum problem a block, as the plan's solver takes it: about N
  ///   vectors of height × width × output channels entries. Memory: those of the blocks in work.
  public func run(
    workers: Int = Workers.availableCores, control: RunControl = RunControl(),
    resuming checkpoint: SearchCheckpoint? = nil,
    blockFound: @Sendable (SearchCheckpoint) -> Void = { _ in }
  ) throws -> SearchResult {
    try requireRunnable(workers, control, checkpoint)
    let found = try withoutActuallyEscaping(blockFound) { blockFound in
      let record = SearchRecord(setting, known: checkpoint, control, blockFound)
      try BLASLibrary.withThreads(1) {
        if let calibration = setting.plan.calibration, let images = setting.images {
          try CalibratedSearch(setting, calibration, images.images, workers: workers, record, control).run()
        } else {
          try WeightsSearch(setting, record, control).run(workers: workers)
        }
      }
      return record.results
    }
    return try result(found, control)
  }

  /// What a run may be given, with which blocks known.
  func requireRunnable(_ workers: Int, _ control: RunControl, _ checkpoint: SearchCheckpoint?) throws {
    try Workers.require(workers)
    if let work = control.limits.work {
      throw TicketError.invalidParameter(
        name: "work limit", expected: "it in the plan, as tickets depend on it", found: "\(work) of the run")
    }
    if let difference = checkpoint.flatMap({ setting.identity.difference(from: $0.identity) }) {
      throw PruningError.checkpointMismatch(
        field: difference.field, expected: difference.own, found: difference.other)
    }
  }

  /// The ticket of what was found; blocks that were not keep nothing, and it is not complete then.
  func result(_ found: [SearchRecord.Result?], _ control: RunControl) throws -> SearchResult {
    let stop =
      found.compactMap { $0?.stop }.first
      ?? (found.contains { $0 == nil } ? control.interruption() : nil)
    let blocks = zip(setting.addresses, found).map { address, found in
      found?.block ?? Block(address: address, candidates: candidates(of: address), kept: [])
    }
    let ticket = try Ticket(
      seed: network.seed, width: network.width, mode: plan.pruningMode, inputRange: inputRange,
      graph: target.graph, scales: scales, biases: target.biases, blocks: blocks,
      targetDigest: target.digest, calibrationDigest: setting.calibrationDigest, isComplete: stop == nil)
    return SearchResult(ticket: ticket, stop: stop)
  }

  private func candidates(of address: BlockAddress) -> Int {
    network.scalars(layer: address.layer, channel: address.channel).reduce(0) {
      $0 + (address.half.contains($1) ? 1 : 0)
    }
  }

  /// Whether a block of the search fits in memory at all: what `run` throws otherwise, before
  /// anything is done.
  ///
  /// - Throws: `PruningError.memoryLimit`.
  public func requireMemory(_ limits: Limits) throws(PruningError) {
    _ = try MemoryNeed(setting, within: limits)
  }
}

/// A ticket, and why its search stopped early if it did.
public struct SearchResult: Sendable {
  /// The ticket; a search that was stopped leaves blocks without filters.
  public let ticket: Ticket
  /// Why the search ended early; nil where it ended by itself.
  public let stop: StopReason?
}
