/// How the distance between a subset's sum and the target is measured.
///
/// ```swift
/// let blocks = try RowSums(blocks: [0, 0, 1], weights: [1, 1, 0.5])
/// let problem = try Problem(candidates: candidates, target: [1, 2, 3], norm: .rowSums(blocks))
/// // errors are max(|r0| + |r1|, 0.5·|r2|)
/// ```
///
/// Complexity: measuring a vector costs m, in a metric m²/2.
public enum Norm: Sendable, Hashable {
  /// The largest magnitude of a coordinate.
  case maximum
  /// The square root of the sum of squares.
  case euclidean
  /// √(rᵀ·W·r) for a positive-definite weight W, such as the geometry of a data set.
  case metric(Metric)
  /// The largest of several weighted sums of magnitudes: what the certificate of a network adds up.
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

  /// The number of coordinates that the norm is made for; nil where any number will do.
  var dimension: Int? {
    switch self {
    case .maximum, .euclidean: nil
    case .metric(let metric): metric.dimension
    case .rowSums(let sums): sums.blocks.count
    }
  }

  /// The norm of `count` entries, in a fixed order of operations (`fixedOrderDot`). Infinite or NaN
  /// when an entry is.
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
    // In a block ‖r‖₂ ≤ ‖r‖₁, which is at most the block's figure, or twice that where the figure
    // is the larger of two sides.
    case .rowSums(let sums): Double(sums.blockCount) * (sums.sides == .both ? 1 : 4)
    }
  }

  /// A number c with ‖r‖₂² ≤ c·norm(r)² for nearly all r. In the max norm r is taken to be uniform
  /// in the cube: ‖r‖₂² is then m/3 times its square, give or take √(4m/45).
  func likelySquares(dimension m: Int) -> Double {
    let largest = largestSquares(dimension: m)
    if self != .maximum { return largest }
    return min(largest, Double(m) / 3 + 3 * (4 * Double(m) / 45).squareRoot())
  }
}
