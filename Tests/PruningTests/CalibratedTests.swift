import Convolution
import LinearAlgebra
import Pruning
import RandomStreams
import RunControl
import SubsetSum
import Synchronization
import Testing
import Tickets

func normals(_ count: Int, seed: UInt64) -> [Float] {
  var values = [Float](repeating: 0, count: count)
  values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
  return values
}

/// Two inputs in [-1, 1]; a bias, a stride, a residual addition, a dense layer.
func calibratedTarget(seed: UInt64 = 1) throws -> Network<Float> {
  func convolution(_ inputs: Int, _ outputs: Int, _ layer: UInt64, stride: Int = 1, bias: Bool = false) throws
    -> Network<Float>.Operation
  {
    var window = SlidingWindow.same(3)
    (window.strideHeight, window.strideWidth) = (stride, stride)
    return .convolution(
      try Convolution(
        window: window, inputChannels: inputs, outputChannels: outputs,
        kernel: normals(9 * inputs * outputs, seed: seed + layer).map { $0 * 0.4 },
        bias: bias ? normals(outputs, seed: seed + layer + 50) : nil))
  }
  let nodes: [(String, Network<Float>.Operation, [Int])] = [
    ("input", .input, []), ("conv1", try convolution(2, 3, 0, stride: 2, bias: true), [0]), ("relu1", .rectifier, [1]),
    ("conv2", try convolution(3, 3, 1), [2]), ("add", .addition, [2, 3]), ("relu2", .rectifier, [4]),
    ("average", .globalAveragePooling, [5]), ("flat", .flatten, [6]),
    (
      "dense",
      .convolution(
        try Convolution(
          window: .same(1), inputChannels: 3, outputChannels: 4, kernel: normals(12, seed: seed + 2),
          bias: normals(4, seed: seed + 3))), [7]
    ),
  ]
  return try Network(
    inputShape: ImageShape(height: 7, width: 7, channels: 2),
    nodes: nodes.map { .init(name: $0.0, operation: $0.1, inputs: $0.2) })
}

func calibrationImages(_ count: Int, seed: UInt64 = 9) throws -> Tensor<Float> {
  try Tensor(
    batch: count, shape: ImageShape(height: 7, width: 7, channels: 2),
    values: normals(count * 98, seed: seed).map { max(-1, min(1, $0 / 2)) })
}

/// A calibrated search of that target, in the metric and with the damping of a plan.
func calibratedSearch(
  _ images: Tensor<Float>, _ calibration: CalibrationPlan = CalibrationPlan(), seed: UInt64 = 3,
  width: Int = 150, size: SearchPlan.Size = .any, workLimit: UInt64? = nil
) throws -> TicketSearch {
  let plan = SearchPlan(mode: .calibrated(calibration), size: size, workLimit: workLimit)
  return try TicketSearch(
    Target(calibratedTarget()), plan: plan, seed: seed, width: width,
    images: ImageSet(name: "calibration images", images: images, labels: nil))
}

func moments(of layer: LayerGraph.Layer, _ target: Target, _ images: Tensor<Float>) throws
  -> LayerMoments
{
  let graph = target.graph
  func plain(_ layer: LayerGraph.Layer) throws -> [(name: String, operation: Network<Float>.Operation)] {
    let convolution = try Convolution(
      window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
      kernel: target.kernels[layer.number - 1].values)
    return [(layer.name, .convolution(convolution))]
  }
  return try LayerMoments(
    of: layer, inputs: try graph.network(upTo: 0, plain), wanted: try graph.network(upTo: 1, plain), isSigned: true,
    on: images, workers: 2
  ) {}
}

@Suite struct LayerMomentsTests {
  @Test func momentsAreThoseOfDirectLoops() throws {
    let target = try Target(calibratedTarget())
    let kernel = target.kernels[0]
    let images = try calibrationImages(37)
    let found = try moments(of: kernel.layer, target, images)
    // Patches by their definition: stride 2, a padding of 1.
    var rows: [[Double]] = []
    var outputs: [[Double]] = []
    for n in 0..<37 {
      for y in 0..<4 {
        for x in 0..<4 {
          var row = [Double](repeating: 0, count: 36)
          for i in 0..<3 {
            for j in 0..<3 {
              let (r, c) = (2 * y + i - 1, 2 * x + j - 1)
              if r < 0 || r >= 7 || c < 0 || c >= 7 { continue }
              for channel in 0..<2 {
                let value = Double(images[n, r, c, channel])
                row[(i * 3 + j) * 2 + channel] = max(value, 0)
                row[18 + (i * 3 + j) * 2 + channel] = max(-value, 0)
              }
            }
          }
          var output = [0.0, 0, 0]
          for o in 0..<3 {
            for f in 0..<18 {
              let signed: Double = row[f] - row[18 + f]
              output[o] += signed * Double(kernel.values[f * 3 + o])
            }
          }
          outputs.append(output)
          rows.append(row)
        }
      }
    }
    #expect(found.rows == rows.count && found.features == 36 && found.outputs == 3)
    for f in 0..<36 {
      for g in 0..<36 {
        let expected = rows.reduce(0.0) { $0 + $1[f] * $1[g] }
        #expect(abs(found.gram[f * 36 + g] - expected) <= 1e-12 * (1 + abs(expected)))
      }
      for o in 0..<3 {
        // Outputs come from the Float32 forward pass.
        let expected = zip(rows, outputs).reduce(0.0) { $0 + $1.0[f] * $1.1[o] }
        #expect(abs(found.products[f * 3 + o] - expected) <= 1e-4 * (1 + abs(expected)))
      }
    }
  }

  @Test func coresChangeNoBit() throws {
    let target = try Target(calibratedTarget())
    let layer = target.graph.layers[0]
    let images = try calibrationImages(50)
    let whole = try moments(of: layer, target, images)
    for _ in 0..<3 { #expect(try moments(of: layer, target, images).gram == whole.gram) }
  }
}

@Suite struct LayerRefitTests {
  private func refit(damping: Double = 1e-3) throws -> (LayerRefit, LayerMoments, [Float]) {
    let target = try Target(calibratedTarget())
    let kernel = target.kernels[0]
    let moments = try moments(of: kernel.layer, target, try calibrationImages(40))
    let addresses = Ticket.addresses(graph: target.graph, inputRange: .unit).filter { $0.layer == 1 }
    let made = try LayerRefit(moments, of: kernel, addresses: addresses, scale: 0.25, damping: damping)
    return (made, moments, kernel.values)
  }

  @Test func anUnprunedInputWantsTheTargetsOwnKernel() throws {
    let (refit, _, kernel) = try refit()
    #expect(refit.addresses.count == 4)
    for (block, address) in refit.addresses.enumerated() {
      let sign = address.half == .positive ? 1.0 : -1.0
      for (index, value) in refit.wanted(block).enumerated() {
        let (tap, o) = index.quotientAndRemainder(dividingBy: 3)
        let weight = sign * Double(kernel[(tap * 2 + address.channel) * 3 + o]) / 0.25
        #expect(abs(value - weight) < 1e-4, "\(address), entry \(index)")
      }
    }
  }

  @Test func blockErrorsAddUpToTheLayersOwn() throws {
    let (refit, moments, _) = try refit()
    let (taps, outputs) = (9, 3)
    var misses: [[Double]] = []
    var total = 0.0
    for i in refit.addresses.indices {
      let chosen = normals(taps * outputs, seed: UInt64(80 + i)).map { Double($0) }
      let target = refit.target(i, misses: misses)
      let transform = refit.coupling(i, i)
      for a in 0..<taps {
        for o in 0..<outputs {
          let value = (0..<taps).reduce(0.0) { $0 + transform[a, $1] * chosen[$1 * outputs + o] }
          total += (value - target[a * outputs + o]) * (value - target[a * outputs + o])
        }
      }
      misses.append(zip(chosen, refit.wanted(i)).map { $0 - $1 })
    }
    #expect(abs(refit.error(misses) - total) <= 1e-9 * total)
    // The same from the definition: ‖F·E‖² and the damping.
    func place(_ f: Int) -> Int {
      let address = refit.addresses[f / taps]
      return ((address.half == .positive ? 0 : 1) * taps + f % taps) * 2 + address.channel
    }
    let mean = (0..<36).reduce(0.0) { $0 + moments.gram[$1 * 37] } / 36
    var plain = 0.0
    for f in 0..<36 {
      for g in 0..<36 {
        let h = moments.gram[place(f) * 36 + place(g)] + (f == g ? 1e-3 * mean : 0)
        for o in 0..<outputs { plain += misses[f / 9][f % 9 * 3 + o] * h * misses[g / 9][g % 9 * 3 + o] }
      }
    }
    #expect(abs(plain - total) <= 1e-9 * total)
    // A block chosen again: the layer's error falls by what the block's own problem says.
    for i in refit.addresses.indices {
      let (transform, target) = try refit.revision(i, misses: misses)
      func square(_ chosen: [Double]) -> Double {
        var sum = 0.0
        for a in 0..<taps {
          for o in 0..<outputs {
            let value = (0..<taps).reduce(0.0) { $0 + transform[a, $1] * chosen[$1 * outputs + o] }
            sum += (value - target[a * outputs + o]) * (value - target[a * outputs + o])
          }
        }
        return sum
      }
      let old = zip(misses[i], refit.wanted(i)).map { $0 + $1 }
      let new = normals(taps * outputs, seed: UInt64(90 + i)).map { Double($0) }
      var others = misses
      others[i] = zip(new, refit.wanted(i)).map { $0 - $1 }
      let change = refit.error(others) - refit.error(misses)
      #expect(abs(change - (square(new) - square(old))) <= 1e-9 * total)
    }
  }
}

@Suite struct CalibratedSearchTests {
  private func search(
    seed: UInt64 = 3, sweeps: Int = 1, images count: Int = 40, workLimit: UInt64? = nil
  ) throws -> TicketSearch {
    try calibratedSearch(
      calibrationImages(count), CalibrationPlan(sweeps: sweeps), seed: seed, workLimit: workLimit)
  }

  /// Σ (pruned − target)² over other images.
  private func outputError(_ ticket: Ticket) throws -> Double {
    let other = try calibrationImages(100, seed: 77)
    let (pruned, wanted) = (try ticket.prunedNetwork()(other), try calibratedTarget()(other))
    return zip(pruned.values, wanted.values).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
  }

  @Test func theSameTicketWhateverTheWorkers() throws {
    let search = try search()
    let one = try search.run(workers: 1)
    #expect(one.stop == nil && one.ticket.isComplete && one.ticket.mode == .calibrated)
    for workers in [2, 4] { #expect(try search.run(workers: workers).ticket == one.ticket) }
    #expect(try self.search(seed: 4).run().ticket != one.ticket)
    #expect(try self.search(images: 30).run().ticket.calibrationDigest != one.ticket.calibrationDigest)
    try one.ticket.validateSigns()
  }

  @Test func itBeatsWeightsWhereFiltersAreFew() throws {
    var (calibrated, weights) = (0.0, 0.0)
    for seed in 1...4 as ClosedRange<UInt64> {
      calibrated += try outputError(try search(seed: seed).run().ticket)
      weights += try outputError(try TicketSearch(Target(calibratedTarget()), seed: seed, width: 150).run().ticket)
    }
    #expect(calibrated < weights / 2, "\(calibrated), \(weights)")
  }

  @Test func everyCheckpointLeadsToTheSameTicket() throws {
    let search = try search()
    let checkpoints = Mutex<[SearchCheckpoint]>([])
    let whole = try search.run { checkpoint in checkpoints.withLock { $0.append(checkpoint) } }
    let all = checkpoints.withLock { $0 }
    // A layer's blocks come together.
    #expect(all.map(\.blocks.count) == [4, 7, 10])
    for checkpoint in all { #expect(try search.run(resuming: checkpoint).ticket == whole.ticket) }
    let other = try self.search(images: 30)
    #expect(throws: PruningError.self) { try other.run(resuming: all[0]) }
  }

  @Test func aSearchResumedUnderAWorkLimitSaysWhatStoppedIt() throws {
    let search = try search(workLimit: 20_000)
    let checkpoints = Mutex<[SearchCheckpoint]>([])
    let whole = try search.run { checkpoint in checkpoints.withLock { $0.append(checkpoint) } }
    #expect(whole.stop == .workLimit && !whole.ticket.isComplete)
    for checkpoint in checkpoints.withLock({ $0 }) {
      let resumed = try search.run(resuming: checkpoint)
      #expect(resumed.stop == .workLimit && resumed.ticket == whole.ticket, "\(checkpoint.blocks.count) blocks")
    }
  }

  @Test func aStoppedSearchSaysSo() throws {
    let cancellation = Cancellation()
    let control = RunControl(cancellation: cancellation) { if $0.phase == "layer 2" { cancellation.cancel() } }
    let found = try search().run(control: control)
    #expect(found.stop == .cancelled && !found.ticket.isComplete)
    #expect(found.ticket.blocks.contains { $0.address.layer == 2 && !$0.kept.isEmpty })
    let limited = try search(workLimit: 20_000).run()
    #expect(limited.stop == .workLimit)
    #expect(try search(workLimit: 20_000).run(workers: 3).ticket == limited.ticket)
  }

  @Test func unusableImagesAreNamed() throws {
    let good = try calibrationImages(2)
    var outside = good
    outside.values[5] = 1.5
    var unknown = good
    unknown.values[7] = .nan
    let small = try Tensor<Float>(batch: 1, shape: ImageShape(height: 7, width: 6, channels: 2))
    for images in [outside, small, good.images(0..<0)] {
      #expect(throws: TicketError.self) { try calibratedSearch(images) }
    }
    #expect(throws: ConvolutionError.self) { try calibratedSearch(unknown) }
    for plan in [
      CalibrationPlan(damping: 0), CalibrationPlan(damping: .nan), CalibrationPlan(sweeps: -1),
      CalibrationPlan(mix: 0),
    ] {
      #expect(throws: TicketError.self) { try calibratedSearch(good, plan) }
    }
    // The mode and the images must belong together.
    let plan = SearchPlan(mode: .calibrated(CalibrationPlan()))
    #expect(throws: TicketError.self) {
      try TicketSearch(Target(calibratedTarget()), plan: plan, seed: 1, width: 20)
    }
    let set = try ImageSet(name: "images", images: good, labels: nil)
    #expect(throws: TicketError.self) {
      try TicketSearch(Target(calibratedTarget()), seed: 1, width: 20, images: set)
    }
    // One image of zeros says nothing: damping alone decides, and the target's kernel is wanted.
    let blank = try Tensor<Float>(batch: 1, shape: ImageShape(height: 7, width: 7, channels: 2))
    let found = try calibratedSearch(blank, seed: 1, width: 50).run()
    #expect(found.ticket.isComplete)
  }
}
