import SubsetSumKernels

/// Compares the children of one group of g candidates in g + 1 coordinates instead of m.
///
/// The 2^g signed half sums of a group span g dimensions, so how they change a state's score
/// depends on g coordinates of its residual. With the metric A = C + δ²I of what remains after the
/// group, X the m×g matrix of its candidates, s their signs and T·Tᵀ = ¼·XᵀA⁻¹X,
///
///     ‖r − ½X·s‖²_A  =  ‖y − Tᵀs‖₂² + ρ,   y = T⁻¹·½XᵀA⁻¹r,   ρ = rᵀA⁻¹r − ‖y‖₂².
///
/// ρ is the same for all children of a state. It follows from the state's score before the group,
/// σ = rᵀ(A + ¼XXᵀ)⁻¹r, by the matrix inversion lemma (Woodbury 1950): ρ = σ − yᵀ(I + TᵀT)⁻¹y. So a
/// state costs g·m multiplications and a child g + 1, where whitening residuals takes m²/2 and m.
///
/// Everything is Float64 in a fixed order: it takes part in decisions.
package struct GroupProjection {
  /// g, the candidates of the group.
  package let size: Int
  private let dimension: Int
  private let stride: Int
  /// T⁻¹·½XᵀA⁻¹: g rows of `stride` entries.
  private let rows: OwnedBuffer<Double>
  /// B⁻¹, where B·Bᵀ = I + TᵀT: g rows of g entries, zeros above the diagonal.
  private let inverse: OwnedBuffer<Double>
  /// Row c is Tᵀs with s_i = 1 where bit i of c is set and −1 elsewhere, and a zero: 2^g rows of
  /// g + 1 entries.
  let sums: OwnedBuffer<Double>

  /// The rows of `sums`, one after another.
  package var sumRows: UnsafePointer<Double> { UnsafePointer(sums.base) }
  /// The entries of a state or a sum.
  package var coordinateCount: Int { size + 1 }

  /// The projection of candidates of `stride` entries each, one after another.
  ///
  /// Complexity: g·m² + g²·m + 2^g·g.
  package init(_ candidates: UnsafePointer<Double>, count g: Int, metric: ReachMetric) {
    (size, dimension, stride) = (g, metric.dimension, metric.stride)
    let (m, stride) = (dimension, stride)
    rows = OwnedBuffer(count: g * stride)
    inverse = OwnedBuffer(count: g * g)
    for k in 0..<g * stride { rows.base[k] = candidates[k] / 2 }
    for i in 0..<g { metric.whiten(rows.base + i * stride) }
    let factor = OwnedBuffer<Double>(count: g * g)
    for i in 0..<g {
      for j in 0...i { factor.base[i * g + j] = fixedOrderDot(rows.base + i * stride, rows.base + j * stride, m) }
    }
    ReachMetric.factorize(factor.base, dimension: g, stride: g)
    for i in 0..<g {
      let row = rows.base + i * stride
      metric.unwhiten(row)
      for k in 0..<i {
        let (earlier, weight) = (rows.base + k * stride, factor.base[i * g + k])
        for j in 0..<m { row[j] -= weight * earlier[j] }
      }
      for j in 0..<m { row[j] /= factor.base[i * g + i] }
    }
    sums = Self.signedSums(factor.base, g)
    Self.invert(factor.base, g, to: inverse.base)
  }

  /// Row c is Tᵀs and a zero.
  private static func signedSums(_ factor: UnsafePointer<Double>, _ g: Int) -> OwnedBuffer<Double> {
    let width = g + 1
    let sums = OwnedBuffer<Double>(count: width << g)
    for j in 0..<width { sums.base[j] = (0..<g).reduce(0) { $1 < j || j == g ? $0 : $0 - factor[$1 * g + j] } }
    for bit in 0..<g {
      for c in 0..<1 << bit {
        let (from, to) = (sums.base + c &* width, sums.base + (c | 1 << bit) &* width)
        for j in 0..<width { to[j] = j <= bit ? from[j] + 2 * factor[bit &* g + j] : from[j] }
      }
    }
    return sums
  }

  /// Writes B⁻¹ where B·Bᵀ = I + TᵀT.
  private static func invert(_ factor: UnsafePointer<Double>, _ g: Int, to inverse: UnsafeMutablePointer<Double>) {
    let square = OwnedBuffer<Double>(count: g * g)
    for i in 0..<g {
      for j in 0...i {
        square.base[i * g + j] = (i..<g).reduce(i == j ? 1 : 0) { $0 + factor[$1 * g + i] * factor[$1 * g + j] }
      }
    }
    ReachMetric.factorize(square.base, dimension: g, stride: g)
    inverse.update(repeating: 0, count: g * g)
    for i in 0..<g {
      let row = inverse + i * g
      for k in 0..<i { for j in 0...k { row[j] -= square.base[i * g + k] * inverse[k * g + j] } }
      for j in 0..<i { row[j] /= square.base[i * g + i] }
      row[i] = 1 / square.base[i * g + i]
    }
  }

  /// Writes y and √ρ of `count` states, g + 1 entries each.
  ///
  /// Complexity: g·m + g² a state.
  ///
  /// - Parameters:
  ///   - residuals: `stride` entries each.
  ///   - scores: σ of each state, in the metric before the group.
  ///   - coordinates: room for g + 1 entries a state.
  ///   - scratch: room for 16·m entries.
  package func project(
    _ residuals: UnsafePointer<Double>, scores: UnsafePointer<Double>, count: Int,
    to coordinates: UnsafeMutablePointer<Double>, scratch: UnsafeMutablePointer<Double>
  ) {
    tombola_projections_f64(
      rows.base, inverse.base, size, stride, dimension, residuals, scores, count, coordinates, scratch)
  }
}
