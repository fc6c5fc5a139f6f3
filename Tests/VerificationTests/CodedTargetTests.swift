import Convolution
import RandomStreams
import Testing
import Tickets
import Verification

/// A network of two convolutions, the first with a bias, whose weights are as given.
private func target(_ first: [Float], _ second: [Float]) throws -> Target {
  let operations: [Network<Float>.Operation] = [
    .input,
    .convolution(
      try Convolution(window: .same(3), inputChannels: 2, outputChannels: 3, kernel: first, bias: [0.5, -0.0, -1e-30])),
    .rectifier,
    .convolution(try Convolution(window: .same(3), inputChannels: 3, outputChannels: 5, kernel: second)),
  ]
  return try Target(
    Network(
      inputShape: ImageShape(height: 4, width: 4, channels: 2),
      nodes: operations.enumerated().map {
        .init(name: "node\($0.offset)", operation: $0.element, inputs: $0.offset == 0 ? [] : [$0.offset - 1])
      }))
}

private func normals(_ count: Int, seed: UInt64) -> [Float] {
  var values = [Float](repeating: 0, count: count)
  values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
  return values
}

@Suite struct CodedTargetTests {
  @Test func whatIsCodedComesBack() throws {
    let target = try target(normals(54, seed: 1), normals(135, seed: 2).map { $0 * 100 })
    for bytes in [40, 60, 90, 200, 400] {
      let coded = try CodedTarget(target, maximumBytes: bytes)
      #expect(coded.bytes.count <= bytes && coded.bytes.count > bytes * 9 / 10)
      let layers = CodedTarget.decoded(coded.bytes, target.graph)
      let again = try Target(coded.network)
      #expect(layers.map(\.weights) == again.kernels.map(\.values))
      #expect(layers.map { $0.bias?.map(\.bitPattern) } == target.biases.map { $0?.map(\.bitPattern) })
      // Rounding to the nearest: no weight is farther off than half its layer's step.
      for (kernel, (found, step)) in zip(target.kernels, zip(layers, coded.steps)) {
        #expect(step.bitPattern & 0xFFFF == 0)
        for (weight, value) in zip(kernel.values, found.weights) {
          #expect(abs(Double(weight) - Double(value)) <= 0.5 * Double(step) * (1 + 1e-6))
        }
      }
    }
  }

  @Test func moreBytesAreFinerUntilFloatsEnd() throws {
    let target = try target(normals(54, seed: 3), normals(135, seed: 4))
    let errors = try [40, 60, 100, 200, 400, 1 << 20].map { try CodedTarget(target, maximumBytes: $0).maxWeightError }
    #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 > $1 })
    #expect(errors[5] < 1e-5)
  }

  /// Steps are one share of the layers' norms: s ‖W‖, rounded up to 16 bits.
  @Test func stepsAreAShareOfTheNorms() throws {
    let target = try target(normals(54, seed: 5), normals(135, seed: 6).map { $0 * 1000 })
    let coded = try CodedTarget(target, maximumBytes: 120)
    let shares = zip(coded.steps, target.kernels).map { step, kernel in
      Double(step) / kernel.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    #expect(abs(shares[0] / shares[1] - 1) < 0x1p-7)
  }

  @Test func layersOfZerosAndTooFewBytes() throws {
    let zeros = try target([Float](repeating: 0, count: 54), normals(135, seed: 7))
    let coded = try CodedTarget(zeros, maximumBytes: 100)
    #expect(coded.steps[0] == 0 && coded.codes[0].allSatisfy { $0 == 0 } && coded.steps[1] > 0)
    #expect(CodedTarget.decoded(coded.bytes, zeros.graph)[0].weights == [Float](repeating: 0, count: 54))
    // What a ticket that keeps no filter takes is enough for all codes 0.
    let least = try CodedTarget(zeros, maximumBytes: 0)
    #expect(least.codes.joined().allSatisfy { $0 == 0 } && least.bytes.count <= 8 + 4 * (2 + 3))
  }

  /// Small, large and the largest numbers, learnt or not.
  @Test func integersComeBack() {
    var values: [Int32] = [0, 1, -1, 14, 15, 16, -15, 17, 1 << 22, -(1 << 22), .max, -.max]
    values += normals(500, seed: 8).map { Int32($0 * 3) }
    var encoder = BitEncoder()
    var writing = IntegerCode()
    for value in values { #expect(writing.code(value, with: &encoder) == value) }
    let bytes = encoder.finish()
    var decoder = BitDecoder(bytes)
    var reading = IntegerCode()
    for value in values { #expect(reading.code(with: &decoder) == value) }
    #expect(decoder.unread == 0)
  }
}
