import Convolution
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Calibrated mode: layer by layer, block by block, errors measured on what the pruned network does with calibration images.
///
/// Each layer is refitted to the network pruned so far (`LayerRefit`); its blocks are chosen in order, each in the geometry that the blocks to come
/// leave it, and what it misses is pushed on to them. Labels are never read.
struct CalibratedSearch {
  private let search: TicketSearch
  private let calibration: Calibration
  private let statistics: LayerStatistics
  private let record: SearchRecord
  private let control: RunControl
  private let shares: [BlockAddress: UInt64]

  init(
    _ search: TicketSearch, _ calibration: Calibration, workers: Int, record: SearchRecord, _ control: RunControl
  ) throws {
    self.search = search
    self.calibration = calibration
    statistics = LayerStatistics(search: search, calibration: calibration, workers: workers, control: control)
    self.record = record
    self.control = control
    let shares = search.workShares(record.addresses, control.limits.work)
    self.shares = Dictionary(
      uniqueKeysWithValues: zip(record.addresses, shares).compactMap { address, share in share.map { (address, $0) } })
    _ = try search.affordableWorkers(1, control)
  }

  /// Chooses all blocks, or as many as limits allow.
  func run() throws {
    var pruned: [CollapsedLayer] = []
    for number in 1...search.graph.layers.count {
      guard let layer = try choose(layer: number, behind: pruned) else { return }
      pruned.append(layer)
    }
  }

  /// Nil when the run must stop; the blocks chosen by then are recorded as cut short.
  private func choose(layer number: Int, behind pruned: [CollapsedLayer]) throws -> CollapsedLayer? {
    let layer = search.graph.layers[number - 1]
    let addresses = record.addresses.filter { $0.layer == number }
    let known = addresses.compactMap { record.known($0) }
    if known.count == addresses.count {
      let sums = known.map { sum($0) }
      return CollapsedLayer.assemble(layer, addresses: addresses, sums: sums, scale: search.scales[number - 1])
    }
    let refit: LayerRefit
    do { refit = try statistics.refit(layer: number, addresses, behind: pruned) } catch is LayerStatistics.Interruption
    {
      return nil
    }
    let energy = refit.energy
    var choice = LayerChoice(refit)
    for index in addresses.indices {
      let target = refit.target(index, misses: choice.misses)
      let isFinished = try choose(index, &choice, transform: refit.coupling(index, index), target: target) { _ in
        search.solver(for: addresses[index], squaredTarget: energy)
      }
      guard isFinished else { return cutShort(choice) }
    }
    for _ in 0..<calibration.sweeps {
      for index in addresses.indices {
        let (transform, target) = try refit.revision(index, misses: choice.misses)
        let isFinished = try choose(index, &choice, transform: transform, target: target) {
          search.solver(for: addresses[index], squaredTarget: energy, start: $0)
        }
        guard isFinished else { return cutShort(choice) }
      }
    }
    // A layer's blocks are known together: half of them would be another start.
    let relative = energy > 0 ? (refit.error(choice.misses) / energy).squareRoot() * search.scales[number - 1] : 0
    let results = zip(choice.blocks, choice.stops).map { SearchRecord.Result(block: $0, stop: $1) }
    record.add(results, error: relative, label: Self.label)
    return CollapsedLayer.assemble(
      layer, addresses: addresses, sums: choice.sums, scale: search.scales[number - 1])
  }

  private static let label = "largest relative output error of a layer"

  private func cutShort(_ choice: LayerChoice) -> CollapsedLayer? {
    let reason = control.interruption() ?? .timeLimit
    record.add(choice.blocks.map { SearchRecord.Result(block: $0, stop: reason) }, error: 0, label: Self.label)
    return nil
  }

  /// Chooses block `index` of a layer, first or again. False when the run must stop; the block then stays as it was, if it was.
  ///
  /// - Parameter solver: given what is chosen now, as candidates by |u|.
  private func choose(
    _ index: Int, _ choice: inout LayerChoice, transform: Matrix<Double>, target: [Double],
    _ solver: ([Int]) -> any Solver
  ) throws -> Bool {
    let address = choice.refit.addresses[index]
    guard control.interruption() == nil else { return false }
    let instance = try WhitenedInstance(
      address, in: search.network, transform: transform, target: target, size: search.size)
    var start: [Int] = []
    if index < choice.blocks.count {
      let kept = Set(choice.blocks[index].kept)
      start = instance.filters.indices.filter { kept.contains(instance.filters[$0]) }
    }
    let share = shares[address].map { $0 / UInt64(calibration.sweeps + 1) }
    let solution = try solver(start).solve(instance.problem, control: control.withWork(share).silenced())
    let block = Block(
      address: address, candidates: instance.problem.count,
      kept: solution.subset.map { instance.filters[$0] }.sorted())
    choice.take(block, sum(block), stop: solution.stop, at: index)
    control.report(
      RunProgress(
        phase: "layer \(address.layer)", completed: index + 1, total: choice.refit.addresses.count))
    return solution.stop == nil || solution.stop == .workLimit
  }

  /// What a block's kept filters sum to, in the random slices' units.
  private func sum(_ block: Block) -> [Double] {
    let (layer, channel) = (block.address.layer, block.address.channel)
    return search.network.collapse(
      layer: layer, channel: channel, filters: block.kept.lazy.map { Int($0) },
      scalars: search.network.scalars(layer: layer, channel: channel))
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
