import RandomStreams
import RunControl

/// k candidates drawn at random, every subset of that size alike: what a search must beat.
///
/// It takes the k candidates whose entries in a uniform stream are least. The problem must say its size. Cost: n log n, and n·m to measure the subset.
public struct RandomSubset: Solver {
  public let name = "random-filters"
  /// The stream that the draw comes from.
  public var address: StreamAddress

  public init(address: StreamAddress = StreamAddress(seed: 0)) { self.address = address }

  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireKind(shape)
    try requireFixedSize(shape)
  }

  /// - Throws: `SubsetSumError.unsupported` for a problem without a size.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try first(problem, control, work: problem.count) {
      try control.map(0..<problem.count, askingEvery: 1 << 14) {
        (key: UniformStream.value(at: address, entry: $0), index: $0)
      }
    }
  }
}

/// The k longest candidates: magnitude pruning of filters, which asks nothing of the target.
///
/// Length is ‖x‖₂ as the problem has it; the lower index goes first among equals. The problem must say its size. Cost: n·m + n log n.
public struct LongestCandidates: Solver {
  public let name = "magnitude"

  public init() {}

  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireKind(shape)
    try requireFixedSize(shape)
  }

  /// - Throws: `SubsetSumError.unsupported` for a problem without a size.
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
  /// As many candidates as the problem asks for, of the least keys, ties by index; the first ones where the run is stopped, as
  /// nothing may look at the target.
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
