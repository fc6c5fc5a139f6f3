import Convolution
import LinearAlgebra
import Pruning
import RandomStreams
import RunControl
import SubsetSum
import Synchronization
import Testing
import Tickets

/// Fixed sizes, size penalties and baselines in whole tickets.
@Suite struct SelectionTests {
  private func target() throws -> Network<Float> {
    func kernel(_ count: Int, _ seed: UInt64) -> [Float] {
      var values = [Float](repeating: 0, count: count)
      values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
      return values.map { $0 * 0.3 }
    }
    let first = try Convolution(window: .same(3), inputChannels: 1, outputChannels: 3, kernel: kernel(27, 1))
    let second = try Convolution(window: .same(3), inputChannels: 3, outputChannels: 2, kernel: kernel(54, 2))
    return try Network(
      inputShape: ImageShape(height: 6, width: 6, channels: 1),
      nodes: [
        .init(name: "x", operation: .input, inputs: []), .init(name: "a", operation: .convolution(first), inputs: [0]),
        .init(name: "relu", operation: .rectifier, inputs: [1]),
        .init(name: "b", operation: .convolution(second), inputs: [2]),
      ])
  }

  private func calibration() throws -> Calibration {
    var values = [Double](repeating: 0, count: 20 * 36)
    values.withUnsafeMutableBufferPointer { UniformStream.fillSymmetric($0, at: StreamAddress(seed: 4)) }
    return Calibration(
      images: try Tensor(
        batch: 20, shape: ImageShape(height: 6, width: 6, channels: 1), values: values.map { Float($0) }))
  }

  /// What solvers are told of time, one call after another.
  private final class TimePlans: Sendable {
    let told = Mutex<[Double?]>([])
    var solver: any Solver { Recorder(plans: self) }

    private struct Recorder: Solver {
      let name = "recorder"
      let plans: TimePlans

      func solve(_ problem: Problem, control: RunControl) throws -> Solution {
        plans.told.withLock { $0.append(control.secondsLeft) }
        return try Checker.solution(Claim(subset: problem.defaultSubset, stop: control.interruption()), for: problem)
      }
    }
  }

  /// A block's solver makes no plans by the time limit, which would make the ticket depend on it,
  /// but is ended by it.
  @Test(arguments: [false, true]) func ticketsDoNotDependOnATimeLimitThatDoesNotStrike(isCalibrated: Bool) throws {
    let plans = TimePlans()
    var calibration = try calibration()
    calibration.sweeps = 0
    let search = try TicketSearch(
      target: target(), width: 40, seed: 1, solver: plans.solver, calibration: isCalibrated ? calibration : nil)
    let found = try search.run(workers: 1, control: RunControl(limits: Limits(seconds: 3600)))
    #expect(found.ticket.isComplete)
    let told = plans.told.withLock { $0 }
    #expect(told.count == found.ticket.blocks.count && told.allSatisfy { $0 == nil })
    #expect(try !search.run(workers: 1, control: RunControl(limits: Limits(seconds: 0))).ticket.isComplete)
  }

  private func ticket(
    _ solver: any Solver, size: Int? = nil, penalty: Double = 0, calibration: Calibration? = nil, seed: UInt64 = 1
  ) throws -> Ticket {
    try TicketSearch(
      target: target(), width: 150, seed: seed, solver: solver, size: size, sizePenalty: penalty,
      calibration: calibration
    ).run(workers: 2, control: RunControl(limits: Limits(work: solver is BeamSearch ? 400_000_000 : nil))).ticket
  }

  @Test func everyBlockHasTheSizeAskedFor() throws {
    for solver in [BeamSearch(), RandomSubset(), LongestCandidates(), ForwardGreedy()] as [any Solver] {
      let found = try ticket(solver, size: 9)
      #expect(found.blocks.allSatisfy { $0.kept.count == 9 }, "\(solver.name)")
      #expect(found.isComplete || solver is BeamSearch)
    }
    let calibrated = try ticket(BeamSearch(), size: 9, calibration: calibration())
    #expect(calibrated.blocks.allSatisfy { $0.kept.count == 9 })
    #expect(throws: SubsetSumError.self) { try ticket(BeamSearch(), size: 400) }
    #expect(throws: SubsetSumError.self) { try ticket(GreedyFlips(), size: 9) }
    #expect(throws: TicketError.self) { try ticket(BeamSearch(), size: -1) }
  }

  @Test func randomFiltersDifferByBlockAndSeed() throws {
    let found = try ticket(RandomSubset(), size: 9)
    #expect(found == (try ticket(RandomSubset(), size: 9)))
    let network = try found.randomNetwork
    // Places among the half's filters by |u|, which is how a block's candidates are ordered.
    let places = found.blocks.map { block -> [Int] in
      let scalars = network.scalars(layer: block.address.layer, channel: block.address.channel)
      let half = scalars.indices.filter { block.address.half.contains(scalars[$0]) }
        .sorted { (abs(scalars[$0]), $0) < (abs(scalars[$1]), $1) }
      return block.kept.map { half.firstIndex(of: Int($0))! }.sorted()
    }
    #expect(Set(places).count == places.count)
  }

  @Test func largerPenaltiesKeepFewer() throws {
    for calibration in [nil, try calibration()] {
      #expect(
        try ticket(GreedyFlips(), calibration: calibration)
          == ticket(GreedyFlips(), penalty: 0, calibration: calibration))
      for solver in [GreedyFlips(), BeamSearch()] as [any Solver] {
        let kept = try [1e-7, 1e-3, 1].map { try ticket(solver, penalty: $0, calibration: calibration).keptFilters }
        #expect(kept == kept.sorted(by: >) && kept[0] > kept[1], "\(solver.name): \(kept)")
        #expect(kept[2] == 0, "no filter takes all of a layer's squared error away")
      }
    }
    #expect(throws: TicketError.self) { try ticket(FractionalRounding(), penalty: 1e-4) }
    #expect(throws: TicketError.self) { try ticket(BeamSearch(), size: 3, penalty: 1e-4) }
    #expect(throws: TicketError.self) { try ticket(GreedyFlips(), penalty: .nan) }
  }
}
