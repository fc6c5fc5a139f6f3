import Convolution
import Foundation
import RandomStreams
import Testing
import Verification

private func numbers(_ count: Int, seed: UInt64) -> [Float] {
  var values = [Float](repeating: 0, count: count)
  values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
  return values.map { $0 * 0.3 }
}

/// Plain quantisation of one channel with a given scale.
private func quantised(_ weights: [Float], scale: Float, bits: Int) -> (codes: [Int], error: Double) {
  let levels = (1 << (bits - 1)) - 1
  let codes = weights.map { weight in
    max(-levels - 1, min(levels, Int((Double(weight) / Double(scale)).rounded(.toNearestOrEven))))
  }
  let error = zip(weights, codes).reduce(0.0) { sum, pair in
    let difference = Double(pair.0) - Double(Float(pair.1) * scale)
    return sum + difference * difference
  }
  return (codes, error)
}

@Suite struct QuantisationTests {
  /// Every scale of the grid for every channel, without a short cut.
  @Test(arguments: 2...8) func theGridsBestByBruteForce(bits: Int) throws {
    for (rows, outputs) in [(1, 3), (9, 1), (27, 4), (144, 5)] {
      let kernel = numbers(rows * outputs, seed: UInt64(rows))
      let found = try QuantisedKernel(kernel, outputChannels: outputs, bits: bits)
      #expect(found.codes.count == kernel.count && found.scales.count == outputs && found.bits == bits)
      for o in 0..<outputs {
        let weights = (0..<rows).map { kernel[$0 * outputs + o] }
        let largest = Double(weights.map { abs($0) }.max()!)
        var best: (scale: Float, codes: [Int], error: Double) = (0, [], .infinity)
        for percent in (1...100).reversed() {
          for sign in [1.0, -1.0] {
            let scale = Float(sign * (Double(percent) / 100) * largest / Double((1 << (bits - 1)) - 1))
            let candidate = quantised(weights, scale: scale, bits: bits)
            if candidate.error < best.error { best = (scale, candidate.codes, candidate.error) }
          }
        }
        #expect(found.scales[o] == best.scale)
        #expect((0..<rows).map { Int(found.codes[$0 * outputs + o]) } == best.codes)
        for row in 0..<rows {
          #expect(found.values[row * outputs + o] == Float(best.codes[row]) * best.scale)
        }
      }
    }
  }

  /// Scales between the grid's do little better: a hundred for each of its own.
  @Test(arguments: [4, 6, 8]) func theGridIsFineEnough(bits: Int) throws {
    let weights = numbers(300, seed: 3)
    let found = try QuantisedKernel(weights, outputChannels: 1, bits: bits)
    let error = quantised(weights, scale: found.scales[0], bits: bits).error
    let largest = weights.map { abs($0) }.max()!
    let unit = largest / Float((1 << (bits - 1)) - 1)
    let finest = (1...10000).flatMap { step in
      [1, -1].map { quantised(weights, scale: $0 * unit * Float(step) / 10000, bits: bits).error }
    }.min()!
    #expect(error <= 1.1 * finest, "\(error), \(finest)")
    #expect(error <= quantised(weights, scale: unit, bits: bits).error)
  }

  @Test func tiesGoToTheEvenCode() throws {
    var weights: [Float] = (-7...7).flatMap { [Float](repeating: Float($0), count: 20) }
    weights += [0.5, 1.5, -2.5, 6.5]
    let kernel = try QuantisedKernel(weights, outputChannels: 1, bits: 4)
    #expect(kernel.scales == [1])
    #expect(kernel.codes.suffix(4) == [0, 2, -2, 6])
  }

  @Test func aNegativeScaleUsesTheLowestCode() throws {
    let kernel = try QuantisedKernel([8, 4, 0, 4], outputChannels: 1, bits: 2)
    #expect(kernel.scales == [-4] && kernel.codes == [-2, -1, 0, -1] && kernel.values == [8, 4, 0, 4])
  }

  @Test func zerosAndExtremeWeights() throws {
    let zeros = try QuantisedKernel([0, 1, -0.0, 0, 0, 2], outputChannels: 3, bits: 8)
    #expect(zeros.scales[1] == 1 / 127 || zeros.values[1] == 1)
    #expect(zeros.values[0] == 0 && zeros.values[3] == 0 && zeros.values[2] == 0)
    let least = Float.leastNonzeroMagnitude
    #expect(try QuantisedKernel([least, 0], outputChannels: 2, bits: 2).values == [least, 0])
    // Too small for any scale of 8 bits.
    #expect(try QuantisedKernel([least, -least], outputChannels: 1, bits: 8).values == [0, 0])
    let most = Float.greatestFiniteMagnitude
    for bits in 2...8 {
      let kernel = try QuantisedKernel([most, -most, 1], outputChannels: 1, bits: bits)
      #expect(kernel.values.allSatisfy(\.isFinite) && kernel.scales[0] != 0)
    }
    let empty = try QuantisedKernel([], outputChannels: 4, bits: 4)
    #expect(empty.values.isEmpty && empty.entropyBits == 0 && empty.scales == [0, 0, 0, 0])
  }

  @Test func badInputIsNamed() {
    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return ""
      } catch { return "\(error)" }
    }
    for bits in [-1, 0, 1, 9, 64] {
      #expect(
        message { _ = try QuantisedKernel([1], outputChannels: 1, bits: bits) }.contains("2 to 8 bits, found \(bits)"))
    }
    #expect(message { _ = try QuantisedKernel([1, 2, 3], outputChannels: 2, bits: 4) }.contains("rows of 2"))
    #expect(message { _ = try QuantisedKernel([1], outputChannels: 0, bits: 4) }.contains("rows of 0"))
    #expect(message { _ = try QuantisedKernel([1, .nan], outputChannels: 1, bits: 4) }.contains("index 1"))
  }

  @Test func entropyByHand() throws {
    func entropy(_ weights: [Float], bits: Int = 4) throws -> Double {
      try QuantisedKernel(weights, outputChannels: 1, bits: bits).entropyBits
    }
    #expect(try entropy([1, 1, 1, 1]) == 0)
    #expect(try entropy([1, -1, 1, -1]) == 4)
    // Halves, quarters and eighths: 4·1 + 2·2 + 2·3 bits.
    #expect(try entropy([0, 0, 0, 0, 7, 7, -7, 1]) == 14)
    let many = try QuantisedKernel(numbers(5000, seed: 8), outputChannels: 2, bits: 6)
    #expect(many.entropyBits < 6 * 5000 && many.entropyBits > 3 * 5000)
  }

  @Test func aNetworkKeepsItsBiasesAndShape() throws {
    let (kernel, weights) = (numbers(54, seed: 1), numbers(108, seed: 2))
    func dense(_ weights: [Float]) throws -> Convolution<Float> {
      try Convolution(
        window: .same(1), inputChannels: 27, outputChannels: 4, kernel: weights, bias: [4, 5, 6, 7])
    }
    let nodes: [(String, Network<Float>.Operation)] = [
      ("x", .input),
      (
        "conv",
        .convolution(
          try Convolution(window: .same(3), inputChannels: 2, outputChannels: 3, kernel: kernel, bias: [1, 2, 3]))
      ),
      ("relu", .rectifier), ("flat", .flatten),
      ("fc", .convolution(try dense(weights))),
    ]
    func network(_ nodes: [(String, Network<Float>.Operation)]) throws -> Network<Float> {
      try Network(
        inputShape: ImageShape(height: 3, width: 3, channels: 2),
        nodes: nodes.enumerated().map {
          .init(name: $0.element.0, operation: $0.element.1, inputs: $0.offset == 0 ? [] : [$0.offset - 1])
        })
    }
    let target = try network(nodes)
    let quantisation = try Quantisation(of: target, bits: 5)
    let parts = [
      try QuantisedKernel(kernel, outputChannels: 3, bits: 5), try QuantisedKernel(weights, outputChannels: 4, bits: 5),
    ]
    #expect(quantisation.kernels == parts && quantisation.bits == 5)
    var expected = nodes
    expected[1].1 = .convolution(
      try Convolution(window: .same(3), inputChannels: 2, outputChannels: 3, kernel: parts[0].values, bias: [1, 2, 3]))
    expected[4].1 = .convolution(try dense(parts[1].values))
    #expect(try quantisation.network == network(expected))
    let values: [Float] = parts[0].values + parts[1].values
    var largest = 0.0
    for (value, weight) in zip(values, kernel + weights) { largest = max(largest, abs(Double(value) - Double(weight))) }
    #expect(quantisation.maxWeightError == largest)
    #expect(quantisation.storageBits == Double(5 * 162 + 32 * 7))
    let entropy: Double = parts[0].entropyBits + parts[1].entropyBits + 224
    #expect(abs(quantisation.entropyBits - entropy) < 1e-9)
    #expect(quantisation.entropyBits < quantisation.storageBits)
    let blocked = try network([
      ("x", .input),
      ("mask", .blockedPointwise(try BlockedPointwise(inputChannels: 2, sources: [0, 1], scalars: [1, 2]))),
    ])
    #expect(throws: ConvolutionError.self) { try Quantisation(of: blocked, bits: 8) }
  }
}
