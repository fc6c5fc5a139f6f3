import Convolution
import LinearAlgebra
import Tickets

/// A target in as many bytes as are given: weights rounded to multiples of one step a layer, and
/// these entropy coded. No data is asked for.
///
/// What a ticket should be set beside: a way to store the trained network itself in the same bytes.
/// Other and better ones, which need calibration images, are in `bench/codes`.
///
/// Where a layer spoils the output in proportion to its relative squared error, n D² / 12 ‖W‖² for
/// n weights and step D, a given number of bits spoils least with steps D = s ‖W‖, the same s for
/// all layers. s is the smallest that fits, of those whose Float32 has 16 bits; a step is rounded
/// up to such a number. A weight's code is weight / step in Float64, to the nearest whole number,
/// ties to even; it comes back as the Float32 product of code and step.
public struct CodedTarget: Sendable {
  /// One a layer; 0 for a layer of zeros.
  public let steps: [Float]
  /// Layer by layer, in the kernels' order: output channels innermost.
  public let codes: [[Int32]]
  /// From these alone, and the architecture, weights and biases come back bit for bit: for each
  /// layer the upper 16 bits of its step, whether it has a bias, the bias's floats, and the codes,
  /// one stream of the range coder of coded tickets.
  public let bytes: [UInt8]
  /// The network over the weights that the codes stand for.
  public let network: Network<Float>
  /// max |coded weight − weight|, in Float64.
  public let maxWeightError: Double

  /// s from 2⁻²² to 2², as upper halves of floats.
  private static let shares = 0x3480...0x4080

  /// The finest steps whose bytes are at most so many.
  ///
  /// At s = 4 all codes are 0, which takes less than four bytes a layer and four for each number of
  /// a bias; where even these are too many they are taken all the same, as `bytes.count` tells.
  ///
  /// - Throws: `ConvolutionError` as making the network does.
  /// - Complexity: twelve times all weights are rounded and coded.
  public init(_ target: Target, maximumBytes: Int) throws {
    let norms = target.kernels.map { kernel in
      kernel.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    func coded(_ share: Int) -> (steps: [Float], codes: [[Int32]], bytes: [UInt8]) {
      let factor = Double(Float(bitPattern: UInt32(share) << 16))
      return Self.coded(target, steps: norms.map { Self.short(Float(factor * $0)) })
    }
    var (low, high) = (Self.shares.lowerBound - 1, Self.shares.upperBound)
    var best = coded(high)
    while high - low > 1 {
      let middle = (low + high) / 2
      let found = coded(middle)
      if found.bytes.count <= maximumBytes {
        (high, best) = (middle, found)
      } else {
        low = middle
      }
    }
    try self.init(target, best)
  }

  private init(_ target: Target, _ coded: (steps: [Float], codes: [[Int32]], bytes: [UInt8])) throws {
    (steps, codes, bytes) = coded
    let values = Self.values(coded.steps, coded.codes)
    var error = 0.0
    for (kernel, found) in zip(target.kernels, values) {
      for (weight, value) in zip(kernel.values, found) { error = max(error, abs(Double(weight) - Double(value))) }
    }
    maxWeightError = error
    var layer = 0
    let graph = try target.network.graph.replacing { node -> [(name: String, operation: Network<Float>.Operation)] in
      guard case .convolution(let convolution) = node.operation, layer < values.count else {
        return [(node.name, node.operation)]
      }
      defer { layer += 1 }
      return [(node.name, .convolution(try convolution.with(kernel: values[layer], bias: convolution.bias)))]
    }
    network = Network(graph)
  }

  /// A float32 ≥ 0 rounded up to one whose lower 16 bits are 0.
  package static func short(_ value: Float) -> Float {
    Float(bitPattern: (value.bitPattern + 0xFFFF) & 0xFFFF_0000)
  }

  /// The weights that codes stand for.
  private static func values(_ steps: [Float], _ codes: [[Int32]]) -> [[Float]] {
    zip(steps, codes).map { step, codes in codes.map { Float($0) * step } }
  }

  /// Codes and bytes for given steps, whose lower 16 bits are 0.
  package static func coded(
    _ target: Target, steps: [Float]
  ) -> (steps: [Float], codes: [[Int32]], bytes: [UInt8]) {
    let codes = zip(target.kernels, steps).map { kernel, step in
      kernel.values.map { weight in
        // Beside 1.5 · 2^52 a Float64 holds whole numbers alone.
        step == 0 ? 0 : Int32((Double(weight) / Double(step) + 0x1.8p52) - 0x1.8p52)
      }
    }
    var encoder = BitEncoder()
    for (layer, step) in steps.enumerated() {
      _ = write(bits: step.bitPattern >> 16, 16, with: &encoder)
      let bias = target.biases[layer]
      _ = encoder.code(bias != nil, ones: 1, of: 2)
      for number in bias ?? [] { _ = write(bits: number.bitPattern, 32, with: &encoder) }
      var model = IntegerCode()
      for code in codes[layer] { _ = model.code(code, with: &encoder) }
    }
    return (steps, codes, encoder.finish())
  }

  /// Weights and biases of a graph's layers from their bytes.
  package static func decoded(_ bytes: [UInt8], _ graph: LayerGraph) -> [(weights: [Float], bias: [Float]?)] {
    var decoder = BitDecoder(bytes)
    return graph.layers.map { layer in
      let step = Float(bitPattern: write(bits: 0, 16, with: &decoder) << 16)
      let bias =
        decoder.code(ones: 1, of: 2)
        ? (0..<layer.outputChannels).map { _ in Float(bitPattern: write(bits: 0, 32, with: &decoder)) } : nil
      var model = IntegerCode()
      let codes = (0..<layer.weightCount).map { _ in model.code(with: &decoder) }
      return (values([step], [codes])[0], bias)
    }
  }

  /// Codes a number of which nothing is known, its highest bit first.
  private static func write(bits: UInt32, _ count: Int, with coder: inout some BitCoder) -> UInt32 {
    (0..<count).reversed().reduce(0) { found, place in
      found << 1 | (coder.code(bits >> UInt32(place) & 1 == 1, ones: 1, of: 2) ? 1 : 0)
    }
  }
}
