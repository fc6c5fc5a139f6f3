/// The part of a sweep that one job of several runs: job I of N, from 1.
public struct SweepShard: Sendable, Hashable, CustomStringConvertible {
  public let index: Int
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

/// The order in which a sweep's trials are run, and who runs them: a function of the specification alone.
///
/// The trials of a cell are cut into blocks, of some milliseconds where a batch decides them and of one trial elsewhere. Blocks are put in
/// the order of (sixteenth of their cell, cell, trial), so that an early look sees all cells and the rate of the first trials says
/// something about the rest; shard I of N takes every N-th block.
struct SweepSchedule: Sendable {
  struct Block: Sendable {
    let cell: Int
    let first: Int
    let count: Int
  }

  let blocks: [Block]

  /// Parts of a cell's trials that are run one after the other.
  private static let rounds = 16
  /// Steps of a batch's block: some 10 ms.
  private static let blockSteps: UInt64 = 1 << 22

  /// Blocks of a shard. Memory: 24 bytes a block, at most 10⁸ of them.
  init(_ trials: SweepTrials, shard: SweepShard) throws(ExperimentError) {
    let specification = trials.specification
    let total = specification.trials
    let widths = try (0..<specification.cellCount).map { cell throws(ExperimentError) in
      guard case .batch(let batch) = try trials.method(of: cell) else { return 1 }
      let most = Int(max(1, Self.blockSteps / SweepTrials.batchCost(batch.count)))
      return max(1, most / Self.rounds, min(most, (total + Self.rounds - 1) / Self.rounds))
    }
    var blocks: [Block] = []
    var number = 0
    for round in 0..<Self.rounds {
      for (cell, width) in widths.enumerated() {
        // Blocks whose first trial lies in this round's part.
        var first = (round * total / Self.rounds + width - 1) / width * width
        while first < (round + 1) * total / Self.rounds {
          if number % shard.count == shard.index - 1 {
            blocks.append(Block(cell: cell, first: first, count: min(width, total - first)))
          }
          number += 1
          first += width
        }
      }
    }
    self.blocks = blocks
  }
}
