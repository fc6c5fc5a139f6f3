import LinearAlgebra

/// A convolution with its weights reordered once for the vector kernels, for layers that run many
/// times.
///
/// Memory: the weights a second time, with output channels rounded up to the width of a panel.
public struct PackedConvolution<Scalar: BLASScalar>: Sendable {
  /// The layer as it was.
  public let layer: Convolution<Scalar>
  let method: ConvolutionMethod
  /// The panels of `implicitGEMM` and `tapProducts`; nil for methods that read the kernel as it is.
  let panels: (layout: KernelPanels, memory: Memory)?

  /// Panels, written once.
  final class Memory: @unchecked Sendable {
    private let buffer: AlignedBuffer<Scalar>
    let start: UnsafePointer<Scalar>

    init(count: Int, _ write: (UnsafeMutablePointer<Scalar>) -> Void) {
      buffer = AlignedBuffer(count: count)
      let memory = buffer.reserve(count)
      write(memory)
      start = UnsafePointer(memory)
    }
  }

  /// A layer with its weights reordered for the method.
  ///
  /// - Throws: `ConvolutionError` when `method` does not suit the layer.
  /// - Complexity: a pass over the weights; memory for them a second time.
  public init(_ layer: Convolution<Scalar>, method: ConvolutionMethod = .automatic) throws(ConvolutionError) {
    self.layer = layer
    self.method = try layer.resolved(method)
    guard let layout = KernelPanels(for: layer, method: self.method) else {
      panels = nil
      return
    }
    let rearranged = self.method == .tapProducts ? TapProducts.channelRows(of: layer) : layer.kernel
    panels = (
      layout,
      Memory(count: layout.count) { memory in
        rearranged.withUnsafeBufferPointer { kernel in
          if let kernel = kernel.baseAddress { layout.pack(layout.panels.indices, of: kernel, into: memory) }
        }
      }
    )
  }

  /// The layer applied to a batch; see `Convolution.callAsFunction`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(
    _ images: Tensor<Scalar>, scratch: Scratch<Scalar>, rectifying: Bool = false, pooling: Pooling? = nil
  ) throws -> Tensor<Scalar> {
    try ConvolutionPass(layer: layer, method: method, packed: self, scratch: scratch, rectifying: rectifying)
      .apply(to: images, pooling: pooling)
  }
}

extension KernelPanels {
  /// The panels that a method reads, or nil for one that reads the kernel as it is.
  init?<Scalar: BLASScalar>(for layer: Convolution<Scalar>, method: ConvolutionMethod) {
    switch method {
    case .implicitGEMM:
      self.init(rows: layer.taps, outputChannels: layer.outputChannels, groups: layer.groups, of: Scalar.self)
    case .tapProducts:
      self.init(
        rows: layer.inputChannels, outputChannels: layer.window.height * layer.window.width * layer.outputChannels,
        groups: 1, of: Scalar.self)
    case .automatic, .depthwise, .im2colGEMM: return nil
    }
  }
}
