import ConvolutionKernels
import LinearAlgebra

/// A stride-1 convolution from many channels to few: each input pixel is multiplied by the kernels
/// of all taps at once, and each product is added to the output pixel that its tap belongs to.
///
/// A GEMM to few channels wastes vectors; this one has taps · c_out columns. A pruned network's
/// layers, thousands of kept filters to a few channels, gain most, and their 1×1 layer and ReLU run
/// in the same tile (`RectifiedRuns`).
struct TapProducts<Scalar: BLASScalar> {
  let layer: Convolution<Scalar>
  let shape: ImageShape
  let outputShape: ImageShape

  /// Entries of a product row: taps · c_out.
  private var rowLength: Int { layer.window.height * layer.window.width * layer.outputChannels }

  static func suits(_ layer: Convolution<Scalar>) -> Bool {
    layer.groups == 1 && layer.window.strideHeight == 1 && layer.window.strideWidth == 1
  }

  /// Whether it is the cheapest way.
  static func isFaster(for layer: Convolution<Scalar>) -> Bool {
    suits(layer) && layer.window.height * layer.window.width > 1 && layer.outputChannels < 32
      && layer.inputChannels >= 8 * layer.outputChannels
  }

  /// The kernel with a row a channel: HWIO (tap, c, o) to (c, tap, o).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func channelRows(of layer: Convolution<Scalar>) -> [Scalar] {
    let (channels, count) = (layer.inputChannels, layer.outputChannels)
    let taps = layer.window.height * layer.window.width
    return [Scalar](unsafeUninitializedCapacity: layer.kernel.count) { rows, initialized in
      for tap in 0..<taps {
        for c in 0..<channels {
          for o in 0..<count {
            rows[(c * taps + tap) * count + o] = layer.kernel[(tap * channels + c) * count + o]
          }
        }
      }
      initialized = layer.kernel.count
    }
  }

  /// Writes the layer's value for a batch to `output`.
  ///
  /// - Parameters:
  ///   - images: `batch` images, NHWC: of `shape`, or of the input of `hidden`.
  ///   - hidden: a 1×1 layer whose rectified output this layer reads, made tile by tile and never
  ///     whole.
  func apply(
    to images: UnsafePointer<Scalar>, batch: Int, _ packed: PackedConvolution<Scalar>?, _ scratch: Scratch<Scalar>,
    into output: UnsafeMutablePointer<Scalar>, hidden: RectifiedRuns<Scalar>? = nil
  ) throws {
    let packed = try packed ?? PackedConvolution(layer, method: .tapProducts)
    guard let panels = packed.panels else { preconditionFailure("products of taps read packed panels") }
    if let bias = layer.bias {
      fillRows(output, rows: batch * outputShape.pixels, with: bias)
    } else {
      output.update(repeating: 0, count: batch * outputShape.count)
    }
    let entries = hidden?.entries(rowLength: rowLength) ?? rowLength
    let tilePixels = max(8, min(shape.pixels, scratch.tileCount / entries))
    nonisolated(unsafe) let (images, output, scratch) = (images, output, scratch)
    let sources = hidden?.blocked.inputChannels ?? shape.channels
    // An image's products are added to its own output alone: one task an image.
    @Sendable func run(_ image: Int, _ worker: Int) {
      let memory = scratch.tile(tilePixels * entries, of: worker)
      let target = output + image * outputShape.count
      var start = 0
      while start < shape.pixels {
        let range = start..<min(shape.pixels, start + tilePixels)
        let input = images + (image * shape.pixels + start) * sources
        if let hidden {
          hidden.multiply(
            input, pixels: range.count, rowLength: rowLength, panels.layout, panels.memory.start, memory: memory)
        } else {
          multiply(input, pixels: range.count, panels.layout, panels.memory.start, into: memory)
        }
        add(memory, ofPixels: range, to: target)
        start = range.upperBound
      }
    }
    if scratch.workers == 1 || batch == 1 {
      for image in 0..<batch { run(image, 0) }
    } else {
      try Workers.forEach(count: batch, workers: scratch.workers) { image, worker in run(image, worker) }
    }
  }

  private func multiply(
    _ input: UnsafePointer<Scalar>, pixels: Int, _ layout: KernelPanels, _ weights: UnsafePointer<Scalar>,
    into products: UnsafeMutablePointer<Scalar>
  ) {
    var offset = 0
    withUnsafePointer(to: &offset) { offset in
      var patches = TombolaPatches(
        rows: 1, pixels: pixels, input_row: 0, input_pixel: shape.channels, output_row: 0, output_pixel: rowLength,
        segments: 1, run: shape.channels, offsets: offset, accumulate: 0, rectify: 0)
      for panel in layout.panels {
        ImplicitGEMM.multiply(
          &patches, input, panel, weights + panel.offset, bias: nil, into: products + panel.first, rectifying: false)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func add(
    _ products: UnsafePointer<Scalar>, ofPixels range: Range<Int>, to output: UnsafeMutablePointer<Scalar>
  ) {
    let count = layer.outputChannels
    let window = layer.window
    for pixel in range {
      let (y, x) = pixel.quotientAndRemainder(dividingBy: shape.width)
      let row = products + (pixel - range.lowerBound) * rowLength
      for i in 0..<window.height {
        let outputRow = y + window.padding.top - i * window.dilationHeight
        if outputRow < 0 || outputRow >= outputShape.height { continue }
        for j in 0..<window.width {
          let outputColumn = x + window.padding.left - j * window.dilationWidth
          if outputColumn < 0 || outputColumn >= outputShape.width { continue }
          let source = row + (i * window.width + j) * count
          let sum = output + (outputRow * outputShape.width + outputColumn) * count
          for o in 0..<count { sum[o] += source[o] }
        }
      }
    }
  }
}
