import RunControl
import SubsetSumKernels

/// A group's 2^g sums in panels of eight, for scores of a sample of children.
///
/// Sums whose numbers are alike are alike themselves, so a panel holds sums from all over.
package struct SumPanels {
  /// Sums of a panel.
  static let width = 8
  /// A panel's members are so far apart, modulo the number of sums. It is a prime.
  private static let apart = 0x9E3779B1

  private let values: OwnedBuffer<Double>
  private let entries: Int
  private(set) var count = 0

  /// Room for panels of at most `capacity` sums of `entries` entries each.
  package init(capacity: Int, entries: Int) {
    self.entries = entries
    values = OwnedBuffer(count: max(Self.width, capacity) * entries)
  }

  /// Deals sums, one after another, to the panels. Sums are repeated where they do not fill one,
  /// and up to seven may be left out.
  package mutating func load(_ sums: UnsafePointer<Double>, count sumCount: Int) {
    count = max(1, sumCount / Self.width)
    tombola_panels_f64(sums, sumCount, entries, Self.apart, count, values.base)
  }

  /// Bytes of the panels of 2^g sums of g + 1 entries.
  static func bytes(groupSize g: Int) -> Int { ByteCount.product(8, max(width, 1 << g), g + 1) }

  /// Writes a panel's squared distances from states that are `step` entries apart, eight a state.
  func distances(
    panel: Int, _ states: UnsafePointer<Double>, stateCount: Int, step: Int,
    to distances: UnsafeMutablePointer<Double>
  ) {
    tombola_eight_distances_f64(
      values.base + panel &* Self.width &* entries, states, stateCount, step, entries, distances)
  }
}

/// Finds the score that a given share of children do not exceed, as a sample of them says.
///
/// A sixteenth of the children is scored, at least 2¹⁰ and at most 2¹⁴ of them: for panels evenly
/// spread, each with eight states evenly spread. All is Float64 in a fixed order, so the cut
/// depends on the states only.
package struct PopulationCut {
  private static let sampled = 1 << 10...1 << 14
  /// Up to so many of the best scores are kept in order as they come; more are selected afterwards.
  private static let keptInOrder = 64

  /// States that meet a panel, at most.
  private static let together = 8

  private let sample = OwnedBuffer<Double>(count: sampled.upperBound)
  private let best = OwnedBuffer<Double>(count: keptInOrder + 1)

  package init() {}

  static let bytes = 8 * (sampled.upperBound + keptInOrder + 1)

  /// The scores that are taken of `pairs` children, at most.
  static func sampleSize(_ pairs: Int) -> Int { max(sampled.lowerBound, min(sampled.upperBound, pairs / 16)) }

  /// The score that about `wanted` children of `count` states do not exceed.
  ///
  /// - Parameters:
  ///   - pairs: the number of children, more than `wanted`.
  ///   - coordinates: the states, `entries` entries each.
  package func score(
    _ panels: SumPanels, states coordinates: UnsafePointer<Double>, entries: Int, count: Int, wanted: Int, of pairs: Int
  ) -> Double {
    let met = min(count, Self.together)
    let (each, apart) = (met * SumPanels.width, count / met)
    let groups = Self.sampleSize(pairs) / each
    for k in 0..<groups {
      panels.distances(
        panel: k &* panels.count / groups, coordinates + k &* apart / groups &* entries, stateCount: met,
        step: apart &* entries, to: sample.base + k &* each)
    }
    let taken = groups * each
    let place = min(taken - 1, taken * wanted / pairs)
    let value = place < Self.keptInOrder ? lowest(place, taken) : selectedScore(place, of: sample.base, taken)
    // The child that it was measured on passes, though its score is added up in another order.
    return value * (1 + 0x1p-44)
  }

  /// The value at a low place of the sample, as if it were sorted. NaN counts as infinite.
  private func lowest(_ place: Int, _ taken: Int) -> Double {
    tombola_least_f64(sample.base, taken, place + 1, best.base)
    return best.base[place]
  }
}

/// The value at a place of some scores, as if they were sorted. They are put into another order,
/// and NaN becomes infinite.
///
/// Complexity: 3·count on average.
func selectedScore(_ place: Int, of values: UnsafeMutablePointer<Double>, _ count: Int) -> Double {
  for k in 0..<count where values[k].isNaN { values[k] = .infinity }
  var (low, high) = (0, count - 1)
  while low < high {
    let pivot = values[(low + high) / 2]
    var (i, j) = (low, high)
    while i <= j {
      while values[i] < pivot { i += 1 }
      while values[j] > pivot { j -= 1 }
      if i <= j {
        (values[i], values[j]) = (values[j], values[i])
        i += 1
        j -= 1
      }
    }
    if place <= j { high = j } else if place >= i { low = i } else { break }
  }
  return values[place]
}
