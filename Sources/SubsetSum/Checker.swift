/// Recomputes what a subset reaches, from its indices and the exact weights alone.
public enum Checker {
  /// What was recomputed of a claim. Only the checker makes one, and a solution is made of nothing else.
  struct Findings {
    let claim: Claim
    let problem: Problem
    /// z − Σ.
    let residual: [Double]

    fileprivate init(_ claim: Claim, _ problem: Problem) throws(SubsetSumError) {
      self.claim = claim
      self.problem = problem
      residual = try Checker.residual(of: claim.subset, in: problem)
    }
  }

  /// z − Σ, by compensated summation in ascending order of index. Cost: |subset|·m; no BLAS.
  ///
  /// - Throws: `SubsetSumError.invalidSubset` unless the indices are in range and strictly ascending.
  public static func residual(of subset: [Int], in problem: Problem) throws(SubsetSumError) -> [Double] {
    var previous = -1
    for (position, index) in subset.enumerated() {
      guard index > previous, index < problem.count else {
        throw .invalidSubset(
          position: position, expected: "an index in \(previous + 1)..<\(problem.count), above the one before",
          found: index)
      }
      previous = index
    }
    var result = problem.target
    if result.isEmpty { return result }
    let sums = CompensatedVector(count: result.count)
    result.withUnsafeMutableBufferPointer { result in
      sums.reset(to: result.baseAddress!)
      problem.candidates.withRows { rows in
        for index in subset { sums.add(rows, index, sign: -1) }
      }
      sums.round(to: result.baseAddress!)
    }
    return result
  }

  /// The solution that a claim amounts to: every figure of distance is recomputed here.
  ///
  /// - Throws: `SubsetSumError.invalidSubset`, or `.wrongSize` where the problem asks for another number of candidates.
  public static func solution(_ claim: Claim, for problem: Problem) throws(SubsetSumError) -> Solution {
    if let size = problem.size, claim.subset.count != size {
      throw .wrongSize(expected: size, found: claim.subset.count)
    }
    return Solution(try Findings(claim, problem))
  }
}
