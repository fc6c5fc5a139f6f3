import Convolution
import Testing

private typealias Node = Network<Float>.Node

@Suite struct NetworkCostTests {
  private static func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

  private static func chain(_ shape: ImageShape, _ operations: [Network<Float>.Operation]) throws -> Network<Float> {
    let all = [.input] + operations
    return try Network(
      inputShape: shape,
      nodes: all.enumerated().map {
        Node(name: "node\($0.offset)", operation: $0.element, inputs: $0.offset == 0 ? [] : [$0.offset - 1])
      })
  }

  /// Every kind of layer with weights, counted by hand.
  @Test func aSmallNetworkByHand() throws {
    let strided = SlidingWindow(height: 3, width: 3, strideHeight: 2, strideWidth: 2, padding: Padding(all: 1))
    let network = try Self.chain(
      ImageShape(height: 5, width: 4, channels: 3),
      [
        // 3 × 2 pixels; 9 · 3 · 8 = 216 weights, 1296 multiply-adds, 8 biases.
        .convolution(
          Convolution(
            window: strided, inputChannels: 3, outputChannels: 8, kernel: Self.zeros(216), bias: Self.zeros(8))),
        .rectifier,
        // Depthwise, 2 × 1 pixels: 4 · 8 = 32 weights, 64 multiply-adds.
        .convolution(
          Convolution(
            window: SlidingWindow(height: 2, width: 2), inputChannels: 8, outputChannels: 8, groups: 8,
            kernel: Self.zeros(32))),
        // 5 weights, 10 multiply-adds.
        .blockedPointwise(BlockedPointwise(inputChannels: 8, sources: [0, 0, 1, 7, 7], scalars: Self.zeros(5))),
        .plain(.leakyRectifier(LeakyRectifier(slope: 0.1))),
        // 10 weights, 20 multiply-adds.
        .convolution(
          Convolution(
            window: SlidingWindow(height: 1, width: 1), inputChannels: 5, outputChannels: 2, kernel: Self.zeros(10))),
        .flatten,
        // 12 weights and multiply-adds, 3 biases.
        .convolution(
          Convolution(
            window: .same(1), inputChannels: 4, outputChannels: 3, kernel: Self.zeros(12), bias: Self.zeros(3))),
      ])
    let cost = try network.cost()
    #expect(cost == NetworkCost(weights: 275, biases: 11, multiplyAdds: 1402))
    #expect(cost.parameters == 286 && cost.operations == 2804)
  }

  @Test func layersWithoutWeightsAreFree() throws {
    let pool = Pooling(.average, window: SlidingWindow(height: 2, width: 2))
    let network = try Self.chain(
      ImageShape(height: 4, width: 4, channels: 2), [.pooling(pool), .rectifier, .globalAveragePooling, .flatten])
    #expect(try network.cost() == NetworkCost())
  }

  /// A pruned layer that kept nothing has its bias alone.
  @Test func aLayerWithoutInputChannels() throws {
    let network = try Self.chain(
      ImageShape(height: 4, width: 4, channels: 2),
      [
        .blockedPointwise(BlockedPointwise(inputChannels: 2, sources: [], scalars: [])),
        .convolution(
          Convolution(window: .same(3), inputChannels: 0, outputChannels: 3, kernel: [], bias: [1, 2, 3])),
      ])
    #expect(try network.cost() == NetworkCost(biases: 3))
  }

  @Test func countsThatOverflowAreTypedErrors() {
    #expect(throws: ConvolutionError.self) {
      try NetworkCost.convolution(
        window: .same(3), inputChannels: 1 << 30, outputChannels: 1 << 30, hasBias: false, outputPixels: 1)
    }
    #expect(throws: ConvolutionError.self) {
      try NetworkCost.convolution(
        window: .same(1), inputChannels: 1 << 20, outputChannels: 1 << 20, hasBias: false, outputPixels: 1 << 24)
    }
    #expect(throws: ConvolutionError.self) {
      try NetworkCost.blockedPointwise(hiddenChannels: 1 << 40, pixels: 1 << 40)
    }
    let most = NetworkCost(weights: 1 << 60)
    #expect(throws: ConvolutionError.self) { try most.adding(NetworkCost(weights: 1)) }
  }
}

@Suite struct ScratchTests {
  /// Values that no scratch made are given back too; however many passes there are, they do not
  /// pile up.
  @Test func passesWithoutEndHoldWhatAFewHold() throws {
    let shape = ImageShape(height: 8, width: 8, channels: 2)
    let strided = SlidingWindow(height: 3, width: 3, strideHeight: 2, strideWidth: 2, padding: Padding(all: 1))
    func layer(_ window: SlidingWindow, _ inputs: Int, _ outputs: Int) throws -> Network<Float>.Operation {
      .convolution(
        try Convolution(
          window: window, inputChannels: inputs, outputChannels: outputs,
          kernel: (0..<9 * inputs * outputs).map { Float($0 % 5 - 2) }))
    }
    let pool = Pooling(.maximum, window: SlidingWindow(height: 1, width: 1))
    let operations: [Network<Float>.Operation] = [
      .input, .pooling(pool),
      .blockedPointwise(
        try BlockedPointwise(
          inputChannels: 2, sources: (0..<40).map { $0 / 20 }, scalars: [Float](repeating: 1, count: 40))),
      .rectifier, try layer(strided, 40, 3), try layer(.same(3), 3, 4), .globalAveragePooling, .flatten,
    ]
    let network = try Network(
      inputShape: shape,
      nodes: operations.enumerated().map {
        Node(name: "node\($0.offset)", operation: $0.element, inputs: $0.offset == 0 ? [] : [$0.offset - 1])
      }
    ).packed()
    let image = try Tensor(batch: 1, shape: shape, values: (0..<128).map { Float($0 % 7) - 3 })
    let scratch = Scratch<Float>()
    let expected = try network(image)
    var held: [Int] = []
    for _ in 0..<50 {
      #expect(try network(image, scratch: scratch) == expected)
      held.append(scratch.recycledBytes)
    }
    #expect(held[3...].allSatisfy { $0 == held[3] }, "\(held)")
    // No more than all values of one pass.
    #expect(held[49] <= 4 * network.network.shapes.reduce(0) { $0 + $1.count })
  }
}
