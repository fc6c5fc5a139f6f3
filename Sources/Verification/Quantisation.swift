import Convolution
import Foundation
import LinearAlgebra

/// One layer's weights as integers of a few bits, with one scale per output channel: w(i, o) ≈
/// codes(i, o) · scales(o).
///
/// Plain symmetric uniform quantisation: code 0 is weight 0, codes are −2^(b−1) … 2^(b−1)−1. A
/// scale may be negative, so that the one code without a counterpart lies on the side that can use
/// it.
///
/// Each channel's scale is the one of a grid that leaves the smallest squared error: ± r · max|w| /
/// (2^(b−1) − 1) for every clipping ratio r of `clippingRatios`, rounded to Float32. A code is w /
/// scale in Float64, to the nearest integer, ties to the even one, clipped to the codes there are;
/// a weight comes back as the Float32 product of code and scale. Squared errors are summed in
/// Float64 in the kernel's order; of equal ones the larger ratio wins, then the positive scale. A
/// channel of zeros has scale 0.
public struct QuantisedKernel: Sendable, Hashable {
  /// Bits a code takes, 2…8.
  public let bits: Int
  /// Integers in the kernel's order: output channels innermost.
  public let codes: [Int8]
  /// One per output channel.
  public let scales: [Float]

  /// Bits a code may take.
  static let possibleBits = 2...8

  /// Parts of a channel's largest weight at which the grid clips it: 1, 0.99, … 0.01.
  static let clippingRatios: [Double] = (1...100).reversed().map { Double($0) / 100 }

  /// Quantises a kernel: any number of rows of `outputChannels` weights.
  ///
  /// - Throws: `ConvolutionError` for a number of bits outside `possibleBits`, weights that are not
  ///   finite or do not fill whole rows.
  /// - Complexity: 200 passes over the weights at most, one task per output channel.
  public init(
    _ kernel: [Float], outputChannels: Int, bits: Int, workers: Int = Workers.availableCores
  ) throws {
    guard Self.possibleBits.contains(bits) else {
      throw ConvolutionError.invalidSize(
        of: "quantisation", expected: "\(Self.possibleBits.lowerBound) to \(Self.possibleBits.upperBound) bits",
        found: "\(bits)")
    }
    guard outputChannels > 0, kernel.count % outputChannels == 0 else {
      throw ConvolutionError.shapeMismatch(
        at: "kernel to quantise", expected: "rows of \(outputChannels) values", found: "\(kernel.count)")
    }
    if let wrong = kernel.firstIndex(where: { !$0.isFinite }) {
      throw ConvolutionError.notFinite(at: "kernel to quantise", index: wrong)
    }
    let rows = kernel.count / outputChannels
    let channels = try Workers.map(count: outputChannels, workers: workers) { o in
      QuantisedChannel((0..<rows).map { kernel[$0 * outputChannels + o] }, bits: bits)
    }
    self.bits = bits
    scales = channels.map(\.scale)
    codes = kernel.indices.map { channels[$0 % outputChannels].codes[$0 / outputChannels] }
  }

  /// The weights that the codes stand for.
  public var values: [Float] { codes.indices.map { Float(codes[$0]) * scales[$0 % scales.count] } }

  /// Bits of all codes together in a code of their own: count · empirical entropy, −Σ n log2(n /
  /// count).
  ///
  /// No coder of single codes gets below it, and its table is not counted.
  public var entropyBits: Double {
    var counts = [Int](repeating: 0, count: 256)
    for code in codes { counts[Int(code) + 128] += 1 }
    return counts.reduce(0.0) { $1 == 0 ? $0 : $0 - Double($1) * log2(Double($1) / Double(codes.count)) }
  }
}

/// One output channel's weights as integers and their scale.
private struct QuantisedChannel: Sendable {
  let codes: [Int8]
  let scale: Float

  init(_ weights: [Float], bits: Int) {
    let largest = weights.reduce(Float(0)) { max($0, abs($1)) }
    let levels = Double((1 << (bits - 1)) - 1)
    var best: (error: Double, scale: Float) = (.infinity, 0)
    for ratio in QuantisedKernel.clippingRatios {
      for sign in [1.0, -1.0] {
        let scale = Float(sign * ratio * Double(largest) / levels)
        if scale == 0 { continue }
        let error = Self.squaredError(of: weights, scale, levels, below: best.error)
        if error < best.error { best = (error, scale) }
      }
    }
    scale = best.scale
    codes = weights.map { best.scale == 0 ? 0 : Int8(Self.code(of: $0, best.scale, levels)) }
  }

  /// The nearest code as a number, ties to even.
  @inline(__always)
  private static func code(of weight: Float, _ scale: Float, _ levels: Double) -> Double {
    let clipped = min(max(Double(weight) / Double(scale), -levels - 1), levels)
    // Beside 1.5 · 2^52 a Float64 holds integers alone.
    return (clipped + 0x1.8p52) - 0x1.8p52
  }

  /// The sum in order, or any number ≥ `bound` once it has reached it.
  private static func squaredError(
    of weights: [Float], _ scale: Float, _ levels: Double, below bound: Double
  ) -> Double {
    var sum = 0.0
    for weight in weights {
      let difference = Double(weight) - Double(Float(code(of: weight, scale, levels)) * scale)
      sum += difference * difference
      if sum >= bound { return sum }
    }
    return sum
  }
}

/// A network with the weights of its convolutions and fully connected layers quantised; biases stay
/// as they are.
public struct Quantisation: Sendable {
  /// Bits a weight's code takes.
  public let bits: Int
  /// The layers with weights, in the network's order.
  public let kernels: [QuantisedKernel]
  /// The network over the weights that the codes stand for; it computes in Float32.
  public let network: Network<Float>
  /// max |quantised − original| over all weights, in Float64.
  public let maxWeightError: Double

  /// - Throws: as `QuantisedKernel`; `ConvolutionError.invalidGraph` for a blocked 1×1 layer, which
  ///   has one weight per output channel.
  public init(of network: Network<Float>, bits: Int, workers: Int = Workers.availableCores) throws {
    var kernels: [QuantisedKernel] = []
    var error = 0.0
    func quantised(_ weights: [Float], _ outputs: Int) throws -> [Float] {
      let kernel = try QuantisedKernel(weights, outputChannels: outputs, bits: bits, workers: workers)
      kernels.append(kernel)
      let values = kernel.values
      for (value, weight) in zip(values, weights) { error = max(error, abs(Double(value) - Double(weight))) }
      return values
    }
    let graph = try network.graph.replacing { node -> [(name: String, operation: Network<Float>.Operation)] in
      switch node.operation {
      case .convolution(let layer):
        let kernel = try quantised(layer.kernel, layer.outputChannels)
        return [(node.name, .convolution(try layer.with(kernel: kernel, bias: layer.bias)))]
      case .blockedPointwise:
        throw ConvolutionError.invalidGraph(
          node: node.name, expected: "a layer of many weights an output channel",
          found: "a blocked 1×1 layer")
      case .input, .plain: return [(node.name, node.operation)]
      }
    }
    self.bits = bits
    self.network = Network(graph)
    self.kernels = kernels
    maxWeightError = error
  }

  /// Bits that store the codes, and 32 a scale. Biases are not counted.
  public var storageBits: Double {
    Double(kernels.reduce(0) { $0 + bits * $1.codes.count + 32 * $1.scales.count })
  }

  /// Bits that store the codes by each layer's empirical entropy, and 32 a scale. Biases are not
  /// counted.
  public var entropyBits: Double {
    kernels.reduce(0.0) { $0 + $1.entropyBits + 32 * Double($1.scales.count) }
  }
}
