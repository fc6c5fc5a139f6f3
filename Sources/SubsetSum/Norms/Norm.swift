/// How the distance between a subset's sum and the target is measured.
public enum Norm: Sendable, Hashable {
  /// The largest magnitude of a coordinate.
  case maximum
  /// The square root of the sum of squares.
  case euclidean
  /// √(rᵀ·W·r) for a positive-definite weight W: the data's own geometry.
  case metric(Metric)
  /// The largest of several weighted sums of magnitudes: what a network's certificate adds up.
  case rowSums(RowSums)

  /// The name that reports and the command line use.
  public var name: String {
    switch self {
    case .maximum: "max"
    case .euclidean: "l2"
    case .metric: "metric"
    case .rowSums: "row-sums"
    }
  }

  /// Coordinates that the norm is made for, or nil for any number.
  var dimension: Int? {
    switch self {
    case .maximum, .euclidean: nil
    case .metric(let metric): metric.dimension
    case .rowSums(let sums): sums.blocks.count
    }
  }

  /// The norm of `count` entries, in a fixed order of operations (`fixedOrderDot`). Infinite or NaN when an entry is.
  func measure(_ values: UnsafePointer<Double>, _ count: Int) -> Double {
    switch self {
    case .maximum: largestMagnitude(values, count)
    case .euclidean: euclideanNorm(values, count)
    case .metric(let metric): metric.measure(values)
    case .rowSums(let sums): sums.measure(values)
    }
  }

  /// A number c with norm(r) ≤ c·max|r| for all r of m coordinates, rounded up.
  func largest(dimension m: Int) -> Double {
    let bound =
      switch self {
      case .maximum: 1.0
      case .euclidean: Double(m).squareRoot()
      case .metric(let metric): metric.largest
      case .rowSums(let sums): sums.largest
      }
    return bound * (1 + Double(m + 8) * 0x1p-51)
  }

  /// A number c with ‖r‖₂² ≤ c·norm(r)² for all r of m coordinates, for a norm in plain form.
  func largestSquares(dimension m: Int) -> Double {
    switch self {
    case .maximum: Double(m)
    case .euclidean, .metric: 1
    // ‖r_b‖₂ ≤ ‖r_b‖₁, at most the block's figure, or twice that if it is the larger of two sides.
    case .rowSums(let sums): Double(sums.blockCount) * (sums.sides == .both ? 1 : 4)
    }
  }

  /// As `largestSquares`, but only for nearly all r. In the max norm r is taken to be uniform in the cube: ‖r‖₂² is then m/3 of its square,
  /// give or take √(4m/45).
  func likelySquares(dimension m: Int) -> Double {
    let largest = largestSquares(dimension: m)
    if self != .maximum { return largest }
    return min(largest, Double(m) / 3 + 3 * (4 * Double(m) / 45).squareRoot())
  }
}
