/// The sizes of a problem, without its numbers: enough to say whether a solver takes it.
public struct ProblemShape: Sendable, Hashable {
  /// n.
  public let count: Int
  /// m.
  public let dimension: Int
  /// k, how many candidates a subset must have; nil for any number.
  public let size: Int?

  public init(count: Int, dimension: Int, size: Int? = nil) {
    (self.count, self.dimension, self.size) = (count, dimension, size)
  }
}

extension Solver {
  /// Every shape is taken.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {}

  fileprivate func requireAnySize(_ shape: ProblemShape) throws(SubsetSumError) {
    if let size = shape.size {
      throw .unsupported(solver: name, expected: "a problem that takes subsets of any size", found: "size \(size)")
    }
  }

  fileprivate func requireSize(_ shape: ProblemShape) throws(SubsetSumError) {
    if shape.size == nil {
      throw .unsupported(solver: name, expected: "a problem that fixes the subset's size", found: "any size")
    }
  }

  fileprivate func requireCount(_ shape: ProblemShape, atMost largest: Int) throws(SubsetSumError) {
    guard shape.count <= largest else {
      throw .tooManyCandidates(solver: name, limit: largest, found: shape.count)
    }
  }

  fileprivate func requireBytes(_ needed: Int, atMost limit: Int) throws(SubsetSumError) {
    guard needed <= limit else { throw .memoryLimit(solver: name, neededBytes: needed, limitBytes: limit) }
  }
}

extension Exhaustive {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireCount(shape, atMost: Self.largestCount)
  }
}

extension MeetInTheMiddle {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireCount(shape, atMost: Self.largestCount)
    try requireBytes(
      Self.neededBytes(count: shape.count, dimension: shape.dimension), atMost: Self.defaultMemoryLimit)
  }
}

extension FourLists {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    guard shape.dimension == 1 else {
      throw .unsupported(
        solver: name, expected: "a problem in one dimension", found: "dimension \(shape.dimension)")
    }
    try requireCount(shape, atMost: Self.largestCount)
  }
}

extension CellSweep {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireCount(shape, atMost: Self.largestCount)
    guard shape.dimension >= 2, shape.count >= 8 else {
      throw .unsupported(
        solver: name, expected: "2 or more dimensions and 8 or more candidates",
        found: "m = \(shape.dimension), n = \(shape.count)")
    }
  }
}

extension FirstHitBySize {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireCount(shape, atMost: Self.largestCount)
    if let size = shape.size, size > maximumSize {
      throw .unsupported(
        solver: name, expected: "a size of at most its maximumSize \(maximumSize)", found: "size \(size)")
    }
  }
}

extension PairwiseSearch {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireAnySize(shape)
    try requireCount(shape, atMost: Self.largestCount)
    try requireBytes(
      Self.neededBytes(count: shape.count, dimension: shape.dimension), atMost: Self.defaultMemoryLimit)
  }
}

extension GreedyFlips {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try requireAnySize(shape) }
}

extension GreedyFlipsReference {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try requireAnySize(shape) }
}

extension IteratedGreedy {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try requireAnySize(shape) }
}

extension KList {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireAnySize(shape)
    try requireBytes(
      Self.bytes(levels: 1, dimension: max(1, shape.dimension)) << Self.bitsRange.lowerBound,
      atMost: Self.defaultMemoryLimit)
  }
}

extension RandomSubset {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try requireSize(shape) }
}

extension LongestCandidates {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try requireSize(shape) }
}

extension Exchange {
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) {
    if case .solver(let solver) = start { try solver.requireSolvable(shape) }
  }
}
