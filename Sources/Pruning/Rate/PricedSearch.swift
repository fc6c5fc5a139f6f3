import Convolution
import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Calibrated mode at a price of a bit: layer by layer, block by block, as `CalibratedSearch` does,
/// each block with the subset of least error + price · bits.
struct PricedSearch {
  private let rate: RateSearch
  private let setting: SearchSetting
  private let calibration: CalibrationPlan
  private let statistics: LayerStatistics
  /// What a layer's error counts.
  private let layerWeights: [Double]
  private let workers: Int
  private let control: RunControl

  /// Prices that are tried.
  private static let trials = 6

  init(
    _ rate: RateSearch, _ calibration: CalibrationPlan, _ images: Tensor<Float>, _ layerWeights: [Double],
    workers: Int, _ control: RunControl
  ) {
    self.rate = rate
    setting = rate.setting
    self.calibration = calibration
    statistics = LayerStatistics(
      setting: setting, calibration: calibration, images: images, workers: workers, control: control)
    self.layerWeights = layerWeights
    self.workers = workers
    self.control = control
  }

  /// Tries prices until a file fits and is nearly as large as it may be.
  ///
  /// - Parameters:
  ///   - least: bytes of a file without filters.
  ///   - found: told of each ticket that is better than all before.
  func run(
    bytes: Int, besides least: Int, _ fileBytes: (Ticket) throws -> Int, found: (Ticket) -> Void
  ) throws {
    let entries = Double(setting.addresses.reduce(0) { $0 + setting.layer($1).sliceCount })
    let rateOfLists = 8 * Double(bytes - least) / entries
    // Σ w·4^(−bits / entries) over layers has this slope where bits are spread evenly.
    let mean = layerWeights.reduce(0, +) / Double(layerWeights.count)
    var price = 2 * log(2) * mean * Double(setting.graph.layers.count) * exp2(-2 * rateOfLists) / entries
    var fit: (price: Double, bytes: Int)?
    var miss: (price: Double, bytes: Int)?
    for trial in 0..<Self.trials {
      let ticket = try ticket(price: price, trial: trial, bytes, fileBytes) { if fit == nil { found($0) } }
      let size = try fileBytes(ticket)
      if size <= bytes {
        // A lower price is a lower error.
        if price < fit?.price ?? .infinity {
          fit = (price, size)
          found(ticket)
        }
      } else if price > miss?.price ?? 0 {
        miss = (price, size)
      }
      if let fit, Double(fit.bytes) >= 0.995 * Double(bytes) { return }
      price = Self.next(fit, miss, bytes: bytes, entries: entries)
    }
    // No price that was tried fits: raise it until one does.
    while fit == nil {
      price = max(price * 1.5, .leastNormalMagnitude)
      let ticket = try ticket(price: price, trial: Self.trials, bytes, fileBytes, found: found)
      let size = try fileBytes(ticket)
      if size <= bytes || ticket.keptFilters == 0 {
        fit = (price, size)
        found(ticket)
      }
    }
  }

  /// A price between what fits and what does not, where the file is expected to be a little smaller
  /// than it may be: each bit an entry lowers the price by the factor 4, or what two tries say.
  private static func next(
    _ fit: (price: Double, bytes: Int)?, _ miss: (price: Double, bytes: Int)?, bytes: Int, entries: Double
  ) -> Double {
    let wanted = 0.998 * Double(bytes)
    guard let fit, let miss, fit.price > miss.price, fit.bytes < miss.bytes else {
      guard let near = fit ?? miss else { return 1 }
      let step = exp2(2 * 8 * (Double(near.bytes) - wanted) / entries)
      return near.price * (fit == nil ? max(step, 1.02) : min(step, 0.98))
    }
    let part = (Double(miss.bytes) - wanted) / Double(miss.bytes - fit.bytes)
    return miss.price * pow(fit.price / miss.price, max(0.1, min(0.9, part)))
  }

  /// The ticket at a price.
  ///
  /// - Parameter found: told, where the run has to stop, of the ticket of the blocks chosen so far
  ///   if its file fits.
  private func ticket(
    price: Double, trial: Int, _ bytes: Int, _ fileBytes: (Ticket) throws -> Int, found: (Ticket) -> Void
  ) throws -> Ticket {
    var pruned: [CollapsedLayer] = []
    var kept: [[UInt32]] = []
    var statistics = statistics
    var biases = rate.biases
    for layer in setting.graph.layers {
      let addresses = setting.addresses.filter { $0.layer == layer.number }
      let given = calibration.metric == .layer ? setting.target.biases[layer.number - 1] : nil
      statistics.prunedBiases = biases
      let refit = try statistics.refit(layer, addresses, behind: pruned, isAboutMeans: given != nil)
      var soFar: [[UInt32]] = []
      let choice: [Choice]
      do {
        choice = try choose(addresses, refit, price: price, trial: trial) { soFar = $0 }
      } catch let stop as Interruption {
        let rest = setting.addresses.count - kept.count - soFar.count
        let ticket = try rate.ticket(
          kept + soFar + [[UInt32]](repeating: [], count: rest), biases: biases, isComplete: false)
        if try fileBytes(ticket) <= bytes { found(ticket) }
        throw stop
      }
      kept += choice.map(\.kept)
      pruned.append(
        CollapsedLayer.assemble(
          layer, addresses: addresses, sums: choice.map(\.sum), scale: setting.scales[layer.number - 1]))
      if let given {
        let missed = refit.missedMeans(choice.map(\.sum), scale: setting.scales[layer.number - 1])
        biases[layer.number - 1] = RoundedBias.rounded(zip(given, missed).map { Double($0) + $1 })
      }
    }
    return try rate.ticket(kept, biases: biases, isComplete: true)
  }

  /// What is chosen of a block.
  private struct Choice {
    var kept: [UInt32] = []
    var sum: [Double]
    var miss: [Double]
    var bits = 0.0
  }

  /// - Parameter soFar: told of the lists chosen, after each.
  /// - Throws: `Interruption` when the run must stop.
  private func choose(
    _ addresses: [BlockAddress], _ refit: LayerRefit, price: Double, trial: Int, soFar: ([[UInt32]]) -> Void
  ) throws -> [Choice] {
    guard let first = addresses.first else { return [] }
    let scale = setting.scale(first)
    let weight = refit.energy > 0 ? layerWeights[first.layer - 1] * scale * scale / refit.energy : 0
    // The price in the units of the refit's errors.
    let own = weight > 0 ? price / weight : .infinity
    var choices: [Choice] = []
    for pass in 0...calibration.sweeps {
      for (index, address) in addresses.enumerated() {
        let misses = choices.map(\.miss)
        let (transform, target) =
          pass == 0 ? refit.plainTarget(index, misses: misses) : try refit.plainRevision(index, misses: misses)
        let geometry = try BlockGeometry(root: transform, price: own)
        let metric = SuperpositionMetric(root: transform)
        let bands = try NetworkBands(
          address, of: rate.channelBands(address, control), in: setting.network, geometry: geometry, workers: workers,
          control)
        var search = rate.search
        search.workers = workers
        let curve = try search.curve(
          target: target, bands: bands, price: own, greatestBits: Self.greatestBits(metric.felt(target), price: own),
          control: control)
        // A curve that was cut short has what its first bands gave.
        let stop = control.interruption()
        let best = curve.best(price: own)
        if pass > 0 {
          // What was chosen before stays where nothing better is found.
          let there = choices[index].sum
          let error = metric.felt(zip(there, target).map { $0 - $1 }).reduce(0) { $0 + $1 * $1 }
          if error + own * choices[index].bits <= best.error + own * best.bits {
            if let stop { throw Interruption(reason: stop) }
            continue
          }
        }
        let kept = best.names.sorted()
        let sum = setting.network.collapse(
          layer: address.layer, channel: address.channel, filters: kept.lazy.map { Int($0) },
          scalars: setting.network.scalars(layer: address.layer, channel: address.channel))
        let miss = zip(sum, refit.wanted(index)).map { $0 - $1 }
        let choice = Choice(kept: kept, sum: sum, miss: miss, bits: best.bits)
        if pass == 0 { choices.append(choice) } else { choices[index] = choice }
        soFar(choices.map(\.kept))
        if let stop { throw Interruption(reason: stop) }
        control.report(
          RunProgress(
            phase: "price \(trial + 1), layer \(address.layer)", completed: index + 1, total: addresses.count))
      }
    }
    return choices
  }

  /// Bits beyond which none is worth its price: at Shannon's bound the error e in m entries falls
  /// by e · 2 ln 2 / m a bit, and half as many bits again are looked at as end there.
  static func greatestBits(_ target: [Double], price: Double) -> Double {
    let m = Double(target.count)
    let energy = target.reduce(0) { $0 + $1 * $1 }
    guard energy > 0, price > 0, price.isFinite else { return 0 }
    let bits = m / 2 * log2(max(1, energy * 2 * log(2) / (m * price)))
    return 1.5 * bits + 32
  }
}
