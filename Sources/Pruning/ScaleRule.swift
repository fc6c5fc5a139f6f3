import Tickets

/// The scalar per layer by which a target's kernel is divided before the search: fixed from the target and
/// the width alone, never from the random weights.
///
/// A ReLU network is positively homogeneous, so K may be replaced by K/s and the product restored behind it.
/// The finest residual a search reaches is set by the random vectors, hardly by the target's size; a larger
/// K/s therefore makes the error in the target's units, s times the residual, smaller, until K/s is out of
/// the vectors' reach: N NSN vectors sum to about 0.32·N in a given direction (N·E|u|·E|v|/2). s is a power
/// of two, so dividing and restoring are exact.
public struct ScaleRule: Sendable, Hashable {
  /// No entry of K/s is larger.
  public var largestEntry: Double
  /// The slice of K/s that one input channel must reach has at most this Euclidean norm per unit of width.
  public var largestNormPerWidth: Double

  /// The rule of weights mode; see ARCHITECTURE.md for what was measured.
  public static let standard = ScaleRule(largestEntry: 256, largestNormPerWidth: 0.125)

  /// - Precondition: both finite and above 0.
  public init(largestEntry: Double, largestNormPerWidth: Double) {
    precondition(
      largestEntry.isFinite && largestEntry > 0 && largestNormPerWidth.isFinite && largestNormPerWidth > 0,
      "a scale rule needs positive bounds")
    self.largestEntry = largestEntry
    self.largestNormPerWidth = largestNormPerWidth
  }

  /// The smallest power of two s in 2^-64…2^64 with ‖K/s‖_max ≤ `largestEntry` and, for each input channel t,
  /// ‖K_t/s‖₂ ≤ `largestNormPerWidth`·N; 1 for a kernel of zeros.
  ///
  /// - Parameter kernel: HWIO, of the layer's shape.
  public func scale(for kernel: [Float], layer: LayerGraph.Layer, width: Int) -> Double {
    let largest = kernel.reduce(0) { max($0, Double(abs($1))) }
    if largest == 0 { return 1 }
    var squares = [Double](repeating: 0, count: layer.inputChannels)
    for (index, weight) in kernel.enumerated() {
      squares[index / layer.outputChannels % layer.inputChannels] += Double(weight) * Double(weight)
    }
    let norm = squares.max()!.squareRoot()
    let reach = largestNormPerWidth * Double(width)
    var scale = 0x1p-64
    while scale < 0x1p64 && (largest > largestEntry * scale || norm > reach * scale) { scale *= 2 }
    return scale
  }
}
