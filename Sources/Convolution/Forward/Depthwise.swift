import ConvolutionKernels
import LinearAlgebra

/// A depthwise layer, one filter a channel: sums of neighbouring channels side by side in vectors.
enum Depthwise {
  static func suits<Scalar: BLASScalar>(_ layer: Convolution<Scalar>) -> Bool {
    layer.groups > 1 && layer.groups == layer.inputChannels && layer.outputChannels == layer.inputChannels
  }

  /// What the layer makes of a tile; parameters as in `ImplicitGEMM.apply`, `kernel` taps ×
  /// channels.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func apply<Scalar: BLASScalar>(
    _ kernel: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?, to images: UnsafePointer<Scalar>,
    over tile: PatchTiles<Scalar>.Tile, of tiles: PatchTiles<Scalar>, into output: UnsafeMutablePointer<Scalar>,
    outputRow: Int, rectifying: Bool, memory: UnsafeMutablePointer<Scalar>
  ) {
    tiles.withPatches(over: tile, of: images, outputRow: outputRow, memory: memory) { patches, input in
      patches.rectify = rectifying ? 1 : 0
      VectorKernels.depthwise(
        &patches, input, kernel: kernel, bias: bias, into: output, channels: tiles.shape.channels)
    }
  }
}
