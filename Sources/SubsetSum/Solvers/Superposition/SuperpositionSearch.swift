import Foundation
import LinearAlgebra
import RunControl

/// Subsets as a code of their target: which of them has the least squared error + price · bits?
///
/// Candidates come in bands of about one length, the longest first. To name one of a band of M
/// takes log₂ M bits and a little, so a search wants each choice to lower the error by as much as
/// its bits are worth. What is missing while there are bands to come is not an error yet: the bands
/// say how it is measured there (`metric(of:)`), so that it counts by what shorter candidates
/// cannot make up for. A subset is judged by bits + error / price in that measure. One that is
/// behind (with an error that is long beside the candidates to come) takes what it can get, one
/// that is ahead only what gains much. Band after band a beam keeps the best subsets, those that
/// pass a band over among them; in the end the curve has all that ever were in the beam.
///
/// Sums of random vectors chosen so are the superposition codes of Barron and Joseph;
/// Venkataramanan, Sarkar and Tatikonda (arXiv 1212.1707) prove that their greedy encoding reaches
/// the bound in the limit.
///
/// All subsets of the beam are scored against a tile of candidates by one GEMM in Float32, which
/// only shortlists: what lies within a bound on its rounding of the cut is summed again in Float64
/// in a fixed order, and ordered by (judgement, subset, candidate).
package struct SuperpositionSearch: Sendable {
  /// Subsets kept from band to band, 1 to `greatestWidth`.
  package var width = 64
  /// Times that a band may add a candidate to a subset.
  package var choicesPerBand = 2
  /// Cores for scoring.
  package var workers = 1
  /// Candidates scored at once.
  package var tileRows = 1024

  /// More subsets than any search keeps.
  package static let greatestWidth = 1 << 16

  /// Bytes that a beam takes, of subsets of m numbers: each is kept twice over in Float64, before
  /// and after a band, and once in Float32.
  package static func bytes(width: Int, dimension: Int) -> Int { ByteCount.product(width, dimension, 36) }

  /// A search with the default beam.
  package init() {}

  /// Searches subsets of up to so many bits.
  ///
  /// - Parameters:
  ///   - target: m numbers.
  ///   - bands: candidates of m coordinates.
  ///   - price: the squared error that a bit is worth; one that is no normal number above 0 buys
  ///     nothing.
  ///   - greatestBits: no subset gets more.
  ///   - control: asked for a stop before each band.
  /// - Returns: all subsets that entered the beam, those of a search that had to stop too.
  /// - Throws: what `bands` throws, but for `Interruption`.
  /// - Complexity: 2·m·width operations a candidate and choice; memory of a band and of width · m
  ///   numbers.
  package func curve(
    target: [Double], bands: some SuperpositionBands, price: Double, greatestBits: Double,
    control: RunControl = RunControl()
  ) throws -> SuperpositionCurve {
    precondition((1...Self.greatestWidth).contains(width), "a beam of 1 to 2^16")
    var states = SuperpositionStates(target: target, metric: bands.metric, worth: 1 / price)
    guard states.leastError > 0, price > 0, price.isNormal else { return states.curve }
    do { try extend(&states, bands, greatestBits, control) } catch is Interruption {}
    return states.curve
  }

  private func extend(
    _ states: inout SuperpositionStates, _ bands: some SuperpositionBands, _ greatestBits: Double, _ control: RunControl
  ) throws {
    for index in 0..<bands.count {
      try control.checkInterruption()
      let length = try bands.expectedLength(of: index)
      if let metric = try bands.metric(of: index) { states.measure(by: metric) }
      // A vector at most half along the residual makes a longer one than it is no shorter.
      guard length * length <= states.greatestError, let band = try bands.band(index) else { continue }
      for _ in 0..<choicesPerBand {
        let hasGrown = try states.extend(
          by: band, index, width: width, tileRows: tileRows, workers: workers, greatestBits: greatestBits)
        if !hasGrown { break }
      }
      if states.leastBits > greatestBits - band.bits { break }
    }
  }
}
