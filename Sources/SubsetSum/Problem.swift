import LinearAlgebra

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
  /// p ≥ 0, what each chosen candidate costs beside the squared error; 0 asks nothing of the size. Solvers that take one say so
  /// (`Solver.takesSizePenalty`), and what they lower.
  public let sizePenalty: Double
  /// Whether solvers can work with its numbers as they are (`moderated`).
  let isOrdinary: Bool

  /// n, the number of candidates. With none, the empty set is the only subset.
  public var count: Int { candidates.count }
  /// m, the coordinates of the target. With none, every subset has error 0.
  public var dimension: Int { target.count }
  /// The subset that a solver returns which had no time to look at any: empty, or the first k candidates.
  public var defaultSubset: [Int] { Array(0..<(size ?? 0)) }

  /// A problem over given candidates. Cost: a pass over the n·m entries unless `validatesCandidates` is false.
  ///
  /// - Parameter validatesCandidates: Pass false only for candidates known to be finite, such as generated
  ///   ones, and within 2⁻²⁰⁰…2²⁰⁰ in magnitude. A NaN that gets past gives a meaningless subset,
  /// never a trap, and its error shows as infinite.
  /// - Throws: `SubsetSumError` when sizes disagree, the subset's size is not in 0…n, or an entry is NaN, infinite or (Float64) above 2⁴⁰⁰.
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

  /// Other candidates that are known to be usable and of like magnitudes, of the same number or
  /// more, or none where a size is asked for.
  func with(_ candidates: Candidates) -> Problem {
    Problem(
      known: candidates, target: target, norm: norm, size: size, sizePenalty: sizePenalty, isOrdinary: isOrdinary)
  }

  /// The same problem with another size penalty. Cost: none, storage is shared.
  ///
  /// - Throws: `SubsetSumError.unusableEntry` unless it is finite and ≥ 0.
  public func with(sizePenalty: Double) throws(SubsetSumError) -> Problem {
    try Self.require(sizePenalty)
    return Problem(
      known: candidates, target: target, norm: norm, size: size, sizePenalty: sizePenalty, isOrdinary: isOrdinary)
  }
}
