import Convolution
import LinearAlgebra
import Testing
import Tickets

/// Relative to the largest entry: kernels of the collapse are rounded to Float32 once.
private let tolerance = 1e-5

/// The random network with all its filters, made as a network.
@Suite struct UnprunedNetworkTests {
  static func targets() throws -> [Network<Float>] { [try SmallTargets.chain(), try SmallTargets.residual()] }

  /// Run as a network, filter by filter, it gives what its exact collapse gives.
  @Test func itComputesItsCollapse() throws {
    for target in try Self.targets() {
      let ticket = try SmallTargets.ticket(for: target)
      let signed = ticket.graph.signedInputs(networkInputIsSigned: true)
      let layers = try ticket.randomNetwork.collapseUnpruned(signedInputs: signed, scales: ticket.scales, workers: 2)
      let collapsed: Network<Float> = try ticket.graph.network(of: layers, biases: ticket.biases)
      let images = try SmallTargets.images(4, target.inputShape, seed: 9)
      let whole = try ticket.unprunedNetwork()
      let expected = try collapsed.converted(to: Double.self).evaluatedDirectly(images.converted(to: Double.self))
      let found = try whole.converted(to: Double.self).evaluatedDirectly(images.converted(to: Double.self))
      let difference = MatrixDifference(found.values, expected.values)
      #expect(difference.isWithin(tolerance), "\(difference)")
    }
  }

  @Test func itHoldsEveryFilterOnce() throws {
    for target in try Self.targets() {
      let ticket = try SmallTargets.ticket(for: target)
      let network = try ticket.unprunedNetwork()
      let random = try ticket.randomNetwork
      var number = 0
      for node in network.nodes {
        guard case .blockedPointwise(let layer) = node.operation else { continue }
        number += 1
        let channels = ticket.graph.layers[number - 1].inputChannels
        #expect(layer.sources == (0..<channels).flatMap { [Int](repeating: $0, count: 2 * ticket.width) })
        #expect(layer.scalars == (0..<channels).flatMap { random.scalars(layer: number, channel: $0) })
      }
      #expect(number == ticket.graph.layers.count)
      #expect(try ticket.unprunedNetwork(workers: 1) == network && ticket.unprunedNetwork(workers: 5) == network)
    }
  }

  /// 24 filters a channel. Layers 3×3 2→3 on 36 pixels and 3×3 3→2 on 9: 48 + 48·27 and 72 + 72·18
  /// weights.
  @Test func costByHandAndByCounting() throws {
    let ticket = try SmallTargets.ticket(for: SmallTargets.chain())
    let cost = try ticket.unprunedCost()
    #expect(cost.weights == 48 + 48 * 27 + 72 + 72 * 18 && cost.biases == 0)
    #expect(cost.multiplyAdds == 36 * (48 + 48 * 27) + 9 * (72 + 72 * 18))
    for target in try Self.targets() {
      let ticket = try SmallTargets.ticket(for: target)
      #expect(try ticket.unprunedCost() == ticket.unprunedNetwork().cost())
      #expect(try ticket.unprunedBytes() >= 8 * ticket.unprunedCost().weights)
    }
  }

  /// A ticket may name a width whose random network no machine holds: its cost is an error or a
  /// number, never a trap.
  @Test func hugeWidths() throws {
    let small = try SmallTargets.ticket(for: SmallTargets.chain())
    let ticket = try Ticket(
      seed: small.seed, width: RandomNetwork.largestWidth, mode: .weights, inputRange: small.inputRange,
      graph: small.graph, scales: small.scales, blocks: small.blocks, targetDigest: small.targetDigest,
      isComplete: true)
    #expect(try ticket.unprunedCost().weights == 5 << 31 + 2 * 27 << 31 + 3 * 18 << 31)
    #expect(try ticket.unprunedBytes() > 1 << 40)
  }
}
