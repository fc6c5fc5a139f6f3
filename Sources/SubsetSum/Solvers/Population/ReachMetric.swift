import SubsetSumKernels

/// How far a residual lies from what candidates that are not decided yet can reach.
///
/// Write each of `remaining` candidates x as its half and a sign, x/2 ± x/2. Over random signs the
/// sum of the ± x/2 has mean 0 and the covariance C = ¼·Σ x·xᵀ. The density with which such sums
/// come within a tolerance δ a coordinate of a residual r, as a normal distribution estimates it,
/// falls with
///
///     rᵀ(C + δ²I)⁻¹r  =  ‖U⁻ᵀr‖₂²,   where Uᵀ·U = C + δ²I,
///
/// so of two residuals the one with the shorter U⁻ᵀr has more subsets that end close to the target.
///
/// Everything is Float64 in a fixed order: it takes part in decisions.
package struct ReachMetric {
  /// m, the entries of a residual.
  package let dimension: Int
  /// Entries from one row of the factor to the next, a multiple of 8.
  package let stride: Int
  /// U, of which the upper triangle is defined.
  private let factor: OwnedBuffer<Double>

  /// The metric of a covariance C + δ²I, of which the upper triangle is read. Rows end in zeros.
  ///
  /// Complexity: m³/6.
  package init(covariance: UnsafePointer<Double>, dimension m: Int, stride: Int) {
    dimension = m
    self.stride = stride
    factor = OwnedBuffer<Double>(count: m * stride)
    factor.base.update(from: covariance, count: m * stride)
    tombola_factorize_f64(factor.base, m, stride)
  }

  /// Replaces vectors r of m entries, `stride` entries apart, by U⁻ᵀr.
  ///
  /// Complexity: m²/2 a vector.
  package func whiten(_ vectors: UnsafeMutablePointer<Double>, count: Int = 1) {
    tombola_solve_forward_f64(factor.base, dimension, stride, vectors, count)
  }

  /// Replaces at most 16 vectors r of m entries, `stride` entries apart, by U⁻¹r.
  ///
  /// Complexity: m²/2 a vector.
  ///
  /// - Parameter scratch: room for 16·m entries.
  package func unwhiten(
    _ vectors: UnsafeMutablePointer<Double>, count: Int, scratch: UnsafeMutablePointer<Double>
  ) {
    tombola_solve_backward_f64(factor.base, dimension, stride, vectors, count, scratch)
  }
}
