import Convolution
import LinearAlgebra
import Testing
import Tickets

/// Largest difference of two Float64 computations of the same number, relative to the largest one.
private let doubleTolerance = 1e-12

/// φ(u·x) = u⁺x⁺ + u⁻x⁻: a pruned block run as a network equals convolutions of x⁺ and x⁻ with
/// summed kernels.
@Suite struct IdentityTests {
  @Test(arguments: [1, 2, 5, 30]) func theTicketRunAsANetworkEqualsItsCollapsedKernels(step: Int) throws {
    try expectEqual(SmallTargets.chain(), step)
  }

  @Test(arguments: [1, 3]) func soDoBiasesAdditionsAndDenseLayers(step: Int) throws {
    try expectEqual(SmallTargets.residual(), step)
  }

  /// Behind a LeakyReLU inputs stay signed, so such layers have both halves; a negative slope makes
  /// everything non-negative.
  @Test(arguments: [0.1, 1, -0.5] as [Float]) func soDoLeakyRectifiers(slope: Float) throws {
    let target = try SmallTargets.residual(slope: slope)
    #expect(
      try Target(target).graph.signedInputs(networkInputIsSigned: true)
        == [true, slope > 0, true, false, false])
    try expectEqual(target, 2)
  }

  private func expectEqual(_ target: Network<Float>, _ step: Int) throws {
    let ticket = try SmallTargets.ticket(for: target, width: 20, step: step)
    let images = try SmallTargets.images(4, target.inputShape, seed: 9).converted(to: Double.self)
    let pruned = try ticket.prunedNetwork().converted(to: Double.self)
    let layers = try Collapse(of: ticket).layers
    // Float64 throughout: the collapsed kernels as they are, not rounded to Float32.
    let biases = ticket.biases
    let collapsed: Network<Double> = try ticket.graph.network { layer in
      let sums = layers[layer.number - 1]
      let positive = sums.positive.values
      let negative = sums.negative?.values ?? [Double](repeating: 0, count: positive.count)
      let split = try BlockedPointwise<Double>(
        inputChannels: layer.inputChannels, sources: (0..<2 * layer.inputChannels).map { $0 / 2 },
        scalars: (0..<2 * layer.inputChannels).map { $0 % 2 == 0 ? 1 : -1 })
      var kernel: [Double] = []
      for start in stride(from: 0, to: positive.count, by: layer.outputChannels) {
        kernel += positive[start..<start + layer.outputChannels]
        kernel += negative[start..<start + layer.outputChannels]
      }
      let convolution = try Convolution(
        window: layer.window, inputChannels: 2 * layer.inputChannels, outputChannels: layer.outputChannels,
        kernel: kernel, bias: biases[layer.number - 1].map { $0.map { Double($0) } })
      return [
        ("split", .blockedPointwise(split)), ("signs", .rectifier), ("sum", .convolution(convolution)),
      ]
    }
    let expected = try collapsed.evaluatedDirectly(images)
    let difference = MatrixDifference(try pruned.evaluatedDirectly(images).values, expected.values)
    #expect(difference.isWithin(doubleTolerance), "\(difference)")
    let rounded = try Collapse(of: ticket).network()(images.converted(to: Float.self))
    #expect(MatrixDifference(rounded.values, expected.values).isWithin(1e-5))
    let single = try ticket.prunedNetwork()(images.converted(to: Float.self))
    #expect(MatrixDifference(single.values, expected.values).isWithin(1e-4))
  }

  @Test func theUnprunedNetworkBehindItsMaskEqualsTheCollapse() throws {
    let target = try SmallTargets.chain()
    let graph = try Target(target).graph
    let width = 7
    let random = try RandomNetwork(seed: 3, width: width, layers: graph.layers)
    let images = try SmallTargets.images(3, target.inputShape, seed: 2).converted(to: Double.self)
    // The paper's network: a dense 1×1 layer under the n-channel-blocked mask, all 2N filters per
    // channel.
    let full: Network<Double> = try graph.network { layer in
      let hidden = 2 * width * layer.inputChannels
      let mask = ChannelBlockedMask(channels: layer.inputChannels, filtersPerChannel: 2 * width)
      var pointwise = mask.entries.map { Double($0) }
      var kernel = [Double](repeating: 0, count: layer.sliceCount * hidden)
      for channel in 0..<layer.inputChannels {
        let scalars = random.scalars(layer: layer.number, channel: channel)
        for (q, scalar) in scalars.enumerated() {
          let column = channel * 2 * width + q
          for k in 0..<layer.inputChannels { pointwise[k * hidden + column] *= Double(scalar) }
          var slice = [Float](repeating: 0, count: layer.sliceCount)
          slice.withUnsafeMutableBufferPointer {
            random.fillSlice($0, layer: layer.number, channel: channel, filter: q)
          }
          for (position, value) in slice.enumerated() {
            let (tap, o) = position.quotientAndRemainder(dividingBy: layer.outputChannels)
            kernel[(tap * hidden + column) * layer.outputChannels + o] = Double(value)
          }
        }
      }
      let first = try Convolution(
        window: SlidingWindow(height: 1, width: 1), inputChannels: layer.inputChannels, outputChannels: hidden,
        kernel: pointwise)
      let second = try Convolution(
        window: layer.window, inputChannels: hidden, outputChannels: layer.outputChannels, kernel: kernel)
      return [("1×1", .convolution(first)), ("hidden", .rectifier), ("d×d", .convolution(second))]
    }
    let layers = try random.collapseUnpruned(
      signedInputs: graph.signedInputs(networkInputIsSigned: true), scales: [1, 1], workers: 2)
    let collapsed: Network<Float> = try graph.network(of: layers, biases: graph.layers.map { _ in nil })
    let expected = try full.evaluatedDirectly(images)
    let found = try collapsed(images.converted(to: Float.self))
    #expect(MatrixDifference(found.values, expected.values).isWithin(1e-5))
    let one = try random.collapseUnpruned(
      signedInputs: graph.signedInputs(networkInputIsSigned: true), scales: [1, 1], workers: 1)
    #expect(one == layers)
  }

  @Test func keepingEverythingIsTheUnprunedNetwork() throws {
    let target = try SmallTargets.chain()
    let ticket = try SmallTargets.ticket(for: target, step: 1, scales: [1, 1])
    let unpruned = try ticket.randomNetwork.collapseUnpruned(
      signedInputs: ticket.graph.signedInputs(networkInputIsSigned: true), scales: [1, 1], workers: 2)
    #expect(try Collapse(of: ticket).layers == unpruned)
  }

  @Test func aLayerWithNothingKeptIsItsBias() throws {
    let target = try SmallTargets.residual()
    let whole = try SmallTargets.ticket(for: target)
    let blocks = whole.blocks.map { Block(address: $0.address, candidates: $0.candidates, kept: []) }
    let empty = try Ticket(
      seed: whole.seed, width: whole.width, mode: .weights, inputRange: .unit, graph: whole.graph,
      scales: whole.scales, biases: whole.biases, blocks: blocks, targetDigest: whole.targetDigest, isComplete: false)
    let images = try SmallTargets.images(2, target.inputShape, seed: 2)
    let bias = try #require(whole.biases.last!)
    #expect(bias.count == 2 && bias.allSatisfy { $0 != 0 })
    #expect(try empty.prunedNetwork()(images).values == bias + bias)
    #expect(try Collapse(of: empty).network()(images).values == bias + bias)
  }

  @Test func aLayerWithNothingKeptIsZero() throws {
    let target = try SmallTargets.chain()
    let whole = try SmallTargets.ticket(for: target)
    let empty = try Ticket(
      seed: whole.seed, width: whole.width, mode: .weights, inputRange: .unit, graph: whole.graph,
      scales: whole.scales,
      blocks: whole.blocks.map { Block(address: $0.address, candidates: $0.candidates, kept: []) },
      targetDigest: whole.targetDigest, isComplete: false)
    let images = try SmallTargets.images(2, target.inputShape, seed: 2)
    let network = try empty.prunedNetwork()
    #expect(try network(images).values.allSatisfy { $0 == 0 })
    #expect(try network.evaluatedDirectly(images).values.allSatisfy { $0 == 0 })
    #expect(try Collapse(of: empty).network()(images).values.allSatisfy { $0 == 0 })
  }
}
