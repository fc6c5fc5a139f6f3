import Convolution
import LinearAlgebra
import Testing
import Tickets

/// Networks of small integers, in which Float32 rounds nowhere: both forms must give the same bits.
private struct IntegerNetwork {
  var nodes = [Network<Float>.Node(name: "input", operation: .input, inputs: [])]
  private var state: UInt64 = 7

  mutating func numbers(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int(state >> 33) % 7 - 3)
    }
  }

  /// Appends a node and returns its index.
  mutating func append(_ name: String, _ operation: Network<Float>.Operation, _ inputs: Int...) -> Int {
    nodes.append(.init(name: name, operation: operation, inputs: inputs))
    return nodes.count - 1
  }

  mutating func convolution(_ inputs: Int, _ outputs: Int, window: SlidingWindow) throws -> Convolution<Float> {
    let kernel = numbers(window.height * window.width * inputs * outputs)
    return try Convolution(
      window: window, inputChannels: inputs, outputChannels: outputs, kernel: kernel, bias: numbers(outputs))
  }

  mutating func dense(_ inputs: Int, _ outputs: Int) throws -> Dense<Float> {
    let weights = numbers(inputs * outputs)
    return try Dense(inputs: inputs, outputs: outputs, weights: weights, bias: numbers(outputs))
  }

  func network() throws -> Network<Float> {
    try Network(inputShape: ImageShape(height: 5, width: 4, channels: 2), nodes: nodes)
  }

  /// Expects the same values of a network and its form, fast and slow.
  static func expectSameValues(_ network: Network<Float>, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let shape = network.inputShape
    let images = try Tensor<Float>(
      batch: 3, shape: shape, values: (0..<3 * shape.count).map { Float(($0 * 5) % 9 - 4) })
    let expected = try network.evaluatedDirectly(images)
    #expect(Set(expected.values).count > 3, sourceLocation: sourceLocation)
    let form = try network.prunableForm()
    #expect(try form.evaluatedDirectly(images) == expected, sourceLocation: sourceLocation)
    #expect(try form(images) == expected, sourceLocation: sourceLocation)
    #expect(try network(images) == expected, sourceLocation: sourceLocation)
    for node in form.nodes {
      if case .dense = node.operation { Issue.record("'\(node.name)' is still dense", sourceLocation: sourceLocation) }
    }
  }
}

@Suite struct PrunableFormTests {
  /// Flatten counts channels first, images do not.
  @Test func denseLayersAreConvolutionsOverTheImage() throws {
    var net = IntegerNetwork()
    var last = net.append("conv", .convolution(try net.convolution(2, 3, window: .same(3))), 0)
    last = net.append("flat", .flatten, last)
    last = net.append("relu", .rectifier, last)
    last = net.append("copy", .identity, last)
    last = net.append("fc1", .dense(try net.dense(60, 4)), last)
    last = net.append("relu2", .rectifier, last)
    last = net.append("fc2", .dense(try net.dense(4, 5)), last)
    let network = try net.network()
    try IntegerNetwork.expectSameValues(network)
    let graph = try LayerGraph(of: network)
    #expect(graph.layers.map(\.name) == ["conv", "fc1", "fc2"])
    #expect(graph.layers.map { $0.window.height * $0.window.width } == [9, 20, 1])
    #expect(graph.layers.map(\.inputChannels) == [2, 3, 4] && graph.layers.map(\.outputChannels) == [3, 4, 5])
    #expect(graph.nodes.map(\.name) == ["input", "conv", "relu", "fc1", "relu2", "fc2"])
    #expect(graph.signedInputs(networkInputIsSigned: true) == [true, false, false])
    #expect(zip(network.kernels, graph.layers).allSatisfy { $0.count == $1.weightCount })
  }

  /// One flat row read by a dense layer, by a convolution, by an addition and by the output.
  @Test func aRowIsMadeOnceWhereItIsNeeded() throws {
    var net = IntegerNetwork()
    let image = net.append("conv", .convolution(try net.convolution(2, 3, window: .same(3))), 0)
    let row = net.append("flat", .flatten, image)
    let dense = net.append("fc", .dense(try net.dense(60, 60)), row)
    let point = net.append(
      "1×1", .convolution(try net.convolution(60, 60, window: SlidingWindow(height: 1, width: 1))), row)
    let sum = net.append("sum", .addition, dense, row)
    _ = net.append("total", .addition, sum, point)
    let network = try net.network()
    try IntegerNetwork.expectSameValues(network)
    #expect(try network.prunableForm().nodes.count { $0.operation == .flatten } == 1)
  }

  @Test func flatAdditionsStayImagesWhereBothSidesAre() throws {
    var net = IntegerNetwork()
    let first = net.append("a", .convolution(try net.convolution(2, 3, window: .same(3))), 0)
    let second = net.append("b", .convolution(try net.convolution(2, 3, window: .same(1))), 0)
    let left = net.append("left", .flatten, first)
    let right = net.append("right", .flatten, second)
    let sum = net.append("sum", .addition, left, right)
    _ = net.append("fc", .dense(try net.dense(60, 4)), sum)
    try IntegerNetwork.expectSameValues(try net.network())
    // And as the output, where the row is what is asked for.
    net.nodes.removeLast()
    try IntegerNetwork.expectSameValues(try net.network())
    #expect(try LayerGraph(of: net.network()).nodes.last!.operation == .flatten)
  }

  /// A dense layer, and the same numbers as a convolution: one target, one digest.
  @Test func theDigestKnowsLayersByWhatTheyCompute() throws {
    func network(_ operation: Network<Float>.Operation, flattening: Bool) throws -> Network<Float> {
      var nodes = [Network<Float>.Node(name: "x", operation: .input, inputs: [])]
      if flattening { nodes.append(.init(name: "flat", operation: .flatten, inputs: [0])) }
      nodes.append(.init(name: "y", operation: operation, inputs: [nodes.count - 1]))
      return try Network(inputShape: ImageShape(height: 1, width: 2, channels: 2), nodes: nodes)
    }
    // Row order: (channel 0: left, right), (channel 1: left, right).
    let dense = try Dense<Float>(inputs: 4, outputs: 1, weights: [1, 2, 3, 4], bias: [5])
    func convolution(_ kernel: [Float], bias: [Float]?) throws -> Network<Float>.Operation {
      .convolution(
        try Convolution(
          window: SlidingWindow(height: 1, width: 2), inputChannels: 2, outputChannels: 1, kernel: kernel, bias: bias))
    }
    let digest = try network(.dense(dense), flattening: true).targetDigest()
    func digestOf(_ kernel: [Float], _ bias: [Float]?) throws -> String {
      try network(convolution(kernel, bias: bias), flattening: false).targetDigest()
    }
    #expect(try digestOf([1, 3, 2, 4], [5]) == digest)
    #expect(try digestOf([1, 2, 3, 4], [5]) != digest)
    #expect(try digestOf([1, 3, 2, 4], [6]) != digest)
    #expect(try digestOf([1, 3, 2, 4], nil) != digest)
    #expect(try digestOf([1, 3, 2, 4], [0]) == digestOf([1, 3, 2, 4], nil))
  }
}
