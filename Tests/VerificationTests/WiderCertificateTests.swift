import Convolution
import LinearAlgebra
import RandomStreams
import Testing
import Tickets
import Verification

/// Relative excess allowed over an exact supremum: outward rounding alone.
private let outwardSlack = 1e-9
/// What roundings of numbers near 1 may leave where the supremum is 0.
private let smallest = 1e-12

/// A network of 1×1 convolutions on one pixel of one channel; kernels and biases by hand.
private func scalarGraph(_ nodes: [(String, Network<Float>.Operation, [Int])]) throws -> LayerGraph {
  try Target(
    Network(
      inputShape: ImageShape(height: 1, width: 1, channels: 1),
      nodes: [.init(name: "x", operation: .input, inputs: [])]
        + nodes.map { .init(name: $0.0, operation: $0.1, inputs: $0.2) })
  ).graph
}

private let unit = try! Network<Float>.Operation.convolution(
  Convolution(window: .same(1), inputChannels: 1, outputChannels: 1, kernel: [1]))

private func isExact(_ bound: Double, _ supremum: Double) -> Bool {
  bound >= supremum && bound <= supremum * (1 + outwardSlack) + smallest
}

/// Bounds with biases, additions and dense layers, against suprema worked out by hand and against
/// errors met.
@Suite struct WiderCertificateTests {
  /// y = 2·φ(x + 10), pruned 2.125·φ(x + 10): at most 11/8 apart on −1…1; with bias −0.75 at most
  /// 0.25/8.
  @Test(arguments: [(10.0, 11.0), (-0.75, 0.25), (-2, 0)]) func aBiasMovesTheActivationThatAnErrorMeets(
    bias: Double, largest: Double
  ) throws {
    let graph = try scalarGraph([("a", unit, [0]), ("relu", .rectifier, [1]), ("b", unit, [2])])
    let target = try Target(graph, kernels: [[1], [2]], biases: [[Float(bias)], [100]])
    let collapsed = [
      CollapsedLayer([1], [-1], of: graph.layers[0]), CollapsedLayer([2.125], nil, of: graph.layers[1]),
    ]
    let certificate = Certificate(of: collapsed, target, inputRange: .unit)
    #expect(isExact(certificate.outputError, largest / 8), "\(certificate.outputError)")
    #expect(isExact(certificate.layerErrors[0][0], 0))
  }

  /// a = x off by 1/8 and b = 2x off by 1/16, added: 3/16, and behind it a weight 4 off by 1/2
  /// reads −3…3.
  @Test func errorsAndActivationsAdd() throws {
    let graph = try scalarGraph([("a", unit, [0]), ("b", unit, [0]), ("sum", .addition, [1, 2]), ("c", unit, [3])])
    let layers = zip([1.125, 2.0625, 4.5], graph.layers).map { CollapsedLayer([$0], [-$0], of: $1) }
    let target = try Target(graph, kernels: [[1], [2], [4]])
    let certificate = Certificate(of: layers, target, inputRange: .unit)
    #expect(certificate.layerErrors[0].allSatisfy { isExact($0, 0.125) })
    #expect(certificate.layerErrors[1].allSatisfy { isExact($0, 0.0625) })
    // Attained at x = 1: 4.5 · (1.125 + 2.0625) − 4 · 3.
    #expect(isExact(certificate.outputError, 4.5 * (1.125 + 2.0625) - 12))
    // A value added to itself counts twice.
    let double = try scalarGraph([("a", unit, [0]), ("sum", .addition, [1, 1])])
    let twice = Certificate(of: [layers[0]], try Target(double, kernels: [[1]]), inputRange: .unit)
    #expect(isExact(twice.outputError, 0.25))
  }

  /// The real networks in Float64, over random images, corners of the box, corners with zeros, and
  /// a climb from there.
  @Test(arguments: [1, 2, 3, 4, 5, 6]) func theBoundHoldsForEveryErrorMet(seed: UInt64) throws {
    // A LeakyReLU in the place of one ReLU for some, of a slope that is steep or negative.
    let slopes: [UInt64: Float] = [2: 0.2, 4: -0.5, 6: 1.5]
    var last = try slopes[seed].map { try PlainLayer.leakyRectifier(LeakyRectifier(slope: $0)) } ?? .rectifier
    // Or a map per channel, or a channel in another's place and one of zeros.
    if seed == 3 { last = .channelMap(try ChannelMap(factors: [-0.5, 1.5], shifts: [0.3, -2])) }
    if seed == 5 { last = .channelSelection(try ChannelSelection(inputChannels: 2, sources: [1, nil])) }
    func values(_ count: Int, _ stream: UInt64) -> [Double] {
      var values = [Double](repeating: 0, count: count)
      values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: 100 * seed + stream)) }
      return values
    }
    func layer(_ stream: UInt64, _ inputs: Int, _ outputs: Int, _ window: SlidingWindow) throws
      -> Network<Float>.Operation
    {
      .convolution(
        try Convolution(
          window: window, inputChannels: inputs, outputChannels: outputs,
          kernel: values(window.height * window.width * inputs * outputs, stream).map { Float($0) },
          bias: values(outputs, stream + 50).map { Float(2 * $0) }))
    }
    let strided = SlidingWindow(
      height: 3, width: 3, strideHeight: 2, strideWidth: 2, padding: Padding(all: 1))
    // On 3 × 3 pixels: a layer over the whole image.
    let dense = try Convolution(
      window: SlidingWindow(height: 3, width: 3), inputChannels: 2, outputChannels: 2,
      kernel: values(36, 9).map { Float($0) }, bias: values(2, 59).map { Float($0) })
    let nodes: [(String, Network<Float>.Operation, [Int])] = [
      ("x", .input, []), ("conv1", try layer(1, 2, 2, .same(3)), [0]), ("relu1", .rectifier, [1]),
      ("conv2", try layer(2, 2, 2, .same(3)), [2]), ("add1", .addition, [3, 0]),
      ("conv3", try layer(3, 2, 2, strided), [4]),
      ("add2", .addition, [5, 5]), ("relu2", .plain(last), [6]), ("fc", .convolution(dense), [7]),
      ("flat", .flatten, [8]),
    ]
    let network = try Network(
      inputShape: ImageShape(height: 5, width: 5, channels: 2),
      nodes: nodes.map { .init(name: $0.0, operation: $0.1, inputs: $0.2) })
    let target = try Target(network)
    let graph = target.graph
    let signed = graph.signedInputs(networkInputIsSigned: true)
    // What kept filters might sum to: the kernels and a tenth of noise.
    let collapsed = target.kernels.enumerated().map { index, kernel in
      func near(_ sign: Double, _ stream: UInt64) -> [Double] {
        zip(kernel.values, values(kernel.values.count, stream + UInt64(index))).map {
          Double(Float(sign * Double($0) + 0.1 * $1))
        }
      }
      return CollapsedLayer(near(1, 20), signed[index] ? near(-1, 30) : nil, of: kernel.layer)
    }
    let bound = Certificate(of: collapsed, target, inputRange: .unit).outputError
    let pruned: Network<Float> = try graph.network(of: collapsed, biases: target.biases)
    let (batch, count) = (600, network.inputShape.count)
    let inputs = zip(values(batch * count, 90), (0..<batch * count)).map { value, index -> Double in
      switch index / count % 3 {
      case 0: max(-1, min(1, value))
      case 1: value < 0 ? -1 : 1
      default: abs(value) < 0.5 ? 0 : value < 0 ? -1 : 1
      }
    }
    let (exact, approximate) = (try network.converted(to: Double.self), try pruned.converted(to: Double.self))
    /// The largest |pruned − target| of each of a batch of images.
    func errors(_ images: [Double]) throws -> [Double] {
      let images = try Tensor(batch: images.count / count, shape: network.inputShape, values: images)
      let pairs = zip(try exact.evaluatedDirectly(images).values, try approximate.evaluatedDirectly(images).values)
      let entries = pairs.map { abs($0 - $1) }
      return stride(from: 0, to: entries.count, by: 2).map { max(entries[$0], entries[$0 + 1]) }
    }
    let met = try errors(inputs)
    var largest = met.max()!
    // From the worst image uphill, one pixel at a time to an end of the box or to 0.
    let worst = met.firstIndex(of: largest)!
    var image = Array(inputs[worst * count..<(worst + 1) * count])
    for _ in 0..<60 {
      let neighbours = (0..<count).flatMap { pixel in
        [-1.0, 0, 1].map { value in
          var other = image
          other[pixel] = value
          return other
        }
      }
      let found = try errors(neighbours.flatMap { $0 })
      guard let best = found.max(), best > largest else { break }
      largest = best
      image = neighbours[found.firstIndex(of: best)!]
    }
    #expect(largest > met.max()!)
    #expect(bound >= largest, "bound \(bound), met \(largest)")
    #expect(bound <= 300 * largest, "bound \(bound) is far above \(largest)")
  }

  @Test func anotherBiasThanTheTargetsIsRefused() throws {
    let convolution = try Convolution<Float>(
      window: .same(1), inputChannels: 1, outputChannels: 2, kernel: [1, 2], bias: [0.5, -0.5])
    let network = try Network(
      inputShape: ImageShape(height: 1, width: 1, channels: 1),
      nodes: [
        .init(name: "x", operation: .input, inputs: []),
        .init(name: "y", operation: .convolution(convolution), inputs: [0]),
      ])
    let target = try Target(network)
    let graph = target.graph
    let random = try RandomNetwork(seed: 1, width: 2, layers: graph.layers)
    func ticket(_ biases: [[Float]?]) throws -> Ticket {
      try Ticket(
        seed: 1, width: 2, mode: .weights, inputRange: .unit, graph: graph, scales: [1], biases: biases,
        blocks: Ticket.addresses(graph: graph, inputRange: .unit).map { address in
          let scalars = random.scalars(layer: 1, channel: 0)
          return Block(address: address, candidates: scalars.count { address.half.contains($0) }, kept: [])
        }, targetDigest: target.digest, isComplete: true)
    }
    let claims = try Measurement(ticket: ticket([[0.5, -0.5]]), target: target).claims(on: nil)
    // 64 for the seed, 32 a scalar: one scale, two biases.
    #expect(claims.bitsPerWeight == (64 + 3 * 32) / 2)
    // The empty ticket errs by the kernel alone: |y| ≤ 2.5, its bias exact.
    #expect(isExact(claims.certifiedError!, 2))
    for wrong in [[[0.5, (-0.5 as Float).nextUp]], [[-0.5, 0.5]], [nil]] as [[[Float]?]] {
      do {
        _ = try Measurement(ticket: ticket(wrong), target: target)
        Issue.record("accepted \(wrong)")
      } catch let error as TicketError { #expect(error.description.contains("bias of layer 1"), "\(error)") }
    }
  }
}
