import Foundation

/// Bits that are left for the blocks still to come, and the price at which they are expected to be
/// used up.
struct BitBudget {
  /// Bits of each block of an earlier pass.
  let expected: [Double]
  /// The price that they were chosen at.
  let price: Double
  /// Bits for all blocks.
  var allowed: Double

  init(expected: [Double], at price: Double, allowed: Double) {
    (self.expected, self.price, self.allowed) = (expected, price, allowed)
  }

  /// How far a block's price may be from the one that a pass begins with, as a factor.
  private static let range = 0.5...2.0

  /// The price of a bit for a block and those behind it.
  ///
  /// - Parameters:
  ///   - index: the block.
  ///   - entries: of the block and those behind it.
  ///   - used: bits of the blocks before it.
  ///   - start: the price that the pass begins with.
  func price(of index: Int, entries: Double, used: Double, start: Double) -> Double {
    let expected = expected[index...].reduce(0, +) - entries / 2 * log2(start / price)
    let factor = exp2(2 * (expected - (allowed - used)) / entries)
    return start * max(Self.range.lowerBound, min(Self.range.upperBound, factor))
  }
}
