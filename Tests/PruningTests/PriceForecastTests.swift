import Foundation
import LinearAlgebra
import Pruning
import Testing
import Tickets

@Suite struct PriceForecastTests {
  private func refit() throws -> LayerRefit {
    let target = try Target(calibratedTarget())
    let kernel = target.kernels[0]
    let moments = try moments(of: kernel.layer, target, try calibrationImages(40))
    let addresses = Ticket.addresses(graph: target.graph, inputRange: .unit).filter { $0.layer == 1 }
    return try LayerRefit(moments, of: kernel, addresses: addresses, scale: 0.25, damping: 1e-3)
  }

  /// Misses that are felt as normal numbers of variance θ, drawn many times: what is wanted of
  /// later blocks then has the variances of which the forecast takes the logarithms.
  @Test func variancesGrowAsDrawnMissesMakeThem() throws {
    let (refit, draws, weight) = (try refit(), 4000, 3.0)
    let (taps, outputs, count) = (refit.taps, refit.outputs, refit.addresses.count)
    var forecast = PriceForecast()
    try forecast.add(refit, layer: 1, weight: weight)
    // Little enough that every direction is bought, in the units of the refit's errors.
    let level = 1e-4 * refit.energy / Double(count * taps * outputs)
    let directions = try (0..<count).map { index in
      let root = refit.coupling(index, index)
      let square = try Matrix<Double>(rows: taps, columns: taps) { values in
        for a in 0..<taps {
          for b in 0..<taps { values[a * taps + b] = (0..<taps).reduce(0) { $0 + root[a, $1] * root[b, $1] } }
        }
      }
      return try square.withView { try SymmetricEigen(of: $0) }.vectors
    }
    var sums = [[Double]](repeating: [Double](repeating: 0, count: taps), count: count)
    for draw in 0..<draws {
      var misses: [[Double]] = []
      for index in 0..<count {
        let felt = refit.target(index, misses: misses)
        for direction in 0..<taps {
          for o in 0..<outputs {
            let along = (0..<taps).reduce(0.0) { $0 + directions[index][$1, direction] * felt[$1 * outputs + o] }
            sums[index][direction] += along * along / Double(outputs * draws)
          }
        }
        let numbers = normals(taps * outputs, seed: UInt64(1000 + draw * count + index))
        var miss = numbers.map { Double($0) * level.squareRoot() }
        let root = refit.coupling(index, index)
        for a in (0..<taps).reversed() {
          for o in 0..<outputs {
            for b in a + 1..<max(a + 1, taps) { miss[a * outputs + o] -= root[a, b] * miss[b * outputs + o] }
            miss[a * outputs + o] /= root[a, a]
          }
        }
        misses.append(miss)
      }
    }
    let found = forecast.bits(at: weight * level * 2 * log(2))
    for index in 0..<count {
      #expect(sums[index].allSatisfy { $0 > level })
      let bound = sums[index].reduce(0.0) { $0 + Double(outputs) / 2 * log2($1 / level) }
      let expected = PriceForecast.perBit * bound + PriceForecast.perEntry * Double(taps * outputs)
      #expect(abs(found[index] - expected) <= 0.01 * expected, "block \(index): \(found[index]), drawn \(expected)")
    }
  }

  @Test func aPriceIsFoundForAnyNumberOfBits() throws {
    var forecast = PriceForecast()
    try forecast.add(try refit(), layer: 1, weight: 1)
    for bits in [40.0, 100, 1000] {
      let price = forecast.price(ofBits: bits)
      // A block's first bits come at once, with what each of its entries takes besides.
      #expect(forecast.bits(at: price * (1 - 1e-9)).reduce(0, +) >= bits * (1 - 1e-9))
      #expect(forecast.bits(at: price * (1 + 1e-9)).reduce(0, +) <= bits * (1 + 1e-9))
    }
    let all = forecast.bits(at: 1e-12)
    for (more, fewer) in zip(forecast.bits(at: 1e-12 / 4), all) { #expect(more > fewer && fewer > 0) }
    #expect(forecast.bits(at: 1e12).allSatisfy { $0 == 0 })
    // Nothing is wanted, and nothing is taken.
    #expect(PriceForecast().price(ofBits: 100) > 0)
  }
}
