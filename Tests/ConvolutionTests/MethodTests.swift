import Convolution
import ConvolutionKernels
import LinearAlgebra
import Testing

/// Every way to compute a convolution, against the definition. Integer data: all sums are exact, so
/// results match to the bit.
@Suite struct MethodTests {
  static func layer<Scalar: BLASScalar>(
    _ window: SlidingWindow, _ inputs: Int, _ outputs: Int, groups: Int = 1, bias: Bool = true,
    _ numbers: inout IntegerNumbers, of type: Scalar.Type = Float.self
  ) throws -> Convolution<Scalar> {
    let kernel = (0..<window.height * window.width * (inputs / groups) * outputs).map { _ in Scalar(numbers.next()) }
    return try Convolution(
      window: window, inputChannels: inputs, outputChannels: outputs, groups: groups, kernel: kernel,
      bias: bias ? (0..<outputs).map { _ in Scalar(numbers.next()) } : nil)
  }

  static func methods<Scalar: BLASScalar>(of layer: Convolution<Scalar>) -> [ConvolutionMethod] {
    ConvolutionMethod.allCases.filter { (try? layer.resolved($0)) != nil }
  }

  /// Every count of output channels around a panel's widths, every count of pixels around a
  /// block's.
  private func expectAllMethodsExact<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
    var numbers = IntegerNumbers(state: 3)
    for outputs in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 63, 65] {
      for (size, inputs) in [(1, 5), (3, 2)] {
        for width in [1, 2, 5, 7, 8, 9, 16, 17] {
          let layer = try Self.layer(.same(size), inputs, outputs, bias: width % 2 == 0, &numbers, of: type)
          let images: Tensor<Scalar> = try numbers.tensor(
            2, ImageShape(height: 3, width: width, channels: inputs))
          let direct = try DirectReference.convolve(images, layer)
          for method in Self.methods(of: layer) {
            #expect(try layer(images, scratch: Scratch(), method: method) == direct, "\(method), \(layer.taps)")
            let packed = try PackedConvolution(layer, method: method)
            #expect(try packed(images, scratch: Scratch(tileBytes: 200, workers: 2)) == direct, "packed \(method)")
          }
        }
      }
    }
  }

  @Test func allMethodsAreExactInFloat() throws { try expectAllMethodsExact(Float.self) }
  @Test func allMethodsAreExactInDouble() throws { try expectAllMethodsExact(Double.self) }

  @Test func windowsGroupsAndDepthwiseAreExactByAllMethods() throws {
    var numbers = IntegerNumbers(state: 11)
    for window in ConvolutionTests.windows {
      for (groups, inputs, outputs) in [(1, 3, 20), (2, 4, 34), (19, 19, 19), (16, 16, 16), (4, 4, 8)] {
        let layer = try Self.layer(window, inputs, outputs, groups: groups, &numbers)
        let images: Tensor<Float> = try numbers.tensor(2, ImageShape(height: 7, width: 11, channels: inputs))
        let direct = try DirectReference.convolve(images, layer)
        for method in Self.methods(of: layer) {
          #expect(try layer(images, scratch: Scratch(), method: method) == direct, "\(method), \(window)")
          #expect(try layer(images, scratch: Scratch(tileBytes: 900), method: method) == direct, "\(method), \(window)")
        }
      }
    }
  }

  /// Panels that do not stay in cache are multiplied in parts, by whole kernel rows or within one.
  @Test(arguments: [(1, 5000, 33), (3, 600, 3), (3, 1100, 40), (1, 2049, 9)])
  func longPanelsAreExact(size: Int, inputs: Int, outputs: Int) throws {
    var numbers = IntegerNumbers(state: 2)
    let layer = try Self.layer(.same(size), inputs, outputs, &numbers, of: Double.self)
    let images: Tensor<Double> = try numbers.tensor(1, ImageShape(height: 3, width: 4, channels: inputs))
    let direct = try DirectReference.convolve(images, layer)
    for method in Self.methods(of: layer) {
      #expect(try layer(images, scratch: Scratch(), method: method) == direct)
      #expect(try layer(images, scratch: Scratch(workers: 2, packBytes: 1), method: method) == direct)
    }
  }

  /// Bits, on data whose sums round: the vector methods give the same for any tile, workers and
  /// packing.
  @Test func bitsDoNotDependOnTheCut() throws {
    var numbers = IntegerNumbers(state: 8)
    func values(_ count: Int) -> [Float] { (0..<count).map { _ in Float(numbers.next()) / 7 } }
    for (window, groups, inputs, outputs) in [
      (SlidingWindow.same(3), 1, 20, 70), (.same(3), 33, 33, 33), (.same(3), 1, 64, 5), (.same(1), 1, 70, 48),
      (SlidingWindow(height: 3, width: 3, strideHeight: 2, strideWidth: 2), 1, 9, 40),
    ] {
      let layer = try Convolution(
        window: window, inputChannels: inputs, outputChannels: outputs, groups: groups,
        kernel: values(window.height * window.width * inputs / groups * outputs), bias: values(outputs))
      let shape = ImageShape(height: 13, width: 17, channels: inputs)
      let images = try Tensor(batch: 3, shape: shape, values: values(3 * shape.count))
      for method in Self.methods(of: layer) where method != .im2colGEMM && method != .automatic {
        let whole = try layer(images, scratch: Scratch(), method: method)
        let packed = try PackedConvolution(layer, method: method)
        for tileBytes in [1, 5000, 100_000] {
          for workers in [1, 2, 3] {
            let scratch = Scratch<Float>(tileBytes: tileBytes, workers: workers, packBytes: 1)
            #expect(try layer(images, scratch: scratch, method: method) == whole)
            #expect(try packed(images, scratch: scratch) == whole)
          }
        }
        for image in 0..<3 {
          let single = try layer(images.images(image..<image + 1), scratch: Scratch(), method: method)
          #expect(single == whole.images(image..<image + 1))
        }
      }
    }
  }

  @Test func reLUAndPoolingInsideEqualThoseAfter() throws {
    var numbers = IntegerNumbers(state: 21)
    let poolings: [Pooling?] =
      [nil]
      + [Pooling.Kind.maximum, .average, .averageCountingPadding].flatMap { kind in
        [
          SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2),
          SlidingWindow(height: 3, width: 2, strideHeight: 3, strideWidth: 1),
          SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2, roundsUp: true),
          SlidingWindow(height: 3, width: 3, strideHeight: 2, strideWidth: 2, padding: Padding(all: 1)),
        ].map { Pooling(kind, window: $0) }
      }
    for (groups, inputs, outputs) in [(1, 1, 8), (1, 8, 16), (1, 70, 5), (12, 12, 12)] {
      let layer = try Self.layer(.same(3), inputs, outputs, groups: groups, &numbers)
      let images: Tensor<Float> = try numbers.tensor(3, ImageShape(height: 13, width: 14, channels: inputs))
      let direct = try DirectReference.convolve(images, layer)
      for rectifying in [false, true] {
        var expected = direct
        if rectifying { expected.rectify() }
        for pooling in poolings {
          let pooled = try pooling.map { try $0(expected) } ?? expected
          for method in Self.methods(of: layer) {
            for tileBytes in [64, 3000, 1 << 20] {
              let result = try layer(
                images, scratch: Scratch(tileBytes: tileBytes, workers: 2), rectifying: rectifying, pooling: pooling,
                method: method)
              #expect(result == pooled, "\(method), \(tileBytes), \(String(describing: pooling))")
            }
          }
        }
      }
    }
  }

  @Test func reLUKeepsNaN() throws {
    let layer = try Convolution<Float>(
      window: .same(1), inputChannels: 2, outputChannels: 3, kernel: [1, -1, 0, 1, -1, 0])
    let images = try Tensor<Float>(
      batch: 1, shape: ImageShape(height: 1, width: 2, channels: 2), values: [1, 1, .nan, 1])
    for method in Self.methods(of: layer) {
      let values = try layer(images, scratch: Scratch(), rectifying: true, method: method).values
      #expect(Array(values[0..<3]) == [2, 0, 0])
      #expect(values[3].isNaN && values[4].isNaN && values[5].isNaN)
    }
  }

  @Test func methodsThatDoNotSuitAreTypedErrors() throws {
    var numbers = IntegerNumbers(state: 1)
    let strided = try Self.layer(SlidingWindow(height: 3, width: 3, strideHeight: 2), 2, 4, &numbers)
    #expect(throws: ConvolutionError.self) { try PackedConvolution(strided, method: .tapProducts) }
    #expect(throws: ConvolutionError.self) { try PackedConvolution(strided, method: .depthwise) }
    let images = try Tensor<Float>(batch: 1, shape: ImageShape(height: 5, width: 5, channels: 2))
    #expect(throws: ConvolutionError.self) { try strided(images, scratch: Scratch(), method: .depthwise) }
  }

  /// The kernels of each vector width the CPU runs: equal on integers; AVX2 and AVX-512 equal on
  /// any data.
  @Test func kernelsOfAllVectorWidthsAgree() {
    var numbers = IntegerNumbers(state: 4)
    let best = tombola_convolution_vectors().rawValue
    for fraction in [Float(1), 7] {
      var results: [[Float]] = []
      for level in 0...best {
        numbers = IntegerNumbers(state: 4)
        let vectors = TombolaVectors(rawValue: level)
        let (pixels, channels, taps, columns) = (11, 6, 3, 7)
        let input = (0..<(pixels + taps) * channels).map { _ in Float(numbers.next()) / fraction }
        let width = tombola_panel_width_f32(vectors, columns)
        var panel = [Float](repeating: 0, count: taps * channels * width)
        for row in 0..<taps * channels {
          for column in 0..<columns { panel[row * width + column] = Float(numbers.next()) / fraction }
        }
        var output = [Float](repeating: 0, count: pixels * columns)
        var offset = 0
        withUnsafePointer(to: &offset) { offset in
          var patches = TombolaPatches(
            rows: 1, pixels: pixels, input_row: 0, input_pixel: channels, output_row: 0, output_pixel: columns,
            segments: 1, run: taps * channels, offsets: offset, accumulate: 0, rectify: 0)
          tombola_convolve_f32(vectors, &patches, input, panel, width, nil, &output, columns)
        }
        results.append(output)
      }
      if fraction == 1 { #expect(results.allSatisfy { $0 == results[0] }) }
      if results.count == 3 { #expect(results[1] == results[2]) }
    }
  }
}
