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

  private func images() throws -> ImageSet {
    var values = [Double](repeating: 0, count: 20 * 36)
    values.withUnsafeMutableBufferPointer { UniformStream.fillSymmetric($0, at: StreamAddress(seed: 4)) }
    return try ImageSet(
      name: "images",
      images: Tensor(
        batch: 20, shape: ImageShape(height: 6, width: 6, channels: 1), values: values.map { Float($0) }),
      labels: nil)
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
    let mode = isCalibrated ? SearchPlan.Mode.calibrated(CalibrationPlan(sweeps: 0)) : .weights(.squares)
    let search = try TicketSearch(
      Target(target()), plan: SearchPlan(mode: mode), seed: 1, width: 40,
      images: isCalibrated ? images() : nil, solver: plans.solver)
    let found = try search.run(workers: 1, control: RunControl(limits: Limits(seconds: 3600)))
    #expect(found.ticket.isComplete)
    let told = plans.told.withLock { $0 }
    #expect(told.count == found.ticket.blocks.count && told.allSatisfy { $0 == nil })
    #expect(try !search.run(workers: 1, control: RunControl(limits: Limits(seconds: 0))).ticket.isComplete)
  }

  private func ticket(
    _ solver: any Solver, size: SearchPlan.Size = .any, images: ImageSet? = nil, seed: UInt64 = 1
  ) throws -> Ticket {
    let plan = SearchPlan(
      mode: images == nil ? .weights(.squares) : .calibrated(CalibrationPlan()), size: size,
      workLimit: solver is BeamSearch ? 400_000_000 : nil)
    return try TicketSearch(
      Target(target()), plan: plan, seed: seed, width: 150, images: images, solver: solver
    ).run(workers: 2).ticket
  }

  @Test func everyBlockHasTheSizeAskedFor() throws {
    for solver in [BeamSearch(), RandomSubset(), LongestCandidates(), ForwardGreedy()] as [any Solver] {
      let found = try ticket(solver, size: .exactly(9))
      #expect(found.blocks.allSatisfy { $0.kept.count == 9 }, "\(solver.name)")
      #expect(found.isComplete || solver is BeamSearch)
    }
    let calibrated = try ticket(BeamSearch(), size: .exactly(9), images: images())
    #expect(calibrated.blocks.allSatisfy { $0.kept.count == 9 })
    #expect(throws: SubsetSumError.self) { try ticket(BeamSearch(), size: .exactly(400)) }
    #expect(throws: SubsetSumError.self) { try ticket(GreedyFlips(), size: .exactly(9)) }
    #expect(throws: TicketError.self) { try ticket(BeamSearch(), size: .exactly(-1)) }
  }

  @Test func randomFiltersDifferByBlockAndSeed() throws {
    let found = try ticket(RandomSubset(), size: .exactly(9))
    #expect(found == (try ticket(RandomSubset(), size: .exactly(9))))
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
    for images in [nil, try images()] {
      #expect(
        try ticket(GreedyFlips(), images: images) == ticket(GreedyFlips(), size: .penalised(0), images: images))
      for solver in [GreedyFlips(), BeamSearch()] as [any Solver] {
        let kept = try [1e-7, 1e-3, 1].map {
          try ticket(solver, size: .penalised($0), images: images).keptFilters
        }
        #expect(kept == kept.sorted(by: >) && kept[0] > kept[1], "\(solver.name): \(kept)")
        #expect(kept[2] == 0, "no filter takes all of a layer's squared error away")
      }
    }
    #expect(throws: TicketError.self) { try ticket(FractionalRounding(), size: .penalised(1e-4)) }
    #expect(throws: TicketError.self) { try ticket(GreedyFlips(), size: .penalised(.nan)) }
  }
}
