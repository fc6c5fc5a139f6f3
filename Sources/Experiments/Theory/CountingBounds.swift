import Foundation
import SubsetSum

/// Widths below which there are too few subsets, whatever the candidates are.
///
/// Both count: a set of targets that one subset serves within ε has a max-norm diameter of at most
/// 2ε, so it lies in a cube of side 2ε, and the cubes of all subsets must cover all targets.
public enum CountingBounds {
  /// Candidates needed for every target of the cube [−1, 1]^m: `n ≥ m·log₂(1/ε)`.
  ///
  /// 2ⁿ cubes of volume (2ε)^m cover a volume of 2^m, so 2ⁿ ≥ ε^(−m).
  public static func cube(dimension m: Int, epsilon: Double) -> Double { -Double(m) * log2(epsilon) }

  /// Width N needed by a target of one layer to be reached for every kernel with ‖K‖₁ ≤ 1 and
  /// signed inputs: `N ≥ (s·log₂(1/ε) − log₂ s!)/(2·c_in)` with s = min(M, ⌊1/ε⌋) and M =
  /// d²·c_in·c_out.
  ///
  /// An input that is 1 at one pixel of one channel makes every entry of K an output, so two
  /// kernels that one mask serves within ε differ by at most 2ε in each entry: a triangle through
  /// the pruned network, whatever that computes. There are 2^(2·N·c_in) masks, a bit for each of 2N
  /// filters of c_in channels. Kernels supported on s fixed entries fill a cross-polytope of volume
  /// 2^s/s!, and cubes of volume (2ε)^s cover it only if the number of masks is at least ε^(−s)/s!.
  /// That holds for every s; the next s multiplies the right side by 1/(ε·s), so s = ⌊1/ε⌋ is best.
  public static func layer(weights: Double, channelsIn: Int, epsilon: Double) -> Double {
    let entries = min(weights, (1 / epsilon).rounded(.down))
    let bits = -entries * log2(epsilon) - logGamma(entries + 1) / log(2)
    return bits / (2 * Double(channelsIn))
  }
}
