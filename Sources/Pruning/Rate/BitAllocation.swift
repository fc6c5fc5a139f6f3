import Foundation
import RunControl
import SubsetSum
import Tickets

/// How bits are shared between blocks: where they lower the error most, and where a list like that
/// of the block before makes them few.
struct BitAllocation {
  /// A block that bits are for.
  struct Part {
    /// What may be chosen.
    let curve: SuperpositionCurve
    /// What its squared error counts.
    let weight: Double
    /// The block's layer, 1…ℓ.
    let layer: Int
    /// Filters of its half by band.
    let sizes: [Int]
  }

  let parts: [Part]
  /// The code of the lists, before the first block.
  let code: BandedListCode

  /// Curves are searched to this part of the price that is expected, for blocks that are worth more
  /// bits than others.
  static let ahead = 0.25

  /// The price of a bit at which blocks of one law get so many bits an entry: the slope of
  /// Σ weight · energy · 4^(−bits).
  static func price(energies: [Double], weights: [Double], entries: Int, bits: Double) -> Double {
    let energy = zip(energies, weights).reduce(0.0) { $0 + $1.0 * $1.1 }
    return 2 * log(2) * energy * exp2(-2 * bits) / Double(max(1, entries))
  }

  /// What is chosen of each part, as an index of its curve, and all lists' bits.
  struct Shares {
    var choices: [Int] = []
    var bits = 0.0
    /// Σ weight · error.
    var error = 0.0

    mutating func add(_ choice: Int, _ bits: Double, _ error: Double) {
      choices.append(choice)
      self.bits += bits
      self.error += error
    }
  }

  /// The choices of about the least error in at most so many bits.
  ///
  /// Blocks follow each other's lists, so at some price many of them get a filter more at once. Up
  /// to one of them all are then as at the lower price, and behind it as at the higher one.
  ///
  /// - Complexity: 60 passes over all curves.
  func shares(within bits: Double) -> Shares {
    let energy = parts.reduce(0.0) { $0 + $1.curve.energy * $1.weight }
    var fit = shares(price: .infinity)
    var miss: Shares?
    // At the higher price nothing is bought.
    var (low, high) = (energy * 0x1p-80, energy + .leastNormalMagnitude)
    for _ in 0..<50 {
      let price = (low * high).squareRoot()
      guard price > low, price < high else { break }
      let shares = shares(price: price)
      if shares.bits <= bits { (high, fit) = (price, shares) } else { (low, miss) = (price, shares) }
    }
    guard let miss else { return fit }
    var (best, least, most) = (fit, 0, parts.count)
    while most - least > 1 {
      let middle = (least + most) / 2
      let mixed = shares(of: Array(miss.choices[..<middle] + fit.choices[middle...]))
      if mixed.bits <= bits { least = middle } else { most = middle }
      if mixed.bits <= bits, mixed.error < best.error { best = mixed }
    }
    return best
  }

  /// The choices of least error + price · bits, block after block.
  private func shares(price: Double) -> Shares {
    var (code, shares) = (code, Shares())
    for part in parts {
      let own = part.weight > 0 ? price / part.weight : .infinity
      let (index, bits, after) = part.cheapest(price: own, within: .infinity, after: code)
      shares.add(index, bits, part.weight * part.curve[index].error)
      code = after
    }
    return shares
  }

  /// Given choices.
  private func shares(of choices: [Int]) -> Shares {
    var (code, shares) = (code, Shares())
    for (part, index) in zip(parts, choices) {
      let bits = code.bits(layer: part.layer, keeping: part.counts(index), of: part.sizes)
      shares.add(index, bits, part.weight * part.curve[index].error)
    }
    return shares
  }

  /// A file of about the least error in at most so many bytes.
  ///
  /// - Parameters:
  ///   - bytes: what the file may take.
  ///   - least: bytes that files take beside lists.
  ///   - file: the file of choices, and its bytes.
  /// - Returns: nil where not even an empty file is as small.
  func fitted<File>(
    bytes: Int, besides least: Int, _ file: ([SuperpositionCurve.Choice]) throws -> (file: File, bytes: Int)
  ) rethrows -> (file: File, error: Double)? {
    var allowed = 8 * Double(bytes - least)
    for _ in 0..<8 {
      let shares = shares(within: allowed)
      let (file, found) = try file(chosen(shares))
      if found <= bytes { return (file, shares.error) }
      allowed -= 8 * Double(found - bytes)
    }
    let empty = shares(price: .infinity)
    let (file, found) = try file(chosen(empty))
    return found <= bytes ? (file, empty.error) : nil
  }

  private func chosen(_ shares: Shares) -> [SuperpositionCurve.Choice] {
    zip(parts, shares.choices).map { $0.curve[$1] }
  }
}

extension BitAllocation.Part {
  /// A block's curve; the empty subset alone where the run had to stop before it.
  static func curve(energy: Double, _ search: () throws -> SuperpositionCurve) throws -> SuperpositionCurve {
    do { return try search() } catch is Interruption { return SuperpositionCurve(energy: energy) }
  }

  /// Subsets of a curve on both sides of the best one that are tried with what they truly take.
  private static let neighbours = 3

  /// The subset of least error + price · bits of its list, after the blocks before it.
  ///
  /// - Parameters:
  ///   - bits: what the list may take; the empty one always may.
  ///   - code: of the lists before it.
  /// - Returns: an index of the curve, the list's bits, the code behind it.
  func cheapest(
    price: Double, within bits: Double, after code: BandedListCode
  ) -> (index: Int, bits: Double, code: BandedListCode) {
    func list(_ index: Int) -> (index: Int, bits: Double, code: BandedListCode) {
      var after = code
      let bits = after.bits(layer: layer, keeping: counts(index), of: sizes)
      return (index, bits, after)
    }
    var best = list(-1)
    guard price.isFinite else { return best }
    var least = curve.energy + price * best.bits
    let middle = curve.cheapest(price: price)
    // Where bits are short, all shorter lists are looked at.
    let first = bits.isFinite ? 0 : max(0, middle - Self.neighbours)
    for index in first..<max(first, min(curve.range.upperBound, middle + Self.neighbours + 1)) {
      let list = list(index)
      let cost = curve[index].error + price * list.bits
      if list.bits <= bits, cost < least { (best, least) = (list, cost) }
    }
    return best
  }

  /// Filters that stay of a subset of the curve, by band.
  func counts(_ index: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: sizes.count)
    for band in curve[index].bands { counts[band] += 1 }
    return counts
  }
}
