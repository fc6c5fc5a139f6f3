import Convolution
import LinearAlgebra
import NumericalVerification

/// A convolution layer as real networks have it.
struct LayerShape: Encodable {
  let name: String
  let size: Int
  let inputs: Int
  let outputs: Int
  let window: Int
  let stride: Int
  var groups = 1

  var text: String {
    "\(size)² × \(inputs) → \(outputs), \(window)×\(window)" + (stride > 1 ? " /\(stride)" : "")
      + (groups > 1 ? ", \(groups) groups" : "")
  }

  /// Distinct layers of ResNet-50 (He et al. 2016, strides in the 3×3 layers), VGG-16 (Simonyan,
  /// Zisserman 2015), LeNet-5 (LeCun et al. 1998), and of the demo: its target's, and the wide ones
  /// behind kept filters.
  static let table: [LayerShape] =
    [
      (224, 3, 64, 7, 2),
      (56, 64, 64, 1, 1), (56, 64, 64, 3, 1), (56, 64, 256, 1, 1), (56, 256, 64, 1, 1),
      (56, 256, 128, 1, 1), (56, 128, 128, 3, 2), (28, 128, 512, 1, 1), (56, 256, 512, 1, 2), (28, 512, 128, 1, 1),
      (28, 128, 128, 3, 1),
      (28, 512, 256, 1, 1), (28, 256, 256, 3, 2), (14, 256, 1024, 1, 1), (28, 512, 1024, 1, 2), (14, 1024, 256, 1, 1),
      (14, 256, 256, 3, 1),
      (14, 1024, 512, 1, 1), (14, 512, 512, 3, 2), (7, 512, 2048, 1, 1), (14, 1024, 2048, 1, 2), (7, 2048, 512, 1, 1),
      (7, 512, 512, 3, 1),
    ].map { LayerShape(name: "resnet-50", size: $0.0, inputs: $0.1, outputs: $0.2, window: $0.3, stride: $0.4) }
    + [
      (224, 3, 64), (224, 64, 64), (112, 64, 128), (112, 128, 128), (56, 128, 256), (56, 256, 256), (28, 256, 512),
      (28, 512, 512), (14, 512, 512),
    ].map { LayerShape(name: "vgg-16", size: $0.0, inputs: $0.1, outputs: $0.2, window: 3, stride: 1) }
    + [
      LayerShape(name: "lenet-5", size: 28, inputs: 1, outputs: 6, window: 5, stride: 1),
      LayerShape(name: "lenet-5", size: 14, inputs: 6, outputs: 16, window: 5, stride: 1),
      LayerShape(name: "demo target", size: 28, inputs: 1, outputs: 8, window: 3, stride: 1),
      LayerShape(name: "demo target", size: 14, inputs: 8, outputs: 16, window: 3, stride: 1),
      LayerShape(name: "demo kept", size: 28, inputs: 880, outputs: 8, window: 3, stride: 1),
      LayerShape(name: "demo kept", size: 14, inputs: 2563, outputs: 16, window: 3, stride: 1),
      LayerShape(name: "demo kept", size: 7, inputs: 4100, outputs: 10, window: 3, stride: 1),
      LayerShape(name: "depthwise", size: 56, inputs: 128, outputs: 128, window: 3, stride: 1, groups: 128),
    ]
}

/// A layer with its weights and a batch, all made by formula, ready to run.
struct PreparedLayer {
  let layer: LayerShape
  let convolution: Convolution<Float>
  let method: ConvolutionMethod
  let packed: PackedConvolution<Float>
  let images: Tensor<Float>
  let scratch: Scratch<Float>
  let rectifying: Bool
  let pooling: Pooling?

  /// Operations of the convolution alone.
  let operations: Double

  /// Entry i of a made-up array: (i · step mod 1001) / 500 − 1.
  static func values(_ count: Int, _ step: Int) -> [Float] { (0..<count).map { Float(($0 &* step) % 1001) / 500 - 1 } }

  init(
    _ layer: LayerShape, batch: Int, threads: Int, rectifying: Bool = false, pooling: Bool = false,
    method: ConvolutionMethod = .automatic
  ) throws {
    let window = SlidingWindow(
      height: layer.window, width: layer.window, strideHeight: layer.stride, strideWidth: layer.stride,
      padding: Padding(all: layer.window / 2))
    let taps = layer.window * layer.window * (layer.inputs / layer.groups)
    self.layer = layer
    convolution = try Convolution(
      window: window, inputChannels: layer.inputs, outputChannels: layer.outputs, groups: layer.groups,
      kernel: Self.values(taps * layer.outputs, 7919))
    self.method = method
    packed = try PackedConvolution(convolution, method: method)
    let shape = ImageShape(height: layer.size, width: layer.size, channels: layer.inputs)
    images = try Tensor(batch: batch, shape: shape, values: Self.values(batch * shape.count, 104_729))
    scratch = Scratch(workers: threads)
    self.rectifying = rectifying
    self.pooling =
      pooling
      ? Pooling(.maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2)) : nil
    let outputs = try convolution.outputShape(over: shape)
    operations = 2 * Double(batch * outputs.count) * Double(taps)
  }

  func callAsFunction() throws -> Tensor<Float> {
    try packed(images, scratch: scratch, rectifying: rectifying, pooling: pooling)
  }

  /// One run, its result's storage given back.
  func run() throws { scratch.recycle(try self()) }
}

/// The convolution layer, by kernels of our own and by im2col and OpenBLAS, beside bare GEMMs of
/// its shape, one an image: pixels × c_out × taps, im2col for free.
struct ConvolutionBench {
  let timing: Timing
  let machine: Machine
  /// Entries of the result that are computed again by the definition, in Float64.
  static let probes = 64

  /// A row for each way.
  func rows(_ layer: LayerShape, batch: Int, threads: Int) throws -> [Row] {
    let ways = try [ConvolutionMethod.automatic, .im2colGEMM].map {
      try PreparedLayer(layer, batch: batch, threads: threads, method: $0)
    }
    let results = try ways.map { try $0() }
    let taps = ways[0].convolution.taps
    let (m, n) = (results[0].shape.pixels, layer.outputs / layer.groups)
    let (a, b) = (PreparedLayer.values(m * taps, 31), PreparedLayer.values(taps * n, 37))
    var c = [Float](repeating: 0, count: m * n)
    var peak = 0.0
    var bodies: [() throws -> Void] = ways.map { way in { try way.run() } }
    bodies.append {
      for _ in 0..<batch * layer.groups { Float.bareGEMM(0, 0, Int32(m), Int32(n), Int32(taps), a, b, &c) }
    }
    if threads == 1 { bodies.append { peak = MachinePeak.bout(Float.self, workers: 1) } }
    let seconds = try BLASLibrary.withThreads(threads) {
      try timing.alternate(bodies, threads: threads == 1 ? nil : [.ours, .openBLAS, .openBLAS])
    }
    return zip(ways, results).enumerated().map { index, pair in
      let (way, result) = pair
      return Row(
        operation: (way.method == .im2colGEMM ? "conv im2col " : "conv ") + layer.name,
        shape: layer.text + (batch > 1 ? ", batch \(batch)" : ""), seconds: [seconds[index], seconds[2]],
        fullSpeed: machine.fullSpeed(Float.self, threads: threads, peak, seconds.last!),
        operations: way.operations, type: Float.self, threads: threads,
        residual: residual(way.convolution, way.images, result), limit: 1, scratchBytes: way.scratch.bytes)
    }
  }

  /// max |error| / tolerance (`RoundingBound.product`) over `probes` entries spread over the
  /// result.
  private func residual(_ layer: Convolution<Float>, _ images: Tensor<Float>, _ result: Tensor<Float>) -> Double {
    let (input, output) = (images.shape, result.shape)
    let perGroup = layer.inputChannels / layer.groups
    var worst = 0.0
    for probe in 0..<Self.probes {
      let index = probe * (result.values.count - 1) / (Self.probes - 1)
      let (place, o) = index.quotientAndRemainder(dividingBy: output.channels)
      let (image, pixel) = place.quotientAndRemainder(dividingBy: output.pixels)
      let (row, column) = pixel.quotientAndRemainder(dividingBy: output.width)
      let first = o / (layer.outputChannels / layer.groups) * perGroup
      var sum = 0.0
      var size = 0.0
      for i in 0..<layer.window.height {
        let y = row * layer.window.strideHeight + i - layer.window.padding.top
        if y < 0 || y >= input.height { continue }
        for j in 0..<layer.window.width {
          let x = column * layer.window.strideWidth + j - layer.window.padding.left
          if x < 0 || x >= input.width { continue }
          for c in 0..<perGroup {
            let pixel = images.values[((image * input.height + y) * input.width + x) * input.channels + first + c]
            let weight = layer.kernel[((i * layer.window.width + j) * perGroup + c) * layer.outputChannels + o]
            sum += Double(pixel) * Double(weight)
            size += abs(Double(pixel) * Double(weight))
          }
        }
      }
      let tolerance = RoundingBound.product(terms: layer.taps, magnitude: size, Float.self)
      worst = max(worst, abs(Double(result.values[index]) - sum) / tolerance)
    }
    return worst
  }
}
