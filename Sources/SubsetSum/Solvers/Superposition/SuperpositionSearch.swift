import Foundation
import LinearAlgebra
import RunControl

/// Subsets as a code of their target: which of them has the least squared error in so many bits?
///
/// Candidates come in bands of about one length, the longest first. To name one of a band of M
/// takes log₂ M bits and a little, so a search wants each choice to lower the error by as much as
/// its bits are worth. A subset is judged by
///
///     bits + m / (2 · efficiency) · log₂(squared error),
///
/// what it would have taken to come as far: a code at Shannon's bound lowers the squared error by
/// the factor 2^(−2/m) for every bit. Band after band a beam keeps the best subsets, those that
/// pass a band over among them; so one run meets subsets of all sizes, and the curve that it
/// returns is read at any number of bits. Sums of random vectors chosen so are the superposition
/// codes of Barron and Joseph; Venkataramanan, Sarkar and Tatikonda (arXiv 1212.1707) prove that
/// their greedy encoding reaches the bound in the limit.
///
/// All subsets of the beam are scored against a tile of candidates by one GEMM in Float32, which
/// only shortlists: what lies within a bound on its rounding of the cut is summed again in Float64
/// in a fixed order, and ordered by (judgement, subset, candidate).
package struct SuperpositionSearch: Sendable {
  /// Subsets kept from band to band by each beam.
  package var width = 64
  /// Times that a band may add a candidate to a subset.
  package var choicesPerBand = 3
  /// The parts of what Shannon's bound promises for a bit that subsets are expected to gain, a beam
  /// for each. The largest that candidates can keep up with finds most; where they cannot, its beam
  /// passes every band over, and the others have what there is.
  package var efficiencies = [0.65, 0.73, 0.8, 0.87]
  /// Beams in work at once, one a core.
  package var workers = 1
  /// Candidates scored at once.
  package var tileRows = 1024

  /// A search with the default beam.
  package init() {}

  /// Searches subsets of up to so many bits.
  ///
  /// - Parameters:
  ///   - target: m numbers.
  ///   - bands: candidates of m coordinates.
  ///   - greatestBits: no subset gets more.
  ///   - control: asked for a stop before each band.
  /// - Returns: all subsets that entered the beam.
  /// - Throws: `Interruption`; what `bands` throws.
  /// - Complexity: 2·m·width operations a candidate, choice and beam; memory of a band and width
  ///   · m numbers a beam.
  package func curve(
    target: [Double], bands: some SuperpositionBands, greatestBits: Double, control: RunControl = RunControl()
  ) throws -> SuperpositionCurve {
    var beams = efficiencies.map {
      SuperpositionStates(target: target, worth: Double(target.count) / (2 * $0))
    }
    guard let first = beams.first, first.leastError > 0 else { return SuperpositionCurve(merging: beams.map(\.curve)) }
    for index in 0..<bands.count {
      try control.checkInterruption()
      // A vector at most half along the residual makes a longer one than it is no shorter.
      let length = bands.expectedLength(of: index)
      let open = beams.indices.filter { length * length <= beams[$0].greatestError }
      if open.isEmpty { continue }
      guard let band = try bands.band(index) else { continue }
      let before = beams
      @Sendable func extended(_ place: Int) throws -> SuperpositionStates {
        var states = before[open[place]]
        for _ in 0..<choicesPerBand {
          guard try states.extend(by: band, index, width: width, tileRows: tileRows, greatestBits: greatestBits)
          else { break }
        }
        return states
      }
      let grown =
        workers == 1
        ? try open.indices.map(extended) : try Workers.map(count: open.count, workers: workers, extended)
      for (place, beam) in open.enumerated() { beams[beam] = grown[place] }
      if beams.allSatisfy({ $0.leastBits > greatestBits - band.bits }) { break }
    }
    return SuperpositionCurve(merging: beams.map(\.curve))
  }
}
