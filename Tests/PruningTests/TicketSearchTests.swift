import Convolution
import LinearAlgebra
import Pruning
import RandomStreams
import RunControl
import SubsetSum
import Synchronization
import Testing
import Tickets
import Verification

private func target(seed: UInt64 = 1) throws -> Network<Float> {
  func convolution(_ inputs: Int, _ outputs: Int, _ seed: UInt64) throws -> Network<Float>.Operation {
    var kernel = [Float](repeating: 0, count: 9 * inputs * outputs)
    kernel.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
    return .convolution(
      try Convolution(window: .same(3), inputChannels: inputs, outputChannels: outputs, kernel: kernel))
  }
  let operations: [(String, Network<Float>.Operation)] = [
    ("input", .input), ("conv1", try convolution(2, 2, seed)), ("relu", .rectifier),
    ("conv2", try convolution(2, 3, seed + 1)), ("average", .globalAveragePooling),
  ]
  return try Network(
    inputShape: ImageShape(height: 5, width: 5, channels: 2),
    nodes: operations.enumerated().map { index, operation in
      .init(name: operation.0, operation: operation.1, inputs: index == 0 ? [] : [index - 1])
    })
}

@Suite struct ScaleRuleTests {
  @Test func scalesAreTheSmallestPowersOfTwoWithinBothBounds() throws {
    let layer = try Target(target()).graph.layers[0]
    let rule = ScaleRule(largestEntry: 8, largestNormPerWidth: 0.125)
    for largest in [1e-6, 0.3, 1, 2, 5.04, 1000] as [Float] {
      let values = (0..<layer.weightCount).map { $0 == 5 ? -largest : 0.01 * largest }
      for width in [1, 10, 1000] {
        let scale = rule.scale(for: Kernel(values, of: layer), width: width)
        #expect(scale.significand == 1)
        let entry = Double(largest) / scale
        // Entry 5 alone all but makes the largest channel's norm.
        #expect(entry <= 8 && entry <= 0.125 * Double(width))
        #expect(2.01 * entry > min(8, 0.125 * Double(width)), "\(largest), width \(width): \(scale)")
      }
    }
    #expect(rule.scale(for: Kernel(zerosOf: layer), width: 5) == 1)
  }
}

@Suite struct TicketSearchTests {
  @Test func theSameTicketWhateverTheWorkersAndTiles() throws {
    let search = try TicketSearch(Target(target()), seed: 3, width: 200)
    let one = try search.run(workers: 1)
    #expect(one.stop == nil && one.ticket.isComplete)
    #expect(try search.run(workers: 2).ticket == one.ticket)
    #expect(try search.run(workers: 2, control: RunControl(limits: Limits(memoryBytes: 64 << 20))).ticket == one.ticket)
    let greedy = try TicketSearch(Target(target()), seed: 3, width: 200, solver: GreedyFlips()).run().ticket
    for tileRows in [1, 7, 1000] {
      let tiled = try TicketSearch(Target(target()), seed: 3, width: 200, solver: GreedyFlips(tileRows: tileRows))
      #expect(try tiled.run(workers: 2).ticket == greedy)
    }
    #expect(try TicketSearch(Target(target()), seed: 4, width: 200).run().ticket != one.ticket)
  }

  @Test func theTicketIsMuchNearerThanTheEmptySet() throws {
    let target = try target()
    let ticket = try TicketSearch(Target(target), seed: 3, width: 500).run().ticket
    let claims = try Measurement(ticket: ticket, target: Target(target)).claims(on: nil)
    #expect(claims.maxWeightError < 0.1 * claims.emptySetError)
    #expect(claims.certifiedError! < claims.emptySetCertifiedError!)
    #expect(claims.keptFilters == ticket.keptFilters && claims.totalFilters == 4 * 1000)
    #expect(VerificationReport(measured: claims, stated: claims).agrees)
    var false1 = claims
    false1.maxWeightError = claims.maxWeightError.nextDown
    #expect(!VerificationReport(measured: claims, stated: false1).agrees)
  }

  @Test func limitsLeaveAPartialTicketAndCheckpointsResumeToTheSame() throws {
    let search = try TicketSearch(Target(target()), seed: 3, width: 200)
    let limited = try TicketSearch(
      Target(target()), plan: SearchPlan(workLimit: 1), seed: 3, width: 200)
    let stopped = try limited.run()
    #expect(throws: TicketError.self) { try search.run(control: RunControl(limits: Limits(work: 1))) }
    #expect(stopped.stop == .workLimit && !stopped.ticket.isComplete)
    let control = RunControl()
    control.cancellation.cancel()
    let cancelled = try search.run(control: control)
    #expect(cancelled.stop == .cancelled && cancelled.ticket.keptFilters == 0)

    let checkpoints = Mutex<[SearchCheckpoint]>([])
    let whole = try search.run(workers: 1, blockFound: { value in checkpoints.withLock { $0.append(value) } })
    let partial = checkpoints.withLock { $0[2] }
    #expect(partial.blocks.count == 3)
    #expect(try search.run(resuming: partial).ticket == whole.ticket)
    let other = try TicketSearch(Target(target()), seed: 4, width: 200)
    #expect(throws: PruningError.self) { try other.run(resuming: partial) }
  }

  /// Blocks that used up their share of the work limit did so in whichever run found them.
  @Test func aSearchResumedUnderAWorkLimitSaysWhatStoppedIt() throws {
    let search = try TicketSearch(Target(target()), plan: SearchPlan(workLimit: 200_000), seed: 3, width: 200)
    let checkpoints = Mutex<[SearchCheckpoint]>([])
    let whole = try search.run(workers: 1, blockFound: { value in checkpoints.withLock { $0.append(value) } })
    #expect(whole.stop == .workLimit && !whole.ticket.isComplete && whole.ticket.keptFilters > 0)
    for checkpoint in checkpoints.withLock({ $0 }) {
      let resumed = try search.run(resuming: checkpoint)
      #expect(resumed.stop == .workLimit && resumed.ticket == whole.ticket, "\(checkpoint.blocks.count) blocks")
    }
  }

  @Test func tooLittleMemoryIsAnErrorThatSaysHowMuch() throws {
    let search = try TicketSearch(Target(target()), seed: 3, width: 1000)
    #expect(throws: PruningError.self) { try search.run(control: RunControl(limits: Limits(memoryBytes: 1000))) }
    #expect(throws: TicketError.self) { try TicketSearch(Target(target()), seed: 3, width: 0) }
  }

  @Test func anotherTargetIsRefused() throws {
    let ticket = try TicketSearch(Target(target()), seed: 3, width: 50).run().ticket
    #expect(throws: TicketError.self) { try Measurement(ticket: ticket, target: Target(target(seed: 9))) }
  }

  @Test func accuracyDependsOnNoTileOrWorkerCount() throws {
    let target = try target()
    let network = try TicketSearch(Target(target), seed: 3, width: 100).run().ticket.prunedNetwork()
    var values = [Float](repeating: 0, count: 300 * 50)
    values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: 77)) }
    let images = try Tensor(batch: 300, shape: target.inputShape, values: values)
    let data = try ImageSet(name: "noise", images: images, labels: (0..<300).map { $0 % 3 })
    let counts = try [(1, 64), (2, 64), (2, 1 << 19)].map { workers, tile in
      try Classification(
        of: network, named: "", on: data, workers: workers, control: RunControl(), tileBytes: tile
      ).correct
    }
    #expect(Set(counts).count == 1)
  }
}
