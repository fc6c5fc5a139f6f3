import Convolution
import LinearAlgebra
import Pruning
import RandomStreams
import RunControl
import SubsetSum
import Synchronization
import Testing
import Tickets

/// Parts of a search, which several jobs run.
@Suite struct SearchPartTests {
  private func search(seed: UInt64 = 3, workLimit: UInt64? = nil) throws -> TicketSearch {
    try TicketSearch(
      Target(calibratedTarget()), plan: SearchPlan(workLimit: workLimit), seed: seed, width: 150)
  }

  private func parts(_ search: TicketSearch, _ count: Int) throws -> [SearchCheckpoint] {
    try (1...count).map { try search.run(part: SearchShard($0, of: count), workers: 1 + $0 % 2).checkpoint }
  }

  private func sum(_ parts: [SearchCheckpoint]) throws -> SearchCheckpoint {
    var sum = parts[0]
    for (index, part) in parts.enumerated().dropFirst() { try sum.add(part, named: "part \(index + 1)") }
    return sum
  }

  @Test(arguments: [1, 2, 3, 7, 40])
  func everyBlockIsInOnePart(count: Int) throws {
    let search = try search()
    let whole = try search.run().ticket.blocks.map(\.address)
    let parts = try (1...count).map { try search.blocks(of: SearchShard($0, of: count)) }
    #expect(parts.flatMap { $0 }.sorted() == whole)
    for part in parts { #expect(part == part.sorted()) }
    // No part has two blocks while another has none.
    if count >= whole.count { #expect(parts.allSatisfy { $0.count <= 1 }) }
  }

  @Test(arguments: [UInt64?.none, 100_000]) func partsMakeTheTicketOfOneRun(workLimit: UInt64?) throws {
    let search = try search(workLimit: workLimit)
    let whole = try search.run()
    #expect(whole.stop == (workLimit == nil ? nil : .workLimit))
    for count in [1, 2, 3, 40] {
      let parts = try parts(search, count)
      for order in [parts, parts.reversed()] {
        let joined = try search.joined(sum(order))
        #expect(joined.ticket == whole.ticket && joined.stop == whole.stop, "\(count) parts")
      }
      // Once more with some of them twice.
      #expect(try search.joined(sum(parts + parts.prefix(2))).ticket == whole.ticket)
    }
  }

  @Test func aStoppedPartGoesOnAndGivesTheSame() throws {
    let search = try search()
    let shard = try SearchShard(1, of: 2)
    let whole = try search.run(part: shard, workers: 1)
    #expect(whole.stop == nil && whole.added == whole.total && whole.checkpoint.part == shard)
    let cancellation = Cancellation()
    let control = RunControl(cancellation: cancellation)
    let stopped = try search.run(part: shard, workers: 1, control: control) { checkpoint in
      if checkpoint.blocks.count == 2 { cancellation.cancel() }
    }
    #expect(stopped.stop == .cancelled && stopped.added == 2 && stopped.checkpoint.blocks.count == 2)
    let resumed = try search.run(part: shard, resuming: stopped.checkpoint)
    #expect(resumed.checkpoint == whole.checkpoint && resumed.added == whole.total - 2 && resumed.stop == nil)
    let again = try search.run(part: shard, resuming: resumed.checkpoint)
    #expect(again.added == 0 && again.checkpoint == whole.checkpoint)
    // A part's file is not another part's, nor the whole search's.
    for other in [try SearchShard(2, of: 2), try SearchShard(1, of: 3)] {
      #expect(throws: PruningError.self) { try search.run(part: other, resuming: whole.checkpoint) }
    }
  }

  @Test func whatDoesNotBelongTogetherIsNamed() throws {
    let search = try search()
    let parts = try parts(search, 3)
    let missing = try #require(throws: PruningError.self) { try search.joined(sum([parts[0], parts[2]])) }
    guard case .missingBlocks(parts[1].blocks.count, of: 10, first: let first) = missing else {
      Issue.record("\(missing)")
      return
    }
    #expect(parts[1].blocks[0].address == first)
    let other = try self.search(seed: 4).run(part: SearchShard(2, of: 3)).checkpoint
    #expect(throws: PruningError.partMismatch(part: "part 2", field: "seed", expected: "3", found: "4")) {
      try sum([parts[0], other, parts[2]])
    }
    var forged = parts[1]
    forged.blocks[0] = Block(
      address: forged.blocks[0].address, candidates: forged.blocks[0].candidates,
      kept: Array(forged.blocks[0].kept.dropLast()))
    #expect(throws: PruningError.self) { try sum([parts[0], parts[1], forged]) }
    var limited = parts[1]
    limited.limited = [limited.blocks[0].address]
    #expect(throws: PruningError.self) { try sum([parts[0], parts[1], limited]) }
    #expect(throws: PruningError.self) { try self.search(seed: 4).joined(sum(parts)) }
    for (index, count) in [(0, 3), (4, 3), (1, 0), (1, 1 << 20 + 1)] {
      #expect(throws: TicketError.self) { try SearchShard(index, of: count) }
    }
    for text in ["", "1", "1/", "/2", "3/2", "1/2/3", "01/2", "a/b", "-1/2"] { #expect(SearchShard(text) == nil) }
    #expect(SearchShard("2/3") == (try SearchShard(2, of: 3)))
  }

  @Test func calibratedModeHasNoParts() throws {
    let search = try calibratedSearch(calibrationImages(10))
    let shard = try SearchShard(1, of: 2)
    #expect(throws: TicketError.self) { try search.blocks(of: shard) }
    #expect(throws: TicketError.self) { try search.run(part: shard) }
  }
}
