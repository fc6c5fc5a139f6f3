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
  /// Entries from one row of the factor to the next.
  package let stride: Int
  /// L, of which the lower triangle is defined.
  private let factor: OwnedBuffer<Double>

  /// The metric of a covariance C + δ²I, of which the lower triangle is read.
  ///
  /// Complexity: m³/6.
  package init(covariance: UnsafePointer<Double>, dimension m: Int, stride: Int) {
    dimension = m
    self.stride = stride
    factor = OwnedBuffer<Double>(count: m * stride)
    for i in 0..<m { (factor.base + i * stride).update(from: covariance + i * stride, count: i + 1) }
    Self.factorize(factor.base, dimension: m, stride: stride)
  }

  /// Replaces the lower triangle of a symmetric matrix by its Cholesky factor.
  ///
  /// Rounding can leave no positive pivot where rows are multiples of each other. A pivot is then
  /// 2⁻⁴⁸ of its diagonal entry.
  static func factorize(_ matrix: UnsafeMutablePointer<Double>, dimension m: Int, stride: Int) {
    for i in 0..<m {
      let row = matrix + i &* stride
      for j in 0..<i {
        let other = matrix + j &* stride
        row[j] = (row[j] - fixedOrderDot(row, other, j)) / other[j]
      }
      let pivot = row[i] - fixedOrderDot(row, row, i)
      let least = row[i] * 0x1p-48
      row[i] = (pivot > least ? pivot : max(least, Double.leastNormalMagnitude)).squareRoot()
    }
  }

  /// Replaces a vector r of m entries by L⁻¹r.
  ///
  /// Complexity: m²/2.
  package func whiten(_ vector: UnsafeMutablePointer<Double>) {
    for i in 0..<dimension {
      let row = factor.base + i &* stride
      vector[i] = (vector[i] - fixedOrderDot(row, vector, i)) / row[i]
    }
  }

  /// Replaces a vector r of m entries by L⁻ᵀr.
  ///
  /// Complexity: m²/2.
  package func unwhiten(_ vector: UnsafeMutablePointer<Double>) {
    for i in (0..<dimension).reversed() {
      let row = factor.base + i &* stride
      let value = vector[i] / row[i]
      vector[i] = value
      for j in 0..<i { vector[j] -= value * row[j] }
    }
  }
}
