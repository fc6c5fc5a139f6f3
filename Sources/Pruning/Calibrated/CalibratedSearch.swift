import Convolution
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Calibrated mode: layer by layer, block by block, errors measured on what the pruned network does
/// with calibration images.
///
/// Each layer is refitted to the network pruned so far (`LayerRefit`); its blocks are chosen in
/// order, each in the geometry that the blocks to come leave it, and what it misses is pushed on to
/// them. Labels are never read.
struct CalibratedSearch {
  private let setting: SearchSetting
  private let calibration: CalibrationPlan
  private let statistics: LayerStatistics
  private let record: SearchRecord
  /// Cores for one block.
  private let workers: Int
  /// Whether there is a core and memory for the next block's candidates.
  private let looksAhead: Bool
  private let control: RunControl
  private let shares: WorkShares

  init(
    _ setting: SearchSetting, _ calibration: CalibrationPlan, _ images: Tensor<Float>, workers: Int,
    _ record: SearchRecord, _ control: RunControl
  ) throws {
    self.setting = setting
    self.calibration = calibration
    self.workers = workers
    statistics = LayerStatistics(
      setting: setting, calibration: calibration, images: images, workers: workers, control: control)
    self.record = record
    self.control = control
    shares = WorkShares(setting)
    looksAhead = try MemoryNeed(setting, within: control.limits).affordableWorkers(workers) > 1
  }

  /// Chooses all blocks, or as many as limits allow.
  func run() throws { _ = try chosen(upTo: nil) }

  /// The problem of a block as it is first met, once all before it are chosen; nil when the run
  /// must stop before.
  func instance(of address: BlockAddress) throws -> SearchInstance? {
    if case .reached(let instance) = try chosen(upTo: address) { instance } else { nil }
  }

  /// What choosing blocks came to.
  private enum Outcome<Value> {
    case done(Value)
    /// The block was met before which to stop.
    case reached(SearchInstance)
    /// The run must stop.
    case stopped
  }

  private func chosen(upTo wanted: BlockAddress?) throws -> Outcome<Void> {
    var pruned: [CollapsedLayer] = []
    for layer in setting.graph.layers {
      switch try choose(layer, behind: pruned, upTo: wanted) {
      case .done(let collapsed): pruned.append(collapsed)
      case .reached(let instance): return .reached(instance)
      case .stopped: return .stopped
      }
    }
    return .done(())
  }

  /// Chooses a layer's blocks; where the run must stop, those chosen by then are recorded as cut
  /// short.
  private func choose(
    _ layer: LayerGraph.Layer, behind pruned: [CollapsedLayer], upTo wanted: BlockAddress?
  ) throws -> Outcome<CollapsedLayer> {
    let addresses = setting.addresses.filter { $0.layer == layer.number }
    let scale = setting.scales[layer.number - 1]
    let known = addresses.compactMap { record.known($0) }
    if known.count == addresses.count {
      let sums = known.map { sum($0) }
      return .done(CollapsedLayer.assemble(layer, addresses: addresses, sums: sums, scale: scale))
    }
    let refit: LayerRefit
    do { refit = try statistics.refit(layer, addresses, behind: pruned) } catch is Interruption {
      return .stopped
    }
    var choice = LayerChoice(refit)
    let steps = (0...calibration.sweeps).flatMap { pass in
      addresses.indices.map { (pass: pass, index: $0) }
    }
    // Nil when the run must stop.
    @Sendable func candidates(_ step: Int) throws -> WhitenedCandidates? {
      let (pass, index) = steps[step]
      do {
        return try WhitenedCandidates(
          addresses[index], in: setting.network,
          transform: pass == 0 ? refit.coupling(index, index) : refit.revisionTransform(index), control)
      } catch is Interruption { return nil }
    }
    guard var ready = try candidates(0) else { return cutShort(choice) }
    for (step, (pass, index)) in steps.enumerated() {
      if pass == 0, addresses[index] == wanted {
        let target = refit.target(index, misses: choice.misses)
        return .reached(try ready.instance(target: target, size: setting.plan.fixedSize))
      }
      guard control.interruption() == nil else { return cutShort(choice) }
      let target =
        pass == 0
        ? refit.target(index, misses: choice.misses)
        : try refit.revision(index, misses: choice.misses).target
      // What is multiplied for the next block does not depend on this one's choice: another core
      // does it meanwhile.
      let isLast = step + 1 == steps.count
      let found: Found
      let made: WhitenedCandidates?
      if looksAhead, !isLast {
        (found, made) = try Workers.both {
          try choose(index, choice, ready, target, pass: pass)
        } beside: {
          try candidates(step + 1)
        }
      } else {
        found = try choose(index, choice, ready, target, pass: pass)
        made = nil
      }
      choice.take(found.block, found.sum, stop: found.stop, at: index)
      control.report(
        RunProgress(phase: "layer \(layer.number)", completed: index + 1, total: addresses.count))
      if let stop = found.stop, stop != .workLimit { return cutShort(choice) }
      if isLast { break }
      guard let next = looksAhead ? made : try candidates(step + 1) else { return cutShort(choice) }
      ready = next
    }
    let energy = refit.energy
    let relative = energy > 0 ? (refit.error(choice.misses) / energy).squareRoot() * scale : 0
    // A layer's blocks are known together: half of them would be another start.
    let results = zip(choice.blocks, choice.stops).map { SearchRecord.Result(block: $0, stop: $1) }
    record.add(results, error: relative, label: Self.label)
    return .done(CollapsedLayer.assemble(layer, addresses: addresses, sums: choice.sums, scale: scale))
  }

  private static let label = "largest relative output error of a layer"

  private func cutShort(_ choice: LayerChoice) -> Outcome<CollapsedLayer> {
    let reason = control.interruption() ?? .timeLimit
    record.add(
      choice.blocks.map { SearchRecord.Result(block: $0, stop: reason) }, error: 0, label: Self.label)
    return .stopped
  }

  private struct Found {
    let block: Block
    let sum: [Double]
    let stop: StopReason?
  }

  /// Chooses block `index` of a layer, for the first time in pass 0, again in later ones.
  private func choose(
    _ index: Int, _ choice: LayerChoice, _ candidates: WhitenedCandidates, _ target: [Double], pass: Int
  ) throws -> Found {
    let address = choice.refit.addresses[index]
    var start: [Int]?
    if pass > 0 {
      let kept = Set(choice.blocks[index].kept)
      start = candidates.filters.indices.filter { kept.contains(candidates.filters[$0]) }
    }
    let share = shares[address].map { $0 / UInt64(calibration.sweeps + 1) }
    let problem = try candidates.problem(target: target, size: setting.plan.fixedSize)
    let solution = try BlockSolver(setting: setting, workers: workers)
      .solve(
        problem, of: address, squaredTarget: choice.refit.energy, start: start,
        control: WorkShares.part(of: control, work: share))
    let block = Block(
      address: address, candidates: problem.count,
      kept: solution.subset.map { candidates.filters[$0] }.sorted())
    return Found(block: block, sum: sum(block), stop: solution.stop)
  }

  /// What a block's kept filters sum to, in the random slices' units.
  private func sum(_ block: Block) -> [Double] {
    let (layer, channel) = (block.address.layer, block.address.channel)
    return setting.network.collapse(layer: layer, channel: channel, filters: block.kept.lazy.map { Int($0) })
  }
}

/// What is chosen of a layer so far.
private struct LayerChoice {
  let refit: LayerRefit
  private(set) var blocks: [Block] = []
  private(set) var sums: [[Double]] = []
  /// E of each block: what its sum is beyond what was wanted.
  private(set) var misses: [[Double]] = []
  private(set) var stops: [StopReason?] = []

  init(_ refit: LayerRefit) { self.refit = refit }

  /// Adds block `index`, or puts it in place of what was there.
  mutating func take(_ block: Block, _ sum: [Double], stop: StopReason?, at index: Int) {
    let miss = zip(sum, refit.wanted(index)).map { $0 - $1 }
    if index == blocks.count {
      blocks.append(block)
      sums.append(sum)
      misses.append(miss)
      stops.append(stop)
    } else {
      (blocks[index], sums[index], misses[index]) = (block, sum, miss)
      stops[index] = stops[index] ?? stop
    }
  }
}
