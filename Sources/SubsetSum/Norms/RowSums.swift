/// The largest, over blocks of coordinates, of a weighted sum of magnitudes: a blockwise ℓ₁ norm.
///
/// A convolution's error on inputs in [−1, 1] is at most the largest row sum of its kernel's error:
/// a block is then an output channel, and its coordinates are that output's kernel entries. On
/// inputs in [0, 1] the exact figure takes the larger of the positive and the negative part of each
/// sum (`Sides.larger`).
public struct RowSums: Sendable, Hashable {
  /// How the signs of a block's coordinates count.
  public enum Sides: String, Sendable, Hashable, Codable {
    /// A block's figure is Σ w·|r|.
    case both
    /// A block's figure is max(Σ w·max(0, r), Σ w·max(0, −r)).
    case larger
  }
  /// The number of each coordinate's block, from 0.
  public let blocks: [Int]
  /// The weight of each coordinate, at least 0.
  public let weights: [Double]
  /// How the signs of coordinates count.
  public let sides: Sides
  /// The number of blocks: the largest block number, plus 1.
  let blockCount: Int

  /// Row sums of given blocks and weights, one entry a coordinate in each list.
  ///
  /// - Throws: `SubsetSumError.mismatchedSizes` unless both lists are of one length;
  ///   `.unusableEntry` for a block below 0 or not below m, and for a weight that is negative, not
  ///   finite or above 2²⁰⁰.
  public init(blocks: [Int], weights: [Double], sides: Sides = .both) throws(SubsetSumError) {
    guard weights.count == blocks.count else {
      throw .mismatchedSizes(
        quantity: "weights of row sums, one for each block entry", expected: blocks.count, found: weights.count)
    }
    for (j, block) in blocks.enumerated() where !(0..<blocks.count).contains(block) {
      throw .unusableEntry(
        location: "block of coordinate \(j)", expected: "0 to \(blocks.count - 1)", found: Double(block))
    }
    for (j, weight) in weights.enumerated() where !(weight >= 0 && weight <= Metric.largestAccepted) {
      throw .unusableEntry(location: "weight of coordinate \(j)", expected: "a number of 0 to 2^200", found: weight)
    }
    self.blocks = blocks
    self.weights = weights
    self.sides = sides
    blockCount = (blocks.max() ?? -1) + 1
  }

  /// Other weights for the same blocks, known to be usable.
  private init(_ sums: RowSums, weights: [Double]) {
    (blocks, blockCount, sides) = (sums.blocks, sums.blockCount, sums.sides)
    self.weights = weights
  }

  /// The norm of unit weights, for coordinates that have been multiplied by the weights.
  var unweighted: RowSums { RowSums(self, weights: [Double](repeating: 1, count: weights.count)) }

  /// The norm in which every length is 2^exponent times as long.
  func scaled(by exponent: Int) -> RowSums {
    RowSums(self, weights: weights.map { SubsetSum.scaled($0, by: exponent) })
  }

  /// The largest sum of a block's weights: the norm is at most this times max |r_j|.
  var largest: Double {
    var sums = [Double](repeating: 0, count: blockCount)
    for (block, weight) in zip(blocks, weights) { sums[block] += weight }
    return sums.max() ?? 0
  }

  /// The norm of a vector, summed in order of its coordinates; infinite where one is NaN. Cost: m.
  func measure(_ r: UnsafePointer<Double>) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, 2 * blockCount)) { sums in
      sums.initialize(repeating: 0)
      for j in 0..<blocks.count {
        let term = weights[j] * r[j]
        if term.isNaN { return .infinity }
        switch sides {
        case .both: sums[blocks[j]] += abs(term)
        case .larger: sums[term < 0 ? blocks[j] + blockCount : blocks[j]] += abs(term)
        }
      }
      return sums.reduce(0) { max($0, $1) }
    }
  }
}
