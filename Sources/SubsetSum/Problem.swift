/// How the distance between a subset's sum and the target is measured.
public enum Norm: String, Sendable, Hashable, Codable {
  /// The largest magnitude of a coordinate.
  case maximum = "max"
  /// The square root of the sum of squares.
  case euclidean = "l2"

  /// The norm of `count` entries: squares are added up in the fixed order of `fixedOrderDot`.
  func measure(_ values: UnsafePointer<Double>, _ count: Int) -> Double {
    switch self {
    case .maximum: largestMagnitude(values, count)
    case .euclidean: fixedOrderDot(values, values, count).squareRoot()
    }
  }
}

/// One multidimensional subset-sum problem: choose candidates whose sum comes close to a target.
public struct Problem: Sendable {
  /// n vectors of dimension m.
  public let candidates: Candidates
  /// z, with m entries.
  public let target: [Double]
  /// The norm that the error ‖z − Σ‖ is measured in.
  public let norm: Norm

  /// n, the number of candidates. With none, the empty set is the only subset.
  public var count: Int { candidates.count }
  /// m, the coordinates of the target. With none, every subset has error 0.
  public var dimension: Int { target.count }

  /// A problem over given candidates. Cost: a pass over the n·m entries unless `validatesCandidates` is false.
  ///
  /// - Parameter validatesCandidates: Pass false only for candidates known to be finite, such as generated
  ///   ones. A NaN that gets past gives a meaningless subset, never a trap, and its error shows as infinite.
  /// - Throws: `SubsetSumError` when sizes disagree, or an entry is NaN, infinite or (Float64) above 2⁴⁰⁰.
  public init(
    candidates: Candidates, target: [Double], norm: Norm, validatesCandidates: Bool = true
  ) throws(SubsetSumError) {
    guard target.count == candidates.dimension else {
      throw .mismatchedSizes(
        quantity: "target entries, one for each coordinate of a candidate", expected: candidates.dimension,
        found: target.count)
    }
    let expected = "a finite number of magnitude at most 2^400"
    if let j = target.firstIndex(where: { !(abs($0) <= largestEntry) }) {
      throw .unusableEntry(location: "target entry \(j)", expected: expected, found: target[j])
    }
    if validatesCandidates, let entry = candidates.firstUnusableEntry() {
      throw .unusableEntry(location: entry.location, expected: expected, found: entry.value)
    }
    self.candidates = candidates
    self.target = target
    self.norm = norm
  }
}
