/// The sums a + b of two sorted lists, one after another in ascending order, without storing them:
/// a tournament over the first list, in which each entry plays the least sum that it has left
/// (Schroeppel and Shamir 1981).
///
/// Cost: log₂ of the first list's length for a sum. Memory: 44 bytes an entry of the first list, of
/// which 12 double at most.
final class PairSums {
  /// The least sum that is left; infinite when there is none.
  private(set) var value = Double.infinity
  /// The subset of the least sum, the first list's bits below the second's.
  ///
  /// - Precondition: there is a sum left.
  var mask: UInt32 {
    let leaf = bases[winner]
    return leaf.mask | leaf.masks[leaf.next - leaf.values] << shift
  }

  /// An entry of the first list, and where it has come to in the group of the second list that it
  /// is added to.
  private struct Base {
    let value: Double
    var next: UnsafePointer<Double>
    let values: UnsafePointer<Double>
    let masks: UnsafePointer<UInt32>
    let mask: UInt32
  }

  private let shift: UInt32
  private let bases: UnsafeMutablePointer<Base>
  private let leaves: Int
  /// Node p has the children 2p and 2p + 1, and entries from `leaves` on are the bases. Each node
  /// keeps which base lost there, and with what sum.
  private let losers: UnsafeMutablePointer<Int32>
  private let keys: UnsafeMutablePointer<Double>
  private var winner = 0
  /// The list that the bases point into.
  private let second: HalfSums

  /// All sums of both lists, or those of `size` numbers in all. `shift` is the number of bits of
  /// the first list.
  init(_ first: HalfSums, _ second: HalfSums, shift: Int, size: Int?) {
    self.second = second
    self.shift = UInt32(shift)
    var made: [Base] = []
    for (index, group) in first.groups.enumerated() {
      let list = size.map { $0 - index } ?? 0
      guard second.groups.indices.contains(list) else { continue }
      let other = second.groups[list]
      for k in 0..<group.count {
        made.append(
          Base(
            value: group.values[k], next: other.values, values: other.values, masks: other.masks, mask: group.masks[k]))
      }
    }
    bases = .allocate(capacity: max(1, made.count))
    bases.initialize(from: made, count: made.count)
    var leaves = 1
    while leaves < made.count { leaves *= 2 }
    self.leaves = leaves
    losers = .allocate(capacity: leaves)
    keys = .allocate(capacity: leaves)
    play((0..<leaves).map { $0 < made.count ? made[$0].value + made[$0].next.pointee : .infinity })
  }

  deinit {
    bases.deallocate()
    losers.deallocate()
    keys.deallocate()
  }

  /// Plays the first tournament, from the leaves up.
  private func play(_ sums: [Double]) {
    var best = sums.enumerated().map { (key: $0.element, leaf: $0.offset) }
    var first = leaves / 2
    while first >= 1 {
      best = (0..<first).map { node in
        let (left, right) = (best[2 * node], best[2 * node + 1])
        let leftWins = left.key <= right.key
        let lost = leftWins ? right : left
        (losers[first + node], keys[first + node]) = (Int32(lost.leaf), lost.key)
        return leftWins ? left : right
      }
      first /= 2
    }
    (value, winner) = best[0]
  }

  /// Goes on to the next sum. Equal sums come in an order that the lists alone decide.
  ///
  /// - Precondition: there is a sum left.
  func advance() {
    bases[winner].next += 1
    // A list ends with infinity.
    var key = bases[winner].value + bases[winner].next.pointee
    var leaf = Int32(truncatingIfNeeded: winner)
    var node = (leaves &+ winner) >> 1
    let (keys, losers) = (self.keys, self.losers)
    while node >= 1 {
      // The sign of the difference selects by masks of bits. As a condition it would become a
      // branch that is mispredicted too often.
      let (otherKey, other) = (keys[node], losers[node])
      let loses = Int64(bitPattern: (otherKey - key).bitPattern) >> 63
      let swapped = (key.bitPattern ^ otherKey.bitPattern) & UInt64(bitPattern: loses)
      let swappedLeaves = (leaf ^ other) & Int32(truncatingIfNeeded: loses)
      keys[node] = Double(bitPattern: otherKey.bitPattern ^ swapped)
      losers[node] = other ^ swappedLeaves
      key = Double(bitPattern: key.bitPattern ^ swapped)
      leaf ^= swappedLeaves
      node >>= 1
    }
    value = key
    winner = Int(leaf)
  }
}
