import Foundation
import LinearAlgebra
import RunControl

/// The subsets of a superposition search's beam, all of as many candidates and bits.
struct SuperpositionStates: Sendable {
  /// The best subset of each size.
  private(set) var curve: SuperpositionCurve
  /// Bits of each subset.
  private(set) var bits = 0.0
  /// What errors are in the end.
  private let final: SuperpositionMetric?
  /// How they are measured now.
  private var metric: SuperpositionMetric?
  let dimension: Int
  private var states: [State]

  private struct State: Sendable {
    /// Its last candidate, an index of `links`; −1 for the empty subset.
    var link: Int
    /// The squares of `felt`.
    var error: Double
    /// What the target has and the subset has not.
    var residual: [Double]
    /// The same as the band's metric measures it.
    var felt: [Double]
  }

  init(target: [Double], metric: SuperpositionMetric?) {
    final = metric
    self.metric = metric
    dimension = target.count
    let felt = metric?.felt(target) ?? target
    let energy = Self.squares(felt)
    curve = SuperpositionCurve(energy: energy)
    states = [State(link: -1, error: energy, residual: target, felt: felt)]
  }

  private static func squares(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }

  /// Measures all subsets by another metric.
  mutating func measure(by metric: SuperpositionMetric) {
    self.metric = metric
    for s in states.indices {
      states[s].felt = metric.felt(states[s].residual)
      states[s].error = Self.squares(states[s].felt)
    }
  }

  /// The least error of all subsets.
  var leastError: Double { states.reduce(.infinity) { min($0, $1.error) } }

  /// z for candidates of such a scale: u·E|v|² / σ for the subset of least error, where σ² is the
  /// variance of a candidate's inner product with what is missing, over its scale.
  func demand(scale: Double) -> Double {
    guard let best = states.min(by: { $0.error < $1.error }), best.error > 0 else { return .infinity }
    let squares = metric?.squares(dimension: dimension) ?? Double(dimension)
    let pulled = metric?.pulled(best.felt) ?? best.felt
    return scale * squares / Self.squares(pulled).squareRoot()
  }

  /// Adds one candidate of a band to each subset and keeps the `width` best of all that can be.
  ///
  /// - Parameter taken: candidates of this band that each subset has already.
  mutating func extend(
    by band: SuperpositionBand, _ index: Int, bits: Double, width: Int, taken: Int, tileRows: Int, workers: Int
  ) throws {
    let rows = band.candidates.count
    // As many parts as cores; which children are best does not depend on the parts.
    let parts = max(1, min(workers, rows / max(1, tileRows)))
    let length = (rows + parts - 1) / parts
    // A subset comes once from each of its candidates of this band, and may come with one twice.
    let count = width * (taken == 0 ? 1 : taken + 2)
    let scan = try SuperpositionScan(
      felt: states.map(\.felt), errors: states.map(\.error), band: band, count: count, tileRows: tileRows)
    @Sendable func part(_ number: Int) throws -> [SuperpositionScan.Child] {
      // Products of tiles are too small for more threads, which would spin between them.
      try BLASLibrary.withThreads(1) {
        try scan.children(of: min(rows, number * length)..<min(rows, (number + 1) * length))
      }
    }
    let children =
      parts == 1
      ? try part(0) : try Workers.map(count: parts, workers: workers, part).joined().sorted { $0.precedes($1) }
    var (next, sets): ([State], Set<BandSet>) = ([], [])
    for child in children where next.count < width {
      if taken > 0 {
        let (name, link) = (band.names[child.row], states[child.parent].link)
        let own = curve.names(ofBand: index, at: link)
        let set = BandSet(before: curve.link(before: index, at: link), names: Set(own + [name]))
        if own.contains(name) || !sets.insert(set).inserted { continue }
      }
      next.append(grown(child, band, index))
    }
    if next.isEmpty { return }
    self.bits += bits
    states = next
    // By the final metric another one than the first may be the best.
    let errors = states.map { state in final.map { Self.squares($0.felt(state.residual)) } ?? state.error }
    if let best = errors.indices.min(by: { (errors[$0], $0) < (errors[$1], $1) }) {
      curve.append(.init(link: states[best].link, bits: self.bits, error: errors[best]))
    }
  }

  /// What tells subsets of several candidates of one band from each other.
  private struct BandSet: Hashable {
    /// The last candidate of the bands before.
    let before: Int
    let names: Set<UInt32>
  }

  private mutating func grown(
    _ child: SuperpositionScan.Child, _ band: SuperpositionBand, _ index: Int
  ) -> State {
    var state = states[child.parent]
    state.error = child.error
    for k in 0..<dimension { state.felt[k] -= band.candidates.coordinate(child.row, k) }
    if let plain = band.plain, case .factored(let scales, _) = band.candidates.storage {
      let scale = Double(scales[child.row])
      for k in 0..<dimension { state.residual[k] -= scale * Double(plain[child.row, k]) }
    } else {
      state.residual = state.felt
    }
    state.link = curve.link(to: band.names[child.row], of: index, after: state.link)
    return state
  }
}
