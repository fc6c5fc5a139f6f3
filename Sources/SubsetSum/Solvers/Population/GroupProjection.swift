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
  /// T: g rows of g entries, of which the lower triangle is defined.
  private let factor: OwnedBuffer<Double>

  /// The entries of a state or a sum.
  package var coordinateCount: Int { size + 1 }

  /// The projection of candidates of `stride` entries each, one after another.
  ///
  /// Complexity: g·m² + g²·m.
  package init(_ candidates: UnsafePointer<Double>, count g: Int, metric: ReachMetric) {
    (size, dimension, stride) = (g, metric.dimension, metric.stride)
    let (m, stride) = (dimension, stride)
    rows = OwnedBuffer(count: g * stride)
    inverse = OwnedBuffer(count: g * g)
    let scratch = OwnedBuffer<Double>(count: 16 * m)
    for k in 0..<g * stride { rows.base[k] = candidates[k] / 2 }
    metric.whiten(rows.base, count: g)
    factor = OwnedBuffer(count: g * g)
    for i in 0..<g {
      for j in 0...i { factor.base[i * g + j] = fixedOrderDot(rows.base + i * stride, rows.base + j * stride, m) }
    }
    Self.factorize(factor.base, dimension: g)
    metric.unwhiten(rows.base, count: g, scratch: scratch.base)
    for i in 0..<g {
      let row = rows.base + i * stride
      for k in 0..<i {
        let (earlier, weight) = (rows.base + k * stride, factor.base[i * g + k])
        for j in 0..<m { row[j] -= weight * earlier[j] }
      }
      for j in 0..<m { row[j] /= factor.base[i * g + i] }
    }
    Self.invert(factor.base, g, to: inverse.base)
  }

  /// Replaces the lower triangle of a small symmetric matrix by its Cholesky factor.
  ///
  /// Rounding can leave no positive pivot where rows are multiples of each other. A pivot is then
  /// 2⁻⁴⁸ of its diagonal entry.
  private static func factorize(_ matrix: UnsafeMutablePointer<Double>, dimension g: Int) {
    for i in 0..<g {
      let row = matrix + i &* g
      for j in 0..<i {
        let other = matrix + j &* g
        row[j] = (row[j] - fixedOrderDot(row, other, j)) / other[j]
      }
      let pivot = row[i] - fixedOrderDot(row, row, i)
      let least = row[i] * 0x1p-48
      row[i] = (pivot > least ? pivot : max(least, Double.leastNormalMagnitude)).squareRoot()
    }
  }

  /// Writes Tᵀs and a zero for a group with equal candidates: its member i stands for `counts[i]`
  /// of them and is √counts[i] times as long as one. So s_i runs from −√counts[i] to √counts[i],
  /// for the first member fastest.
  func writeSums(of counts: [Int], to sums: UnsafeMutablePointer<Double>) {
    let (g, width, factor) = (size, size + 1, factor.base)
    sums.update(repeating: 0, count: width)
    for i in 0..<g {
      for j in 0...i { sums[j] -= Double(counts[i]).squareRoot() * factor[i * g + j] }
    }
    var filled = 1
    for i in 0..<g {
      let step = 2 / Double(counts[i]).squareRoot()
      for c in filled..<filled * (counts[i] + 1) {
        let (from, to) = (sums + (c - filled) &* width, sums + c &* width)
        for j in 0..<width { to[j] = j <= i ? from[j] + step * factor[i &* g + j] : from[j] }
      }
      filled *= counts[i] + 1
    }
  }

  /// Writes Tᵀs, with s_i = 1 where bit i of c is set and −1 elsewhere, and a zero to row c of 2^g
  /// rows of g + 1 entries.
  ///
  /// Complexity: 2^g·g.
  package func writeSums(to sums: UnsafeMutablePointer<Double>) {
    tombola_signed_sums_f64(factor.base, size, sums)
  }

  /// Writes B⁻¹ where B·Bᵀ = I + TᵀT.
  private static func invert(_ factor: UnsafePointer<Double>, _ g: Int, to inverse: UnsafeMutablePointer<Double>) {
    let square = OwnedBuffer<Double>(count: g * g)
    for i in 0..<g {
      for j in 0...i {
        square.base[i * g + j] = (i..<g).reduce(i == j ? 1 : 0) { $0 + factor[$1 * g + i] * factor[$1 * g + j] }
      }
    }
    factorize(square.base, dimension: g)
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

  /// States that are projected together.
  static let states = 16
}
