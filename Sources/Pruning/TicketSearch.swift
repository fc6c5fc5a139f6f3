import Convolution
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Draws a ticket: prunes the random network of a seed, block by block, until its summed kernels approximate
/// the target's.
///
/// Blocks are independent in weights mode and run one a core. Which filters are kept depends on target, seed,
/// width, scale rule, solver and work limit alone: not on threads, memory limit or time (unless the time
/// limit strikes, which the ticket then says).
public struct TicketSearch: Sendable {
  /// Named in tickets and checkpoints; changes whenever the same options could give another ticket.
  public static let generator = "tombola 0.1"

  public let target: Network<Float>
  public let graph: LayerGraph
  public let network: RandomNetwork
  public let inputRange: InputRange
  public let solver: any Solver
  public let scales: [Double]
  public let mode = PruningMode.weights
  private let targetDigest: String

  /// - Parameter width: N; every input channel has 2N hidden filters.
  /// - Throws: `TicketError.unsupportedTarget` for a target outside the class, `.invalidParameter`.
  public init(
    target: Network<Float>, width: Int, seed: UInt64, inputRange: InputRange = .unit,
    solver: any Solver = GreedyFlips(), scaleRule: ScaleRule = .standard
  ) throws(TicketError) {
    self.target = target
    graph = try LayerGraph(of: target)
    network = try RandomNetwork(seed: seed, width: width, layers: graph.layers)
    self.inputRange = inputRange
    self.solver = solver
    scales = zip(target.kernels, graph.layers).map { scaleRule.scale(for: $0, layer: $1, width: width) }
    targetDigest = try target.targetDigest()
  }

  /// Searches all blocks and returns the ticket; a search that is stopped returns one that says so.
  ///
  /// A work limit is shared out over the blocks in proportion to their candidates' entries before anything
  /// runs. `control.limits.memoryBytes` lowers the number of blocks in work at once.
  ///
  /// - Parameters:
  ///   - workers: blocks in work at once, one a core.
  ///   - checkpoint: blocks found by an earlier run of the same search.
  ///   - blockFound: called after each finished block with all finished so far, one call at a time.
  /// - Throws: `PruningError`; what the solver throws.
  public func run(
    workers: Int = Workers.availableCores, control: RunControl = RunControl(),
    resuming checkpoint: SearchCheckpoint? = nil, blockFound: @Sendable (SearchCheckpoint) -> Void = { _ in }
  ) throws -> SearchResult {
    let identity = identity(control)
    try checkpoint?.requireMatch(identity)
    let addresses = Ticket.addresses(graph: graph, inputRange: inputRange)
    let known = Dictionary(
      (checkpoint?.blocks ?? []).map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
    let shares = workShares(addresses, control.limits.work)
    // The largest blocks first, so that the last ones to finish are small.
    let order = addresses.indices.filter { known[addresses[$0]] == nil }.sorted {
      (cost(addresses[$1]), $0) < (cost(addresses[$0]), $1)
    }
    let state = Guarded(
      State(found: addresses.map { known[$0].map { BlockResult(block: $0, stop: nil) } }))
    let kernels = target.kernels
    try Workers.forEach(count: order.count, workers: try affordableWorkers(workers, control)) { task, _ in
      let index = order[task]
      let address = addresses[index]
      if control.interruption() != nil { return }
      let instance = try BlockInstance(
        address, in: network, kernel: kernels[address.layer - 1], scale: scales[address.layer - 1])
      let solution = try solver.solve(instance.problem, control: control.withWork(shares[index]).silenced())
      let kept = solution.subset.map { instance.filters[$0] }.sorted()
      let block = Block(address: address, candidates: instance.problem.count, kept: kept)
      state.withLock { state in
        state.found[index] = BlockResult(block: block, stop: solution.stop)
        state.worstError = max(state.worstError, solution.maximumError * scales[address.layer - 1])
        let finished = state.found.compactMap { $0 }
        if solution.stop == nil || solution.stop == .workLimit {
          blockFound(
            SearchCheckpoint(
              identity: identity, blocks: finished.filter { $0.stop == nil || $0.stop == .workLimit }.map(\.block)))
        }
        control.report(
          RunProgress(
            phase: "drawing", completed: finished.count, total: addresses.count, best: state.worstError,
            bestLabel: "max weight error"))
      }
    }
    let found = state.withLock { $0.found }
    let stop = found.compactMap { $0?.stop }.first ?? (found.contains { $0 == nil } ? control.interruption() : nil)
    let blocks = zip(addresses, found).map { address, found in
      found?.block ?? Block(address: address, candidates: candidates(of: address), kept: [])
    }
    let ticket = try Ticket(
      seed: network.seed, width: network.width, mode: mode, inputRange: inputRange, graph: graph, scales: scales,
      biases: target.biases, blocks: blocks, targetDigest: targetDigest, isComplete: stop == nil)
    return SearchResult(ticket: ticket, stop: stop)
  }

  private struct BlockResult {
    var block: Block
    var stop: StopReason?
  }

  private struct State {
    var found: [BlockResult?]
    var worstError = 0.0
  }

  private func identity(_ control: RunControl) -> SearchCheckpoint.Identity {
    SearchCheckpoint.Identity(
      generator: Self.generator, targetDigest: targetDigest, seed: network.seed, width: network.width, mode: mode,
      inputRange: inputRange, solver: solver.name, scales: scales, workLimit: control.limits.work)
  }

  /// Entries of a block's candidates, what its search costs grow with.
  private func cost(_ address: BlockAddress) -> Int { network.width * graph.layers[address.layer - 1].sliceCount }

  private func workShares(_ addresses: [BlockAddress], _ work: UInt64?) -> [UInt64?] {
    guard let work else { return addresses.map { _ in nil } }
    let total = addresses.reduce(0.0) { $0 + Double(cost($1)) }
    return addresses.map { UInt64(Double(work) * (Double(cost($0)) / total)) }
  }

  private func affordableWorkers(_ workers: Int, _ control: RunControl) throws(PruningError) -> Int {
    guard let allowed = control.limits.memoryBytes else { return workers }
    let needs = graph.layers.map { BlockInstance.bytes(width: network.width, layer: $0) }
    let largest = needs.max()!
    guard allowed >= largest else {
      throw .memoryLimit(neededBytes: largest, allowedBytes: allowed, layer: needs.firstIndex(of: largest)! + 1)
    }
    return max(1, min(workers, allowed / largest))
  }

  private func candidates(of address: BlockAddress) -> Int {
    network.scalars(layer: address.layer, channel: address.channel).reduce(0) {
      $0 + (address.half.contains($1) ? 1 : 0)
    }
  }
}

/// A ticket, and why its search stopped early if it did.
public struct SearchResult: Sendable {
  public let ticket: Ticket
  public let stop: StopReason?
}
