import Foundation
import RandomStreams
import SubsetSum
import Testing

/// Expected numbers of subsets against published numbers, substitution, the solvers' own limits,
/// brute force and simulation.
@Suite struct FirstMomentTests {
  @Test(arguments: [(9, 119.0), (72, 1067.0), (144, 2210.0)]) func knownCounts(dimension: Int, count: Double) throws {
    #expect(try #require(FirstMoment.count(dimension: dimension, epsilon: 1e-3)).rounded() == count)
  }

  @Test(arguments: [1, 2, 4, 9, 25, 144, 4608, 1 << 20, 1 << 30]) func countsSolveTheirEquation(dimension m: Int) throws
  {
    for epsilon in [0.4, 0.1, 1e-3, 1e-9, 1e-300, Double.leastNonzeroMagnitude] {
      let n = try #require(FirstMoment.count(dimension: m, epsilon: epsilon))
      let right = Double(m) * (log2(Double.pi * n / 4) / 2 - log2(epsilon))
      #expect(abs(n - right) <= 1e-12 * n)
      // Of two solutions it is the larger one, where the difference of the sides grows.
      #expect(n > Double(m) / (2 * log(2)))
    }
  }

  @Test func aLargeErrorAsksForNothing() {
    #expect(FirstMoment.count(dimension: 1, epsilon: 0.46) == nil)
    #expect(FirstMoment.count(dimension: 1, epsilon: 0.456) != nil)
    #expect(FirstMoment.count(dimension: 4, epsilon: 0.999) == nil)
    #expect(FirstMoment.count(dimension: 5, epsilon: 0.999) != nil)
  }

  @Test func scalesAreThoseOfTheSolvers() throws {
    for (n, m) in [(1, 1), (30, 1), (119, 9), (1067, 72), (2000, 3)] {
      let scale = try #require(TheoreticalLimit.scale(count: n, dimension: m, norm: .maximum))
      #expect(abs(exp(FirstMoment.logScale(count: n, dimension: m)) - scale) <= 1e-11 * scale)
    }
    for (n, k, m) in [(10, 3, 1), (119, 50, 9), (300, 10, 9), (1067, 500, 72)] {
      let scale = try #require(TheoreticalLimit.scale(count: n, size: k, dimension: m, norm: .maximum))
      #expect(abs(exp(FirstMoment.logScale(count: n, size: k, dimension: m)) - scale) <= 1e-11 * scale)
      #expect(abs(FirstMoment.logExpected(count: n, size: k, dimension: m, epsilon: scale)) < 1e-9)
    }
  }

  @Test func theBestSizeIsThatOfAFullSearch() {
    for m in [1, 2, 3, 5, 9, 20] {
      #expect(FirstMoment.bestSize(count: m, dimension: m) == nil)
      for n in Array(m + 1...m + 60) + [150, 401, 1000] {
        let expected = (m + 1...n).map { FirstMoment.logExpected(count: n, size: $0, dimension: m, epsilon: 0.01) }
        let best = FirstMoment.bestSize(count: n, dimension: m)!
        #expect(abs(expected.max()! - expected[best - m - 1]) < 1e-9, "m = \(m), n = \(n)")
      }
    }
  }

  @Test(arguments: [1, 4, 9, 72]) func theSmallestCountIsThatOfAFullSearch(dimension m: Int) {
    func most(_ n: Int, _ epsilon: Double) -> Double {
      (m + 1...n).map { FirstMoment.logExpected(count: n, size: $0, dimension: m, epsilon: epsilon) }.max()!
    }
    for epsilon in [0.5, 0.05, 1e-3] {
      let (n, k) = FirstMoment.fixedSize(dimension: m, epsilon: epsilon)
      #expect(FirstMoment.logExpected(count: n, size: k, dimension: m, epsilon: epsilon) >= 0)
      #expect(n == m + 1 || most(n - 1, epsilon) < 0)
    }
  }

  /// Subsets of size k within ε of a target, counted over many random instances.
  private func counted(_ n: Int, _ k: Int, _ m: Int, epsilon: Double, target: [Double], instances: Int) -> (
    mean: Double, standardError: Double
  ) {
    let masks = (0..<1 << n).filter { $0.nonzeroBitCount == k }
    var (sum, squares) = (0.0, 0.0)
    for instance in 0..<instances {
      let scale = StreamAddress(seed: 5, path: StreamPath(filter: UInt64(instance), channel: 1))
      let vector = StreamAddress(seed: 5, path: StreamPath(filter: UInt64(instance), channel: 2))
      let rows = (0..<n).map { i in
        (0..<m).map { NormalStream.value(at: scale, entry: i) * NormalStream.value(at: vector, entry: i * m + $0) }
      }
      var hits = 0.0
      for mask in masks {
        let isHit = (0..<m).allSatisfy { j in
          var total = -target[j]
          for i in 0..<n where mask >> i & 1 == 1 { total += rows[i][j] }
          return abs(total) <= epsilon
        }
        if isHit { hits += 1 }
      }
      sum += hits
      squares += hits * hits
    }
    let mean = sum / Double(instances)
    return (mean, ((squares / Double(instances) - mean * mean) / Double(instances)).squareRoot())
  }

  @Test(arguments: [(8, 4, 1, 0.04), (8, 5, 2, 0.1), (7, 6, 2, 0.15)])
  func expectedHitsAreThoseOfSimulation(n: Int, k: Int, m: Int, epsilon: Double) {
    let formula = exp(FirstMoment.logExpected(count: n, size: k, dimension: m, epsilon: epsilon))
    let zero = counted(n, k, m, epsilon: epsilon, target: [Double](repeating: 0, count: m), instances: 20000)
    // The density falls from its value at 0 by less than 2 % within the cube.
    #expect(abs(zero.mean - formula) < 4 * zero.standardError + 0.02 * formula, "\(zero) against \(formula)")
    // For other targets the formula is an upper bound.
    let away = counted(n, k, m, epsilon: epsilon, target: [Double](repeating: 1, count: m), instances: 10000)
    #expect(away.mean < formula + 4 * away.standardError && away.mean < zero.mean)
  }
}
