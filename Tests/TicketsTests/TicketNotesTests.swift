import Convolution
import Testing
import Tickets

/// What of a ticket the theorem does not speak of, counted by hand.
@Suite struct TicketNotesTests {
  /// A ticket for the chain 2 → 3 → 2 that keeps so many filters of each block, in order.
  private func ticket(
    _ sizes: [Int], scales: [Double] = [1, 1], mode: PruningMode = .weights
  ) throws -> Ticket {
    let drawn = try SmallTargets.ticket(for: SmallTargets.chain(), width: 40, step: 1)
    let blocks = zip(drawn.blocks, sizes).map {
      Block(address: $0.address, candidates: $0.candidates, kept: Array($0.kept.prefix($1)))
    }
    return try Ticket(
      seed: drawn.seed, width: drawn.width, mode: mode, inputRange: drawn.inputRange, graph: drawn.graph,
      scales: scales, blocks: blocks, targetDigest: drawn.targetDigest,
      calibrationDigest: mode == .calibrated ? "images" : nil, isComplete: true)
  }

  @Test func freeSizesAndCalibrationAreNamed() throws {
    // Two channels with two halves, then three with one.
    #expect(try ticket([4, 4, 4, 4, 9, 9, 9]).notes == ["pooling: 2 layers"])
    #expect(try ticket([4, 4, 4, 4, 9, 8, 9]).notes.last == "subsets of free sizes: layer 2")
    #expect(try ticket([4, 4, 3, 4, 9, 8, 9]).notes.last == "subsets of free sizes: layers 1, 2")
    let calibrated = try ticket([4, 4, 4, 4, 9, 9, 9], mode: .calibrated).notes
    #expect(calibrated.count == 2 && calibrated[1].contains("calibration images"))
  }

  /// Kernels of ones: a channel's share of layer 1 sums to 9 · 3, of layer 2 to 9 · 2.
  @Test func targetsBeyondTheTheoremAreCounted() throws {
    let graph = try ticket([4, 4, 4, 4, 9, 9, 9]).graph
    let target = try Target(
      graph.network { layer in
        let convolution = try Convolution(
          window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
          kernel: [Float](repeating: layer.number == 1 ? 1 : -1, count: 54))
        return [(layer.name, .convolution(convolution))]
      })
    func beyond(_ scales: [Double]) throws -> String? {
      let ticket = try ticket([4, 4, 4, 4, 9, 9, 9], scales: scales)
      return ticket.notes(for: target).dropFirst(ticket.notes.count).first
    }
    // ‖z‖₁ is 27/s and 18/s, √k is 2 and 3.
    #expect(try beyond([16, 8]) == nil)
    #expect(try beyond([8, 8]) == "kernels scaled beyond ‖z‖₁ ≤ √k: 4 of 7 blocks")
    #expect(try beyond([16, 4]) == "kernels scaled beyond ‖z‖₁ ≤ √k: 3 of 7 blocks")
    #expect(try beyond([1, 1]) == "kernels scaled beyond ‖z‖₁ ≤ √k: 7 of 7 blocks")
  }
}
