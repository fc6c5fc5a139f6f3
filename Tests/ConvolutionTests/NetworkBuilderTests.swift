import Convolution
import LinearAlgebra
import Testing

/// Networks of small integers, in which Float32 rounds nowhere: a network as it is built and the
/// same written out with flat rows must give the same bits.
@Suite struct NetworkBuilderTests {
  private struct Numbers {
    private var state: UInt64 = 7

    mutating func next(_ count: Int) -> [Float] {
      (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int(state >> 33) % 7 - 3)
      }
    }
  }

  private let shape = ImageShape(height: 5, width: 4, channels: 2)

  private func convolution(
    _ numbers: inout Numbers, _ inputs: Int, _ outputs: Int, _ size: Int
  ) throws -> Network<Float>.Operation {
    .convolution(
      try Convolution(
        window: .same(size), inputChannels: inputs, outputChannels: outputs,
        kernel: numbers.next(size * size * inputs * outputs), bias: numbers.next(outputs)))
  }

  /// Expects the same values of a built network and of the plain one, fast and slow.
  private func expectSameValues(
    _ built: Network<Float>, _ plain: Network<Float>, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let images = try Tensor<Float>(
      batch: 3, shape: shape, values: (0..<3 * shape.count).map { Float(($0 * 5) % 9 - 4) })
    let expected = try plain.evaluatedDirectly(images)
    #expect(Set(expected.values).count > 3, sourceLocation: sourceLocation)
    #expect(try built.evaluatedDirectly(images) == expected, sourceLocation: sourceLocation)
    #expect(try built(images) == expected, sourceLocation: sourceLocation)
  }

  private func plain(_ nodes: [(String, Network<Float>.Operation, [Int])]) throws -> Network<Float> {
    try Network(
      inputShape: shape,
      nodes: [.init(name: "input", operation: .input, inputs: [])]
        + nodes.map { .init(name: $0.0, operation: $0.1, inputs: $0.2) })
  }

  /// A fully connected layer written out: a 1×1 convolution over a flat row.
  private func overRow(
    _ weights: [Float], _ bias: [Float]
  ) throws -> Network<Float>.Operation {
    .convolution(
      try Convolution(
        window: .same(1), inputChannels: weights.count / bias.count, outputChannels: bias.count,
        kernel: weights, bias: bias))
  }

  /// Flatten counts channels first, images do not.
  @Test func denseLayersAreConvolutionsOverTheImage() throws {
    var numbers = Numbers()
    let first = try convolution(&numbers, 2, 3, 3)
    let (weights, bias) = (numbers.next(240), numbers.next(4))
    let (lastWeights, lastBias) = (numbers.next(20), numbers.next(5))
    var net = NetworkBuilder<Float>(inputShape: shape)
    var value = try net.append("conv", first, to: [net.input])
    value = try net.append("flat", .flatten, to: [value])
    #expect(net.shape(of: value) == ImageShape(height: 1, width: 1, channels: 60))
    value = try net.append("relu", .rectifier, to: [value])
    value = try net.dense("fc1", weights: weights, outputs: 4, bias: bias, to: value)
    value = try net.append("relu2", .rectifier, to: [value])
    value = try net.dense("fc2", weights: lastWeights, outputs: 5, bias: lastBias, to: value)
    let network = try net.network(output: value)
    #expect(network.nodes.map(\.name) == ["input", "conv", "relu", "fc1", "relu2", "fc2"])
    let layers = network.nodes.compactMap { node -> Convolution<Float>? in
      if case .convolution(let layer) = node.operation { layer } else { nil }
    }
    #expect(layers.map(\.taps) == [18, 60, 4] && layers.map(\.inputChannels) == [2, 3, 4])
    try expectSameValues(
      network,
      plain([
        ("conv", first, [0]), ("flat", .flatten, [1]), ("relu", .rectifier, [2]),
        ("fc1", try overRow(weights, bias), [3]), ("relu2", .rectifier, [4]),
        ("fc2", try overRow(lastWeights, lastBias), [5]),
      ]))
  }

  /// One flat row read by a dense layer, by a convolution, by an addition and by the output.
  @Test func aRowIsMadeOnceWhereItIsNeeded() throws {
    var numbers = Numbers()
    let first = try convolution(&numbers, 2, 3, 3)
    let (weights, bias) = (numbers.next(3600), numbers.next(60))
    let point = try convolution(&numbers, 60, 60, 1)
    var net = NetworkBuilder<Float>(inputShape: shape)
    let image = try net.append("conv", first, to: [net.input])
    let row = try net.append("flat", .flatten, to: [image])
    let dense = try net.dense("fc", weights: weights, outputs: 60, bias: bias, to: row)
    let pointwise = try net.append("1×1", point, to: [row])
    let sum = try net.append("sum", .addition, to: [dense, row])
    let total = try net.append("total", .addition, to: [sum, pointwise])
    let network = try net.network(output: total)
    #expect(network.nodes.count { $0.operation == .flatten } == 1)
    try expectSameValues(
      network,
      plain([
        ("conv", first, [0]), ("flat", .flatten, [1]), ("fc", try overRow(weights, bias), [2]),
        ("1×1", point, [2]), ("sum", .addition, [3, 2]), ("total", .addition, [5, 4]),
      ]))
  }

  @Test func flatAdditionsStayImagesWhereBothSidesAre() throws {
    var numbers = Numbers()
    let (first, second) = (try convolution(&numbers, 2, 3, 3), try convolution(&numbers, 2, 3, 1))
    let (weights, bias) = (numbers.next(240), numbers.next(4))
    for endsInDense in [true, false] {
      var net = NetworkBuilder<Float>(inputShape: shape)
      let left = try net.append("left", .flatten, to: [net.append("a", first, to: [net.input])])
      let right = try net.append("right", .flatten, to: [net.append("b", second, to: [net.input])])
      var value = try net.append("sum", .addition, to: [left, right])
      if endsInDense { value = try net.dense("fc", weights: weights, outputs: 4, bias: bias, to: value) }
      let network = try net.network(output: value)
      #expect(network.nodes.count { $0.operation == .flatten } == (endsInDense ? 0 : 1))
      let nodes: [(String, Network<Float>.Operation, [Int])] = [
        ("a", first, [0]), ("b", second, [0]), ("left", .flatten, [1]), ("right", .flatten, [2]),
        ("sum", .addition, [3, 4]), ("fc", try overRow(weights, bias), [5]),
      ]
      try expectSameValues(network, plain(endsInDense ? nodes : nodes.dropLast()))
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    var net = NetworkBuilder<Float>(inputShape: shape)
    let input = net.input
    func message(_ body: () throws(ConvolutionError) -> Void) -> String {
      do {
        try body()
        return ""
      } catch { return error.description }
    }
    #expect(
      message { () throws(ConvolutionError) in _ = try net.append("sum", .addition, to: [input]) }.contains("sum"))
    #expect(
      message { () throws(ConvolutionError) in
        _ = try net.dense("fc", weights: [1, 2], outputs: 2, to: input)
      }.contains("'fc'"))
    let row = try net.append("flat", .flatten, to: [input])
    #expect(
      message { () throws(ConvolutionError) in
        _ = try net.dense("fc", weights: [1, 2], outputs: 2, to: row)
      }.contains("'fc'"))
  }
}
