/// A copy of a problem of at most 64 candidates, with subsets as bit masks: for solvers that enumerate.
///
/// Scratch inside: one instance serves one thread.
final class SmallInstance {
  let count: Int
  let dimension: Int
  let norm: Norm
  /// Coordinate j of candidate i at i·m + j.
  let rows: UnsafeMutablePointer<Double>
  let target: UnsafeMutablePointer<Double>
  /// max over coordinates of |z_j| + Σ_i |x_ij|: no partial sum exceeds it.
  let largestSum: Double
  /// Whether all partial sums are exact in Float64 in any order.
  let isExact: Bool
  private let scratch: UnsafeMutablePointer<Double>
  private let sums: CompensatedVector

  /// Precondition: at most 64 candidates. Cost: n·m.
  ///
  /// - Throws: `SubsetSumError.unusableEntry` for entries that are not finite, however the problem was validated.
  init(_ problem: Problem) throws(SubsetSumError) {
    let (n, m) = (problem.count, problem.dimension)
    count = n
    dimension = m
    norm = problem.norm
    let rows = UnsafeMutablePointer<Double>.allocate(capacity: max(1, n * m))
    let target = UnsafeMutablePointer<Double>.allocate(capacity: max(1, m))
    scratch = .allocate(capacity: max(1, m))
    sums = CompensatedVector(count: m)
    for j in 0..<m { target[j] = problem.target[j] }
    problem.candidates.withRows { source in
      for i in 0..<n { source.copy(i, to: rows + i * m) }
    }
    self.rows = rows
    self.target = target
    var largest = 0.0
    var lowestBit = Int.max
    for j in 0..<m {
      var sum = abs(target[j])
      lowestBit = min(lowestBit, Self.exponentOfLowestBit(target[j]))
      for i in 0..<n {
        sum += abs(rows[i * m + j])
        lowestBit = min(lowestBit, Self.exponentOfLowestBit(rows[i * m + j]))
      }
      largest = max(largest, sum)
    }
    largestSum = largest
    // Multiples of 2^e below 2^(e+53) are Float64 numbers, and so are their sums below it.
    isExact = largest == 0 || (largest.isFinite && Int(largest.exponent) + 1 <= lowestBit + 53)
    // `max` may pass over a NaN, so the entries are asked once more, one by one.
    if let entry = problem.candidates.firstUnusableEntry() {
      throw .unusableEntry(location: entry.location, expected: "a finite number", found: entry.value)
    }
  }

  deinit {
    rows.deallocate()
    target.deallocate()
    scratch.deallocate()
  }

  private static func exponentOfLowestBit(_ value: Double) -> Int {
    if value == 0 { return .max - 64 }
    let trailing = value.significandBitPattern.trailingZeroBitCount
    return Int(value.exponent) - 52 + min(52, trailing)
  }

  /// ‖z − Σ‖ by the checker's own arithmetic: compensated, ascending.
  func error(of mask: UInt64) -> Double {
    sums.reset(to: target)
    var rest = mask
    while rest != 0 {
      let i = rest.trailingZeroBitCount
      sums.add(rows + i * dimension, sign: -1)
      rest &= rest - 1
    }
    sums.round(to: scratch)
    return norm.measure(scratch, dimension)
  }

  /// Writes z − Σ for a mask, by the checker's own arithmetic.
  func residual(of mask: UInt64, to result: UnsafeMutablePointer<Double>) {
    _ = error(of: mask)
    result.update(from: scratch, count: dimension)
  }

  static func indices(of mask: UInt64) -> [Int] { (0..<64).filter { mask >> UInt64($0) & 1 == 1 } }
}

/// Which approximately computed errors are worth the checker's arithmetic.
///
/// A coordinate of z − Σ computed with at most k rounded additions of partial sums below M is off by at
/// most δ = k·2⁻⁵³·M (each rounding is at most 2⁻⁵³ of its result). So errors are off by at most δ in the max
/// norm and √m·δ in the Euclidean norm, to which (m+3)·2⁻⁵³ of the value is added for its squares.
/// A subset whose computed error exceeds `best + slack` cannot be better than a checked `best`.
struct RescoringRule {
  let norm: Norm
  /// What is added to the best checked error before comparing.
  private(set) var slack: Double
  private let relative: Double
  private var pointless = 0

  /// `roundings` is k above, 0 when sums are exact.
  init(_ instance: SmallInstance, roundings: Int) {
    norm = instance.norm
    let m = Double(instance.dimension)
    let delta = instance.isExact ? 0 : Double(roundings) * 0x1p-53 * 1.01 * instance.largestSum
    slack = norm == .maximum ? delta : delta * m.squareRoot()
    relative = norm == .maximum ? 0 : (m + 8) * 0x1p-52
  }

  /// The largest computed error worth rescoring: in squares for the Euclidean norm.
  func cut(best: Double) -> Double {
    let limit = best + slack
    return norm == .maximum ? limit : limit * limit * (1 + relative)
  }

  /// Rescorings without an improvement that are made before only clear improvements are rescored.
  static let patience = 1 << 16

  /// Counts a rescoring that improved nothing; after `patience` of them near-ties are no longer pursued, so
  /// that data full of ties cannot turn a search into rescoring alone.
  mutating func countPointless() {
    pointless += 1
    if pointless == Self.patience { slack = -slack }
  }
}
