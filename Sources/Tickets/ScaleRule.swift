import LinearAlgebra

/// The scalar per layer by which a target's kernel is divided before the search: fixed from the
/// target and the width alone, never from the random weights.
///
/// A ReLU network is positively homogeneous, so K may be replaced by K/s and the product restored
/// behind it. The finest residual a search reaches is set by the random vectors, hardly by the
/// target's size; a larger K/s therefore makes the error in the target's units, s times the
/// residual, smaller, until K/s is out of the vectors' reach: N NSN vectors sum to about 0.32·N in
/// a given direction (N·E|u|·E|v|/2). s is a power of two, so dividing and restoring are exact.
public struct ScaleRule: Sendable, Hashable {
  /// No entry of K/s is larger.
  public var largestEntry: Double
  /// The slice of K/s that one input channel must reach has at most this Euclidean norm per unit of
  /// width.
  public var largestNormPerWidth: Double

  /// The rule that searches follow unless told otherwise; the room's page has what was measured.
  public static let standard = ScaleRule(largestEntry: 256, largestNormPerWidth: 0.125)

  /// A rule with these bounds; `SearchPlan.validate` checks that they are above 0.
  public init(largestEntry: Double, largestNormPerWidth: Double) {
    self.largestEntry = largestEntry
    self.largestNormPerWidth = largestNormPerWidth
  }

  /// The smallest power of two s in 2^-64…2^64 with ‖K/s‖_max ≤ `largestEntry` and, for each input
  /// channel t, ‖K_t/s‖₂ ≤ `largestNormPerWidth`·N; 1 for a kernel of zeros.
  public func scale(for kernel: Kernel<Float>, width: Int) -> Double {
    let largest = kernel.largestMagnitude
    if largest == 0 { return 1 }
    let (inputs, outputs) = (kernel.layer.inputChannels, kernel.layer.outputChannels)
    var squares = [Double](repeating: 0, count: inputs)
    for (index, weight) in kernel.values.enumerated() {
      squares[index / outputs % inputs] += Double(weight) * Double(weight)
    }
    let norm = squares.max()!.squareRoot()
    let reach = largestNormPerWidth * Double(width)
    var scale = 0x1p-64
    while scale < 0x1p64 && (largest > largestEntry * scale || norm > reach * scale) { scale *= 2 }
    return scale
  }
}
