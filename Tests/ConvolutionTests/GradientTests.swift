import Convolution
import Testing

private typealias Node = Network<Double>.Node

/// Relative error allowed against difference quotients, which are exact inside a linear piece but
/// for rounding.
private let closeness = 1e-6
/// Short enough to stay inside the piece that a random image lies in.
private let step = 1e-6

/// Gradients against difference quotients of the network itself.
@Suite struct GradientTests {
  /// Every kind of node, one value read twice, strides, dilation, groups, padding on one side,
  /// overlapping pools.
  private func network(_ pooling: Pooling.Kind) throws -> Network<Double> {
    var numbers = IntegerNumbers(state: 5)
    func weights(_ count: Int) -> [Double] { (0..<count).map { _ in Double(numbers.next()) / 4 } }
    let first = try Convolution(window: .same(3), inputChannels: 2, outputChannels: 4, kernel: weights(72))
    let grouped = try Convolution(
      window: SlidingWindow(
        height: 3, width: 2, strideHeight: 2, dilationWidth: 2, padding: Padding(top: 1, left: 0, bottom: 2, right: 1)),
      inputChannels: 4, outputChannels: 6, groups: 2, kernel: weights(72), bias: weights(6))
    func dense(_ inputs: Int, _ weights: [Double], _ bias: [Double]?) throws -> Convolution<Double> {
      try Convolution(window: .same(1), inputChannels: inputs, outputChannels: 3, kernel: weights, bias: bias)
    }
    let blocked = try BlockedPointwise(inputChannels: 6, sources: [0, 0, 2, 5], scalars: [1, -0.5, 2, -1])
    let pool = Pooling(
      pooling, window: SlidingWindow(height: 3, width: 3, strideHeight: 2, strideWidth: 2, padding: Padding(all: 1)))
    return try Network(
      inputShape: ImageShape(height: 7, width: 6, channels: 2),
      nodes: [
        Node(name: "input", operation: .input, inputs: []),
        Node(name: "conv1", operation: .convolution(first), inputs: [0]),
        Node(name: "relu1", operation: .rectifier, inputs: [1]),
        Node(name: "add", operation: .addition, inputs: [2, 1]),
        Node(name: "conv2", operation: .convolution(grouped), inputs: [3]),
        Node(name: "blocked", operation: .blockedPointwise(blocked), inputs: [4]),
        Node(name: "leaky", operation: .plain(.leakyRectifier(LeakyRectifier(slope: -0.5))), inputs: [5]),
        Node(name: "pool", operation: .pooling(pool), inputs: [6]),
        Node(name: "relu2", operation: .rectifier, inputs: [7]),
        Node(name: "average", operation: .globalAveragePooling, inputs: [8]),
        Node(name: "flat", operation: .flatten, inputs: [7]),
        Node(name: "dense1", operation: .convolution(try dense(24, weights(72), nil)), inputs: [10]),
        Node(name: "dense2", operation: .convolution(try dense(4, weights(12), weights(3))), inputs: [9]),
        Node(name: "sum", operation: .addition, inputs: [11, 12]),
        Node(name: "unread", operation: .rectifier, inputs: [13]),
      ], output: 13)
  }

  /// Before each node, forward and back, somebody may end the pass.
  @Test func aPassEndsBetweenNodes() throws {
    struct Stop: Error {}
    let network = try network(.average)
    let images = try Tensor<Double>(batch: 1, shape: network.inputShape)
    var asked = 0
    let tape = try ForwardTape(network, images) { asked += 1 }
    // Nothing reads the last node's value.
    #expect(asked == network.nodes.count - 2)
    func stopping(after calls: Int) -> () throws -> Void {
      var left = calls
      return {
        if left == 0 { throw Stop() }
        left -= 1
      }
    }
    let seed = try Tensor<Double>(batch: 1, shape: tape.output.shape)
    for calls in 0..<asked {
      #expect(throws: Stop.self) { _ = try ForwardTape(network, images, check: stopping(after: calls)) }
      #expect(throws: Stop.self) { _ = try tape.gradient(of: seed, check: stopping(after: calls)) }
    }
  }

  @Test(arguments: [Pooling.Kind.maximum, .average, .averageCountingPadding]) func equalDifferenceQuotients(
    kind: Pooling.Kind
  ) throws {
    let network = try network(kind)
    let count = network.inputShape.count
    let values = (0..<2 * count).map { Double(($0 * 7919 + 13) % 2003) / 1000 - 1.0007 }
    let images = try Tensor(batch: 2, shape: network.inputShape, values: values)
    let tape = try ForwardTape(network, images)
    let direct = try network.evaluatedDirectly(images)
    for (found, wanted) in zip(tape.output.values, direct.values) {
      #expect(abs(found - wanted) <= 1e-12 * abs(wanted))
    }
    let seed = try Tensor<Double>(batch: 2, shape: network.outputShape, values: [1, -2, 0.5, 0, 3, -1])
    let gradient = try tape.gradient(of: seed)
    #expect(gradient.batch == 2 && gradient.shape == network.inputShape)
    #expect(gradient.values.contains { $0 != 0 })
    func value(_ entry: Int, _ change: Double) throws -> Double {
      var moved = images
      moved.values[entry] += change
      return zip(try network.evaluatedDirectly(moved).values, seed.values).reduce(0) { $0 + $1.0 * $1.1 }
    }
    for entry in 0..<2 * count {
      let quotient = (try value(entry, step) - (try value(entry, -step))) / (2 * step)
      let found = gradient.values[entry]
      #expect(abs(found - quotient) <= closeness * max(1, abs(quotient)), "entry \(entry): \(found), \(quotient)")
    }
  }

  /// At an inner node: the network behind it, started there.
  @Test func aGradientMayStopAtANode() throws {
    let network = try network(.maximum)
    let images = try Tensor<Double>(
      batch: 1, shape: network.inputShape, values: (0..<network.inputShape.count).map { Double($0 % 5) - 1.9 })
    let tape = try ForwardTape(network, images)
    let seed = try Tensor<Double>(batch: 1, shape: network.outputShape, values: [1, 1, 1])
    let ends = try tape.gradient(of: seed, at: network.output)
    #expect(ends == seed)
    // Behind node 13 both dense layers have the same seed, so at their inputs the gradient is a sum
    // of weights.
    guard case .convolution(let dense) = network.nodes[12].operation else { return }
    let atAverage = try tape.gradient(of: seed, at: 9)
    let sums = (0..<4).map { (row: Int) -> Double in dense.kernel[3 * row..<3 * row + 3].reduce(0, +) }
    #expect(atAverage.values == sums)
    #expect(throws: ConvolutionError.self) { try tape.gradient(of: images) }
    #expect(throws: ConvolutionError.self) { try ForwardTape(network, seed) }
  }
}
