import LinearAlgebra

/// One multidimensional subset-sum problem: choose candidates whose sum comes close to a target.
///
/// ```swift
/// let rows = try Matrix<Double>(rows: 4, columns: 2, values: [1, 2, 3, -1, -2, 4, 5, 1])
/// let problem = try Problem(candidates: Candidates(rows), target: [2, 5], norm: .maximum)
/// let found = try Portfolio().solve(problem, control: RunControl())
/// // found.subset == [0, 1, 2], found.error == 0
/// ```
///
/// A problem may fix the number of candidates that a subset must have (`size`), or say what each of
/// them costs (`sizePenalty`). Solvers that do not take such problems refuse them.
///
/// Complexity: n·m to make one, which checks the candidates; copies share their storage.
public struct Problem: Sendable {
  /// The n vectors of m coordinates that subsets are drawn from.
  public let candidates: Candidates
  /// z, the m coordinates that a sum is to come close to.
  public let target: [Double]
  /// What the error ‖z − Σ‖ of a sum Σ is measured in.
  public let norm: Norm
  /// k, the number of candidates that a subset must have; nil for any number.
  public let size: Int?
  /// p ≥ 0, what each chosen candidate costs beside the squared error; 0 asks nothing of the size.
  /// Solvers with `takesSizePenalty` look for a subset of small error² + p·size.
  public let sizePenalty: Double
  /// Whether solvers can work with the numbers as they are; see `moderated`.
  let isOrdinary: Bool

  /// n, the number of candidates. With none, the empty set is the only subset.
  public var count: Int { candidates.count }
  /// m, the number of coordinates. With none, every subset has error 0.
  public var dimension: Int { target.count }
  /// The subset that a solver returns which had no time to look at any: the empty set, or the first
  /// k candidates.
  public var defaultSubset: [Int] { Array(0..<(size ?? 0)) }

  /// A problem over given candidates.
  ///
  /// Complexity: a pass over the n·m entries, unless `validatesCandidates` is false.
  ///
  /// - Parameters:
  ///   - candidates: n vectors of m coordinates.
  ///   - target: m coordinates.
  ///   - norm: what errors are measured in.
  ///   - size: the number of candidates that a subset must have, from 0 to n; nil for any number.
  ///   - sizePenalty: what each chosen candidate costs, in units of squared errors; finite and at
  ///     least 0.
  ///   - validatesCandidates: pass false only for candidates that are known to be finite, such as
  ///     generated ones, and between 2⁻²⁰⁰ and 2²⁰⁰ in magnitude. A NaN among them gives a
  ///     meaningless subset whose error shows as infinite, never a trap.
  /// - Throws: `SubsetSumError.mismatchedSizes` when sizes disagree; `.impossibleSize` for a size
  ///   outside 0…n; `.unusableEntry` for a penalty or an entry that is NaN, infinite or negative
  ///   where it must not be, or above 2⁴⁰⁰ in Float64.
  public init(
    candidates: Candidates, target: [Double], norm: Norm, size: Int? = nil, sizePenalty: Double = 0,
    validatesCandidates: Bool = true
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
    try Self.require(sizePenalty)
    let expected = "a finite number of magnitude at most 2^400"
    if let j = target.firstIndex(where: { !(abs($0) <= largestEntry) }) {
      throw .unusableEntry(location: "target entry \(j)", expected: expected, found: target[j])
    }
    var isOrdinary = true
    if validatesCandidates {
      let survey = candidates.survey()
      if let entry = survey.unusable {
        throw .unusableEntry(location: entry.location, expected: expected, found: entry.value)
      }
      isOrdinary = Self.isOrdinary(candidates, largest: survey.largest, target: target, norm: norm)
    }
    self.init(
      known: candidates, target: target, norm: norm, size: size, sizePenalty: sizePenalty, isOrdinary: isOrdinary)
  }

  private static func require(_ sizePenalty: Double) throws(SubsetSumError) {
    guard sizePenalty >= 0, sizePenalty.isFinite else {
      throw .unusableEntry(location: "size penalty", expected: "a finite number ≥ 0", found: sizePenalty)
    }
  }

  /// A problem of parts that are known to go together.
  init(
    known candidates: Candidates, target: [Double], norm: Norm, size: Int? = nil, sizePenalty: Double = 0,
    isOrdinary: Bool
  ) {
    self.candidates = candidates
    self.target = target
    self.norm = norm
    self.size = size
    self.sizePenalty = sizePenalty
    self.isOrdinary = isOrdinary
  }

  /// The same problem over other candidates, which are known to be usable and of like magnitudes,
  /// and at least as many; there may be none where no size is asked for.
  func with(_ candidates: Candidates) -> Problem {
    Problem(
      known: candidates, target: target, norm: norm, size: size, sizePenalty: sizePenalty, isOrdinary: isOrdinary)
  }

  /// The same problem with another size penalty.
  ///
  /// Complexity: constant, as the storage is shared.
  ///
  /// - Throws: `SubsetSumError.unusableEntry` unless the penalty is finite and at least 0.
  public func with(sizePenalty: Double) throws(SubsetSumError) -> Problem {
    try Self.require(sizePenalty)
    return Problem(
      known: candidates, target: target, norm: norm, size: size, sizePenalty: sizePenalty, isOrdinary: isOrdinary)
  }
}
