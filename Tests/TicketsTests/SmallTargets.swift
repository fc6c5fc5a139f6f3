import Convolution
import LinearAlgebra
import RandomStreams
import Tickets

/// Networks small enough to check by hand or by exhaustion, with weights from a seed.
enum SmallTargets {
  static func values(_ count: Int, seed: UInt64) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
    return values.map { $0 * 0.3 }
  }

  /// 3×3 convolution, ReLU, max pooling, 3×3 convolution, global average, flatten.
  static func chain(
    channels: [Int] = [2, 3, 2], size: Int = 6, seed: UInt64 = 1, names: String = "conv"
  ) throws -> Network<Float> {
    func convolution(_ layer: Int) throws -> Network<Float>.Operation {
      .convolution(
        try Convolution(
          window: .same(3), inputChannels: channels[layer], outputChannels: channels[layer + 1],
          kernel: values(9 * channels[layer] * channels[layer + 1], seed: seed + UInt64(layer))))
    }
    let pool = Pooling(.maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2))
    let operations: [(String, Network<Float>.Operation)] = [
      ("input", .input), (names + "1", try convolution(0)), ("relu", .rectifier), ("pool", .pooling(pool)),
      (names + "2", try convolution(1)), ("average", .globalAveragePooling), ("flatten", .flatten),
    ]
    let nodes = operations.enumerated().map { index, operation in
      Network<Float>.Node(name: operation.0, operation: operation.1, inputs: index == 0 ? [] : [index - 1])
    }
    return try Network(
      inputShape: ImageShape(height: size, width: size, channels: channels[0]), nodes: nodes)
  }

  /// Biases, a residual addition, an addition without a ReLU behind it, pooling, two dense layers,
  /// the first over a 3 × 3 image.
  ///
  /// - Parameter slope: of LeakyReLU in the place of the first ReLU; nil for ReLU.
  static func residual(
    seed: UInt64 = 1, biasSeed: UInt64 = 50, slope: Float? = nil
  ) throws -> Network<Float> {
    func convolution(_ layer: UInt64, _ inputs: Int, _ outputs: Int, _ size: Int) throws -> Network<Float>.Operation {
      .convolution(
        try Convolution(
          window: .same(size), inputChannels: inputs, outputChannels: outputs,
          kernel: values(size * size * inputs * outputs, seed: seed + layer),
          bias: layer == 2 ? nil : values(outputs, seed: biasSeed + layer)))
    }
    let pool = Pooling(.maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2))
    let rectifier = try slope.map { try PlainLayer.leakyRectifier(LeakyRectifier(slope: $0)) } ?? .rectifier
    var net = NetworkBuilder<Float>(inputShape: ImageShape(height: 6, width: 6, channels: 2))
    let first = try net.append("conv1", convolution(1, 2, 3, 3), to: [net.input])
    let rectified = try net.append("relu1", .plain(rectifier), to: [first])
    let second = try net.append("conv2", convolution(2, 3, 3, 3), to: [rectified])
    let added = try net.append("add1", .addition, to: [second, rectified])
    let third = try net.append("conv3", convolution(3, 3, 3, 1), to: [added])
    var value = try net.append("add2", .addition, to: [added, third])
    value = try net.append("relu2", .rectifier, to: [value])
    value = try net.append("pool", .pooling(pool), to: [value])
    value = try net.append("flat", .flatten, to: [value])
    func dense(_ name: String, _ layer: UInt64, _ inputs: Int, _ outputs: Int) throws {
      value = try net.dense(
        name, weights: values(inputs * outputs, seed: seed + layer), outputs: outputs,
        bias: values(outputs, seed: biasSeed + layer), to: value)
    }
    try dense("fc1", 4, 27, 4)
    value = try net.append("relu3", .rectifier, to: [value])
    try dense("fc2", 5, 4, 2)
    return try net.network(output: value)
  }

  /// A ticket that keeps every `step`-th filter of each half.
  static func ticket(
    for network: Network<Float>, width: Int = 12, seed: UInt64 = 5, step: Int = 2,
    inputRange: InputRange = .unit, scales: [Double]? = nil
  ) throws -> Ticket {
    let target = try Target(network)
    let graph = target.graph
    let network = try RandomNetwork(seed: seed, width: width, layers: graph.layers)
    let blocks = Ticket.addresses(graph: graph, inputRange: inputRange).map { address in
      let scalars = network.scalars(layer: address.layer, channel: address.channel)
      let half = scalars.indices.filter { address.half.contains(scalars[$0]) }
      let kept = stride(from: 0, to: half.count, by: step).map { UInt32(half[$0]) }
      return Block(address: address, candidates: half.count, kept: kept)
    }
    return try Ticket(
      seed: seed, width: width, mode: .weights, inputRange: inputRange, graph: graph,
      scales: scales ?? graph.layers.map { _ in 0.25 }, biases: target.biases, blocks: blocks,
      targetDigest: target.digest,
      isComplete: true)
  }

  static func images(_ batch: Int, _ shape: ImageShape, seed: UInt64) throws -> Tensor<Float> {
    var values = [Double](repeating: 0, count: batch * shape.count)
    values.withUnsafeMutableBufferPointer { UniformStream.fillSymmetric($0, at: StreamAddress(seed: seed)) }
    return try Tensor(batch: batch, shape: shape, values: values.map { Float($0) })
  }
}
