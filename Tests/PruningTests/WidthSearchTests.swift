import Convolution
import LinearAlgebra
import Pruning
import RandomStreams
import RunControl
import Testing
import Tickets
import Verification

private func target() throws -> Network<Float> {
  func convolution(_ inputs: Int, _ outputs: Int, _ seed: UInt64) throws -> Network<Float>.Operation {
    var kernel = [Float](repeating: 0, count: inputs * outputs)
    kernel.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
    return .convolution(
      try Convolution(window: .same(1), inputChannels: inputs, outputChannels: outputs, kernel: kernel))
  }
  return try Network(
    inputShape: ImageShape(height: 2, width: 2, channels: 2),
    nodes: [
      .init(name: "input", operation: .input, inputs: []),
      .init(name: "first", operation: try convolution(2, 3, 1), inputs: [0]),
      .init(name: "relu", operation: .rectifier, inputs: [1]),
      .init(name: "second", operation: try convolution(3, 2, 2), inputs: [2]),
    ])
}

@Suite struct WidthSearchTests {
  private func draw(_ width: Int) throws -> SearchResult {
    try TicketSearch(Target(target()), seed: 7, width: width).run(workers: 1)
  }

  private func error(_ result: SearchResult) throws -> Double? {
    try Measurement(ticket: result.ticket, target: Target(target()), workers: 1).claims(on: nil).certifiedError
  }

  @Test(arguments: [5, 0.5, 0.05, 0.005]) func theWidthReachesAndTheOneBelowItDoesNot(epsilon: Double) throws {
    let found = try WidthSearch(reaching: epsilon, largest: 20_000, draw: draw, error: error)
    #expect(found.isReached && found.result.stop == nil)
    #expect(try error(found.result)! <= epsilon)
    let width = found.result.ticket.width
    for trial in found.trials {
      #expect(try error(try draw(trial.width)) == trial.error)
      // What bisection rests on: the least width within ε, and all smaller ones that were tried
      // beyond it.
      if trial.width < width { #expect(trial.error > epsilon) }
    }
    let below = found.trials.map(\.width).filter { $0 < width }.max()
    if let below { #expect(Double(width) <= 1.19 * Double(below) + 1) } else { #expect(width == WidthSearch.smallest) }
    #expect(Set(found.trials.map(\.width)).count == found.trials.count)
  }

  @Test func whatCannotBeReachedSaysHowFarItGot() throws {
    let found = try WidthSearch(reaching: 1e-9, largest: 300, draw: draw, error: error)
    #expect(!found.isReached && found.trials.map(\.width) == [64, 128, 256, 300])
    #expect(try error(found.result) == found.trials.map(\.error).min())
  }

  @Test func aStopEndsIt() throws {
    let found = try WidthSearch(
      reaching: 1e-9,
      draw: {
        try TicketSearch(Target(target()), plan: SearchPlan(workLimit: 100), seed: 7, width: $0).run()
      },
      error: error)
    #expect(!found.isReached && found.result.stop == .workLimit && found.trials.count == 1)
  }

  @Test func nonsenseIsRefused() throws {
    for epsilon in [0, -1, .nan, .infinity] as [Double] {
      #expect(throws: TicketError.self) { try WidthSearch(reaching: epsilon, draw: draw, error: error) }
    }
    #expect(throws: TicketError.self) { try WidthSearch(reaching: 1, largest: 63, draw: draw, error: error) }
  }
}
