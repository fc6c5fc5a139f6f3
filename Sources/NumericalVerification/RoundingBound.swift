import LinearAlgebra

/// Tolerances by type and size, proved rather than tuned.
///
/// u is the unit roundoff: 2⁻²⁴ for Float, 2⁻⁵³ for Double.
public enum RoundingBound {
  /// γ_k = k·u / (1 − k·u): what k roundings in a row can add to a result, relatively (Higham,
  /// *Accuracy and Stability of Numerical Algorithms*, 2nd edition, lemma 3.1). Infinite from k·u ≥
  /// 1 on.
  ///
  /// - Precondition: `roundings` ≥ 0.
  @inlinable public static func gamma<Scalar: BLASScalar>(_ roundings: Int, _ type: Scalar.Type) -> Double {
    precondition(roundings >= 0, "a number of roundings is at least 0")
    let error = Double(roundings) * Scalar.unitRoundoff
    return error < 1 ? error / (1 - error) : .infinity
  }

  /// By how much one entry of a product may be off that was computed in `type` in whatever order,
  /// with or without fma, when the reference beside it was summed in Float64:
  ///
  ///     (γ_{k+2} + γ_{k+2} of Double) · magnitude + (k + 2) · (least positive number)
  ///
  /// for k terms, α and β (Higham §3.5). Algorithms that subtract inputs first, as Strassen's and
  /// Winograd's do, can err more.
  ///
  /// - Parameters:
  ///   - terms: k, the products that are added up.
  ///   - magnitude: Σ |α|·|a|·|b| + |β|·|c| over the terms.
  ///   - type: what the entry was computed in.
  @inlinable public static func product<Scalar: BLASScalar>(
    terms: Int, magnitude: Double, _ type: Scalar.Type
  ) -> Double {
    let relative = gamma(terms + 2, type) + gamma(terms + 2, Double.self)
    return relative * magnitude + Double(terms + 2) * Double(Scalar.leastNonzeroMagnitude)
  }

  /// What LAPACK's own tests allow a ratio residual / (n · eps · sizes of the operands).
  public static let lapackLimit = 30.0

  /// residual / (n · 2u · `size`), to be held below `lapackLimit`: 0 for a residual of 0, infinite
  /// for NaN.
  ///
  /// - Parameters:
  ///   - residual: a norm of what is left, at least 0.
  ///   - n: the order of the problem.
  ///   - size: the product of the norms that the residual is measured against.
  ///   - type: what was computed in.
  @inlinable public static func lapackRatio<Scalar: BLASScalar>(
    residual: Double, n: Int, size: Double, _ type: Scalar.Type
  ) -> Double {
    if residual == 0 { return 0 }
    let ratio = residual / (Double(max(1, n)) * 2 * Scalar.unitRoundoff * size)
    return ratio.isNaN ? .infinity : ratio
  }
}
