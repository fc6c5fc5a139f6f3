import Convolution
import LinearAlgebra

/// Checks that `result` is the layer's value for `images` within what rounding explains: every
/// entry against `DirectReference` in Float64, the tolerance `RoundingBound.product` for the taps
/// that make an entry.
///
/// Not for algorithms that subtract inputs first, as Winograd's, whose errors are larger.
///
/// - Parameters:
///   - layer: the layer, with its bias if it has one.
///   - images: its input, NHWC.
///   - result: NHWC, as the layer gives it, before any ReLU unless `rectifying`.
///   - rectifying: compare with ReLU applied on both sides; a tolerance is not changed by it.
/// - Complexity: 4 · entries · taps operations.
/// - Throws: `ConvolutionError` for shapes that do not fit. A wrong result does not throw: the
///   report says so.
public func checkConvolution<Scalar: BLASScalar>(
  _ layer: Convolution<Scalar>, _ images: Tensor<Scalar>, is result: Tensor<Scalar>, rectifying: Bool = false
) throws -> CheckReport {
  let output = try layer.outputShape(over: images.shape)
  guard result.batch == images.batch, result.shape == output else {
    throw ConvolutionError.shapeMismatch(
      at: "convolution check", expected: "a result of \(images.batch) × \(output)",
      found: "\(result.batch) × \(result.shape)")
  }
  func reference(_ map: (Double) -> Double) throws -> [Double] {
    let exact = try Convolution<Double>(
      window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
      groups: layer.groups, kernel: layer.kernel.map { map(Double($0)) }, bias: layer.bias?.map { map(Double($0)) })
    let values = images.values.map { map(Double($0)) }
    return try DirectReference.convolve(Tensor(batch: images.batch, shape: images.shape, values: values), exact).values
  }
  let expected = try reference { $0 }
  let magnitudes = try reference { abs($0) }
  var worst = WorstComparison()
  for (index, found) in result.values.enumerated() {
    let value = rectifying && expected[index] < 0 ? 0 : expected[index]
    worst.compare(
      Double(found), value,
      tolerance: RoundingBound.product(terms: layer.taps, magnitude: magnitudes[index], Scalar.self))
  }
  let window = layer.window
  let check =
    "convolution entry by entry, \(Scalar.self), \(images.batch) × \(images.shape), \(layer.outputChannels) filters of "
    + "\(window.height) × \(window.width)" + (layer.groups > 1 ? ", \(layer.groups) groups" : "")
  return worst.report(check) { index in
    let (place, channel) = index.quotientAndRemainder(dividingBy: max(1, output.channels))
    let (image, pixel) = place.quotientAndRemainder(dividingBy: max(1, output.pixels))
    return
      "image \(image), row \(pixel / max(1, output.width)), column \(pixel % max(1, output.width)), channel \(channel)"
  }
}

/// As `checkConvolution`, and throws the report of a result that is wrong.
///
/// - Throws: `CheckFailure`, or `ConvolutionError` for shapes that do not fit.
public func requireConvolution<Scalar: BLASScalar>(
  _ layer: Convolution<Scalar>, _ images: Tensor<Scalar>, is result: Tensor<Scalar>, rectifying: Bool = false
) throws {
  try checkConvolution(layer, images, is: result, rectifying: rectifying).require()
}
