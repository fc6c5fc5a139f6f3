/// The sizes of a problem, without its numbers: enough to say whether a solver takes it.
public struct ProblemShape: Sendable, Hashable {
  /// n, the number of candidates.
  public let count: Int
  /// m, the coordinates of the target.
  public let dimension: Int
  /// k, how many candidates a subset must have; nil for any number.
  public let size: Int?
  /// Whether each chosen candidate costs something (`Problem.sizePenalty`).
  public let hasSizePenalty: Bool

  /// A shape of these sizes.
  public init(count: Int, dimension: Int, size: Int? = nil, hasSizePenalty: Bool = false) {
    (self.count, self.dimension, self.size, self.hasSizePenalty) = (count, dimension, size, hasSizePenalty)
  }
}

extension Problem {
  /// The problem's sizes.
  var shape: ProblemShape {
    ProblemShape(count: count, dimension: dimension, size: size, hasSizePenalty: sizePenalty > 0)
  }
}

// What solvers refuse problems by: each says once, in `requireSolvable`, what it takes, and its `solve` asks that first.
extension Solver {
  /// A solver without a word of its own takes every shape of the kinds that it says it takes.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try requireKind(shape) }

  /// - Throws: `SubsetSumError.unsupported` for a fixed size or a size penalty that the solver does not take.
  func requireKind(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireNoPenalty(shape)
    if let size = shape.size, !takesFixedSize {
      throw .unsupported(solver: name, expected: "a problem that takes subsets of any size", found: "size \(size)")
    }
  }

  /// - Throws: `SubsetSumError.unsupported` for a size penalty, unless `takesSizePenalty`.
  func requireNoPenalty(_ shape: ProblemShape) throws(SubsetSumError) {
    if shape.hasSizePenalty, !takesSizePenalty {
      throw .unsupported(solver: name, expected: "a problem without a size penalty", found: "a penalty")
    }
  }

  /// - Throws: `SubsetSumError.unsupported` for subsets of any size.
  func requireFixedSize(_ shape: ProblemShape) throws(SubsetSumError) {
    if shape.size == nil {
      throw .unsupported(solver: name, expected: "a problem that fixes the subset's size", found: "any size")
    }
  }

  /// - Throws: `SubsetSumError.tooManyCandidates`.
  func requireCount(_ shape: ProblemShape, atMost largest: Int) throws(SubsetSumError) {
    guard shape.count <= largest else {
      throw .tooManyCandidates(solver: name, limit: largest, found: shape.count)
    }
  }

  /// - Throws: `SubsetSumError.memoryLimit`.
  func requireBytes(_ needed: Int, atMost allowed: Int) throws(SubsetSumError) {
    guard needed <= allowed else { throw .memoryLimit(solver: name, neededBytes: needed, limitBytes: allowed) }
  }
}
