import RunControl

/// A copy of a problem of at most 64 candidates, with subsets as bit masks: for solvers that
/// enumerate them.
///
/// It works in memory of its own, so one instance serves one thread.
final class SmallInstance {
  let count: Int
  let dimension: Int
  /// k, the number of candidates that a subset must have; nil for any number.
  let size: Int?
  /// The problem's norm, which measures original coordinates.
  let norm: Norm
  /// How plain coordinates are measured.
  let measure: PlainMeasure
  /// Coordinate j of candidate i at i·m + j, in plain form (`Problem.plainForm`), as the target is.
  let rows: UnsafeMutablePointer<Double>
  let target: UnsafeMutablePointer<Double>
  /// The original coordinates, which the checker's arithmetic works on, where the plain form
  /// differs from them.
  private let originalRows: UnsafeMutablePointer<Double>?
  private let originalTarget: UnsafeMutablePointer<Double>?
  /// The largest |z_j| + Σ_i |x_ij| of a coordinate j, which no partial sum exceeds.
  let largestSum: Double
  /// Whether all partial sums are exact in Float64 in any order, and the plain form is the
  /// problem's own.
  let isExact: Bool
  /// What the rounding of the plain form, and of the checker, can do to a plain coordinate of any
  /// subset's sum.
  let formError: Double
  private let scratch: UnsafeMutablePointer<Double>
  private let sums: CompensatedVector

  /// Cost: n·m.
  ///
  /// - Precondition: at most 64 candidates.
  /// - Throws: `SubsetSumError.unusableEntry` for entries that are not finite, however the problem
  ///   was validated.
  init(_ problem: Problem) throws {
    let (n, m) = (problem.count, problem.dimension)
    // `max` may pass over a NaN, so the entries are asked one by one.
    if let entry = problem.candidates.survey().unusable {
      throw SubsetSumError.unusableEntry(location: entry.location, expected: "a finite number", found: entry.value)
    }
    // At most 64 rows take so little time that nothing needs to interrupt them.
    let plain = try problem.plainForm(RunControl())
    count = n
    dimension = m
    size = problem.size
    norm = problem.norm
    measure = PlainMeasure(plain.norm)
    (rows, target) = Self.copy(plain)
    (originalRows, originalTarget) = problem.norm.isPlain ? (nil, nil) : Self.copy(problem)
    scratch = .allocate(capacity: max(1, m))
    sums = CompensatedVector(count: m)
    formError = problem.formError()
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
    isExact =
      problem.norm.isPlain && (largest == 0 || (largest.isFinite && Int(largest.exponent) + 1 <= lowestBit + 53))
  }

  deinit {
    rows.deallocate()
    target.deallocate()
    scratch.deallocate()
    originalRows?.deallocate()
    originalTarget?.deallocate()
  }

  private static func copy(
    _ problem: Problem
  ) -> (rows: UnsafeMutablePointer<Double>, target: UnsafeMutablePointer<Double>) {
    let (n, m) = (problem.count, problem.dimension)
    let rows = UnsafeMutablePointer<Double>.allocate(capacity: max(1, n * m))
    let target = UnsafeMutablePointer<Double>.allocate(capacity: max(1, m))
    for j in 0..<m { target[j] = problem.target[j] }
    problem.candidates.withRows { source in
      for i in 0..<n { source.copy(i, to: rows + i * m) }
    }
    return (rows, target)
  }

  private static func exponentOfLowestBit(_ value: Double) -> Int {
    if value == 0 { return .max - 64 }
    // The 53rd bit of a normal number is not stored, and a subnormal number has none.
    let trailing = value.significandBitPattern.trailingZeroBitCount
    return value.isNormal ? Int(value.exponent) - 52 + min(52, trailing) : -1074 + trailing
  }

  /// ‖z − Σ‖ by the checker's own arithmetic: compensated, in ascending order, in original
  /// coordinates.
  func error(of mask: UInt64) -> Double {
    residual(of: mask, rows: originalRows ?? rows, target: originalTarget ?? target, to: scratch)
    let error = norm.measure(scratch, dimension)
    return error.isNaN ? .infinity : error
  }

  /// Writes z − Σ for a mask in plain form, compensated, in ascending order.
  func residual(of mask: UInt64, to result: UnsafeMutablePointer<Double>) {
    residual(of: mask, rows: rows, target: target, to: result)
  }

  private func residual(
    of mask: UInt64, rows: UnsafePointer<Double>, target: UnsafePointer<Double>,
    to result: UnsafeMutablePointer<Double>
  ) {
    sums.reset(to: target)
    var rest = mask
    while rest != 0 {
      let i = rest.trailingZeroBitCount
      sums.add(rows + i * dimension, sign: -1)
      rest &= rest - 1
    }
    sums.round(to: result)
  }

  /// The candidates of a mask, ascending.
  static func indices(of mask: UInt64) -> [Int] { (0..<64).filter { mask >> UInt64($0) & 1 == 1 } }

  /// The mask of some candidates.
  static func mask(of subset: [Int]) -> UInt64 { subset.reduce(0) { $0 | 1 << UInt64($1) } }

  /// Whether a subset comes first in the order by which exact solvers break ties: fewer elements
  /// first, then the one that has the first index that only one of them has.
  static func precedes(_ first: UInt64, _ second: UInt64) -> Bool {
    if first.nonzeroBitCount != second.nonzeroBitCount { return first.nonzeroBitCount < second.nonzeroBitCount }
    let difference = first ^ second
    return difference != 0 && first >> UInt64(difference.trailingZeroBitCount) & 1 == 1
  }
}

extension Problem {
  /// `defaultSubset` as a bit mask, for at most 64 candidates.
  var defaultMask: UInt64 {
    guard let size, size > 0 else { return 0 }
    return UInt64.max >> UInt64(64 - size)
  }

  /// What rounding in `plainForm`, and in the checker's transformation of a residual, can do to a
  /// plain coordinate of any subset.
  ///
  /// Each transformed entry is a sum of at most m products, and is off by at most (m+2)·2⁻⁵³ of the
  /// sum of their magnitudes, added up over all candidates and the target; a residual's entry is
  /// off by no more. It is 0 where the problem is its own plain form. Cost: n·m, in a metric n·m².
  fileprivate func formError() -> Double {
    if norm.isPlain { return 0 }
    let m = dimension
    var sizes = target.map(abs)
    candidates.withRows { rows in
      for i in 0..<count { for j in 0..<m { sizes[j] += abs(rows.coordinate(i, j)) } }
    }
    let largest: Double
    switch norm {
    case .metric(let metric): largest = metric.magnitudes(of: sizes).max() ?? 0
    case .rowSums(let sums): largest = zip(sums.weights, sizes).map { $0 * $1 }.max() ?? 0
    case .maximum, .euclidean: largest = 0
    }
    return 2 * Double(m + count + 4) * 0x1p-53 * 1.01 * largest
  }
}
