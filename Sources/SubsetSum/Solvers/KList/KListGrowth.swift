/// How long the lists of a run with a time limit are, one search after another: from short ones to
/// the longest for which the time is enough.
///
/// Each search tells how many sums a second are made. Longer lists miss the caches more often, so a
/// little less is expected of them. Lists grow fourfold while that leaves time for longer ones,
/// then take all the time that is left. Where that is misjudged, the search is given up while there
/// is time for another.
struct KListGrowth {
  /// The binary logarithm of the longest lists of the next search.
  private(set) var bits: Double
  /// The number of the next search's way to deal candidates.
  private(set) var dealing = 0
  /// The binary logarithm of the longest lists that limits allow.
  private let most: Double
  /// Seconds a sum, in lists of `measured` bits.
  private var cost = 0.0
  private var measured: Double

  private static let firstBits = 12.0
  /// Lists that could be so many times as long, in bits, are measured once more before.
  private static let largestStep = 2.6
  /// The part of the time that is left which a search may be expected to take.
  private static let share = 0.8
  /// Seconds a sum in lists that are twice as long.
  private static let slowing = 1.25

  init(most: Double) {
    self.most = most
    bits = min(Self.firstBits, most)
    measured = bits
  }

  /// Plans the next search after one that took so many seconds for so many sums.
  mutating func follow(sums: Double, seconds: Double, left: Double) {
    (cost, measured) = (max(1e-10, seconds / max(1, sums)), bits)
    let step = logarithm2(Self.share * left / max(1e-9, seconds)) / (1 + logarithm2(Self.slowing))
    if dealing > 0 || bits >= most || step <= 0.25 { dealing += 1 }
    bits = max(Double(KList.bitsRange.lowerBound), min(most, bits + (step >= Self.largestStep ? 2 : step)))
  }

  /// Plans another search in the place of one that would have needed so many times the time left.
  mutating func shorten(by factor: Double) {
    let step = max(0.25, logarithm2(factor) / (1 + logarithm2(Self.slowing)))
    bits = max(Double(KList.bitsRange.lowerBound), bits - step)
  }

  /// How many times the time that is left a search of so many sums is expected to take.
  func load(sums: Double, left: Double) -> Double {
    sums * cost * power(Self.slowing, bits - measured) / max(1e-9, Self.share * left)
  }
}

/// A search that would not come to its end, and how many times the time left it would have needed.
struct TooLong: Error {
  let factor: Double

  /// The parts of a search after which it is judged: neither too early to tell, nor too late for
  /// another.
  private static let judged = 0.12...0.3

  /// - Throws: `TooLong` where a search of which a part took so long will not end in time.
  static func check(part: Double, seconds: Double, left: Double) throws(TooLong) {
    // Memory is taken at first, which is not done again.
    let needed = 0.9 * seconds * (1 - part) / part
    if judged.contains(part), needed > 1.05 * left { throw TooLong(factor: needed / (left * (1 - part))) }
  }
}
