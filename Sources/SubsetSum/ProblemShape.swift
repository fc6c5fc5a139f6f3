/// The sizes of a problem without its numbers: enough to say whether a solver takes it.
///
/// ```swift
/// try CellSweep().requireSolvable(ProblemShape(count: 48, dimension: 3))
/// ```
public struct ProblemShape: Sendable, Hashable {
  /// n, the number of candidates.
  public let count: Int
  /// m, the number of coordinates.
  public let dimension: Int
  /// k, the number of candidates that a subset must have; nil for any number.
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

// What a solver takes is said in one place, its `requireSolvable`, which its `solve` calls before
// anything else. The functions here are what those are made of.
extension Solver {
  /// Takes every shape, except for sizes and penalties where the solver says that it takes none.
  public func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try requireKind(shape) }

  /// Refuses a fixed size or a size penalty that the solver does not take.
  ///
  /// - Throws: `SubsetSumError.unsupported`.
  func requireKind(_ shape: ProblemShape) throws(SubsetSumError) {
    try requireNoPenalty(shape)
    if let size = shape.size, !takesFixedSize {
      throw .unsupported(solver: name, expected: "a problem that takes subsets of any size", found: "size \(size)")
    }
  }

  /// Refuses a size penalty, unless `takesSizePenalty`.
  ///
  /// - Throws: `SubsetSumError.unsupported`.
  func requireNoPenalty(_ shape: ProblemShape) throws(SubsetSumError) {
    if shape.hasSizePenalty, !takesSizePenalty {
      throw .unsupported(solver: name, expected: "a problem without a size penalty", found: "a penalty")
    }
  }

  /// Refuses problems that leave the subset's size open.
  ///
  /// - Throws: `SubsetSumError.unsupported`.
  func requireFixedSize(_ shape: ProblemShape) throws(SubsetSumError) {
    if shape.size == nil {
      throw .unsupported(solver: name, expected: "a problem that fixes the subset's size", found: "any size")
    }
  }

  /// Refuses more candidates than the solver can enumerate.
  ///
  /// - Throws: `SubsetSumError.tooManyCandidates`.
  func requireCount(_ shape: ProblemShape, atMost largest: Int) throws(SubsetSumError) {
    guard shape.count <= largest else {
      throw .tooManyCandidates(solver: name, limit: largest, found: shape.count)
    }
  }

  /// Refuses problems for which the solver needs more bytes than it may use.
  ///
  /// - Throws: `SubsetSumError.memoryLimit`.
  func requireBytes(_ needed: Int, atMost allowed: Int) throws(SubsetSumError) {
    guard needed <= allowed else { throw .memoryLimit(solver: name, neededBytes: needed, limitBytes: allowed) }
  }
}
