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
  /// Cores.
  private let workers: Int
  /// Each subset's last candidate, an index of the curve's links; −1 for the empty subset.
  private var links = [-1]
  /// What the target has and each subset has not, a row of m entries each.
  private var residuals: [Double]
  /// The same as the band's metric measures it.
  private var felt: [Double]
  /// The squares of each row of `felt`.
  private var errors: [Double]

  init(target: [Double], metric: SuperpositionMetric?, workers: Int) {
    (final, self.metric, self.workers) = (metric, metric, workers)
    (dimension, residuals) = (target.count, target)
    felt = metric?.felt(target) ?? target
    errors = [felt.reduce(0) { $0 + $1 * $1 }]
    curve = SuperpositionCurve(energy: errors[0])
  }

  /// Measures all subsets by another metric.
  mutating func measure(by metric: SuperpositionMetric) throws {
    self.metric = metric
    felt = try [Double](unsafeUninitializedCapacity: residuals.count) { felt, initialized in
      errors = try metric.squares(residuals, of: dimension, workers: workers, felt: felt.baseAddress)
      initialized = residuals.count
    }
  }

  /// The least error of all subsets.
  var leastError: Double { errors.reduce(.infinity) { min($0, $1) } }

  /// z for candidates of such a scale: u·E|v|² / σ for the subset of least error, where σ² is the
  /// variance of a candidate's inner product with what is missing, over its scale.
  func demand(scale: Double) -> Double {
    guard let best = errors.indices.min(by: { errors[$0] < errors[$1] }), errors[best] > 0 else { return .infinity }
    let squares = metric?.squares(dimension: dimension) ?? Double(dimension)
    let own = Array(felt[best * dimension..<(best + 1) * dimension])
    let pulled = metric?.pulled(own) ?? own
    return scale * squares / pulled.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// Adds one candidate of a band to each subset and keeps the `width` best of all that can be.
  ///
  /// - Parameter taken: candidates of this band that each subset has already.
  mutating func extend(
    by band: SuperpositionBand, _ index: Int, bits: Double, width: Int, taken: Int, tileRows: Int
  ) throws {
    let rows = band.candidates.count
    // As many parts as cores; which children are best does not depend on the parts.
    let parts = max(1, min(workers, rows / max(1, tileRows)))
    let length = (rows + parts - 1) / parts
    // A subset comes once from each of its candidates of this band, and may come with one twice.
    let count = width * (taken == 0 ? 1 : taken + 2)
    let scan = try SuperpositionScan(felt: felt, errors: errors, band: band, count: count, tileRows: tileRows)
    @Sendable func part(_ number: Int) throws -> [SuperpositionScan.Child] {
      // Products of tiles are too small for more threads, which would spin between them.
      try BLASLibrary.withThreads(1) {
        try scan.children(of: min(rows, number * length)..<min(rows, (number + 1) * length))
      }
    }
    let children =
      parts == 1
      ? try part(0) : try Workers.map(count: parts, workers: workers, part).joined().sorted { $0.precedes($1) }
    var (next, sets): ([SuperpositionScan.Child], Set<BandSet>) = ([], [])
    for child in children where next.count < width {
      if taken > 0 {
        let (name, link) = (band.names[child.row], links[child.parent])
        let own = curve.names(ofBand: index, at: link)
        let set = BandSet(before: curve.link(before: index, at: link), names: Set(own + [name]))
        if own.contains(name) || !sets.insert(set).inserted { continue }
      }
      next.append(child)
    }
    if next.isEmpty { return }
    self.bits += bits
    grow(next, band, index)
    // By the final metric another one than the first may be the best.
    let errors = try final?.squares(residuals, of: dimension, workers: workers) ?? errors
    if let best = errors.indices.min(by: { (errors[$0], $0) < (errors[$1], $1) }) {
      curve.append(.init(link: links[best], bits: self.bits, error: errors[best]))
    }
  }

  /// What tells subsets of several candidates of one band from each other.
  private struct BandSet: Hashable {
    /// The last candidate of the bands before.
    let before: Int
    let names: Set<UInt32>
  }

  /// Puts the children in the place of all subsets.
  private mutating func grow(_ children: [SuperpositionScan.Child], _ band: SuperpositionBand, _ index: Int) {
    guard case .factored(let scales, let measured) = band.candidates.storage else {
      preconditionFailure("a band's candidates are Float32 vectors and scales")
    }
    felt = rows(of: felt, children, scales, measured)
    residuals = band.plain.map { rows(of: residuals, children, scales, $0) } ?? felt
    errors = children.map(\.error)
    links = children.map { curve.link(to: band.names[$0.row], of: index, after: links[$0.parent]) }
  }

  /// Each child's row: its parent's less its candidate.
  private func rows(
    of parents: [Double], _ children: [SuperpositionScan.Child], _ scales: [Float], _ vectors: Matrix<Float>
  ) -> [Double] {
    let m = dimension
    return [Double](unsafeUninitializedCapacity: children.count * m) { rows, initialized in
      parents.withUnsafeBufferPointer { parents in
        vectors.values.withUnsafeBufferPointer { vectors in
          guard let parents = parents.baseAddress, let vectors = vectors.baseAddress, let rows = rows.baseAddress
          else { return }
          for (place, child) in children.enumerated() {
            fixedOrderDifference(
              parents + child.parent * m, vectors + child.row * m, scale: Double(scales[child.row]),
              into: rows + place * m, m)
          }
        }
      }
      initialized = children.count * m
    }
  }
}
