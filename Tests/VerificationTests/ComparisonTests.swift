import Convolution
import RandomStreams
import Testing
import Tickets
import Verification

private func numbers(_ count: Int, seed: UInt64) -> [Float] {
  var values = [Float](repeating: 0, count: count)
  values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
  return values.map { $0 * 0.3 }
}

/// 3×3 2→3 with biases on 6 × 6 pixels, ReLU, 2×2 pooling, fully connected 27→4.
private func smallTarget(seed: UInt64 = 1) throws -> Target {
  let pool = Pooling(.maximum, window: SlidingWindow(height: 2, width: 2, strideHeight: 2, strideWidth: 2))
  let operations: [Network<Float>.Operation] = [
    .input,
    .convolution(
      try Convolution(
        window: .same(3), inputChannels: 2, outputChannels: 3, kernel: numbers(54, seed: seed), bias: [0.5, 0, -1])),
    .rectifier, .pooling(pool),
    .convolution(
      try Convolution(
        window: SlidingWindow(height: 3, width: 3), inputChannels: 3, outputChannels: 4,
        kernel: numbers(108, seed: seed + 1))),
  ]
  return try Target(
    Network(
      inputShape: ImageShape(height: 6, width: 6, channels: 2),
      nodes: operations.enumerated().map {
        .init(name: "node\($0.offset)", operation: $0.element, inputs: $0.offset == 0 ? [] : [$0.offset - 1])
      }))
}

/// Keeps every second filter of each half; width 12.
private func smallTicket(for target: Target) throws -> Ticket {
  let graph = target.graph
  let network = try RandomNetwork(seed: 5, width: 12, layers: graph.layers)
  let blocks = Ticket.addresses(graph: graph, inputRange: .unit).map { address in
    let scalars = network.scalars(layer: address.layer, channel: address.channel)
    let half = scalars.indices.filter { address.half.contains(scalars[$0]) }
    return Block(
      address: address, candidates: half.count, kept: stride(from: 0, to: half.count, by: 2).map { UInt32(half[$0]) })
  }
  return try Ticket(
    seed: 5, width: 12, mode: .weights, inputRange: .unit, graph: graph, scales: [0.25, 0.125], biases: target.biases,
    blocks: blocks, targetDigest: target.digest, isComplete: true)
}

private func smallData(_ count: Int = 60, value: Float? = nil) throws -> ImageSet {
  var pixels = [Double](repeating: 0, count: count * 72)
  pixels.withUnsafeMutableBufferPointer { UniformStream.fillSymmetric($0, at: StreamAddress(seed: 77)) }
  return try ImageSet(
    name: "data",
    images: Tensor(
      batch: count, shape: ImageShape(height: 6, width: 6, channels: 2), values: pixels.map { value ?? Float($0) }),
    labels: (0..<count).map { $0 % 4 })
}

@Suite struct ComparisonTests {
  @Test func figuresAreThoseOfMeasurementAndOfTheNetworks() throws {
    let target = try smallTarget()
    let ticket = try smallTicket(for: target)
    let data = try smallData()
    let rows = try Comparison(ticket: ticket, target: target, workers: 2).rows(on: data, latencySeconds: 0)
    #expect(
      rows.map(\.contestant)
        == [
          .target, .quantised(bits: 8), .quantised(bits: 6), .quantised(bits: 4), .unpruned, .pruned, .collapsed,
          .coded,
        ])
    let claims = try Measurement(ticket: ticket, target: target).claims(on: data)
    #expect(rows[0].accuracy == claims.targetAccuracy && rows[0].maxWeightError == 0)
    #expect(rows[4].accuracy == claims.unprunedAccuracy && rows[5].accuracy == claims.ticketAccuracy)
    #expect(rows[5].maxWeightError == claims.maxWeightError && rows[6].maxWeightError == claims.maxWeightError)
    #expect(rows[4].maxWeightError > claims.maxWeightError)
    #expect(rows[5].bitsPerWeight == claims.bitsPerWeight && rows[6].bitsPerWeight == claims.bitsPerWeight)
    for (row, network) in zip(
      [rows[0], rows[4], rows[5], rows[6]],
      [target.network, try ticket.unprunedNetwork(), try ticket.prunedNetwork(), try Collapse(of: ticket).network()])
    {
      #expect(try row.cost == network.cost())
    }
    for row in rows {
      let latency = try #require(row.latency)
      // Three rounds at the least, and no pass of this network takes a second.
      #expect(latency.passes >= 3 && latency.medianSeconds > 0 && latency.medianSeconds < 1)
      #expect(row.latencyReason == nil)
    }
  }

  /// 162 weights, 3 biases, 7 output channels, 2 layers; the ticket's own bits are `Measurement`'s.
  @Test func storageByHand() throws {
    let target = try smallTarget()
    let rows = try Comparison(ticket: smallTicket(for: target), target: target).rows(on: nil, latencySeconds: 0)
    #expect(rows[0].bitsPerWeight == Double(32 * 162 + 96) / 162)
    for (row, bits) in zip(rows[1...3], [8, 6, 4]) {
      #expect(row.bitsPerWeight == Double(bits * 162 + 32 * 7 + 96) / 162)
      let quantised = try Quantisation(of: target.network, bits: bits)
      #expect(row.entropyBitsPerWeight == (quantised.entropyBits + 96) / 162)
      #expect(row.maxWeightError == quantised.maxWeightError && row.cost == rows[0].cost)
    }
    #expect(rows[4].bitsPerWeight == Double(64 + 32 * 2 + 96) / 162)
    #expect(rows.indices.allSatisfy { (rows[$0].entropyBitsPerWeight != nil) == (1...3).contains($0) })
    #expect(rows.allSatisfy { $0.accuracy == nil })
    // By hand: a 3×3 layer on 36 pixels, a fully connected layer.
    let ticket = try smallTicket(for: target)
    let coded = try CodedTarget(target, maximumBytes: Int((ticket.bits + ticket.countBits) / 8))
    #expect(rows[7].bitsPerWeight == Double(8 * coded.bytes.count) / 162)
    #expect(rows[7].bitsPerWeight <= rows[5].bitsPerWeight + rows[5].countBitsPerWeight!)
    #expect(rows[7].maxWeightError == coded.maxWeightError && rows[7].cost == rows[0].cost)
    #expect(rows[0].cost == NetworkCost(weights: 162, biases: 3, multiplyAdds: 54 * 36 + 108))
  }

  @Test func fewerBitsAreFartherFromTheTarget() throws {
    let target = try smallTarget()
    let rows = try Comparison(ticket: smallTicket(for: target), target: target).rows(on: nil, latencySeconds: 0)
    #expect(rows[1].maxWeightError < rows[2].maxWeightError && rows[2].maxWeightError < rows[3].maxWeightError)
  }

  @Test func aNetworkTooLargeIsNotTimedAndSaysWhy() throws {
    let target = try smallTarget()
    let ticket = try smallTicket(for: target)
    let bytes = try ticket.unprunedBytes()
    let rows = try Comparison(ticket: ticket, target: target, memoryBytes: bytes - 1).rows(on: nil, latencySeconds: 0)
    #expect(rows[4].latency == nil)
    let reason = try #require(rows[4].latencyReason)
    #expect(reason.contains("\(bytes)") && reason.contains("\(bytes - 1)"))
    #expect(rows[4].cost.weights > 0 && rows.indices.allSatisfy { $0 == 4 || rows[$0].latency != nil })
    let enough = try Comparison(ticket: ticket, target: target, memoryBytes: bytes).rows(on: nil, latencySeconds: 0)
    #expect(enough[4].latency != nil)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let target = try smallTarget()
    let ticket = try smallTicket(for: target)
    #expect {
      _ = try Comparison(ticket: ticket, target: smallTarget(seed: 9))
    } throws: { error in
      if case TicketError.targetMismatch = error { true } else { false }
    }
    let comparison = try Comparison(ticket: ticket, target: target)
    #expect(throws: TicketError.self) { try comparison.rows(on: smallData(value: 1.5)) }
    let other = try ImageSet(
      name: "other", images: Tensor(batch: 1, shape: ImageShape(height: 6, width: 5, channels: 2)), labels: [0])
    #expect(throws: ConvolutionError.self) { try comparison.rows(on: other) }
  }
}
