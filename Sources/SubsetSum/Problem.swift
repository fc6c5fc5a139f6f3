/// One multidimensional subset-sum problem: choose candidates whose sum comes close to a target.
public struct Problem: Sendable {
  /// n vectors of dimension m.
  public let candidates: Candidates
  /// z, with m entries.
  public let target: [Double]
  /// The norm that the error ‖z − Σ‖ is measured in.
  public let norm: Norm
  /// k, how many candidates a subset must have; nil for any number.
  public let size: Int?

  /// n, the number of candidates. With none, the empty set is the only subset.
  public var count: Int { candidates.count }
  /// m, the coordinates of the target. With none, every subset has error 0.
  public var dimension: Int { target.count }
  /// The subset that a solver returns which had no time to look at any: empty, or the first k candidates.
  public var defaultSubset: [Int] { Array(0..<(size ?? 0)) }

  /// A problem over given candidates. Cost: a pass over the n·m entries unless `validatesCandidates` is false.
  ///
  /// - Parameter validatesCandidates: Pass false only for candidates known to be finite, such as generated
  ///   ones. A NaN that gets past gives a meaningless subset, never a trap, and its error shows as infinite.
  /// - Throws: `SubsetSumError` when sizes disagree, the subset's size is not in 0…n, or an entry is NaN, infinite or (Float64) above 2⁴⁰⁰.
  public init(
    candidates: Candidates, target: [Double], norm: Norm, size: Int? = nil, validatesCandidates: Bool = true
  ) throws(SubsetSumError) {
    guard target.count == candidates.dimension else {
      throw .mismatchedSizes(
        quantity: "target entries, one for each coordinate of a candidate", expected: candidates.dimension,
        found: target.count)
    }
    guard norm.dimension ?? target.count == target.count else {
      throw .mismatchedSizes(
        quantity: "coordinates of the norm '\(norm.name)'", expected: target.count, found: norm.dimension ?? 0)
    }
    if let size, !(0...candidates.count).contains(size) {
      throw .impossibleSize(expected: 0...candidates.count, found: size)
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
    self.size = size
  }

  /// The same problem with candidates by ascending norm, ties by index, and where each of them was. Cost: n·(m + log n).
  func ascending() -> (problem: Problem, order: [Int]) {
    let order = candidates.withRows { rows in
      (0..<count).map { (rows.squaredNorm($0), $0) }.sorted { $0 < $1 }.map(\.1)
    }
    return (with(candidates.permuted(order)), order)
  }

  /// Other candidates that are known to be usable, of the same number or more, or none where a size is asked for.
  func with(_ candidates: Candidates) -> Problem {
    try! Problem(candidates: candidates, target: target, norm: norm, size: size, validatesCandidates: false)
  }
}
