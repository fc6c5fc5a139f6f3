import Foundation
import LinearAlgebra
import SubsetSum

/// How the errors of a block are measured while its filters are chosen, the longest first.
///
/// In the end an error E counts EᵀHE. But filters that are still to come make up for part of what
/// is missing, in all directions alike: their sum is as good as a normal vector of some variance t²
/// an entry. The bits that it takes to come close to E with such vectors, and what is missed then,
/// add up to
///
///     Eᵀ·(H⁻¹ + t²/θ)⁻¹·E
///
/// and what does not depend on E, in units where a bit is worth 2 ln 2 · θ: θ is the squared error
/// that each direction is left with. So long filters are chosen by what short ones cannot make up
/// for, where all directions count nearly alike, and only short ones see all of H. A search by H
/// from the start loses the more, the more H's directions differ.
struct BlockGeometry {
  /// Gᵀ with H = G·Gᵀ.
  let root: Matrix<Double>
  /// θ.
  let level: Double
  /// GᵀG.
  private let square: Matrix<Double>

  /// t² as a multiple of |u|²·m, of a band's longest filters: what filters below add to a sum, in
  /// which each is as long as its projection on what is missing.
  static let spread = 0.05

  /// - Parameters:
  ///   - root: Gᵀ, taps × taps, H = G·Gᵀ; a number for errors that count the sum of their squares.
  ///   - price: what a bit is worth in H's units.
  /// - Throws: `LinearAlgebraError` for more taps than memory has room for.
  init(root: Matrix<Double>, price: Double) throws(LinearAlgebraError) {
    self.root = root
    level = price.isFinite ? price / (2 * log(2)) : 0
    let taps = root.rows
    square = try Matrix<Double>(rows: taps, columns: taps) { values in
      for a in 0..<taps {
        for b in 0..<taps {
          var sum = 0.0
          for k in 0..<taps { sum += root[a, k] * root[b, k] }
          values[a * taps + b] = sum
        }
      }
    }
  }

  /// T with TᵀT = (H⁻¹ + c)⁻¹, c = t²/θ: L⁻¹·Gᵀ, where L·Lᵀ = 1 + c·GᵀG.
  ///
  /// - Parameter variance: t².
  /// - Throws: `CholeskyError` for numbers out of range.
  func metric(variance: Double) throws -> SuperpositionMetric {
    let share = level > 0 ? variance / level : 0
    guard share > 0, share.isFinite else { return SuperpositionMetric(root: root) }
    let taps = root.rows
    var inner = square
    for a in 0..<taps {
      for b in 0..<taps { inner[a, b] = share * square[a, b] + (a == b ? 1 : 0) }
    }
    let lower = try inner.withView { try Cholesky(of: $0).lower }
    var result = root
    for a in 0..<taps {
      for b in 0..<a {
        let factor = lower[a, b]
        for k in 0..<taps { result[a, k] -= factor * result[b, k] }
      }
      for k in 0..<taps { result[a, k] /= lower[a, a] }
    }
    return SuperpositionMetric(root: result)
  }
}
