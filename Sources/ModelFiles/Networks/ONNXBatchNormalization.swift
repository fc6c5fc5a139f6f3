import Convolution
import LinearAlgebra

/// Batch normalisation in inference: y = scale · (x − mean) / √(variance + ε) + shift, per channel.
///
/// With a = scale / √(variance + ε) this is a·x + (shift − a·mean). Behind a convolution or dense layer that nothing
/// else reads, a multiplies its kernel and the rest joins its bias; elsewhere it stands as a 1×1 convolution of one
/// channel a group. All in Float64, rounded once to Float32.
extension ONNXGraphReader {
  mutating func batchNormalization(_ node: ONNXNode, _ index: Int) throws {
    try requireInference(node, index)
    let name = try input(node, 0, index)
    let (value, isFlat) = try computed(node, 0, index)
    let shape = builder.shape(of: value)
    let channels = isFlat ? shape.count : shape.channels
    let affine = try affine(node, index, channels: channels)
    guard let (_, before) = convolution(behind: name) else {
      let layer = try Convolution(
        window: SlidingWindow(height: 1, width: 1), inputChannels: channels, outputChannels: channels,
        groups: channels, kernel: affine.map { Float($0.factor) }, bias: affine.map { Float($0.shift) })
      return try append(node, index, .convolution(layer))
    }
    // Kernels keep the output channel last.
    let kernel = before.kernel.enumerated().map {
      Float(Double($1) * affine[$0 % affine.count].factor)
    }
    let bias = affine.enumerated().map {
      Float(Double(before.bias?[$0] ?? 0) * $1.factor + $1.shift)
    }
    try replace(value, by: before.with(kernel: kernel, bias: bias), for: node, index)
    flat[node.outputs[0]] = isFlat
  }

  /// a and shift − a·mean of each channel.
  private func affine(
    _ node: ONNXNode, _ index: Int, channels: Int
  ) throws -> [(factor: Double, shift: Double)] {
    let numbers = try (1...4).map { position in
      let tensor = try weights(node, position, index)
      guard tensor.values.count == channels, tensor.shape.count == 1 else {
        throw problem(
          node, index, expected: "scale, bias, mean and variance of \(channels) numbers each",
          found: "shape \(tensor.shape) as input \(position)")
      }
      return tensor.values.map { Double($0) }
    }
    let epsilon = Double(try float(node, "epsilon", default: 1e-5, index))
    return try (0..<channels).map { c in
      let spread = numbers[3][c] + epsilon
      guard spread > 0 else {
        throw problem(node, index, expected: "variance + epsilon above 0", found: "\(spread) in channel \(c)")
      }
      let factor = numbers[0][c] / spread.squareRoot()
      let shift = numbers[1][c] - factor * numbers[2][c]
      guard Float(factor).isFinite, Float(shift).isFinite else {
        throw problem(node, index, expected: "finite factors and shifts", found: "\(factor), \(shift) in channel \(c)")
      }
      return (factor, shift)
    }
  }
}
