import Convolution
import LinearAlgebra
import Pruning
import RunControl
import SubsetSum
import Synchronization
import Testing
import Tickets

/// The damping that calibrated mode chooses, against the search that it stands for.
@Suite struct DampingChoiceTests {
  private func search(_ calibration: Calibration, width: Int = 150) throws -> TicketSearch {
    try TicketSearch(target: calibratedTarget(), width: width, seed: 3, calibration: calibration)
  }

  private func part(_ images: Tensor<Float>, _ isIncluded: (Int) -> Bool) throws -> Tensor<Float> {
    let chosen = (0..<images.batch).filter(isIncluded)
    return try Tensor(
      batch: chosen.count, shape: images.shape, values: chosen.flatMap { images.images($0..<$0 + 1).values })
  }

  /// Σ (z − y)² / Σ y² of a ticket's collapsed network, image by image.
  private func error(of ticket: Ticket, on images: Tensor<Float>) throws -> Double {
    let layers = try ticket.collapsedLayers()
    let network: Network<Double> = try ticket.graph.network {
      try layers[$0 - 1].operations(of: ticket.graph.layers[$0 - 1], bias: ticket.biases[$0 - 1])
    }
    let target = try calibratedTarget().converted(to: Double.self)
    var (missed, energy) = (0.0, 0.0)
    for image in 0..<images.batch {
      let one = images.images(image..<image + 1).converted(to: Double.self)
      for (z, y) in zip(try network.evaluatedDirectly(one).values, try target.evaluatedDirectly(one).values) {
        missed += (z - y) * (z - y)
        energy += y * y
      }
    }
    return missed / energy
  }

  @Test func itIsTheOneOfLeastErrorOnHeldOutImages() throws {
    for (count, metric) in [(41, Calibration.Metric.layer), (24, .logits)] {
      let images = try calibrationImages(count)
      var calibration = Calibration(images: images, damping: .chosen)
      calibration.metric = metric
      let found = try search(calibration).run()
      let (others, heldOut) = (try part(images) { $0 % 4 != 3 }, try part(images) { $0 % 4 == 3 })
      var least: (damping: Double, error: Double)?
      for (damping, trial) in zip(DampingTrial.grid, found.dampingTrials) {
        var fixed = Calibration(images: others, damping: .fixed(damping), sweeps: 0)
        fixed.metric = metric
        let error = try error(of: try search(fixed).run().ticket, on: heldOut)
        #expect(trial.damping == damping && abs(trial.error - error) <= 1e-12 * error, "\(trial), \(error)")
        if least.map({ error < $0.error }) ?? true { least = (damping, error) }
      }
      #expect(found.dampingTrials.count == DampingTrial.grid.count && found.damping == least?.damping)
      calibration.damping = .fixed(try #require(found.damping))
      let given = try search(calibration).run()
      #expect(given.ticket.blocks == found.ticket.blocks && given.dampingTrials.isEmpty)
      #expect(given.damping == found.damping && given.ticket.calibrationDigest != found.ticket.calibrationDigest)
    }
  }

  @Test func coresMemoryAndCheckpointsChangeNothing() throws {
    let search = try search(Calibration(images: try calibrationImages(40), damping: .chosen))
    let checkpoints = Mutex<[SearchCheckpoint]>([])
    let whole = try search.run(workers: 3) { checkpoint in checkpoints.withLock { $0.append(checkpoint) } }
    let all = checkpoints.withLock { $0 }
    #expect(all.map(\.dampingTrials.count) == [1, 2, 3, 4, 4, 4, 4])
    for checkpoint in all {
      let resumed = try search.run(workers: 1, resuming: checkpoint)
      #expect(resumed.ticket == whole.ticket && resumed.dampingTrials == whole.dampingTrials)
    }
    // As little memory as is accepted.
    var bytes = 1 << 30
    while (try? search.run(control: RunControl(limits: Limits(memoryBytes: bytes / 2)))) != nil { bytes /= 2 }
    let tight = try search.run(workers: 4, control: RunControl(limits: Limits(memoryBytes: bytes)))
    #expect(tight.ticket == whole.ticket && tight.dampingTrials == whole.dampingTrials)
  }

  @Test func aSearchStoppedWhileItChoosesSaysSo() throws {
    let search = try search(Calibration(images: try calibrationImages(40), damping: .chosen))
    let cancellation = Cancellation()
    let control = RunControl(cancellation: cancellation) {
      if $0.phase == "choosing the damping", $0.completed == 2 { cancellation.cancel() }
    }
    let found = try search.run(workers: 1, control: control)
    #expect(found.stop == .cancelled && !found.ticket.isComplete && found.damping == nil)
    #expect(found.dampingTrials.count == 2 && found.ticket.keptFilters == 0)
  }

  @Test func tooFewImagesAreNamed() throws {
    let few = Calibration(images: try calibrationImages(3), damping: .chosen)
    let error = #expect(throws: TicketError.self) { try search(few) }
    #expect(error?.description.contains("4 images") == true)
    #expect(try search(Calibration(images: try calibrationImages(4), damping: .chosen), width: 40).run().damping != nil)
  }
}
