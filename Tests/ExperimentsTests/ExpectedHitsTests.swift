import Experiments
import Foundation
import SubsetSum
import Testing

/// Expected numbers of hits against counts over all subsets of random instances.
@Suite struct ExpectedHitsTests {
  /// Hits over all trials of a cell, with the standard error of their mean.
  private func counted(
    _ specification: SweepSpecification, cell: Int, within epsilon: Double
  ) throws -> (mean: Double, error: Double) {
    let sweep = Sweep(specification)
    var counts: [Double] = []
    for trial in 0..<specification.trials {
      let problem = try sweep.problem(cell: cell, trial: trial)
      let (n, m) = (problem.count, problem.dimension)
      var hits = 0
      for mask in 0..<1 << n where problem.size ?? mask.nonzeroBitCount == mask.nonzeroBitCount {
        let isHit = (0..<m).allSatisfy { j in
          let sum = (0..<n).reduce(0.0) { mask >> $1 & 1 == 1 ? $0 + problem.candidates.coordinate($1, j) : $0 }
          return abs(problem.target[j] - sum) <= epsilon
        }
        if isHit { hits += 1 }
      }
      counts.append(Double(hits))
    }
    let mean = counts.reduce(0, +) / Double(counts.count)
    let variance = counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(counts.count - 1)
    return (mean, (variance / Double(counts.count)).squareRoot())
  }

  @Test(arguments: [StandardCandidates.nsn, .normal], [nil, 3 as Int?])
  func expectationsAreMeansOfCounts(law: StandardCandidates, size: Int?) throws {
    let targets: [StandardTarget] = [.zero, .uniform(halfWidth: 0.5), .normal(deviation: 0.7)]
    let specification = try SweepSpecification(
      dimensions: [1, 3], counts: [6], candidates: [law], targets: targets,
      sizes: [size.map { .exactly($0) } ?? .any], trials: 3000, seed: 11)
    for cell in 0..<specification.cellCount {
      let about = specification.cell(cell)
      let target = try #require(targets.first { $0.name == about.target })
      let hits = ExpectedHits(
        law == .nsn ? .chiSquared : .fixed(deviation: 1), target: target, dimension: about.dimension)
      for epsilon in [0.25, 0.8] {
        let expected = exp(hits.logarithm(count: 6, size: size, within: epsilon))
        let found = try counted(specification, cell: cell, within: epsilon)
        #expect(
          abs(found.mean - expected) < 4.5 * found.error + 1e-3 * expected,
          "\(about), ε \(epsilon): \(found), \(expected)")
      }
    }
  }

  /// Without a random length the probability is a product of normal ones; with few candidates and a
  /// large ε all subsets hit.
  @Test func simpleCasesAreExact() {
    let normal = ExpectedHits(.fixed(deviation: 2), target: .zero, dimension: 2)
    let one = exp(normal.logarithm(count: 1, size: 1, within: 0.3))
    #expect(abs(one / pow(erf(0.3 / 8.0.squareRoot()), 2) - 1) < 1e-12)
    #expect(abs(exp(normal.logarithm(count: 5, within: 1e6)) / 32 - 1) < 1e-12)
    let nsn = ExpectedHits(.chiSquared, target: .uniform(halfWidth: 0.5), dimension: 4)
    #expect(abs(exp(nsn.logarithm(count: 5, within: 1e6)) / 32 - 1) < 1e-9)
    // The empty set alone: m coordinates of the target within ε.
    #expect(abs(exp(nsn.logarithm(count: 9, size: 0, within: 0.2)) / pow(0.4, 4) - 1) < 1e-12)
    // One NSN number in one dimension: P(|u·v| ≤ ε) with density K0(x)/π, by its series near 0.
    let product = ExpectedHits(.chiSquared, target: .zero, dimension: 1)
    let small = 1e-3
    let series = 2 / Double.pi * small * (1 - log(small / 2) - 0.5772156649015329)
    #expect(abs(exp(product.logarithm(count: 1, size: 1, within: small)) / series - 1) < 1e-6)
  }
}
