import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Testing

@Suite struct CheckerTests {
  @Test func itRejectsWhatIsNoSubset() throws {
    let problem = try scaledNormals(5, 2, seed: 1)
    for subset in [[5], [-1], [1, 1], [2, 1], [0, 4, 3], [0, 1, 2, 3, 4, 5]] {
      #expect(throws: SubsetSumError.self) { try Checker.solution(Claim(subset: subset), for: problem) }
    }
    #expect(
      throws: SubsetSumError.invalidSubset(position: 1, expected: "an index in 3..<5, above the one before", found: 1)
    ) {
      try Checker.residual(of: [2, 1], in: problem)
    }
  }

  @Test func everySingleIndexMutationChangesTheErrorOrIsRejected() throws {
    let problem = try scaledNormals(40, 3, seed: 2)
    let found = try GreedyFlips().solve(problem, control: RunControl())
    #expect(found.subset.count > 1)
    for position in found.subset.indices {
      for replacement in -1...problem.count where replacement != found.subset[position] {
        var mutated = found.subset
        mutated[position] = replacement
        let again = try? Checker.solution(Claim(subset: mutated), for: problem)
        #expect(again?.residual != found.residual)
        #expect(again?.error != found.error)
      }
      var shortened = found.subset
      shortened.remove(at: position)
      #expect(try Checker.solution(Claim(subset: shortened), for: problem).error != found.error)
    }
  }

  @Test func sumsAreCompensated() throws {
    // Plain summation loses the ones, as 2⁵⁴ + 1 rounds to 2⁵⁴.
    let rows = try Matrix<Double>(rows: 4, columns: 1, values: [0x1p54, 1, 1, -0x1p54])
    let problem = try Problem(candidates: Candidates(rows), target: [5], norm: .maximum)
    #expect(try Checker.residual(of: [0, 1, 2, 3], in: problem) == [3])
  }

  @Test func figuresAreThoseOfTheResidual() throws {
    let rows = try Matrix<Float>(rows: 1, columns: 2, values: [1, 2])
    let candidates = try Candidates(scales: [-2], vectors: rows)
    for norm in [Norm.maximum, .euclidean] {
      let problem = try Problem(candidates: candidates, target: [1, 0], norm: norm)
      let solution = try Checker.solution(Claim(subset: [0], stop: .cancelled, work: 7), for: problem)
      #expect(solution.residual == [3, 4])
      #expect(solution.maximumError == 4 && solution.euclideanError == 5)
      #expect(solution.error == (norm == .maximum ? 4 : 5))
      #expect(solution.emptySetError == 1 && solution.stop == .cancelled && solution.work == 7)
    }
  }

  @Test func limitsFollowTheFormulas() throws {
    for (n, m) in [(10, 1), (30, 2), (250, 9), (1000, 25)] {
      let power = pow(2, -Double(n) / Double(m))
      let cube = try #require(TheoreticalLimit.scale(count: n, dimension: m, norm: .maximum))
      let ball = try #require(TheoreticalLimit.scale(count: n, dimension: m, norm: .euclidean))
      #expect(abs(cube / ((.pi * Double(n) / 4).squareRoot() * power) - 1) < 1e-12)
      let root = pow(tgamma(Double(m) / 2 + 1), 1 / Double(m))
      #expect(abs(ball / (Double(n).squareRoot() * root * power) - 1) < 1e-12)
    }
    #expect(TheoreticalLimit.scale(count: 0, dimension: 3, norm: .maximum) == nil)
    // With few candidates the scale exceeds the error of choosing nothing, and is left out.
    #expect(try Exhaustive().solve(scaledNormals(4, 9, seed: 1), control: RunControl()).limit == nil)
    #expect(try Exhaustive().solve(scaledNormals(12, 1, seed: 1), control: RunControl()).limit != nil)
  }

  @Test func candidatesOfBothFormsAreExact() throws {
    let factored = try scaledNormals(7, 5, seed: 9)
    let dense = try scaledNormals(7, 5, seed: 9, dense: true)
    for i in 0..<7 {
      for j in 0..<5 { #expect(factored.candidates.coordinate(i, j) == dense.candidates.coordinate(i, j)) }
    }
    let subset = [0, 3, 6]
    #expect(try Checker.residual(of: subset, in: factored) == Checker.residual(of: subset, in: dense))
    factored.candidates.withRows { rows in
      var sum = [Double](repeating: 1, count: 5)
      rows.add(3, to: &sum)
      #expect(sum == (0..<5).map { 1 + factored.candidates.coordinate(3, $0) })
      rows.subtract(3, from: &sum)
      #expect(sum.allSatisfy { abs($0 - 1) < 1e-15 })
      let expected = (0..<5).reduce(0.0) { $0 + factored.candidates.coordinate(2, $1) }
      #expect(abs(rows.dot(2, [1, 1, 1, 1, 1]) - expected) < 1e-14)
    }
  }

  @Test func badInputIsNamed() throws {
    let rows = try Matrix<Float>(rows: 2, columns: 2, values: [1, 2, 3, .nan])
    #expect(
      throws: SubsetSumError.mismatchedSizes(quantity: "scales, one for each row of the vectors", expected: 2, found: 1)
    ) {
      try Candidates(scales: [1], vectors: rows)
    }
    #expect {
      try Problem(candidates: Candidates(rows), target: [0, 0], norm: .maximum)
    } throws: { "\($0)".contains("candidate 1, coordinate 1: expected a finite number") }
    #expect {
      try Problem(
        candidates: Candidates(scales: [1, .infinity], vectors: Matrix(rows: 2, columns: 2)), target: [0, 0],
        norm: .maximum)
    } throws: { "\($0)".contains("scale 1") }
    #expect {
      try Problem(
        candidates: Candidates(Matrix<Double>(rows: 1, columns: 2, values: [1, 1e200])), target: [0, 0], norm: .maximum)
    } throws: { "\($0)".contains("coordinate 1") }
    #expect { try scaledNormals(2, 2, seed: 1, half: .nan) } throws: { "\($0)".contains("target entry 0") }
    #expect(throws: SubsetSumError.self) {
      try Problem(candidates: Candidates(rows), target: [0], norm: .maximum, validatesCandidates: false)
    }
    // A NaN that was not validated leads to a typed error or a finite subset, never to a trap.
    let unchecked = try Problem(
      candidates: Candidates(rows), target: [0.5, 1], norm: .maximum, validatesCandidates: false)
    #expect(throws: SubsetSumError.self) { try MeetInTheMiddle().solve(unchecked, control: RunControl()) }
    #expect(throws: SubsetSumError.self) { try Exhaustive().solve(unchecked, control: RunControl()) }
    #expect(try GreedyFlips().solve(unchecked, control: RunControl()).error.isFinite)
    #expect(try IteratedGreedy(kicks: 3).solve(unchecked, control: RunControl()).emptySetError == 1)
  }
}
