import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// A part of a search, done without the others.
public struct SearchPart: Sendable {
  /// The part's blocks that are found by now, ascending by address.
  public let checkpoint: SearchCheckpoint
  /// Blocks of the part.
  public let total: Int
  /// Blocks that this run found.
  public let added: Int
  /// What kept the run from finding all of the part's blocks; nil where it did. That some of them
  /// used up their share of the work limit is no reason: every run finds the same.
  public let stop: StopReason?
}

/// Weights mode's blocks are independent, so that jobs on several machines can share them: each
/// runs one part, and whoever has the parts joins them.
///
/// ```swift
/// let search = try TicketSearch(target, seed: 7, width: 2000)
/// var joined = try search.run(part: SearchShard(1, of: 2)).checkpoint
/// try joined.add(search.run(part: SearchShard(2, of: 2)).checkpoint, named: "part 2")
/// let ticket = try search.joined(joined).ticket  // that of search.run()
/// ```
extension TicketSearch {
  /// The blocks of a part, ascending. The largest blocks are dealt first, each to the part that has
  /// least so far; the same blocks whoever asks. Parts beyond the number of blocks have none.
  ///
  /// - Throws: `TicketError.invalidParameter` in calibrated mode, whose blocks depend on each
  ///   other.
  /// - Complexity: O(blocks²), microseconds for hundreds.
  public func blocks(of shard: SearchShard) throws(TicketError) -> [BlockAddress] {
    guard plan.calibration == nil else {
      throw .invalidParameter(
        name: "shard", expected: "weights mode, whose blocks are independent", found: "calibrated mode")
    }
    let parts = Self.parts(of: setting, count: shard.count)
    return setting.addresses.indices.filter { parts[$0] == shard.index }.map { setting.addresses[$0] }
  }

  /// The part, from 1, of each block.
  private static func parts(of setting: SearchSetting, count: Int) -> [Int] {
    let shares = WorkShares(setting)
    let costs = setting.addresses.map { shares.cost($0) }
    var loads = [Int](repeating: 0, count: min(count, costs.count))
    var parts = costs
    for block in costs.indices.sorted(by: { (costs[$1], $0) < (costs[$0], $1) }) {
      var least = 0
      for part in loads.indices.dropFirst() where loads[part] < loads[least] { least = part }
      loads[least] += costs[block]
      parts[block] = least + 1
    }
    return parts
  }

  /// Searches the blocks of one part; a run that is stopped returns those that it found.
  ///
  /// - Parameters:
  ///   - shard: which part.
  ///   - workers: blocks in work at once, one a core; 1 or more.
  ///   - control: limits of time and memory, progress, cancellation.
  ///   - checkpoint: what an earlier run of the same part found.
  ///   - blockFound: called after each finished block with all finished so far, one call at a time.
  /// - Throws: as `run(workers:control:resuming:blockFound:)`; `TicketError.invalidParameter` in
  ///   calibrated mode; `PruningError.checkpointMismatch` for a checkpoint of another part.
  /// - Complexity: a subset-sum problem for each of the part's blocks.
  public func run(
    part shard: SearchShard, workers: Int = Workers.availableCores, control: RunControl = RunControl(),
    resuming checkpoint: SearchCheckpoint? = nil,
    blockFound: @Sendable (SearchCheckpoint) -> Void = { _ in }
  ) throws -> SearchPart {
    try requireRunnable(workers, control, checkpoint)
    if let checkpoint, checkpoint.part != shard {
      throw PruningError.checkpointMismatch(
        field: "part", expected: "\(shard)", found: checkpoint.part?.description ?? "none, but a whole search")
    }
    let blocks = try blocks(of: shard)
    return try withoutActuallyEscaping(blockFound) { blockFound in
      let record = SearchRecord(setting, known: checkpoint, part: shard, control, blockFound)
      let known = blocks.count { record.known($0) != nil }
      try WeightsSearch(setting, record, control).run(among: Set(blocks), workers: workers)
      let found = record.checkpoint
      let isDone = found.blocks.count == blocks.count
      return SearchPart(
        checkpoint: found, total: blocks.count, added: found.blocks.count - known,
        stop: isDone ? nil : control.interruption() ?? .timeLimit)
    }
  }

  /// The ticket of blocks that parts of this search have found, byte for byte that of a run that
  /// does all of them.
  ///
  /// - Parameter checkpoint: the parts' blocks, together (`SearchCheckpoint.add`).
  /// - Throws: `PruningError.checkpointMismatch` for blocks of another search,
  ///   `PruningError.missingBlocks` where a part is missing; as `Ticket`.
  public func joined(_ checkpoint: SearchCheckpoint) throws -> SearchResult {
    try requireRunnable(1, RunControl(), checkpoint)
    let record = SearchRecord(setting, known: checkpoint, RunControl()) { _ in }
    let missing = setting.addresses.filter { record.known($0) == nil }
    if let first = missing.first {
      throw PruningError.missingBlocks(missing.count, of: setting.addresses.count, first: first)
    }
    return try result(record.results, RunControl())
  }
}

extension SearchCheckpoint {
  /// Adds the blocks of another part of the same search. Blocks that both have must be the same.
  ///
  /// - Parameters:
  ///   - other: what the other part found.
  ///   - name: what to call it in messages.
  /// - Throws: `PruningError.partMismatch` for a part of another search, or one that contradicts
  ///   these blocks.
  /// - Complexity: O(blocks).
  public mutating func add(_ other: SearchCheckpoint, named name: String) throws(PruningError) {
    if let difference = identity.difference(from: other.identity) {
      throw .partMismatch(
        part: name, field: difference.field, expected: difference.own, found: difference.other)
    }
    let known = Dictionary(blocks.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
    for block in other.blocks {
      guard let own = known[block.address] else {
        blocks.append(block)
        if other.limited.contains(block.address) { limited.insert(block.address) }
        continue
      }
      guard own == block, limited.contains(block.address) == other.limited.contains(block.address) else {
        throw .partMismatch(
          part: name, field: "\(block.address)", expected: "the \(own.kept.count) filters of another part",
          found: "\(block.kept.count) filters, not all the same")
      }
    }
    part = nil
  }
}
