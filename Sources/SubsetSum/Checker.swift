/// Recomputes what a subset reaches, from its indices and the exact candidates alone.
///
/// ```swift
/// let solution = try Checker.solution(Claim(subset: [0, 2]), for: problem)
/// // solution.error is the norm of the target less candidates 0 and 2
/// ```
///
/// No solver's figure of distance is taken over: every `Solution` is made here.
public enum Checker {
  /// What was recomputed of a claim. Only the checker can make one, and a `Solution` is made of
  /// nothing else.
  struct Findings {
    let claim: Claim
    let problem: Problem
    /// The target less the sum of the subset, m entries.
    let residual: [Double]

    fileprivate init(_ claim: Claim, _ problem: Problem) throws(SubsetSumError) {
      self.claim = claim
      self.problem = problem
      residual = try Checker.residual(of: claim.subset, in: problem)
    }
  }

  /// The target less the sum of a subset, by compensated summation in ascending order of index,
  /// without BLAS.
  ///
  /// Complexity: m for each candidate of the subset.
  ///
  /// - Throws: `SubsetSumError.invalidSubset` unless the indices are in range and strictly
  ///   ascending.
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

  /// The solution that a claim amounts to, with every figure of distance recomputed.
  ///
  /// Complexity: m for each candidate of the subset; a metric m²/2 more.
  ///
  /// - Throws: `SubsetSumError.invalidSubset` unless the indices are in range and strictly
  ///   ascending, `.wrongSize` where the problem asks for another number of candidates.
  public static func solution(_ claim: Claim, for problem: Problem) throws(SubsetSumError) -> Solution {
    if let size = problem.size, claim.subset.count != size {
      throw .wrongSize(expected: size, found: claim.subset.count)
    }
    return Solution(try Findings(claim, problem))
  }
}
