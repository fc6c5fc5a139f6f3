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
  /// Whether there is a core and memory for the next block's candidates.
  private let looksAhead: Bool
  private let control: RunControl
  private let shares: [BlockAddress: UInt64]
  /// The block before which to stop.
  private var wanted: BlockAddress?

  init(
    _ search: TicketSearch, _ calibration: Calibration, damping: Double, workers: Int, record: SearchRecord,
    _ control: RunControl
  ) throws {
    self.search = search
    self.calibration = calibration
    statistics = LayerStatistics(
      search: search, calibration: calibration, damping: damping, workers: workers, control: control)
    self.record = record
    self.control = control
    let shares = search.workShares(record.addresses, control.limits.work)
    self.shares = Dictionary(
      uniqueKeysWithValues: zip(record.addresses, shares).compactMap { address, share in share.map { (address, $0) } })
    looksAhead = try search.affordableWorkers(workers, control) > 1
  }

  /// Chooses all blocks, or as many as limits allow: then the layers that they make are nil.
  @discardableResult func run() throws -> [CollapsedLayer]? {
    var pruned: [CollapsedLayer] = []
    for number in 1...search.graph.layers.count {
      guard let layer = try choose(layer: number, behind: pruned) else { return nil }
      pruned.append(layer)
    }
    return pruned
  }

  private struct Reached: Error { let instance: SearchInstance }

  /// The problem of a block as it is first met, once all before it are chosen; nil when the run must stop before.
  mutating func instance(of address: BlockAddress) throws -> SearchInstance? {
    wanted = address
    do { try run() } catch let reached as Reached { return reached.instance }
    return nil
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
    do { refit = try statistics.refit(layer: number, addresses, behind: pruned) } catch is Interruption { return nil }
    var choice = LayerChoice(refit)
    let steps = (0...calibration.sweeps).flatMap { pass in addresses.indices.map { (pass: pass, index: $0) } }
    let network = search.network
    // Nil when the run must stop.
    @Sendable func candidates(_ step: Int) throws -> WhitenedCandidates? {
      let (pass, index) = steps[step]
      do {
        return try WhitenedCandidates(
          addresses[index], in: network,
          transform: pass == 0 ? refit.coupling(index, index) : refit.revisionTransform(index), control)
      } catch is Interruption { return nil }
    }
    guard var ready = try candidates(0) else { return cutShort(choice) }
    for (step, (pass, index)) in steps.enumerated() {
      if pass == 0, addresses[index] == wanted {
        let target = refit.target(index, misses: choice.misses)
        throw Reached(instance: try ready.instance(target: target, size: search.size))
      }
      guard control.interruption() == nil else { return cutShort(choice) }
      let target =
        pass == 0
        ? refit.target(index, misses: choice.misses) : try refit.revision(index, misses: choice.misses).target
      // What is multiplied for the next block does not depend on this one's choice: another core does it meanwhile.
      let (block, before) = (ready, choice)
      let isLast = step + 1 == steps.count
      let done = try Workers.map(count: looksAhead && !isLast ? 2 : 1, workers: looksAhead ? 2 : 1) { task -> Done in
        task == 0
          ? .chosen(try choose(index, before, block, target, pass: pass)) : .ready(try candidates(step + 1))
      }
      guard case .chosen(let found) = done[0] else { preconditionFailure("a first task chooses") }
      choice.take(found.block, found.sum, stop: found.stop, at: index)
      control.report(RunProgress(phase: "layer \(number)", completed: index + 1, total: addresses.count))
      if let stop = found.stop, stop != .workLimit { return cutShort(choice) }
      if isLast { break }
      let next: WhitenedCandidates?
      if case .ready(let made)? = done.dropFirst().first { next = made } else { next = try candidates(step + 1) }
      guard let next else { return cutShort(choice) }
      ready = next
    }
    let energy = refit.energy
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

  private struct Found: Sendable {
    let block: Block
    let sum: [Double]
    let stop: StopReason?
  }
  private enum Done: Sendable {
    case chosen(Found)
    case ready(WhitenedCandidates?)
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
    let problem = try candidates.problem(target: target, size: search.size)
    let solution = try search.solver(for: address, squaredTarget: choice.refit.energy, start: start)
      .solve(problem, control: TicketSearch.part(of: control, work: share))
    let block = Block(
      address: address, candidates: problem.count, kept: solution.subset.map { candidates.filters[$0] }.sorted())
    return Found(block: block, sum: sum(block), stop: solution.stop)
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
