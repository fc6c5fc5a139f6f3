import Convolution
import Testing
import Tickets

/// A ticket that says another graph than its target's is refused, and the error names what differs.
@Suite struct TargetMatchTests {
  /// conv 3×3 (2 → 2), ReLU, pool, conv (2 → 2), with one thing of it changed.
  private struct Variant {
    var shape = ImageShape(height: 6, width: 6, channels: 2)
    var window = SlidingWindow.same(3)
    var pooling = Pooling(.maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2))
    var poolFirst = false
    var last = 4
    var bias: [Float]? = [1, -2]
    var names = "node"

    func network() throws -> Network<Float> {
      func convolution(_ seed: UInt64, _ window: SlidingWindow, _ bias: [Float]?) throws -> Network<Float>.Operation {
        .convolution(
          try Convolution(
            window: window, inputChannels: 2, outputChannels: 2,
            kernel: SmallTargets.values(window.height * window.width * 4, seed: seed), bias: bias))
      }
      let middle: [Network<Float>.Operation] = [.pooling(pooling), .rectifier]
      let operations: [Network<Float>.Operation] =
        [.input, try convolution(1, window, bias)] + (poolFirst ? middle : middle.reversed())
        + [try convolution(2, .same(1), nil), .addition]
      let inputs = [[], [0], [1], [2], [3], [last, last]]
      return try Network(
        inputShape: shape,
        nodes: operations.indices.map { .init(name: "\(names)\($0)", operation: operations[$0], inputs: inputs[$0]) })
    }
  }

  /// A ticket of one network's graph and biases that says it was drawn for another.
  private func forged(_ variant: Variant, as target: Target, isSmall: Bool = false) throws -> Ticket {
    let honest = try SmallTargets.ticket(for: variant.network())
    return try Ticket(
      seed: honest.seed, width: honest.width, mode: .weights, inputRange: .unit, graph: honest.graph,
      scales: honest.scales, biases: honest.biases, blocks: honest.blocks,
      targetDigest: isSmall ? String(target.digest.prefix(Ticket.shortDigestLength)) : target.digest, isComplete: true)
  }

  /// A small ticket has biases of its own, for the same layers.
  @Test func aSmallTicketHasItsOwnBiases() throws {
    let target = try Target(Variant().network())
    var variant = Variant()
    variant.bias = [1, 3]
    try forged(variant, as: target, isSmall: true).requireMatch(target)
    variant.bias = nil
    #expect(throws: TicketError.self) { try forged(variant, as: target, isSmall: true).requireMatch(target) }
  }

  @Test func whatDiffersIsNamed() throws {
    let target = try Target(Variant().network())
    func expect(_ place: String, _ expected: String, _ found: String, _ change: (inout Variant) -> Void) throws {
      var variant = Variant()
      change(&variant)
      let ticket = try forged(variant, as: target)
      let error = #expect(throws: TicketError.self) { try ticket.requireMatch(target) }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains(place) && text.contains("expected \(expected), found \(found)"), "\(text)")
    }
    try expect("kind", "maximum", "average") { $0.pooling.kind = .average }
    try expect("kind", "maximum", "averageCountingPadding") { $0.pooling.kind = .averageCountingPadding }
    try expect("rounds up", "0", "1") { $0.pooling.window.roundsUp = true }
    try expect("stride height", "2", "1") { $0.pooling.window.strideHeight = 1 }
    try expect("padding top", "0", "1") { $0.pooling.window.padding.top = 1 }
    try expect("padding right", "1", "0") { $0.window.padding.right = 0 }
    try expect("dilation width", "1", "2") { $0.window.dilationWidth = 2 }
    try expect("window height", "3", "1") { $0.window.height = 1 }
    try expect("input, height", "6", "8") { $0.shape.height = 8 }
    try expect("'node2', operation", "relu", "pool") { $0.poolFirst = true }
    try expect("inputs", "4 4", "3 3") { $0.last = 3 }
    try expect("bias of layer 1, output channel 1", "-2.0", "3.0") { $0.bias = [1, 3] }
    try expect("bias of layer 1", "2 numbers", "none") { $0.bias = nil }
  }

  @Test func namesAloneMayDiffer() throws {
    let target = try Target(Variant().network())
    var variant = Variant()
    variant.names = "layer"
    let ticket = try forged(variant, as: target)
    try ticket.requireMatch(target)
    #expect(ticket.renames(target))
    #expect(try !SmallTargets.ticket(for: target.network).renames(target))
  }

  @Test func anotherOutputOrAnotherNumberOfNodesIsRefused() throws {
    let target = try SmallTargets.chain()
    let other = try Network(
      inputShape: target.inputShape, nodes: target.nodes, output: target.nodes.count - 2)
    let honest = try SmallTargets.ticket(for: other)
    let ticket = try Ticket(
      seed: honest.seed, width: honest.width, mode: .weights, inputRange: .unit, graph: honest.graph,
      scales: honest.scales, blocks: honest.blocks, targetDigest: try Target(target).digest, isComplete: true)
    #expect(throws: TicketError.self) { try ticket.requireMatch(Target(target)) }
  }
}
