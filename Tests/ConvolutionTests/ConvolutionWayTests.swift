import Convolution
import LinearAlgebra
import Testing

/// One network by every way of computing its convolutions: a mask, layers that each method takes,
/// pooling, and a last layer whose window is the image.
@Suite struct ConvolutionWayTests {
  /// Of the largest output, as `ConvolutionWay` states.
  private static let bounds = (single: 1e-5, double: 1e-10)

  private func network<Scalar: BLASScalar>(_ number: () -> Scalar) throws -> Network<Scalar> {
    func layer(
      _ window: SlidingWindow, _ inputs: Int, _ outputs: Int, groups: Int = 1, bias: Bool = true
    ) throws -> Network<Scalar>.Operation {
      let count = window.height * window.width * inputs / groups * outputs
      return .convolution(
        try Convolution(
          window: window, inputChannels: inputs, outputChannels: outputs, groups: groups,
          kernel: (0..<count).map { _ in number() }, bias: bias ? (0..<outputs).map { _ in number() } : nil))
    }
    let mask = try BlockedPointwise(
      inputChannels: 2, sources: (0..<40).map { $0 / 20 }, scalars: (0..<40).map { _ in number() })
    let pooling = Pooling(
      .maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2))
    let strided = SlidingWindow(height: 3, width: 3, strideHeight: 2, strideWidth: 2, padding: Padding(all: 1))
    let operations: [(String, Network<Scalar>.Operation)] = [
      ("mask", .blockedPointwise(mask)), ("hidden", .rectifier),
      ("taps", try layer(.same(3), 40, 4)), ("relu", .rectifier), ("pool", .pooling(pooling)),
      ("depthwise", try layer(.same(3), 4, 4, groups: 4, bias: false)), ("relu2", .rectifier),
      ("grouped", try layer(.same(3), 4, 6, groups: 2)), ("strided", try layer(strided, 6, 35)),
      ("pointwise", try layer(.same(1), 35, 3, bias: false)),
      ("whole", try layer(SlidingWindow(height: 3, width: 2), 3, 5)),
    ]
    var nodes: [Network<Scalar>.Node] = [.init(name: "input", operation: .input, inputs: [])]
    for (name, operation) in operations {
      nodes.append(.init(name: name, operation: operation, inputs: [nodes.count - 1]))
    }
    return try Network(inputShape: ImageShape(height: 10, width: 8, channels: 2), nodes: nodes)
  }

  /// Sums of integers are exact, so that all ways agree to the bit.
  @Test(arguments: ConvolutionWay.allCases) func integersAgreeExactly(way: ConvolutionWay) throws {
    var numbers = IntegerNumbers(state: 3)
    let network = try network { Double(numbers.next()) }
    let images: Tensor<Double> = try numbers.tensor(3, network.inputShape)
    let direct = try network.evaluatedDirectly(images)
    let packed = try network.packed(way)
    #expect(packed.way == way && packed.network == network)
    for scratch in [Scratch<Double>(), Scratch(tileBytes: 1), Scratch(tileBytes: 700, workers: 2)] {
      #expect(try packed(images, scratch: scratch) == direct)
    }
    #expect(try ForwardRun(network, way: way)(images, workers: 2) == direct)
  }

  @Test(arguments: ConvolutionWay.allCases) func roundingsStayWithinTheBound(way: ConvolutionWay) throws {
    var state = 1.0
    func number() -> Double {
      state = (state * 1.618_033_988 + 0.577).truncatingRemainder(dividingBy: 2)
      return state - 1
    }
    let network = try network { Float(number()) }
    let images = try Tensor<Float>(
      batch: 20, shape: network.inputShape, values: (0..<20 * 160).map { _ in Float(number()) })
    let exact = try network.converted(to: Double.self).evaluatedDirectly(images.converted(to: Double.self))
    let largest = exact.values.reduce(0) { max($0, abs($1)) }
    let single = try network.packed(way)(images)
    for (one, other) in zip(single.values, exact.values) {
      #expect(abs(Double(one) - other) <= Self.bounds.single * largest)
    }
    let double = try network.converted(to: Double.self).packed(way)(images.converted(to: Double.self))
    for (one, other) in zip(double.values, exact.values) {
      #expect(abs(one - other) <= Self.bounds.double * largest)
    }
  }
}
