import LinearAlgebra

/// How a convolution is computed. All ways give the same values to rounding.
public enum ConvolutionMethod: String, Sendable, CaseIterable {
  /// The way that is fastest for the layer on this machine.
  case automatic
  /// Patches read where the image lies, multiplied panel by panel with the machine's vectors.
  case implicitGEMM
  /// Stride 1 from many channels to few: each input pixel times all taps' kernels, products added
  /// where they belong.
  case tapProducts
  /// One filter a channel.
  case depthwise
  /// Patches copied tile by tile, multiplied by OpenBLAS.
  case im2colGEMM
}

extension Convolution {
  /// Whether output pixel p reads input pixel p alone.
  var isPointwise: Bool {
    window.height == 1 && window.width == 1 && window.strideHeight == 1 && window.strideWidth == 1
      && window.padding == Padding()
  }

  /// The method that `automatic` stands for, or `method` itself.
  ///
  /// - Throws: `ConvolutionError` when the layer cannot be computed that way.
  public func resolved(_ method: ConvolutionMethod) throws(ConvolutionError) -> ConvolutionMethod {
    switch method {
    case .automatic:
      if Depthwise.suits(self) { return .depthwise }
      if TapProducts.isFaster(for: self) { return .tapProducts }
      return VectorKernels.areFast ? .implicitGEMM : .im2colGEMM
    case .implicitGEMM, .im2colGEMM: return method
    case .tapProducts:
      guard TapProducts.suits(self) else {
        throw .invalidSize(of: "products of taps", expected: "stride 1 and one group", found: "\(window), \(groups)")
      }
    case .depthwise:
      guard Depthwise.suits(self) else {
        throw .invalidSize(
          of: "depthwise layer", expected: "one filter a channel",
          found: "\(inputChannels) to \(outputChannels) channels in \(groups) groups")
      }
    }
    return method
  }
}
