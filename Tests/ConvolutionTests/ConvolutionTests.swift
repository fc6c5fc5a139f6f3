import Convolution
import LinearAlgebra
import Testing

/// Small integers, so that every product and sum is exact in Float and results must be equal.
struct IntegerNumbers {
  var state: UInt64
  mutating func next() -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % 9) - 4
  }
  mutating func tensor<Scalar: BLASScalar>(_ batch: Int, _ shape: ImageShape) throws -> Tensor<Scalar> {
    try Tensor(batch: batch, shape: shape, values: (0..<batch * shape.count).map { _ in Scalar(next()) })
  }
}

/// One entry by the definition, written apart from the library's loops.
private func entry(
  _ x: Tensor<Double>, _ layer: Convolution<Double>, _ n: Int, _ row: Int, _ column: Int, _ o: Int
) -> Double {
  let w = layer.window
  let perGroup = layer.inputChannels / layer.groups
  let group = o / (layer.outputChannels / layer.groups)
  var sum = layer.bias?[o] ?? 0
  for i in 0..<w.height {
    for j in 0..<w.width {
      for c in 0..<perGroup {
        let y = row * w.strideHeight + i * w.dilationHeight - w.padding.top
        let z = column * w.strideWidth + j * w.dilationWidth - w.padding.left
        guard (0..<x.shape.height).contains(y), (0..<x.shape.width).contains(z) else { continue }
        sum +=
          x[n, y, z, group * perGroup + c]
          * layer.kernel[
            ((i * w.width + j) * perGroup + c) * layer.outputChannels + o]
      }
    }
  }
  return sum
}

@Suite struct ConvolutionTests {
  static let windows: [SlidingWindow] = {
    var windows: [SlidingWindow] = []
    for size in [(1, 1), (3, 3), (2, 3), (3, 1)] {
      for stride in [(1, 1), (2, 1), (2, 3)] {
        for dilation in [(1, 1), (2, 1), (1, 2)] {
          for padding in [Padding(), Padding(all: 1), Padding(top: 2, left: 0, bottom: 1, right: 3)] {
            windows.append(
              SlidingWindow(
                height: size.0, width: size.1, strideHeight: stride.0, strideWidth: stride.1,
                dilationHeight: dilation.0, dilationWidth: dilation.1, padding: padding))
          }
        }
      }
    }
    return windows
  }()

  @Test func everySmallConvolutionEqualsTheDefinitionExactly() throws {
    var numbers = IntegerNumbers(state: 1)
    var checked = 0
    for window in Self.windows {
      for (groups, inputs, outputs) in [(1, 1, 1), (1, 3, 4), (1, 4, 2), (2, 4, 6), (3, 3, 3), (4, 4, 8)] {
        for (height, width) in [(5, 7), (6, 5), (9, 8)] {
          let kernel = (0..<window.height * window.width * (inputs / groups) * outputs).map { _ in
            Double(numbers.next())
          }
          let bias: [Double]? = checked % 2 == 0 ? (0..<outputs).map { _ in Double(numbers.next()) } : nil
          let layer = try Convolution(
            window: window, inputChannels: inputs, outputChannels: outputs, groups: groups, kernel: kernel,
            bias: bias)
          let shape = ImageShape(height: height, width: width, channels: inputs)
          let images: Tensor<Double> = try numbers.tensor(2, shape)
          let direct = try DirectReference.convolve(images, layer)
          let output = direct.shape
          for n in 0..<2 {
            for row in 0..<output.height {
              for column in 0..<output.width {
                for o in 0..<outputs {
                  #expect(direct[n, row, column, o] == entry(images, layer, n, row, column, o))
                }
              }
            }
          }
          for tileBytes in [1, 700, Scratch<Float>.defaultTileBytes] {
            #expect(try layer(images, scratch: Scratch(tileBytes: tileBytes)) == direct)
          }
          let single = try Convolution<Float>(
            window: window, inputChannels: inputs, outputChannels: outputs, groups: groups,
            kernel: kernel.map { Float($0) }, bias: bias?.map { Float($0) })
          let singleResult = try single(images.converted(to: Float.self), scratch: Scratch(tileBytes: 300))
          #expect(singleResult.converted(to: Double.self) == direct)
          checked += 1
        }
      }
    }
    #expect(checked == Self.windows.count * 18)
  }

  @Test func blockedPointwiseEqualsADenseLayerUnderTheMask() throws {
    var numbers = IntegerNumbers(state: 5)
    let images: Tensor<Float> = try numbers.tensor(3, ImageShape(height: 4, width: 5, channels: 3))
    let sources = [0, 0, 1, 2, 2, 2]
    let scalars: [Float] = [1, -2, 3, 4, -1, 2]
    var kernel = [Float](repeating: 0, count: 18)
    for q in 0..<6 { kernel[sources[q] * 6 + q] = scalars[q] }
    let dense = try Convolution(
      window: SlidingWindow(height: 1, width: 1), inputChannels: 3, outputChannels: 6, kernel: kernel)
    let blocked = try BlockedPointwise(inputChannels: 3, sources: sources, scalars: scalars)
    #expect(try blocked(images) == dense(images, scratch: Scratch()))
  }

  @Test func wrongShapesAreTypedErrors() throws {
    #expect(throws: ConvolutionError.self) {
      try Convolution<Float>(window: .same(3), inputChannels: 3, outputChannels: 4, groups: 2, kernel: [])
    }
    #expect(throws: ConvolutionError.self) {
      try Convolution<Float>(window: .same(3), inputChannels: 1, outputChannels: 1, kernel: [1, 2])
    }
    let layer = try Convolution<Float>(
      window: SlidingWindow(height: 5, width: 5), inputChannels: 1, outputChannels: 1,
      kernel: [Float](repeating: 1, count: 25))
    #expect(throws: ConvolutionError.self) {
      try layer(Tensor(batch: 1, shape: ImageShape(height: 3, width: 9, channels: 1)), scratch: Scratch())
    }
    #expect(throws: ConvolutionError.self) {
      try layer(Tensor(batch: 1, shape: ImageShape(height: 9, width: 9, channels: 2)), scratch: Scratch())
    }
    #expect(throws: ConvolutionError.self) {
      try Tensor<Float>(batch: 1 << 40, shape: ImageShape(height: 1 << 20, width: 1 << 20, channels: 1))
    }
    #expect(throws: ConvolutionError.self) {
      try Tensor<Float>(batch: 1, shape: ImageShape(height: 1, width: 1, channels: 2), values: [1])
    }
    #expect(throws: ConvolutionError.self) { try BlockedPointwise<Float>(inputChannels: 2, sources: [2], scalars: [1]) }
  }
}
