import Convolution
import LinearAlgebra
import NumericalVerification
import RandomStreams
import Testing

@Suite struct ConvolutionCheckTests {
  private func example<Scalar: BLASScalar>(
    _ type: Scalar.Type, groups: Int = 1
  ) throws -> (layer: Convolution<Scalar>, images: Tensor<Scalar>) {
    let window = SlidingWindow(height: 3, width: 3, strideHeight: 2, strideWidth: 1, padding: Padding(all: 1))
    let kernel: Matrix<Scalar> = try made(1, 9 * 4 / groups * 6, seed: 1)
    let bias: Matrix<Scalar> = try made(1, 6, seed: 2)
    let pixels: Matrix<Scalar> = try made(1, 2 * 7 * 5 * 4, seed: 3)
    return (
      try Convolution(
        window: window, inputChannels: 4, outputChannels: 6, groups: groups, kernel: kernel.values, bias: bias.values),
      try Tensor(batch: 2, shape: ImageShape(height: 7, width: 5, channels: 4), values: pixels.values)
    )
  }

  @Test(arguments: [1, 2]) func allMethodsPass(groups: Int) throws {
    func run<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      let (layer, images) = try example(type, groups: groups)
      for method in [ConvolutionMethod.automatic, .implicitGEMM, .im2colGEMM] {
        for rectifying in [false, true] {
          let result = try layer(images, scratch: Scratch(), rectifying: rectifying, method: method)
          try requireConvolution(layer, images, is: result, rectifying: rectifying)
        }
      }
    }
    try run(Float.self)
    try run(Double.self)
  }

  @Test func everyWrongEntryIsFound() throws {
    let (layer, images) = try example(Float.self)
    let right = try layer(images, scratch: Scratch())
    for index in right.values.indices {
      var wrong = right
      wrong.values[index] += 1e-3
      let report = try checkConvolution(layer, images, is: wrong)
      #expect(!report.passes)
      #expect(report.place?.hasSuffix("channel \(index % 6)") == true)
    }
    var wrong = right
    wrong.values[11] = .nan
    #expect(throws: CheckFailure.self) { try requireConvolution(layer, images, is: wrong) }
    // ReLU is not to be confused with none.
    #expect(throws: CheckFailure.self) { try requireConvolution(layer, images, is: right, rectifying: true) }
  }

  @Test func shapesThatDoNotFitAreTypedErrors() throws {
    let (layer, images) = try example(Float.self)
    #expect(throws: ConvolutionError.self) { try requireConvolution(layer, images, is: images) }
  }
}

@Suite struct ClosenessCheckTests {
  @Test func tolerancesMeanWhatTheySay() throws {
    let expected = [1.0, -100, 0, .infinity, .nan]
    try requireClose(expected, expected, within: .exact)
    try requireClose([1.001, -100.1, 0, .infinity, .nan], expected, within: .relative(1.1e-3))
    try requireClose([Float(1.05), -100.05, 0.05, .infinity, .nan], expected, within: .absolute(0.0501))
    try requireClose([1.09, -100.09, -0.09, .infinity, .nan], expected, within: .relativeToLargest(1e-3))
    for (found, tolerance) in [
      ([1.0, -100, 1e-300, .infinity, .nan], Tolerance.relative(0.1)),
      ([1, -100.2, 0, .infinity, .nan], .absolute(0.1)),
      ([1, -100, 0, 3, .nan], .relativeToLargest(10)), ([1, -100, 0, .infinity, 3], .absolute(1e9)),
      ([1, -100, 0, -.infinity, .nan], .absolute(1e9)), ([1, .nan, 0, .infinity, .nan], .absolute(.infinity)),
      ([1.0 + 1e-15, -100, 0, .infinity, .nan], .exact),
    ] {
      #expect(throws: CheckFailure.self, "\(found)") { try requireClose(found, expected, within: tolerance) }
    }
    #expect(throws: LinearAlgebraError.self) { try requireClose([1.0], expected, within: .exact) }
  }
}
