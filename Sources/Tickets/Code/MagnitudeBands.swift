import Foundation

/// Bands of |u| from the longest to the shortest, which the word of a scalar tells without the
/// scalar.
///
/// |u| is the normal quantile of F, a uniform number that the word holds: the word's last 63 bits
/// for u > 0, their complement for u < 0. Each octave 2^(−z−1) ≤ F < 2^(−z) is cut into so many
/// bands of one width in F; what lies below the last octave belongs to the last band. Integers
/// alone decide, so every machine finds the same bands.
package struct MagnitudeBands: Sendable, Hashable {
  /// Bands of an octave.
  package let perOctave: Int

  /// Octaves that are cut into bands.
  package static let octaves = 16
  /// What an octave may be cut into.
  package static let perOctaveRange = 1...15

  /// So many bands an octave; nil outside `perOctaveRange`.
  package init?(perOctave: Int) {
    guard Self.perOctaveRange.contains(perOctave) else { return nil }
    self.perOctave = perOctave
  }

  private init(uncheckedPerOctave perOctave: Int) { self.perOctave = perOctave }

  /// Bands of which each gives one filter where filters are chosen for their sums, the longest
  /// first: what a sum of m numbers misses shrinks by b / m of an octave with a filter that takes b
  /// bits, and so must |u|.
  ///
  /// b is reckoned for a band of the third octave, and less what a search of partial sums loses.
  ///
  /// - Parameters:
  ///   - dimension: m.
  ///   - filters: of one half.
  package static func oneFilterEach(dimension: Int, filters: Int) -> MagnitudeBands {
    var perOctave = 1
    while perOctave < perOctaveRange.upperBound {
      let bits = log2(max(2, Double(filters) / 8 / Double(perOctave))) - 0.8
      if Double(perOctave) + 0.5 > Double(dimension) / max(1, bits) { break }
      perOctave += 1
    }
    return MagnitudeBands(uncheckedPerOctave: perOctave)
  }

  /// All bands.
  package var count: Int { Self.octaves * perOctave }

  /// The band of a scalar's word, 0 for the longest.
  package func band(ofWord word: UInt64) -> Int {
    let fraction = (word >> 63 == 1 ? word : ~word) << 1
    let zeros = fraction.leadingZeroBitCount
    if zeros >= Self.octaves { return count - 1 }
    let behind = ((fraction << UInt64(zeros)) << 1) >> 32
    return (zeros + 1) * perOctave - 1 - Int((behind &* UInt64(perOctave)) >> 32)
  }

  /// Where a band begins and ends in F.
  package func fractions(of band: Int) -> ClosedRange<Double> {
    let (octave, place) = band.quotientAndRemainder(dividingBy: perOctave)
    let unit = Double(sign: .plus, exponent: -octave - 1, significand: 1)
    let step = unit / Double(perOctave)
    let high = 2 * unit - Double(place) * step
    return (band == count - 1 ? 0 : high - step)...high
  }
}
