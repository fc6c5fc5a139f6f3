import Foundation
import RunControl
import SubsetSum

/// Blocks that do not depend on each other, searched at prices of a bit until a file takes about as
/// many bytes as it may.
///
/// A search aims at one price, and its curve has good subsets for prices near that. So prices are
/// tried until one leads close to the budget, and of each try's curves bits are shared so that the
/// file meets it.
struct PricedCurves {
  /// What each block's squared error counts.
  let weights: [Double]
  /// Entries of all blocks.
  let entries: Int

  /// Prices that are tried.
  private static let trials = 4
  /// How close to the budget the file of one price for all must come, as a part of it.
  private static let closeness = 0.02

  /// Looks for a file of least error in at most so many bytes.
  ///
  /// - Parameters:
  ///   - least: bits that files take beside lists.
  ///   - price: where to begin.
  ///   - control: asked between prices; blocks that were not searched before a stop stay empty.
  ///   - curves: each block's subsets, searched at a price; `Interruption` is no reason to throw.
  ///   - size: the bytes of a file with a choice for each block.
  ///   - found: told of each file that is better than all before; never where not even an empty
  ///     file is as small.
  /// - Throws: `Interruption` when the run had to stop, after `found` was told of what there was.
  func file<File>(
    bytes: Int, besides least: Double, price start: Double, _ control: RunControl,
    curves: (Double) throws -> [SuperpositionCurve],
    size: ([SuperpositionCurve.Choice]) throws -> (file: File, bytes: Int), found: (File) -> Void
  ) throws {
    var best = Double.infinity
    var price = start
    for _ in 0..<Self.trials {
      let allocation = BitAllocation(curves: try curves(price), weights: weights)
      let isStopped = control.interruption() != nil
      let plain = isStopped ? bytes : try size(allocation.choices(price: price)).bytes
      if let (file, error) = try allocation.fitted(
        bytes: bytes, besides: least, isOver: { control.interruption() != nil }, size),
        error < best
      {
        best = error
        found(file)
      }
      try control.checkInterruption()
      let excess = Double(plain - bytes)
      if abs(excess) <= Self.closeness * Double(bytes) { break }
      // Each bit an entry lowers the price by the factor 4.
      price *= exp2(max(-8, min(8, 16 * excess / Double(entries))))
    }
  }

  /// A block's curve; the empty subset alone where the run had to stop before it.
  static func curve(energy: Double, _ search: () throws -> SuperpositionCurve) throws -> SuperpositionCurve {
    do { return try search() } catch is Interruption { return SuperpositionCurve(energy: energy) }
  }

  /// The price at which blocks of one law get so many bits an entry: the slope of Σ weight ·
  /// energy · 4^(−bits).
  static func price(energies: [Double], weights: [Double], entries: Int, bits: Double) -> Double {
    let energy = zip(energies, weights).reduce(0.0) { $0 + $1.0 * $1.1 }
    return 2 * log(2) * energy * exp2(-2 * bits) / Double(max(1, entries))
  }
}
