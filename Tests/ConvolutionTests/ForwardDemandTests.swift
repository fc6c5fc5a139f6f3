import Convolution
import LinearAlgebra
import Testing

@Suite struct ForwardDemandTests {
  /// A network of one layer over images of 4 × 5 × 2, and what it takes by hand.
  @Test func countsEntriesAndOperations() throws {
    let layer = try Convolution(
      window: .same(3), inputChannels: 2, outputChannels: 3, kernel: [Float](repeating: 1, count: 54))
    let network = try Network<Float>(
      inputShape: ImageShape(height: 4, width: 5, channels: 2),
      nodes: [
        .init(name: "x", operation: .input, inputs: []),
        .init(name: "c", operation: .convolution(layer), inputs: [0]),
        .init(name: "r", operation: .rectifier, inputs: [1]),
        .init(name: "g", operation: .globalAveragePooling, inputs: [2]),
      ])
    let demand = try network.requireAffordable()
    #expect(demand.entries == 40 + 60 + 60 + 3)
    #expect(demand.operations == 40 + 60 * 18 + 60 + 3 * 20)
  }

  @Test func limitsAreInclusive() throws {
    var demand = ForwardDemand()
    try demand.add(ImageShape(height: 1 << 13, width: 1 << 12, channels: 1), at: "a")
    #expect(throws: ConvolutionError.self) {
      try demand.add(ImageShape(height: (1 << 13) + 1, width: 1 << 12, channels: 1), at: "b")
    }
    #expect(throws: ConvolutionError.self) {
      try demand.add(ImageShape(height: 1, width: 1, channels: 2), operationsPerEntry: .max, at: "c")
    }
    try demand.add(
      ImageShape(height: 1 << 15, width: 1 << 15, channels: 1), isMadeInTiles: true, at: "hidden")
    #expect(demand.entries == 1 << 25)
  }

  @Test func sizesBesideAZeroMustFitToo() {
    #expect(throws: ConvolutionError.self) {
      _ = try Tensor<Float>(batch: 0, shape: ImageShape(height: 1 << 40, width: 1 << 40, channels: 1))
    }
    #expect(throws: ConvolutionError.self) {
      var builder = NetworkBuilder<Float>(inputShape: ImageShape(height: 1, width: 1, channels: 4))
      _ = try builder.dense("fc", weights: [], outputs: 1 << 62, to: builder.input)
    }
    #expect(throws: ConvolutionError.self) {
      _ = try Convolution<Float>(
        window: SlidingWindow(height: 1 << 31, width: 1 << 31), inputChannels: 0, outputChannels: 4, kernel: [])
    }
  }

  @Test func paddingIsNoWiderThanImageOrWindow() throws {
    let shape = ImageShape(height: 6, width: 4, channels: 1)
    func window(_ top: Int, _ left: Int) -> SlidingWindow {
      SlidingWindow(height: 5, width: 5, padding: Padding(top: top, left: left))
    }
    try window(6, 5).requireModestPadding(over: shape, at: "w")
    #expect(throws: ConvolutionError.self) { try window(7, 0).requireModestPadding(over: shape, at: "w") }
    #expect(throws: ConvolutionError.self) { try window(0, 6).requireModestPadding(over: shape, at: "w") }
  }
}
