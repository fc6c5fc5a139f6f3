import Foundation

/// Bands of |u| from the longest to the shortest, which the word of a scalar tells without the
/// scalar.
///
/// |u| is the normal quantile of F, a uniform number that the word holds: the word's last 63 bits
/// for u > 0, their complement for u < 0. Band k holds the F of E_{k+1} to E_k, from E₀ = 1 down by
///
///     E_{k+1} = E_k · (1 − w_k · (1 − (1 − w_k) · E_k / 4))
///
/// so that |u| falls by about w_k from band to band: near F = 1 it falls faster than F. w begins at
/// g / 1024, and each w_{k+1} = w_k · (1 − 1/m), down to a quarter of the first. Integers alone
/// decide, so every machine finds the same bands.
package struct MagnitudeBands: Sendable {
  /// g: which part of all filters the first band has, in 1024ths.
  package let first: Int
  /// E_k in 2⁻³², and 0 behind the last band.
  private let edges: [UInt64]
  /// A band at or before that of all F of so many leading zeros and bits behind them.
  private let guesses: [Int16]

  /// What g may be.
  package static let firstRange = 1...1023
  /// More bands than any cut has.
  package static let greatestCount = 1024
  /// F up to which all scalars belong to the last band, in 2⁻³².
  private static let last: UInt64 = 1 << 16
  /// Bits behind the leading one of F that the table of guesses reads.
  private static let guessBits = 6

  /// Bands that begin with g 1024ths of all filters; nil outside `firstRange`.
  ///
  /// - Parameter dimension: m, 1 or more.
  package init?(first: Int, dimension: Int) {
    guard Self.firstRange.contains(first), dimension > 0 else { return nil }
    self.init(unchecked: first, dimension)
  }

  private init(unchecked first: Int, _ dimension: Int) {
    self.first = first
    var (edges, width): ([UInt64], UInt64) = ([1 << 32], UInt64(first) << 22)
    let least = width / 4
    while let edge = edges.last, edge > Self.last, edges.count < Self.greatestCount {
      let less = (((1 << 32) - width) * (edge / 4)) >> 32
      let part = width - (width * less) >> 32
      edges.append(edge - (edge * part) >> 32)
      width = max(least, width - width / UInt64(dimension))
    }
    edges[edges.count - 1] = 0
    self.edges = edges
    // From the largest F to the smallest, so that bands only go up.
    var guesses = [Int16](repeating: 0, count: 33 << Self.guessBits)
    var band = 0
    for zeros in 0...32 {
      for behind in (0..<1 << Self.guessBits).reversed() {
        let high = ((1 << 32) + (UInt64(behind + 1) << (32 - Self.guessBits))) >> UInt64(zeros + 1)
        while band + 1 < edges.count - 1, edges[band + 1] >= high { band += 1 }
        guesses[zeros << Self.guessBits | behind] = Int16(band)
      }
    }
    self.guesses = guesses
  }

  /// Bands of which each gives one filter where filters are chosen for their sums, the longest
  /// first: what a sum of m numbers misses shrinks by b / m of an octave with a filter that takes b
  /// bits, and so must |u|. Bands get smaller with |u|, and b with them, as w does.
  ///
  /// What b loses in a search of partial sums was measured; in few dimensions a filter of any
  /// length may lower the error much, and narrower bands leave more choice between them.
  ///
  /// - Parameters:
  ///   - dimension: m, 1 or more.
  ///   - filters: of one half.
  package static func oneFilterEach(dimension: Int, filters: Int) -> MagnitudeBands {
    let lost = 26 / Double(dimension) - 0.25
    var part = 0.5
    for _ in 0..<50 {
      let bits = max(1, log2(max(2, Double(filters) * part)) - lost)
      part = 1 - exp2(-bits / Double(dimension))
    }
    let first = Int((1024 * part).rounded())
    return MagnitudeBands(
      unchecked: max(firstRange.lowerBound, min(firstRange.upperBound, first)), dimension)
  }

  /// All bands.
  package var count: Int { edges.count - 1 }

  /// The band of a scalar's word, 0 for the longest.
  package func band(ofWord word: UInt64) -> Int { withLookup { $0.band(ofWord: word) } }

  /// The tables that words' bands are looked up in.
  struct Lookup {
    fileprivate let edges: UnsafePointer<UInt64>
    fileprivate let guesses: UnsafePointer<Int16>

    /// The band of a scalar's word.
    @inline(__always) func band(ofWord word: UInt64) -> Int {
      let fraction = (word >> 63 == 1 ? word : ~word) << 1
      let high = fraction >> 32
      let zeros = min(32, fraction.leadingZeroBitCount)
      let behind = ((fraction << UInt64(zeros)) << 1) >> UInt64(64 - MagnitudeBands.guessBits)
      var band = Int(guesses[zeros << MagnitudeBands.guessBits | Int(behind)])
      // Behind the last band stands 0, which no F is below.
      while edges[band + 1] > high { band += 1 }
      return band
    }
  }

  /// Calls `body` with the tables, which are valid for that long.
  func withLookup<Result>(_ body: (Lookup) -> Result) -> Result {
    edges.withUnsafeBufferPointer { edges in
      guesses.withUnsafeBufferPointer { guesses in
        guard let edges = edges.baseAddress, let guesses = guesses.baseAddress else {
          preconditionFailure("bands have tables")
        }
        return body(Lookup(edges: edges, guesses: guesses))
      }
    }
  }

  /// Where a band begins and ends in F.
  package func fractions(of band: Int) -> ClosedRange<Double> {
    Double(edges[band + 1]) * 0x1p-32...Double(edges[band]) * 0x1p-32
  }
}
