import Convolution
import Foundation
import LinearAlgebra
import Testing
import Tickets

@Suite struct ChannelBlockedMaskTests {
  @Test func itIsThePapersDefinition() {
    let mask = ChannelBlockedMask(channels: 3, filtersPerChannel: 4)
    let entries = mask.entries
    for k in 1...3 {
      for q in 1...12 {
        let expected: Float = Int((Double(q) / 4).rounded(.up)) == k ? 1 : 0
        #expect(entries[(k - 1) * 12 + q - 1] == expected)
      }
    }
  }
}

@Suite struct LayerGraphTests {
  @Test func inputsAreSignedUntilARectifier() throws {
    let graph = try Target(SmallTargets.chain()).graph
    #expect(graph.signedInputs(networkInputIsSigned: true) == [true, false])
    #expect(graph.signedInputs(networkInputIsSigned: false) == [false, false])
    #expect(Ticket.addresses(graph: graph, inputRange: .unit).count == 2 * 2 + 3)
    #expect(Ticket.addresses(graph: graph, inputRange: try InputRange(low: 0, high: 1)).count == 2 + 3)
  }

  @Test func jsonRoundTrips() throws {
    let graph = try Target(SmallTargets.chain()).graph
    let data = try JSONEncoder().encode(graph)
    #expect(try JSONDecoder().decode(LayerGraph.self, from: data) == graph)
    let unknown = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\"relu\"", with: "\"gelu\"")
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(LayerGraph.self, from: Data(unknown.utf8)) }
  }

  @Test func additionsAreSignedWhereEitherSideIs() throws {
    let graph = try Target(SmallTargets.residual()).graph
    // conv1, conv2 behind a ReLU, conv3 behind an addition of a convolution, dense behind ReLUs.
    #expect(graph.signedInputs(networkInputIsSigned: true) == [true, false, true, false, false])
    #expect(graph.signedInputs(networkInputIsSigned: false) == [false, false, true, false, false])
    let data = try JSONEncoder().encode(graph)
    #expect(try JSONDecoder().decode(LayerGraph.self, from: data) == graph)
    #expect(graph.shapes.map(\.count) == [72, 108, 108, 108, 108, 108, 108, 108, 27, 4, 4, 2])
  }

  /// Each edit of a stored graph that breaks it is refused, with the node.
  @Test(arguments: [
    ("\"inputs\":[3,2]", "\"inputs\":[3]", "add1"), ("\"inputs\":[3,2]", "\"inputs\":[3,4]", "add1"),
    ("\"inputs\":[3,2]", "\"inputs\":[3,0]", "add1"), ("\"inputs\":[3,2]", "\"inputs\":[3,-1]", "add1"),
    ("\"inputs\":[6]", "\"inputs\":[6,6]", "relu2"), ("\"inputChannels\":4", "\"inputChannels\":5", "fc2"),
    ("\"width\":6", "\"width\":4294967296", "input"),
  ]) func brokenGraphsAreNamed(part: String, other: String, place: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(Target(SmallTargets.residual()).graph), as: UTF8.self)
    #expect(text.contains(part))
    let edited = text.replacingOccurrences(of: part, with: other)
    let error = #expect(throws: TicketError.self) {
      try JSONDecoder().decode(LayerGraph.self, from: Data(edited.utf8))
    }
    #expect("\(error!)".contains(place), "\(error!)")
  }

  @Test func theDigestIgnoresNamesButNotWeights() throws {
    let digest = try Target(SmallTargets.chain()).digest
    #expect(digest.count == 64)
    #expect(try Target(SmallTargets.chain(names: "other")).digest == digest)
    #expect(try Target(SmallTargets.chain(seed: 2)).digest != digest)
    #expect(try Target(SmallTargets.chain(size: 8)).digest != digest)
  }

  /// A dense layer, and the same numbers as a convolution: one target, one digest.
  @Test func theDigestKnowsLayersByWhatTheyCompute() throws {
    let shape = ImageShape(height: 1, width: 2, channels: 2)
    var net = NetworkBuilder<Float>(inputShape: shape, inputName: "x")
    let row = try net.append("flat", .flatten, to: [net.input])
    // Row order: (channel 0: left, right), (channel 1: left, right).
    let dense = try net.dense("y", weights: [1, 2, 3, 4], outputs: 1, bias: [5], to: row)
    let digest = try Target(net.network(output: dense)).digest
    func digestOf(_ kernel: [Float], _ bias: [Float]?) throws -> String {
      let layer = try Convolution(
        window: SlidingWindow(height: 1, width: 2), inputChannels: 2, outputChannels: 1, kernel: kernel,
        bias: bias)
      let nodes = [
        Network<Float>.Node(name: "x", operation: .input, inputs: []),
        Network<Float>.Node(name: "y", operation: .convolution(layer), inputs: [0]),
      ]
      return try Target(Network(inputShape: shape, nodes: nodes)).digest
    }
    #expect(try digestOf([1, 3, 2, 4], [5]) == digest)
    #expect(try digestOf([1, 2, 3, 4], [5]) != digest)
    #expect(try digestOf([1, 3, 2, 4], [6]) != digest)
    #expect(try digestOf([1, 3, 2, 4], nil) != digest)
    #expect(try digestOf([1, 3, 2, 4], [0]) == digestOf([1, 3, 2, 4], nil))
  }

  @Test func whatTheTheoryDoesNotCoverIsNamed() throws {
    let shape = ImageShape(height: 4, width: 4, channels: 2)
    func message(_ operation: Network<Float>.Operation) throws -> String {
      let nodes = [
        Network<Float>.Node(name: "input", operation: .input, inputs: []),
        Network<Float>.Node(name: "culprit", operation: operation, inputs: [0]),
      ]
      do {
        _ = try Target(Network(inputShape: shape, nodes: nodes)).graph
        return ""
      } catch let error as TicketError { return error.description }
    }
    func convolution(groups: Int = 1, kernel: [Float], bias: [Float]? = nil) throws -> Network<Float>.Operation {
      .convolution(
        try Convolution(
          window: SlidingWindow(height: 1, width: 1), inputChannels: 2, outputChannels: 2, groups: groups,
          kernel: kernel, bias: bias))
    }
    #expect(try message(convolution(kernel: [1, 2, 3, 4])) == "")
    #expect(try message(convolution(kernel: [1, 2, 3, 4], bias: [0, 0])) == "")
    #expect(try message(convolution(kernel: [1, 2, 3, 4], bias: [0, 1])) == "")
    #expect(try message(convolution(kernel: [1, 2, 3, 4], bias: [0, .infinity])).contains("finite biases, found inf"))
    #expect(try message(convolution(groups: 2, kernel: [1, 2])).contains("batch normalisation"))
    #expect(try message(convolution(kernel: [1, 2, .nan, 4])).contains("'culprit'"))
    #expect(try message(.rectifier).contains("at least one convolution"))
  }
}

@Suite struct TicketTests {
  /// Rebuilds a ticket with one part changed.
  private func altered(
    _ ticket: Ticket, width: Int? = nil, scales: [Double]? = nil, blocks: [Block]? = nil
  ) throws(TicketError) -> Ticket {
    try Ticket(
      seed: ticket.seed, width: width ?? ticket.width, mode: ticket.mode, inputRange: ticket.inputRange,
      graph: ticket.graph, scales: scales ?? ticket.scales, blocks: blocks ?? ticket.blocks,
      targetDigest: ticket.targetDigest, isComplete: true)
  }

  private func changing(
    _ ticket: Ticket, block: Int, candidates: Int? = nil, kept: [UInt32]
  ) throws(TicketError) -> Ticket {
    var blocks = ticket.blocks
    blocks[block] = Block(
      address: blocks[block].address, candidates: candidates ?? blocks[block].candidates, kept: kept)
    return try altered(ticket, blocks: blocks)
  }

  @Test func contradictionsAreRefused() throws {
    let ticket = try SmallTargets.ticket(for: SmallTargets.chain())
    let kept = ticket.blocks[1].kept
    #expect(try altered(ticket) == ticket)
    #expect(throws: TicketError.self) { try altered(ticket, width: 0) }
    #expect(throws: TicketError.self) { try altered(ticket, width: 1) }
    #expect(throws: TicketError.self) { try altered(ticket, scales: [1]) }
    #expect(throws: TicketError.self) { try altered(ticket, scales: [1, 0.3]) }
    #expect(throws: TicketError.self) { try altered(ticket, scales: [1, .infinity]) }
    #expect(throws: TicketError.self) { try altered(ticket, scales: [1, -1]) }
    #expect(throws: TicketError.self) { try altered(ticket, blocks: ticket.blocks.dropLast()) }
    #expect(throws: TicketError.self) { try altered(ticket, blocks: ticket.blocks.reversed()) }
    #expect(throws: TicketError.self) { try changing(ticket, block: 1, kept: kept.reversed()) }
    #expect(throws: TicketError.self) { try changing(ticket, block: 1, kept: kept + [kept.last!]) }
    #expect(throws: TicketError.self) { try changing(ticket, block: 1, kept: [UInt32(2 * ticket.width)]) }
    #expect(throws: TicketError.self) { try changing(ticket, block: 1, candidates: kept.count - 1, kept: kept) }
  }

  @Test func biasesAreTakenScalars() throws {
    let target = try SmallTargets.residual()
    let ticket = try SmallTargets.ticket(for: target)
    #expect(ticket.biases.map { $0?.count } == [3, nil, 3, 4, 2])
    #expect(ticket.scalarsTaken == 5 + 12 && ticket.biasesTaken == 12)
    #expect(try SmallTargets.ticket(for: SmallTargets.chain()).scalarsTaken == 2)
    #expect(ticket.notes.contains("biases taken from the target exactly: 12 scalars"))
    #expect(ticket.notes.contains("residual additions: 2"))
    #expect(ticket.notes.contains { $0.hasPrefix("convolutions without same padding") && $0.hasSuffix("layer 4") })
    #expect(ticket.notes.contains { $0.hasPrefix("inputs that no ReLU") && $0.hasSuffix("layer 3") })
    #expect(!ticket.notes.contains { $0.hasPrefix("strided") })
    #expect(try SmallTargets.ticket(for: SmallTargets.chain()).notes.first == "pooling: 2 layers")
    func with(_ biases: [[Float]?]) throws(TicketError) -> Ticket {
      try Ticket(
        seed: ticket.seed, width: ticket.width, mode: ticket.mode, inputRange: ticket.inputRange, graph: ticket.graph,
        scales: ticket.scales, biases: biases, blocks: ticket.blocks, targetDigest: ticket.targetDigest,
        isComplete: true)
    }
    #expect(try with(ticket.biases) == ticket)
    let first = try #require(ticket.biases[0])
    for wrong in [nil, [], first + [1], [.nan, 1, 1], [0, 0, 0]] as [[Float]?] where wrong != nil {
      #expect(throws: TicketError.self, "\(wrong!)") { try with([wrong] + ticket.biases.dropFirst()) }
    }
    #expect(throws: TicketError.self) { try with(ticket.biases.dropLast()) }
  }

  @Test func aFilterOfTheOtherSignIsFoundWhereWeightsAreMade() throws {
    let ticket = try SmallTargets.ticket(for: SmallTargets.chain())
    try ticket.validateSigns()
    let other = ticket.blocks[0].kept
    #expect(ticket.blocks[1].address.half == .negative)
    let wrong = try changing(ticket, block: 1, kept: other)
    #expect(throws: TicketError.self) { try wrong.validateSigns() }
    #expect(throws: TicketError.self) { try Collapse(of: wrong).layers }
    #expect(throws: TicketError.self) { try wrong.prunedNetwork() }
    let miscounted = try changing(
      ticket, block: 1, candidates: ticket.blocks[1].candidates + 1, kept: ticket.blocks[1].kept)
    #expect(throws: TicketError.self) { try miscounted.validateSigns() }
  }

  @Test func thePrunedNetworkHoldsTheRandomWeightsAlone() throws {
    let target = try SmallTargets.chain()
    let ticket = try SmallTargets.ticket(for: target, scales: [0.5, 2])
    let random = try ticket.randomNetwork
    let network = try ticket.prunedNetwork()
    let pointwise = network.nodes.compactMap { node -> BlockedPointwise<Float>? in
      if case .blockedPointwise(let layer) = node.operation { layer } else { nil }
    }
    let convolutions = network.nodes.compactMap { node -> Convolution<Float>? in
      if case .convolution(let layer) = node.operation { layer } else { nil }
    }
    for number in 1...2 {
      let layer = ticket.graph.layers[number - 1]
      let filters = (0..<layer.inputChannels).flatMap { channel in
        ticket.blocks.filter { $0.address.layer == number && $0.address.channel == channel }
          .flatMap { $0.kept.map { Int($0) } }.sorted().map { (channel, $0) }
      }
      #expect(pointwise[number - 1].sources == filters.map(\.0))
      #expect(convolutions[number - 1].inputChannels == filters.count)
      for (index, (channel, q)) in filters.enumerated() {
        #expect(pointwise[number - 1].scalars[index] == random.scalars(layer: number, channel: channel)[q])
        var slice = [Float](repeating: 0, count: layer.sliceCount)
        slice.withUnsafeMutableBufferPointer {
          random.fillSlice($0, layer: number, channel: channel, filter: q)
        }
        for tap in 0..<9 {
          for o in 0..<layer.outputChannels {
            let weight = convolutions[number - 1].kernel[(tap * filters.count + index) * layer.outputChannels + o]
            #expect(weight == slice[tap * layer.outputChannels + o] * Float(ticket.scales[number - 1]))
          }
        }
      }
    }
  }

  @Test func inputRangesAreOrderedAndFinite() {
    #expect(throws: TicketError.self) { try InputRange(low: 1, high: 1) }
    #expect(throws: TicketError.self) { try InputRange(low: 0, high: .infinity) }
    #expect(throws: TicketError.self) { try InputRange(low: .nan, high: 1) }
  }
}
