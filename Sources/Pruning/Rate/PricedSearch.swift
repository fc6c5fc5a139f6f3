import Convolution
import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Tickets

/// Calibrated mode within a number of bits: at a price of a bit, layer by layer, block by block, as
/// `CalibratedSearch` does.
struct PricedSearch {
  let rate: RateSearch
  let setting: SearchSetting
  let calibration: CalibrationPlan
  let statistics: LayerStatistics
  /// What a layer's error counts.
  let layerWeights: [Double]
  let workers: Int
  let control: RunControl

  /// Passes, where files come out smaller than they may be.
  private static let passes = 4
  /// Files of this part of what they may take are not drawn again.
  private static let fullness = 0.985

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

  /// Draws a ticket that has all the bits that it may have: at the price that `PriceForecast`
  /// expects to use them up, which moves as they are used up.
  ///
  /// - Parameters:
  ///   - bytes: what the file may take.
  ///   - empty: bytes of a file without filters.
  ///   - found: told of each ticket that is better than all before.
  func run(
    bytes: Int, besides empty: Int, _ fileBytes: (Ticket) throws -> Int, found: (Ticket) -> Void
  ) throws {
    // A byte less, as whole bytes are written.
    var allowed = 8 * Double(bytes - empty - 1)
    var aim = allowed
    let forecast = try PriceForecast(statistics, layerWeights: layerWeights)
    var price = forecast.price(ofBits: allowed)
    var expected = (bits: forecast.bits(at: price), price: price)
    // A whole ticket is not given up for what a later pass has when it is stopped; where all were
    // too large, a part of the last one may be more than that.
    var (least, large) = (nil as Double?, nil as (ticket: Ticket, blockBits: [Double])?)
    func part(_ ticket: Ticket, _ blockBits: [Double]) throws {
      if least != nil { return }
      let parts = try [(ticket, blockBits), large].compactMap { $0 }.compactMap {
        try self.part(of: $0, $1, bytes, empty, fileBytes)
      }
      if let most = parts.max(by: { $0.keptFilters < $1.keptFilters }) { found(most) }
    }
    var tried = 0
    while tried < Self.passes || (least == nil && allowed > 0) {
      tried += 1
      let budget = BitBudget(expected: expected.bits, at: expected.price, allowed: allowed, aim: aim)
      var pass = PricedPass(self, price: price, budget: budget)
      let ticket = try pass.run(cut: part)
      let size = try fileBytes(ticket)
      if size > bytes {
        let excess = 8 * Double(size - bytes)
        (allowed, aim) = (allowed - excess, aim - excess)
        large = (ticket, pass.blockBits)
      } else {
        // An error out of range is no reason to go on without a ticket.
        if least.map({ pass.error < $0 }) ?? true {
          found(ticket)
          least = pass.error
        }
        if Double(size) >= Self.fullness * Double(bytes) - 1 { return }
        aim += allowed - pass.bits
      }
      expected = (pass.bits(at: price), price)
      // A bit an entry lowers the price by the factor 4.
      let beyond = (expected.bits.reduce(0, +) - aim) / Double(setting.entries)
      price *= exp2(max(-8, min(8, 2 * beyond)))
    }
  }

  /// A ticket of some blocks of one that is too large, from the first on those that fit; nil where
  /// none do.
  ///
  /// - Parameter blockBits: of the ticket's lists.
  private func part(
    of ticket: Ticket, _ blockBits: [Double], _ bytes: Int, _ least: Int, _ fileBytes: (Ticket) throws -> Int
  ) throws -> Ticket? {
    var (left, fitting) = (8 * Double(bytes - least), [Int]())
    for (block, bits) in blockBits.enumerated() where bits <= left && !ticket.blocks[block].kept.isEmpty {
      left -= bits
      fitting.append(block)
    }
    while !fitting.isEmpty {
      let chosen = Set(fitting)
      let lists = ticket.blocks.enumerated().map { chosen.contains($0) ? $1.kept : [] }
      let part = try rate.ticket(lists, biases: ticket.biases, isComplete: false)
      if try fileBytes(part) <= bytes { return part }
      fitting.removeLast()
    }
    return nil
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
