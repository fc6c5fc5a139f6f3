import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// One pass over all layers and blocks, each with the subset of least error + price · bits.
struct PricedPass {
  private let search: PricedSearch
  private let rate: RateSearch
  private let setting: SearchSetting
  /// What says the price of each block.
  private let budget: BitBudget
  /// The price that the pass begins with.
  private let price: Double
  private let blocks: [(entries: Double, layer: Int)]
  /// Bits of each block's list so far, and the price that they were chosen at.
  private var taken: [(bits: Double, price: Double)] = []
  /// Σ over layers of relative squared error · weight, of those that are done.
  private(set) var error = 0.0
  /// The code of the lists up to the block in work.
  private var code: BandedListCode
  private var choices: [Choice] = []
  /// The channel in work.
  private var channel: ChannelFilters?

  /// What is chosen of a block.
  private struct Choice {
    var kept: [UInt32] = []
    var sum: [Double]
    var miss: [Double]
    var bits = 0.0
  }

  init(_ search: PricedSearch, price: Double, budget: BitBudget) {
    (self.search, rate, setting) = (search, search.rate, search.setting)
    (self.price, self.budget) = (price, budget)
    blocks = setting.addresses.map { [setting] in (Double(setting.layer($0).sliceCount), $0.layer) }
    code = search.rate.listCode
  }

  /// Bits of each block's list so far.
  var blockBits: [Double] { taken.map(\.bits) }
  /// Bits of all lists so far.
  var bits: Double { taken.reduce(0) { $0 + $1.bits } }

  /// The pass's ticket.
  ///
  /// - Parameter cut: told, where the run has to stop, of the ticket of the blocks chosen so far,
  ///   and the bits of their lists.
  /// - Throws: `Interruption` when the run must stop; `LinearAlgebraError`, `CholeskyError` for
  ///   numbers out of range.
  mutating func run(cut: (Ticket, [Double]) throws -> Void) throws -> Ticket {
    var kept: [[UInt32]] = []
    var biases = rate.biases
    do {
      try run(&kept, &biases)
    } catch let stop as Interruption {
      let soFar = kept + choices.map(\.kept)
      let rest = [[UInt32]](repeating: [], count: setting.addresses.count - soFar.count)
      try cut(rate.ticket(soFar + rest, biases: biases, isComplete: false), blockBits)
      throw stop
    }
    return try rate.ticket(kept, biases: biases, isComplete: true)
  }

  /// Chooses layer after layer; `choices` are those of the layer in work.
  private mutating func run(_ kept: inout [[UInt32]], _ biases: inout [[Float]?]) throws {
    var pruned: [CollapsedLayer] = []
    var statistics = search.statistics
    for layer in setting.graph.layers {
      let addresses = setting.addresses.filter { $0.layer == layer.number }
      let scale = setting.scales[layer.number - 1]
      let given = search.calibration.metric == .layer ? setting.target.biases[layer.number - 1] : nil
      statistics.prunedBiases = biases
      let refit = try statistics.refit(layer, addresses, behind: pruned, isAboutMeans: given != nil)
      for sweep in 0...search.calibration.sweeps {
        for (index, address) in addresses.enumerated() {
          try choose(address, index, refit, isAgain: sweep > 0)
          // A curve that was cut short has what its first bands gave.
          try search.control.checkInterruption()
          search.control.report(
            RunProgress(phase: "layer \(layer.number)", completed: index + 1, total: addresses.count))
        }
      }
      if refit.energy > 0 {
        let relative = scale * scale * refit.error(choices.map(\.miss)) / refit.energy
        error += search.layerWeights[layer.number - 1] * relative
      }
      kept += choices.map(\.kept)
      pruned.append(.assemble(layer, addresses: addresses, sums: choices.map(\.sum), scale: scale))
      if let given {
        let missed = refit.missedMeans(choices.map(\.sum), scale: scale)
        biases[layer.number - 1] = RoundedBias.rounded(zip(given, missed).map { Double($0) + $1 })
      }
      choices = []
    }
  }

  /// Chooses a block's subset.
  private mutating func choose(_ address: BlockAddress, _ index: Int, _ refit: LayerRefit, isAgain: Bool) throws {
    let misses = choices.map(\.miss)
    let (transform, target) =
      isAgain ? try refit.plainRevision(index, misses: misses) : refit.plainTarget(index, misses: misses)
    let scale = setting.scale(address)
    let weight =
      refit.energy > 0 ? search.layerWeights[address.layer - 1] * scale * scale / refit.energy : 0
    // The price in the units of the refit's errors.
    let price =
      isAgain
      ? taken[taken.count - choices.count + index].price
      : budget.price(ofNextOf: blocks, taken: taken, start: price)
    let own = weight > 0 ? price / weight : .infinity
    let channel = try filters(of: address)
    let bands = NetworkBands(
      address, of: channel, in: setting.network, geometry: try BlockGeometry(root: transform, price: own),
      workers: search.workers, search.control)
    let metric = SuperpositionMetric(root: transform)
    var solver = rate.search
    solver.workers = search.workers
    let curve = try solver.curve(
      target: target, bands: bands, price: own,
      greatestBits: PricedSearch.greatestBits(metric.felt(target), price: own), control: search.control)
    let part = BitAllocation.Part(
      curve: curve, weight: 1, layer: address.layer, sizes: channel.bands.counts(address.half))
    if isAgain {
      // What was chosen before stays where nothing better is found.
      let best = curve.best(price: own)
      let there = choices[index].sum
      let error = metric.felt(zip(there, target).map { $0 - $1 }).reduce(0) { $0 + $1 * $1 }
      if error + own * choices[index].bits > best.error + own * best.bits {
        choices[index] = try choice(best, address, refit, index)
      }
      return
    }
    let isLast = taken.count == blocks.count - 1
    let left = isLast ? budget.allowed - bits : .infinity
    let (best, listBits, after) = part.cheapest(price: own, within: left, after: code)
    code = after
    taken.append((listBits, price))
    choices.append(try choice(curve[best], address, refit, index))
  }

  /// The filters of a block's channel, which is often that of the block before.
  private mutating func filters(of address: BlockAddress) throws -> ChannelFilters {
    if let channel, (channel.layer, channel.channel) == (address.layer, address.channel) { return channel }
    let filters = try rate.filters(of: address, workers: search.workers, search.control)
    channel = filters
    return filters
  }

  private func choice(
    _ found: SuperpositionCurve.Choice, _ address: BlockAddress, _ refit: LayerRefit, _ index: Int
  ) throws -> Choice {
    let kept = found.names.sorted()
    let sum = setting.network.collapse(
      layer: address.layer, channel: address.channel, filters: kept.lazy.map { Int($0) })
    return Choice(kept: kept, sum: sum, miss: zip(sum, refit.wanted(index)).map { $0 - $1 }, bits: found.bits)
  }

  /// Bits that each block would have taken at one price: a quarter of it buys a bit an entry more.
  func bits(at price: Double) -> [Double] {
    zip(blocks, taken).map { block, taken in max(0, taken.bits + block.entries / 2 * log2(taken.price / price)) }
  }
}
