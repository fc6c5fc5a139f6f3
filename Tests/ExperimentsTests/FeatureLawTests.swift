import Experiments
import RandomStreams
import SubsetSum
import Testing

/// Hidden filters as functions, against their definition.
@Suite struct FeatureLawTests {
  @Test(arguments: [false, true]) func candidatesAreFiltersAtTheInputs(isMasked: Bool) throws {
    let (n, m, c) = (10, 7, 3)
    let specification = try SweepSpecification(
      dimensions: [m], counts: [n], candidates: [FeatureCandidates(channels: c, isMasked: isMasked)],
      targets: [LinearTarget(channels: c)], methods: [.solver(GreedyFlips())], norms: [.euclidean], trials: 2, seed: 9)
    for trial in 0..<2 {
      let problem = try Sweep(specification).problem(cell: 0, trial: trial)
      let own = TrialAddress(seed: 9, instance: 0, trial: trial)
      let unit = 1 / Double(m).squareRoot()
      func input(_ s: Int, _ t: Int) -> Double {
        UniformStream.symmetricValue(at: own.shared.stream(5), entry: s * c + t)
      }
      for s in 0..<m {
        for i in 0..<n {
          let filter = (0..<c).map { NormalStream.value(at: own.stream(2), entry: i * c + $0) as Double }
          var sum = 0.0
          for t in 0..<c where !isMasked || t == i * c / n { sum += filter[t] * input(s, t) }
          let expected = (NormalStream.value(at: own.stream(1), entry: i) as Double) * unit * max(0, sum)
          #expect(abs(problem.candidates.coordinate(i, s) - expected) < 1e-15)
        }
        let weights = (0..<c).map { UniformStream.symmetricValue(at: own.shared.stream(6), entry: $0) / 2 }
        let expected = (0..<c).reduce(0.0) { $0 + weights[$1] * input(s, $1) } * unit
        #expect(abs(problem.target[s] - expected) < 1e-15)
      }
    }
  }

  /// Cells that differ in law and count have the same target.
  @Test func targetsAreShared() throws {
    let specification = try SweepSpecification(
      dimensions: [5], counts: [8, 16],
      candidates: [FeatureCandidates(channels: 2, isMasked: true), FeatureCandidates(channels: 2, isMasked: false)],
      targets: [LinearTarget(channels: 2)], methods: [.solver(GreedyFlips())], norms: [.euclidean], trials: 1, seed: 1)
    let targets = try (0..<4).map { try Sweep(specification).problem(cell: $0, trial: 0).target }
    #expect(targets.allSatisfy { $0 == targets[0] })
  }
}
