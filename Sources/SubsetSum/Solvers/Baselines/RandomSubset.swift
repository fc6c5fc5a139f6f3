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

  /// - Throws: `SubsetSumError.unsupported` for a problem without a size.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    let size = try requireSize(problem)
    let order = (0..<problem.count).map { (UniformStream.value(at: address, entry: $0), $0) }.sorted { $0 < $1 }
    let claim = Claim(
      subset: order.prefix(size).map(\.1).sorted(), evaluations: 1, work: UInt64(problem.count), solver: name)
    return try Checker.solution(claim, for: problem)
  }
}

/// The k longest candidates: magnitude pruning of filters, which asks nothing of the target.
///
/// Length is ‖x‖₂ as the problem has it; the lower index goes first among equals. The problem must say its size. Cost: n·m + n log n.
public struct LongestCandidates: Solver {
  public let name = "magnitude"

  public init() {}

  /// - Throws: `SubsetSumError.unsupported` for a problem without a size.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    let size = try requireSize(problem)
    let order = problem.candidates.withRows { rows in
      (0..<problem.count).map { (-rows.squaredNorm($0), $0) }.sorted { $0 < $1 }
    }
    let work = UInt64(problem.count * problem.dimension)
    let claim = Claim(subset: order.prefix(size).map(\.1).sorted(), evaluations: 1, work: work, solver: name)
    return try Checker.solution(claim, for: problem)
  }
}

extension Solver {
  /// - Throws: `SubsetSumError.unsupported` for a problem that takes subsets of any size.
  func requireSize(_ problem: Problem) throws(SubsetSumError) -> Int {
    guard let size = problem.size else {
      throw .unsupported(solver: name, expected: "a problem that fixes the subset's size", found: "any size")
    }
    return size
  }
}
