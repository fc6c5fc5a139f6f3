import Convolution
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Draws a ticket: prunes the random network of a seed, block by block, until its summed kernels approximate
/// the target's.
///
/// In weights mode blocks are independent and run one a core. In calibrated mode, which calibration images switch on, they are chosen one after
/// another, and each makes up for what the ones before it missed (`CalibratedSearch`). Which filters are kept depends on target, seed,
/// width, scale rule, solver, calibration images and work limit alone: not on threads, memory limit or time (unless the time
/// limit strikes, which the ticket then says).
public struct TicketSearch: Sendable {
  /// Named in tickets and checkpoints; changes whenever the same options could give another ticket.
  public static let generator = TombolaVersion.generator

  public let target: Network<Float>
  public let graph: LayerGraph
  public let network: RandomNetwork
  public let inputRange: InputRange
  public let solver: any Solver
  /// Filters that each block keeps; nil for any number.
  public let size: Int?
  /// By how much a kept filter must lower its layer's relative squared error, Σ(error²)/Σ(wanted²): of kernel entries in weights mode, of outputs in calibrated mode.
  public let sizePenalty: Double
  /// What weights mode lowers; see there.
  public let objective: Objective
  public let scales: [Double]
  /// What errors are measured on; nil in weights mode.
  public let calibration: Calibration?
  let targetDigest: String

  public var mode: PruningMode { calibration == nil ? .weights : .calibrated }

  /// - Parameters:
  ///   - width: N; every input channel has 2N hidden filters.
  ///   - solver: one that takes fixed sizes where a size is given, and penalties where one is.
  ///   - size: at most what every half has; a block with fewer candidates is an error when it is searched.
  /// - Throws: `TicketError.unsupportedTarget` for a target outside the class, `.invalidParameter`, also for calibration images of another
  ///   shape than the target's input, outside the input range, or none.
  public init(
    target: Network<Float>, width: Int, seed: UInt64, inputRange: InputRange = .unit,
    solver: any Solver = GreedyFlips(), size: Int? = nil, sizePenalty: Double = 0, objective: Objective = .squares,
    scaleRule: ScaleRule = .standard, calibration: Calibration? = nil
  ) throws(TicketError) {
    guard size ?? 0 >= 0 else {
      throw .invalidParameter(name: "size", expected: "a number ≥ 0", found: "\(size ?? 0)")
    }
    guard sizePenalty >= 0, sizePenalty.isFinite, sizePenalty == 0 || (solver.takesSizePenalty && size == nil)
    else {
      throw .invalidParameter(
        name: "size penalty", expected: "a number ≥ 0, with a solver that takes one and no fixed size",
        found: "\(sizePenalty) for \(solver.name)\(size.map { " and size \($0)" } ?? "")")
    }
    self.target = target
    graph = try LayerGraph(of: target)
    network = try RandomNetwork(seed: seed, width: width, layers: graph.layers)
    self.inputRange = inputRange
    self.solver = solver
    guard objective == .squares || (calibration == nil && sizePenalty == 0) else {
      throw .invalidParameter(
        name: "objective", expected: "squares in calibrated mode and with a size penalty", found: objective.rawValue)
    }
    self.size = size
    self.sizePenalty = sizePenalty
    self.objective = objective
    self.calibration = calibration
    let bounds = [scaleRule.largestEntry, scaleRule.largestNormPerWidth]
    guard bounds.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .invalidParameter(name: "scale rule", expected: "bounds that are numbers above 0", found: "\(bounds)")
    }
    scales = zip(target.kernels, graph.layers).map { scaleRule.scale(for: $0, layer: $1, width: width) }
    targetDigest = try target.targetDigest()
    try calibration?.requireUsable(by: target, in: inputRange)
  }

  /// Searches all blocks and returns the ticket; a search that is stopped returns one that says so.
  ///
  /// A work limit is shared out over the blocks in proportion to their candidates' entries before anything
  /// runs. `control.limits.memoryBytes` lowers the number of blocks in work at once.
  ///
  /// BLAS runs at one thread meanwhile. With OpenBLAS's own threads that count is the process's: products that the host
  /// computes on other threads while a search runs may differ in their last bits. `BLASLibrary.threadPolicy` leaves the
  /// host's count alone.
  ///
  /// - Parameters:
  ///   - workers: blocks in work at once, one a core; 1 or more.
  ///   - checkpoint: blocks found by an earlier run of the same search.
  ///   - blockFound: called after each finished block with all finished so far, one call at a time.
  /// - Throws: `PruningError`; `LinearAlgebraError.outOfRange` for fewer than one worker; what the solver throws.
  public func run(
    workers: Int = Workers.availableCores, control: RunControl = RunControl(),
    resuming checkpoint: SearchCheckpoint? = nil, blockFound: @Sendable (SearchCheckpoint) -> Void = { _ in }
  ) throws -> SearchResult {
    try Workers.require(workers)
    let identity = identity(control)
    try checkpoint?.requireMatch(identity)
    let addresses = Ticket.addresses(graph: graph, inputRange: inputRange)
    let (found, trials) = try withoutActuallyEscaping(blockFound) { blockFound in
      let record = SearchRecord(identity, addresses, known: checkpoint, control, blockFound)
      if let calibration {
        try calibratedSearch(calibration, workers: workers, record: record, control)?.run()
      } else {
        try chooseIndependently(workers: workers, record: record, control)
      }
      return (record.results, record.dampingTrials)
    }
    let stop = found.compactMap { $0?.stop }.first ?? (found.contains { $0 == nil } ? control.interruption() : nil)
    let blocks = zip(addresses, found).map { address, found in
      found?.block ?? Block(address: address, candidates: candidates(of: address), kept: [])
    }
    let ticket = try Ticket(
      seed: network.seed, width: network.width, mode: mode, inputRange: inputRange, graph: graph, scales: scales,
      biases: target.biases, blocks: blocks, targetDigest: targetDigest,
      calibrationDigest: calibration?.digest, isComplete: stop == nil)
    return SearchResult(
      ticket: ticket, stop: stop, damping: calibration?.fixedDamping ?? DampingTrial.best(of: trials),
      dampingTrials: trials)
  }

  func identity(_ control: RunControl) -> SearchCheckpoint.Identity {
    SearchCheckpoint.Identity(
      generator: Self.generator, targetDigest: targetDigest, seed: network.seed, width: network.width, mode: mode,
      inputRange: inputRange, solver: solver.name, size: size, sizePenalty: sizePenalty, objective: objective,
      scales: scales, workLimit: control.limits.work,
      calibration: calibration?.digest)
  }

  /// Whether a block of the search fits in memory at all: what `run` throws otherwise, before anything is done.
  ///
  /// - Throws: `PruningError.memoryLimit`.
  public func requireMemory(_ limits: Limits) throws(PruningError) {
    _ = try blockBytes(within: limits.allowedBytes)
  }

  func affordableWorkers(_ workers: Int, _ control: RunControl) throws(PruningError) -> Int {
    let allowed = control.limits.allowedBytes
    return try blockBytes(within: allowed).reduce(workers) {
      min($0, max(1, (allowed - $1.shared) / max(1, $1.task)))
    }
  }

  /// Whole searches that there are cores and memory for, each a block at a time.
  func affordableTrials(_ workers: Int, _ control: RunControl) throws(PruningError) -> Int {
    let allowed = control.limits.allowedBytes
    return try blockBytes(within: allowed).reduce(workers) {
      min($0, max(1, allowed / max(1, ByteCount.sum($1.shared, $1.task))))
    }
  }

  /// Bytes by layer: for all of a layer's blocks, and for each in work.
  private func blockBytes(within allowed: Int) throws(PruningError) -> [(shared: Int, task: Int)] {
    let signed = graph.signedInputs(networkInputIsSigned: inputRange.isSigned)
    let needs = zip(graph.layers, signed).map { layer, isSigned -> (shared: Int, task: Int) in
      guard let calibration else { return (0, BlockInstance.bytes(width: network.width, layer: layer)) }
      return (
        LayerRefit.bytes(layer, isSigned: isSigned, metric: calibration.metric),
        WhitenedCandidates.bytes(width: network.width, layer: layer)
      )
    }
    let totals = needs.map { ByteCount.sum($0.shared, $0.task) }
    if let (index, largest) = totals.enumerated().max(by: { $0.element < $1.element }), largest > allowed {
      throw .memoryLimit(neededBytes: largest, allowedBytes: allowed, layer: index + 1)
    }
    return needs
  }

  private func candidates(of address: BlockAddress) -> Int {
    network.scalars(layer: address.layer, channel: address.channel).reduce(0) {
      $0 + (address.half.contains($1) ? 1 : 0)
    }
  }
}

/// What weights mode lowers.
public enum Objective: String, Sendable, Hashable, Codable, CaseIterable {
  /// The squared errors of kernel entries.
  case squares
  /// First those, then by single flips and pairs each block's part in the certified error (`CertificateWeights`).
  case certified
}

/// A ticket, and why its search stopped early if it did.
public struct SearchResult: Sendable {
  public let ticket: Ticket
  public let stop: StopReason?
  /// λ of calibrated mode, given or chosen; nil in weights mode, and where the search was stopped before it had chosen.
  public let damping: Double?
  /// What it was chosen from, in the grid's order; none where it was given.
  public let dampingTrials: [DampingTrial]
}
