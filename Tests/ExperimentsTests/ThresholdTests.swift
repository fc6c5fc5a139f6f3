import Experiments
import Foundation
import RandomStreams
import SubsetSum
import Testing

/// n50 against hand-computed curves, dense scans and simulated trials; lines through thresholds;
/// what the first moment says.
@Suite struct ThresholdTests {
  private func curve(_ points: [(Int, Double, Double, Double)]) -> Threshold {
    Threshold(points.map { Threshold.Observation(count: $0.0, fraction: $0.1, low: $0.2, high: $0.3) })
  }

  @Test func handComputedCurves() {
    // 0.2 to 0.6 passes 1/2 after 3/4 of the way, the upper edge 0.3 to 0.7 after a half, the lower
    // one ends there.
    let plain = curve([(20, 0.6, 0.5, 0.7), (10, 0.2, 0.1, 0.3)])
    #expect(plain.position == .within && abs(plain.count! - 17.5) < 1e-12)
    #expect(abs(plain.low! - 15) < 1e-12 && abs(plain.high! - 20) < 1e-12)
    // A point at exactly 1/2 is a crossing.
    #expect(curve([(4, 0.25, 0.2, 0.3), (8, 0.5, 0.4, 0.6), (9, 0.75, 0.7, 0.8)]).count == 8)
    // Crossings at 1.5 and 3.5: from the second on it stays above. The upper edge comes up once,
    // the lower one at 3.75.
    let noisy = curve([(1, 0.4, 0.3, 0.5), (2, 0.6, 0.4, 0.7), (3, 0.4, 0.2, 0.6), (4, 0.6, 0.6, 0.8)])
    #expect(noisy.position == .within && abs(noisy.count! - 3.5) < 1e-12)
    #expect(noisy.low == nil && abs(noisy.high! - 3.75) < 1e-12)
  }

  @Test func curvesThatDoNotCross() {
    let below = curve([(4, 0.6, 0.4, 0.8), (8, 0.9, 0.8, 1)])
    #expect(below.position == .below && below.count == nil && below.low == nil && abs(below.high! - 5) < 1e-12)
    let above = curve([(4, 0.1, 0, 0.4), (8, 0.45, 0.3, 0.6)])
    #expect(above.position == .above && above.count == nil && abs(above.low! - 6) < 1e-12 && above.high == nil)
    // Up and down again: the largest count decides.
    #expect(curve([(1, 0.1, 0, 0.2), (2, 0.9, 0.8, 1), (3, 0.2, 0.1, 0.3)]).position == .above)
    #expect(curve([]).position == .unknown && curve([]).low == nil)
    #expect(curve([(3, 0.7, 0.6, 0.8)]).position == .below && curve([(3, 0.2, 0.1, 0.3)]).position == .above)
  }

  @Test func denseScansAgree() {
    for trial in 0..<200 {
      let address = StreamAddress(seed: 5, path: StreamPath(filter: UInt64(trial), channel: 0, layer: 0))
      func chance(_ entry: Int) -> Double { (UniformStream.symmetricValue(at: address, entry: entry) + 1) / 2 }
      let points = (0..<6).map { index in
        let values = (0..<3).map { chance(3 * index + $0) }.sorted()
        return Threshold.Observation(count: 2 * index + 1, fraction: values[1], low: values[0], high: values[2])
      }
      let threshold = Threshold(points)
      func value(_ n: Double, _ part: (Threshold.Observation) -> Double) -> Double {
        let left = min(Int((n - 1) / 2), points.count - 2)
        let share = (n - Double(points[left].count)) / 2
        return part(points[left]) * (1 - share) + part(points[left + 1]) * share
      }
      let places = (0...100_000).map { 1 + 10 * Double($0) / 100_000 }
      let last = places.last { value($0, \.fraction) < 0.5 }
      switch threshold.position {
      case .within: #expect(abs(threshold.count! - last!) < 1e-3)
      case .below: #expect(last == nil || points[0].fraction >= 0.5)
      case .above: #expect(last == places.last)
      case .unknown: Issue.record("there are observations")
      }
      if let low = threshold.low { #expect(abs(low - places.first { value($0, \.high) >= 0.5 }!) < 1e-3) }
      if let high = threshold.high { #expect(abs(high - places.last { value($0, \.low) < 0.5 }!) < 1e-3) }
      if let count = threshold.count {
        #expect((threshold.low ?? 0) <= count && count <= (threshold.high ?? .infinity))
      }
    }
  }

  @Test func bandsAreWilsonsAndCountUndecidedTrialsAbove() throws {
    let sure = try #require(Threshold.Observation(count: 7, successes: 81, trials: 263))
    #expect(abs(sure.low - 0.2553) < 5.1e-5 && abs(sure.high - 0.3662) < 5.1e-5 && sure.fraction == 81.0 / 263)
    let open = try #require(Threshold.Observation(count: 7, successes: 81, undecided: 20, trials: 263))
    let more = try #require(WilsonInterval(successes: 101, trials: 263))
    #expect(open.low == sure.low && open.fraction == sure.fraction && open.high == more.high)
    #expect(Threshold.Observation(count: 7, successes: 0, trials: 0) == nil)
  }

  /// Of 400 simulated curves with 50 trials a point, the interval holds the n at which the
  /// probability is 1/2 at least as often as it says, less four standard errors; n50 itself
  /// scatters around it.
  @Test func intervalsCoverTheTruth() {
    let counts = Array(stride(from: 4, through: 24, by: 2))
    // A logistic curve through 1/2 at n = 14, which is a point of the grid.
    let chances = counts.map { 1 / (1 + exp(-(Double($0) - 14) / 2)) }
    var covered = 0
    var sum = 0.0
    let curves = 400
    for curve in 0..<curves {
      let address = StreamAddress(seed: 11, path: StreamPath(filter: UInt64(curve), channel: 1, layer: 0))
      let threshold = Threshold(
        counts.indices.map { index in
          let successes = (0..<50).count { trial in
            (UniformStream.symmetricValue(at: address, entry: 50 * index + trial) + 1) / 2 < chances[index]
          }
          return Threshold.Observation(count: counts[index], successes: successes, trials: 50)!
        })
      if (threshold.low ?? 0) <= 14, 14 <= threshold.high ?? .infinity { covered += 1 }
      sum += threshold.count ?? 14
    }
    #expect(Double(covered) >= Double(curves) * 0.95 - 4 * (Double(curves) * 0.95 * 0.05).squareRoot())
    #expect(abs(sum / Double(curves) - 14) < 0.2)
  }

  @Test func linesAreLeastSquares() throws {
    typealias Point = ThresholdFit.Point
    let line = [(1, 0.5), (2, 0.25), (4, 0.125), (3, 0.01)].map { m, epsilon in
      Point(dimension: m, epsilon: epsilon, count: 1.25 * -Double(m) * log2(epsilon) + 3)
    }
    let exact = try #require(ThresholdFit(line))
    #expect(abs(exact.slope - 1.25) < 1e-12 && abs(exact.intercept - 3) < 1e-11 && exact.deviation < 1e-11)
    #expect(exact.points == 4 && exact.description == "1.250·m·log2(1/ε) + 3.00")
    #expect(abs(exact.count(dimension: 2, epsilon: 0.5) - 5.5) < 1e-11)
    // Through (1, 1), (2, 2), (3, 4): slope 3/2, intercept −2/3, residuals 1/6, −1/3, 1/6.
    let bent = try #require(
      ThresholdFit([1.0, 2, 4].enumerated().map { Point(dimension: $0 + 1, epsilon: 0.5, count: $1) }))
    #expect(abs(bent.slope - 1.5) < 1e-12 && abs(bent.intercept + 2.0 / 3) < 1e-12)
    #expect(abs(bent.deviation - (1.0 / 18).squareRoot()) < 1e-12)
    #expect(bent.description == "1.500·m·log2(1/ε) - 0.67")
    #expect(ThresholdFit(Array(line.prefix(2))) == nil)
    #expect(
      ThresholdFit([(1, 1.0 / 64), (2, 0.125), (3, 0.25)].map { Point(dimension: $0, epsilon: $1, count: 1) }) == nil)
  }

  /// A target law without exact moments, so that formulas are used.
  private func cell(
    _ law: StandardCandidates, _ n: Int, _ m: Int, size: Int? = nil, target: String = "own"
  ) -> SweepCell {
    SweepCell(
      number: 0, instance: 0, dimension: m, count: n, candidates: law.name, target: target, norm: "max", size: size,
      solver: "exact", deviation: law.deviation)
  }

  @Test func firstMomentsAtOtherCounts() throws {
    for (m, epsilon) in [(1, 0.01), (3, 0.1), (8, 0.02)] {
      let theory = try #require(CellSummary.Theory(cell(.nsn, 5, m)))
      let one = try #require(theory.count(expecting: 1, within: epsilon))
      #expect(abs(one - FirstMoment.count(dimension: m, epsilon: epsilon)!) < 1e-8)
      let half = try #require(theory.count(expecting: log(2), within: epsilon))
      #expect(half < one && abs(exp(theory.logExpected(within: epsilon, counts: [half])[0]) - log(2)) < 1e-8)
      // The same from a cell of any count, and as a cell's own scale.
      for law in StandardCandidates.allCases {
        for size in [nil, m + 2] {
          let small = try #require(CellSummary.Theory(cell(law, 20, m, size: size)))
          let large = try #require(CellSummary.Theory(cell(law, 40, m, size: size)))
          #expect(abs(small.logScale(count: 40) - log(large.scale)) < 1e-9)
          #expect(abs(large.logScale(count: 20) - log(small.scale)) < 1e-9)
          let count = try #require(small.count(expecting: 3, within: epsilon))
          #expect(abs(exp(large.logExpected(within: epsilon, counts: [count])[0]) - 3) < 1e-6)
        }
      }
    }
    let theory = try #require(CellSummary.Theory(cell(.nsn, 5, 8)))
    #expect(theory.count(expecting: 1, within: 10) == nil)
  }

  /// With a standard target the count comes from `ExpectedHits`, between the whole counts on both
  /// sides of it.
  @Test func exactMomentsGiveTheirCounts() throws {
    for (m, epsilon) in [(1, 0.01), (3, 0.1), (6, 0.2)] {
      let theory = try #require(CellSummary.Theory(cell(.nsn, 5, m, target: "uniform 0.5")))
      let hits = ExpectedHits(.chiSquared, target: .uniform(halfWidth: 0.5), dimension: m)
      let count = try #require(theory.count(expecting: log(2), within: epsilon))
      let (below, above) = (Int(count.rounded(.down)), Int(count.rounded(.up)))
      #expect(hits.logarithm(count: below, within: epsilon) < log(log(2)))
      #expect(hits.logarithm(count: above, within: epsilon) >= log(log(2)))
      #expect(abs(theory.logExpected(within: epsilon, counts: [count])[0] - log(log(2))) < 1e-9)
    }
  }
}
