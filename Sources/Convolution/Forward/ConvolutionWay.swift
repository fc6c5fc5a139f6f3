import LinearAlgebra

/// How a network's convolutions are computed, all by one rule.
///
/// All ways give the same values to rounding: outputs lie within 1e-5 of the largest output of each
/// other in Float32, and within 1e-10 in Float64.
public enum ConvolutionWay: String, Sendable, CaseIterable {
  /// What is fastest for each layer on this machine; ReLU and pooling inside the layer before them,
  /// a blocked 1×1 layer inside the layer behind it.
  case automatic = "auto"
  /// Every layer by the kernels that read patches where the image lies.
  case kernels
  /// Every layer by copied patches and OpenBLAS.
  ///
  /// Bits depend on OpenBLAS's kernels and threads and on the tile. Values are held whole: of a
  /// pruned network the hidden layers too, which the automatic way makes tile by tile.
  case im2col
  /// Every layer by the slow reference: one fixed order, the same bits anywhere.
  case direct

  /// What a layer is asked for; nil for the slow reference, which is no method of the layer.
  var method: ConvolutionMethod? {
    switch self {
    case .automatic: .automatic
    case .kernels: .implicitGEMM
    case .im2col: .im2colGEMM
    case .direct: nil
    }
  }
}
