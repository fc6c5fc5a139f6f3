import Experiments
import Testing

/// Ranks that enclose a median, against sums of binomial coefficients.
@Suite struct RankIntervalTests {
  @Test(arguments: [0.5, 0.9, 0.95, 0.99]) func bruteForceAgrees(confidence: Double) {
    for n in 1...60 {
      // All exact: sums of C(n, k) are at most 2^60.
      var atMost: UInt64 = 0
      var chosen: UInt64 = 1
      var rank: Int?
      for k in 0...n {
        atMost += chosen
        if Double(atMost) <= (1 - confidence) / 2 * Double(UInt64(1) << UInt64(n)) { rank = k }
        chosen = UInt64(UInt128(chosen) * UInt128(n - k) / UInt128(k + 1))
      }
      let interval = RankInterval(count: n, confidence: confidence)
      #expect(interval?.low == rank && interval?.high == rank.map { n - 1 - $0 }, "\(n)")
    }
  }

  /// Ranks from 1 of the sign test's 95 % interval in tables of nonparametric statistics.
  @Test(arguments: [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)])
  func tabulatedRanks(count: Int, low: Int, high: Int) {
    #expect(RankInterval(count: count)?.low == low - 1 && RankInterval(count: count)?.high == high - 1)
  }

  @Test func manyValuesAreNormal() throws {
    for n in [10_001, 1_000_000, 100_000_000] {
      let interval = try #require(RankInterval(count: n))
      let normal = Double(n) / 2 - WilsonInterval.quantile95 * Double(n).squareRoot() / 2
      #expect(abs(Double(interval.low) - normal) <= 2 && interval.low + interval.high == n - 1)
    }
  }

  @Test func fewValuesHaveNone() {
    for n in 0...5 { #expect(RankInterval(count: n) == nil) }
    #expect(RankInterval(count: 10, confidence: 1) == nil && RankInterval(count: -1) == nil)
    let cell = SweepCell(
      number: 0, instance: 0, dimension: 1, count: 3, candidates: "nsn", target: "zero", norm: "max", size: nil,
      solver: "exact", deviation: 1)
    let results = (0..<10).map {
      TrialResult(cell: 0, trial: $0, error: Double(9 - $0), size: 1, isOptimal: true, work: 1)
    }
    #expect(CellSummary(cell, results: results, epsilons: []).medianInterval == 1...8)
    #expect(CellSummary(cell, results: Array(results.prefix(5)), epsilons: []).medianInterval == nil)
  }
}
