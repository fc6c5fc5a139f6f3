import SubsetSumKernels

/// How far a residual lies from what candidates that are not decided yet can reach.
///
/// Write each of `remaining` candidates x as its half and a sign, x/2 ± x/2. Over random signs the
/// sum of the ± x/2 has mean 0 and the covariance C = ¼·Σ x·xᵀ. The density with which such sums
/// come within a tolerance δ a coordinate of a residual r, as a normal distribution estimates it,
/// falls with
///
///     rᵀ(C + δ²I)⁻¹r  =  ‖L⁻¹r‖₂²,   where L·Lᵀ = C + δ²I,
///
/// so of two residuals the one with the shorter L⁻¹r has more subsets that end close to the target.
///
/// Everything is Float64 in a fixed order: it takes part in decisions.
package struct ReachMetric {
  /// m, the entries of a residual.
  package let dimension: Int
  /// Entries from one row of the matrix to the next.
  package let stride: Int
  /// L⁻¹, with zeros above the diagonal.
  private let inverse: OwnedBuffer<Double>

  /// The metric of a covariance C + δ²I, of which the lower triangle is read.
  ///
  /// Complexity: ⅔·m³.
  package init(covariance: UnsafePointer<Double>, dimension m: Int, stride: Int) {
    dimension = m
    self.stride = stride
    let factor = OwnedBuffer<Double>(count: m * stride)
    inverse = OwnedBuffer<Double>(count: m * stride)
    factor.base.initialize(repeating: 0, count: m * stride)
    inverse.base.initialize(repeating: 0, count: m * stride)
    for i in 0..<m {
      let row = factor.base + i * stride
      for j in 0..<i {
        let other = factor.base + j * stride
        row[j] = (covariance[i * stride + j] - fixedOrderDot(row, other, j)) / other[j]
      }
      let pivot = covariance[i * stride + i] - fixedOrderDot(row, row, i)
      // Rounding can leave no positive pivot where coordinates are multiples of each other.
      let least = covariance[i * stride + i] * 0x1p-48
      row[i] = (pivot > least ? pivot : max(least, Double.leastNormalMagnitude)).squareRoot()
      Self.appendInverseRow(i, row, inverse.base, stride)
    }
  }

  /// Row i of L⁻¹ from row i of L and the rows of L⁻¹ before.
  private static func appendInverseRow(
    _ i: Int, _ row: UnsafePointer<Double>, _ inverse: UnsafeMutablePointer<Double>, _ stride: Int
  ) {
    let target = inverse + i &* stride
    for k in 0..<i {
      let (factor, earlier) = (row[k], inverse + k &* stride)
      for j in 0...k { target[j] -= factor * earlier[j] }
    }
    let diagonal = 1 / row[i]
    for j in 0..<i { target[j] *= diagonal }
    target[i] = diagonal
  }

  /// Writes L⁻¹r for `count` vectors.
  ///
  /// Complexity: m²/2 a vector.
  ///
  /// - Parameters:
  ///   - vectors: m entries each, `vectorStride` apart.
  ///   - products: room for m entries each, `productStride` apart.
  ///   - scratch: room for 16·m entries.
  package func whiten(
    _ vectors: UnsafePointer<Double>, vectorStride: Int, count: Int, to products: UnsafeMutablePointer<Double>,
    productStride: Int, scratch: UnsafeMutablePointer<Double>
  ) {
    tombola_lower_product_f64(
      inverse.base, dimension, stride, vectors, vectorStride, count, products, productStride, scratch)
  }
}
