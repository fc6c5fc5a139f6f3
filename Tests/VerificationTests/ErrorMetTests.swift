import Convolution
import LinearAlgebra
import RandomStreams
import RunControl
import Testing
import Tickets
import Verification

/// How far below an exact supremum a witness may stay: it is a Float32 image, and roundings are
/// subtracted.
private let reach = 1 - 1e-6
private let imagesPerNetwork = 20_000

private func numbers(_ count: Int, _ seed: UInt64) -> [Double] {
  var values = [Double](repeating: 0, count: count)
  values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
  return values
}

/// A target, collapsed kernels near its own, and what is said of them.
private struct Pair {
  let target: Target
  let graph: LayerGraph
  let range: InputRange
  let certificate: Certificate
  let difference: OutputDifference

  /// Convolutions with ReLU between them, the last two added where there are three.
  init(layers: Int, range: InputRange, seed: UInt64) throws {
    var nodes = [Network<Float>.Node(name: "x", operation: .input, inputs: [])]
    for layer in 0..<layers {
      let convolution = try Convolution(
        window: .same(3), inputChannels: 2, outputChannels: 2,
        kernel: numbers(36, seed + UInt64(layer)).map { Float($0) },
        bias: numbers(2, seed + 10 + UInt64(layer)).map { Float($0) })
      if layer > 0 { nodes.append(.init(name: "relu\(layer)", operation: .rectifier, inputs: [nodes.count - 1])) }
      nodes.append(.init(name: "conv\(layer)", operation: .convolution(convolution), inputs: [nodes.count - 1]))
    }
    if layers == 3 { nodes.append(.init(name: "add", operation: .addition, inputs: [3, 5])) }
    let target = try Target(
      Network(inputShape: ImageShape(height: 4, width: 4, channels: 2), nodes: nodes))
    let graph = target.graph
    let signed = graph.signedInputs(networkInputIsSigned: range.isSigned)
    let collapsed = target.kernels.enumerated().map { index, kernel in
      func near(_ sign: Double, _ stream: UInt64) -> [Double] {
        zip(kernel.values, numbers(36, seed + stream + UInt64(index))).map { sign * Double($0) + 0.1 * $1 }
      }
      return CollapsedLayer(near(1, 20), signed[index] ? near(-1, 30) : nil, of: kernel.layer)
    }
    self.target = target
    self.graph = graph
    self.range = range
    // Biases of the pruned network's own.
    let biases = target.biases.enumerated().map { index, bias in
      bias.map { zip($0, numbers(2, seed + 40 + UInt64(index))).map { $0 + 0.02 * Float($1) } }
    }
    certificate = Certificate(of: collapsed, target, biases: biases, inputRange: range)
    difference = try OutputDifference(of: collapsed, target, biases: biases, inputRange: range)
  }

  func witness(workers: Int = 2) throws -> ErrorWitness {
    try GradientAscent(graph: graph, inputRange: range, certificate: certificate, difference)
      .witness(difference, inputRange: range, workers: workers, control: RunControl())
  }

  /// Random images, corners of the box, corners with zeros.
  func images(_ count: Int, seed: UInt64) throws -> Tensor<Float> {
    let values = numbers(count * 32, seed)
    let (low, high) = (Float(range.low), Float(range.high))
    return try Tensor(
      batch: count, shape: target.network.inputShape,
      values: values.enumerated().map { index, value in
        switch index / 32 % 3 {
        case 0: min(high, max(low, low + Float(value * value) * (high - low)))
        case 1: value < 0 ? low : high
        default: min(high, max(low, abs(value) < 0.5 ? 0 : value < 0 ? low : high))
        }
      })
  }
}

@Suite struct ErrorMetTests {
  /// One layer: the certificate is the exact supremum, and one step of the climb reaches it.
  /// Signed, positive, off-centre and negative boxes.
  @Test(arguments: [(-1.0, 1.0), (0, 1), (-0.5, 2), (0.25, 0.75), (-2, -1)]) func oneLayersSupremumIsReached(
    low: Double, high: Double
  ) throws {
    for seed in 1...4 {
      let pair = try Pair(layers: 1, range: InputRange(low: low, high: high), seed: UInt64(100 * seed))
      let witness = try pair.witness()
      #expect(witness.error <= pair.certificate.outputError)
      if low <= 0 && high >= 0 {
        #expect(
          witness.error >= reach * pair.certificate.outputError, "\(witness.error) of \(pair.certificate.outputError)")
      }
      #expect(witness == (try pair.witness(workers: 1)))
    }
  }

  /// 100 000 images over five networks: none errs by more than is certified, and the climb finds
  /// more than all of them.
  @Test(arguments: [1, 2, 3, 4, 5]) func noImageErrsByMoreThanIsCertified(seed: UInt64) throws {
    let layers = Int(seed % 3) + 1
    let pair = try Pair(layers: layers, range: seed == 4 ? InputRange(low: 0, high: 1) : .unit, seed: 1000 * seed)
    let images = try pair.images(imagesPerNetwork, seed: seed)
    let errors = try Workers.map(count: imagesPerNetwork, workers: 2) {
      try pair.difference.error(at: images.images($0..<$0 + 1))
    }
    let largest = errors.max()!
    #expect(largest - pair.difference.roundingError <= pair.certificate.outputError)
    let witness = try pair.witness()
    #expect(witness.error <= pair.certificate.outputError)
    #expect(witness.error > 0.8 * largest, "\(witness.error) by climbing, \(largest) met")
    #expect(pair.difference.roundingError < 1e-9 * largest)
  }

  @Test func aWitnessOutsideTheBoxOrOfAnotherSizeIsRefused() throws {
    let pair = try Pair(layers: 2, range: .unit, seed: 7)
    let image = try pair.witness().image
    func error(_ image: [Float]) throws -> Double {
      try ErrorWitness(at: image, shape: pair.graph.inputShape, inputRange: .unit, pair.difference).error
    }
    #expect(try error(image) > 0)
    for (wrong, part) in [
      (Array(image.dropLast()), "32 numbers"), ([1.5] + image.dropFirst(), "entry 0"),
      (image.dropLast() + [.nan], "entry 31"), (image.dropLast() + [-Float.infinity], "entry 31"),
    ] {
      do {
        _ = try error(wrong)
        Issue.record("accepted")
      } catch let error as TicketError { #expect(error.description.contains(part), "\(error)") }
    }
  }
}
