import Foundation

/// Bits that are left for the blocks still to come, and the price at which they are expected to be
/// used up.
struct BitBudget {
  /// Bits that each block is expected to take.
  let expected: [Double]
  /// At this price.
  let price: Double
  /// Bits for all blocks.
  let allowed: Double
  /// Bits that the price aims at: more than are allowed where some would be left over.
  let aim: Double

  init(expected: [Double], at price: Double, allowed: Double, aim: Double) {
    (self.expected, self.price, self.allowed, self.aim) = (expected, price, allowed, aim)
  }

  /// How far a block's price may be from the one that a pass begins with, as a factor.
  private static let range = 0.25...4.0
  /// Bits that are kept for the last block, as what it is short of nothing makes up for: about a
  /// filter's, and of few bits a part.
  private static let (reserve, largestReserve) = (1.0 / 250, 16.0)

  /// The price of a bit for the next block and those behind it.
  ///
  /// What a layer's blocks have taken beside what was expected of them is expected of the others.
  ///
  /// - Parameters:
  ///   - blocks: entries and layer of each block.
  ///   - taken: bits and price of each block so far.
  ///   - start: the price that the pass begins with.
  func price(ofNextOf blocks: [(entries: Double, layer: Int)], taken: [(bits: Double, price: Double)], start: Double)
    -> Double
  {
    let next = taken.count
    let layer = blocks[next].layer
    var (found, foreseen) = (0.0, 0.0)
    for block in 0..<next where blocks[block].layer == layer {
      found += taken[block].bits
      foreseen += bits(of: block, blocks[block].entries, at: taken[block].price)
    }
    // One block alone says little.
    let ratio = foreseen > 0 ? (found + expected[next]) / (foreseen + expected[next]) : 1
    var (left, entries) = (0.0, 0.0)
    for block in next..<blocks.count {
      left += (blocks[block].layer == layer ? ratio : 1) * bits(of: block, blocks[block].entries, at: start)
      entries += blocks[block].entries
    }
    let used = taken.reduce(0) { $0 + $1.bits }
    let reserve = next == blocks.count - 1 ? 0 : min(Self.largestReserve, Self.reserve * aim)
    let factor = exp2(2 * (left - (aim - reserve - used)) / entries)
    return start * max(Self.range.lowerBound, min(Self.range.upperBound, factor))
  }

  private func bits(of block: Int, _ entries: Double, at price: Double) -> Double {
    max(0, expected[block] - entries / 2 * log2(price / self.price))
  }
}
