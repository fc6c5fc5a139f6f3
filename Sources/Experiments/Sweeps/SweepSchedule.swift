/// The part of a sweep that one job of several runs: job I of N, from 1.
public struct SweepShard: Sendable, Hashable, CustomStringConvertible {
  /// I, from 1.
  public let index: Int
  /// N, the number of jobs.
  public let count: Int

  /// The whole sweep.
  public static let whole = SweepShard(validIndex: 1, of: 1)

  private init(validIndex index: Int, of count: Int) { (self.index, self.count) = (index, count) }

  /// - Throws: `ExperimentError.outOfRange` unless 1 ≤ I ≤ N ≤ 1048576.
  public init(_ index: Int, of count: Int) throws(ExperimentError) {
    guard (1...1 << 20).contains(count), (1...count).contains(index) else {
      throw .outOfRange(quantity: "shard", expected: "I/N with 1 ≤ I ≤ N ≤ 1048576", found: "\(index)/\(count)")
    }
    self.init(validIndex: index, of: count)
  }

  public var description: String { "\(index)/\(count)" }
}

/// The order in which a sweep's trials are run, and who runs them: a function of the specification
/// alone.
///
/// The trials of a cell are cut into blocks, of some milliseconds where a batch decides them and of
/// one trial elsewhere. Blocks are put in the order of (sixteenth of their cell, cell, trial), so
/// that an early look sees all cells and the rate of the first trials says something about the
/// rest; shard I of N takes every N-th block. Blocks are made when they are asked for: there may be
/// as many as trials.
struct SweepSchedule: Sendable {
  struct Block: Sendable, Hashable {
    let cell: Int
    let first: Int
    let count: Int
  }

  /// Blocks of the shard.
  let count: Int
  private let shard: SweepShard
  /// Trials of each cell.
  private let trials: Int
  /// Trials of a block, by cell.
  private let widths: [Int]
  /// How many blocks of all shards come before those of a round and cell, round after round.
  private let starts: [Int]

  /// Parts of a cell's trials that are run one after the other.
  private static let rounds = 16
  /// Steps of a batch's block: some 10 ms.
  private static let blockSteps: UInt64 = 1 << 22

  /// Memory: 136 bytes a cell.
  init(_ trials: SweepTrials, shard: SweepShard) throws(ExperimentError) {
    let total = trials.specification.trials
    let widths = try (0..<trials.specification.cellCount).map { cell throws(ExperimentError) in
      guard case .batch(let batch) = try trials.method(of: cell) else { return 1 }
      let most = Int(max(1, Self.blockSteps / SweepTrials.batchCost(batch.count)))
      return max(1, most / Self.rounds, min(most, (total + Self.rounds - 1) / Self.rounds))
    }
    var starts: [Int] = []
    var number = 0
    for round in 0..<Self.rounds {
      for width in widths {
        starts.append(number)
        number += Self.blocks(before: round + 1, total, width) - Self.blocks(before: round, total, width)
      }
    }
    (self.shard, self.trials, self.widths, self.starts) = (shard, total, widths, starts)
    count = (number + shard.count - shard.index) / shard.count
  }

  /// Blocks of a cell whose first trial lies in an earlier round's part.
  private static func blocks(before round: Int, _ total: Int, _ width: Int) -> Int {
    (round * total / rounds + width - 1) / width
  }

  /// A block of the shard by its place, from 0 to `count` - 1.
  subscript(_ place: Int) -> Block {
    let number = place * shard.count + shard.index - 1
    // The last start that is at most `place` belongs to its part; empty parts have the same start
    // as the one after them.
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= number { low = middle } else { high = middle }
    }
    let (round, cell) = low.quotientAndRemainder(dividingBy: widths.count)
    let width = widths[cell]
    let first = (Self.blocks(before: round, trials, width) + number - starts[low]) * width
    return Block(cell: cell, first: first, count: min(width, trials - first))
  }
}
