import RandomStreams
import RunControl

/// k candidates drawn at random, every subset of that size with the same probability: what a search
/// must beat.
///
/// It takes the k candidates whose entries in a uniform stream are least. The problem must fix its
/// size.
///
/// Complexity: n·log n, and k·m to measure the subset.
public struct RandomSubset: Solver {
  /// The name that reports and the command line use.
  public let name = "random-filters"
  /// The stream that the draw comes from.
  public var address: StreamAddress

  /// A draw from the stream at an address.
  public init(address: StreamAddress = StreamAddress(seed: 0)) { self.address = address }

  /// What `solve` asks of a problem before anything else.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireKind(shape)
    try requireFixedSize(shape)
  }

  /// Draws a subset of the problem's size, without a look at the target.
  ///
  /// - Throws: `SubsetSumError.unsupported` for a problem that fixes no size.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try first(problem, control, work: problem.count) {
      try control.map(0..<problem.count, askingEvery: 1 << 14) {
        (key: UniformStream.value(at: address, entry: $0), index: $0)
      }
    }
  }
}

/// The k longest candidates: magnitude pruning of filters, which does not look at the target.
///
/// Length is ‖x‖₂ of the coordinates as they are given; among equal ones the lower index goes
/// first. The problem must fix its size.
///
/// Complexity: n·(m + log n).
public struct LongestCandidates: Solver {
  /// The name that reports and the command line use.
  public let name = "magnitude"

  /// A solver without options.
  public init() {}

  /// What `solve` asks of a problem before anything else.
  ///
  /// - Throws: `SubsetSumError` as `solve` does.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireKind(shape)
    try requireFixedSize(shape)
  }

  /// Takes the longest candidates, as many as the problem's size.
  ///
  /// - Throws: `SubsetSumError.unsupported` for a problem that fixes no size.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try first(problem, control, work: problem.count * problem.dimension) {
      try problem.candidates.withRows { rows in
        try control.map(0..<problem.count, askingEvery: problem.candidates.rowsBetweenQuestions) {
          (key: -rows.squaredNorm($0), index: $0)
        }
      }
    }
  }
}

extension Solver {
  /// As many candidates as the problem asks for, those of the least keys, ties by index. Where the
  /// run is stopped they are the first candidates, since nothing here may look at the target.
  fileprivate func first(
    _ problem: Problem, _ control: RunControl, work: Int, _ keys: () throws -> [(key: Double, index: Int)]
  ) throws -> Solution {
    try requireSolvable(problem.shape)
    var claim = Claim(subset: problem.defaultSubset, solver: name)
    do {
      var made = try keys()
      try control.sort(&made) { ($0.key, $0.index) < ($1.key, $1.index) }
      claim.subset = made.prefix(problem.size ?? 0).map(\.index).sorted()
      (claim.evaluations, claim.work) = (1, UInt64(work))
    } catch let interruption as Interruption {
      claim.stop = interruption.reason
    }
    return try Checker.solution(claim, for: problem)
  }
}
