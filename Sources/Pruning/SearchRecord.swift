import LinearAlgebra
import RunControl
import Tickets

/// The blocks that a search has finished, as it goes; tells checkpoint and progress of each.
final class SearchRecord: Sendable {
  struct Result: Sendable {
    var block: Block
    var stop: StopReason?

    /// Whether another run would find the same.
    var isRepeatable: Bool { stop == nil || stop == .workLimit }
  }
  private struct State: Sendable {
    var found: [Result?]
    var worstError = 0.0

    func checkpoint(_ identity: SearchCheckpoint.Identity, _ part: SearchShard?) -> SearchCheckpoint {
      let repeatable = found.compactMap { $0 }.filter(\.isRepeatable)
      return SearchCheckpoint(
        identity: identity, blocks: repeatable.map(\.block),
        limited: Set(repeatable.filter { $0.stop != nil }.map(\.block.address)), part: part)
    }
  }

  private let addresses: [BlockAddress]
  private let identity: SearchCheckpoint.Identity
  private let part: SearchShard?
  private let indices: [BlockAddress: Int]
  private let control: RunControl
  private let blockFound: @Sendable (SearchCheckpoint) -> Void
  private let state: Guarded<State>

  init(
    _ setting: SearchSetting, known checkpoint: SearchCheckpoint? = nil, part: SearchShard? = nil,
    _ control: RunControl,
    _ blockFound: @escaping @Sendable (SearchCheckpoint) -> Void
  ) {
    addresses = setting.addresses
    identity = setting.identity
    self.part = part
    self.control = control
    self.blockFound = blockFound
    indices = Dictionary(uniqueKeysWithValues: addresses.enumerated().map { ($1, $0) })
    let known = Dictionary(
      (checkpoint?.blocks ?? []).map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
    let limited = checkpoint?.limited ?? []
    state = Guarded(
      State(
        found: setting.addresses.map { address in
          known[address].map { Result(block: $0, stop: limited.contains(address) ? .workLimit : nil) }
        }))
  }

  var results: [Result?] { state.withLock { $0.found } }

  /// The blocks that another run would find too.
  var checkpoint: SearchCheckpoint { state.withLock { $0.checkpoint(identity, part) } }

  /// A block of the checkpoint, or one found since.
  func known(_ address: BlockAddress) -> Block? { state.withLock { $0.found[indices[address]!]?.block } }

  /// Adds blocks that a checkpoint should hold together or not at all.
  ///
  /// - Parameter error: a figure of theirs, whose largest is shown as `label`.
  func add(_ results: [Result], error: Double, label: String) {
    state.withLock { state in
      for result in results { state.found[indices[result.block.address]!] = result }
      state.worstError = max(state.worstError, error)
      let finished = state.found.compactMap { $0 }
      if results.contains(where: \.isRepeatable) { blockFound(state.checkpoint(identity, part)) }
      control.report(
        RunProgress(
          phase: "drawing", completed: finished.count, total: addresses.count, best: state.worstError,
          bestLabel: label))
    }
  }
}
