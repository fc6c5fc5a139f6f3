/// The error of plain coordinates as enumerations compute it: squared for the Euclidean norm, so
/// that no root is taken.
enum PlainMeasure: Equatable {
  case maximum
  case squares
  case rowSums(RowSums)

  init(_ norm: Norm) {
    switch norm {
    case .maximum: self = .maximum
    case .euclidean, .metric: self = .squares
    case .rowSums(let sums): self = .rowSums(sums)
    }
  }

  /// The measure of m coordinates. In the max norm and in row sums it is infinite where one is NaN.
  @inline(__always) func of(_ r: UnsafePointer<Double>, _ m: Int) -> Double {
    var sum = 0.0
    switch self {
    case .maximum: for j in 0..<m where !(abs(r[j]) <= sum) { sum = abs(r[j]) }
    case .squares: for j in 0..<m { sum += r[j] * r[j] }
    case .rowSums(let sums): return sums.measure(r)
    }
    return sum
  }
}

/// Which approximately computed errors are worth the checker's arithmetic.
///
/// A coordinate of z − Σ that is computed with at most k rounded additions of partial sums below M
/// is off by at most δ = k·2⁻⁵³·M, as each rounding is at most 2⁻⁵³ of its result, and by the
/// rounding of the plain form. So errors are off by at most c·δ, where c is the norm's largest
/// value at max |r_j| = 1, and by another (m+8)·2⁻⁵² of the value for its squares or sums. A subset
/// whose computed error exceeds `best + slack` cannot be better than a checked `best`.
struct RescoringRule {
  let measure: PlainMeasure
  /// What is added to the best checked error before computed errors are compared with it.
  private(set) var slack: Double
  private let relative: Double
  private var pointless = 0

  /// The rule for sums of `roundings` rounded additions, k above; 0 for exact sums.
  init(_ instance: SmallInstance, roundings: Int) {
    measure = instance.measure
    let m = instance.dimension
    let delta =
      instance.isExact ? 0 : Double(roundings) * 0x1p-53 * 1.01 * instance.largestSum + instance.formError
    slack = instance.norm.plain.largest(dimension: m) * delta
    relative = measure == .maximum ? 0 : Double(m + 8) * 0x1p-52
  }

  /// The largest computed error that is worth the checker's arithmetic, as `PlainMeasure` computes
  /// it: squared for the Euclidean norm.
  func cut(best: Double) -> Double {
    let limit = best + slack
    return measure == .squares ? limit * limit * (1 + relative) : limit * (1 + relative)
  }

  /// The largest magnitude of one coordinate, not squared, that is worth the checker's arithmetic.
  func reach(best: Double) -> Double { (best + slack) * (1 + relative) }

  /// The checks without an improvement after which near-ties are no longer checked.
  static let patience = 1 << 16

  /// Counts a check that improved nothing. After `patience` of them only clear improvements are
  /// checked, so that data full of ties cannot turn a search into checks alone.
  mutating func countPointless() {
    pointless += 1
    if pointless == Self.patience { slack = -slack }
  }
}
