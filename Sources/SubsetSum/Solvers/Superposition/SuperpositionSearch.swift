import Foundation
import LinearAlgebra
import RunControl

/// Subsets as a code of their target: one candidate of each band, the longest first.
///
/// Candidates come in bands of about one length. When each band gives exactly one, how many it
/// gives takes hardly any bits, and only which one has to be said: log₂ M bits for one of M. Bands
/// are cut so that what is missing shrinks from band to band as fast as candidates do. Where it has
/// not, all subsets take two of a band, and where it is short beside a band's candidates already,
/// all pass that band over, so that all subsets in work always have as many candidates of each band
/// and the same bits, and the one of least error is the best.
///
/// Whether candidates have the right length shows in z = u·E|v|² / σ: a candidate u·v with normal v
/// has the inner product u·z·σ with what is missing, on average over v as likely as the normal
/// number z, and lowers the error most if |u·v|² is as large as that. The largest of M normal
/// numbers is about √(2 ln M).
///
/// What is missing while there are bands to come is not an error yet: the bands say how it is
/// measured there (`metric(of:)`), so that it counts by what shorter candidates cannot make up for.
/// Band after band a beam keeps the best subsets; in the end the curve has the best of each size.
///
/// Sums of random vectors chosen so are the superposition codes of Barron and Joseph;
/// Venkataramanan, Sarkar and Tatikonda (arXiv 1212.1707) prove that their greedy encoding reaches
/// the bound in the limit.
///
/// All subsets of the beam are scored against a tile of candidates by one GEMM in Float32, which
/// only shortlists: what lies within a bound on its rounding of the cut is summed again in Float64
/// in a fixed order, and ordered by (error, subset, candidate).
package struct SuperpositionSearch: Sendable {
  /// Subsets kept from band to band, 1 to `greatestWidth`.
  package var width = 256
  /// Most candidates that a band gives.
  package var choicesPerBand = 4
  /// Cores for scoring.
  package var workers = 1
  /// Candidates scored at once.
  package var tileRows = 1024
  /// Bits that it takes to say how many candidates a band gives.
  package var bitsPerBand = 0.5

  /// More subsets than any search keeps.
  package static let greatestWidth = 1 << 16

  /// Bytes that a beam takes, of subsets of m numbers: each is kept twice over in Float64, before
  /// and after a band, and once in Float32.
  package static func bytes(width: Int, dimension: Int) -> Int { ByteCount.product(width, dimension, 36) }

  /// z of a band beside √(2 ln M) up to which it gives one candidate, and up to which another one.
  private static let (firstReach, nextReach) = (1.12, 0.85)
  /// Bands without a better subset after which the search ends: where a bit at Shannon's bound
  /// would lower the error by less than `nearEnd` prices, and elsewhere. What is missing is
  /// measured in another way while there are bands to come, so errors can grow for some bands.
  private static let (patience, patienceOnTheWay, nearEnd) = (5, 20, 3.0)

  /// A search with the default beam.
  package init() {}

  /// Searches subsets of up to so many bits.
  ///
  /// - Parameters:
  ///   - target: m numbers.
  ///   - bands: candidates of m coordinates.
  ///   - price: the squared error that a bit is worth: once bands no longer lower error + price ·
  ///     bits, the search ends. One that is no normal number above 0 buys nothing.
  ///   - greatestBits: no subset gets more.
  ///   - control: asked for a stop before each band.
  /// - Returns: the best subset of each size, those of a search that had to stop too.
  /// - Throws: what `bands` throws, but for `Interruption`.
  /// - Complexity: 2·m·width operations a candidate and choice; memory of a band and of width · m
  ///   numbers.
  package func curve(
    target: [Double], bands: some SuperpositionBands, price: Double, greatestBits: Double,
    control: RunControl = RunControl()
  ) throws -> SuperpositionCurve {
    precondition((1...Self.greatestWidth).contains(width), "a beam of 1 to 2^16")
    var states = SuperpositionStates(target: target, metric: bands.metric, workers: workers)
    guard states.leastError > 0, price > 0, price.isNormal else { return states.curve }
    do { try extend(&states, bands, price, greatestBits, control) } catch is Interruption {}
    return states.curve
  }

  private func extend(
    _ states: inout SuperpositionStates, _ bands: some SuperpositionBands, _ price: Double, _ greatestBits: Double,
    _ control: RunControl
  ) throws {
    var (leastCost, idle) = (Double.infinity, 0)
    for index in 0..<bands.count {
      try control.checkInterruption()
      let count = bands.candidateCount(of: index)
      if count == 0 { continue }
      if let metric = try bands.metric(of: index) { try states.measure(by: metric) }
      let (reach, scale) = ((2 * log(Double(count) + 1)).squareRoot(), bands.typicalScale(of: index))
      var (band, taken): (SuperpositionBand?, Int) = (nil, 0)
      while taken < min(choicesPerBand, count) {
        let isWanted = states.demand(scale: scale) <= (taken == 0 ? Self.firstReach : Self.nextReach) * reach
        let bits = log2(Double(count - taken) / Double(taken + 1)) + (taken == 0 ? bitsPerBand : 0)
        guard isWanted, states.bits + bits <= greatestBits else { break }
        band = try band ?? bands.band(index)
        guard let band else { break }
        try states.extend(by: band, index, bits: bits, width: width, taken: taken, tileRows: tileRows)
        taken += 1
      }
      if taken == 0 { continue }
      let best = states.curve.best(price: price)
      let cost = best.cost(price: price)
      idle = cost < leastCost ? 0 : idle + 1
      leastCost = min(leastCost, cost)
      let isNearEnd = best.error * 2 * log(2) <= Self.nearEnd * price * Double(states.dimension)
      if idle >= (isNearEnd ? Self.patience : Self.patienceOnTheWay) { break }
    }
  }
}
