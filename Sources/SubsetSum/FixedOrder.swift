import SubsetSumKernels

// Reductions in Float64 whose order is part of their definition: 8 lanes, then one fixed tree, then the
// tail in index order. No fma, no BLAS. The loops are C, in variants for CPUs that give the same bits.

/// Σ x_j·y_j.
@inline(__always)
func fixedOrderDot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
  tombola_dot_f64(x, y, count)
}

/// Σ x_j·y_j, the entries of x widened exactly.
@inline(__always)
func fixedOrderDot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
  tombola_dot_f32(x, y, count)
}

/// Σ x_j², the entries of x widened exactly.
func fixedOrderSquares(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
  var lanes = SIMD8<Double>.zero
  var j = 0
  while j &+ 8 <= count {
    let entries = SIMD8<Double>(UnsafeRawPointer(x + j).loadUnaligned(as: SIMD8<Float>.self))
    lanes += entries * entries
    j &+= 8
  }
  var sum = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
  while j < count {
    sum += Double(x[j]) * Double(x[j])
    j &+= 1
  }
  return sum
}

/// max |x_j|, 0 for no entries. Infinite when an entry is NaN.
func largestMagnitude(_ x: UnsafePointer<Double>, _ count: Int) -> Double { tombola_largest_f64(x, count) }

/// √Σ x_j², in other units where squares would overflow or lose digits to underflow. Infinite or
/// NaN when an entry is.
func euclideanNorm(_ x: UnsafePointer<Double>, _ count: Int) -> Double {
  let squares = fixedOrderDot(x, x, count)
  if squares >= 0x1p-900 && squares < .infinity { return squares.squareRoot() }
  let largest = largestMagnitude(x, count)
  guard largest > 0, largest < .infinity else { return largest }
  return withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { moderate in
    let exponent = Int(largest.exponent)
    for j in 0..<count { moderate[j] = scaled(x[j], by: -exponent) }
    return scaled(fixedOrderDot(moderate.baseAddress!, moderate.baseAddress!, count).squareRoot(), by: exponent)
  }
}

extension Int {
  /// The number without its fraction; the nearest integer there is for one that is too large, 0 for
  /// NaN.
  init(saturating value: Double) {
    self = Int(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : value < 0 ? .min : 0)
  }
}

/// A vector of sums, each carried as an unevaluated pair: the rounded sum and what rounding left out.
///
/// Every addition is Knuth's TwoSum, whose error term is exact; the terms are added up apart and joined
/// at the end (Neumaier 1974, without his branch). After k additions the relative error of a sum is about
/// 2⁻⁵³ plus k²·2⁻¹⁰⁶ times Σ|terms| / |sum|.
struct CompensatedVector: ~Copyable {
  let count: Int
  private let sums: UnsafeMutablePointer<Double>
  private let corrections: UnsafeMutablePointer<Double>

  init(count: Int) {
    self.count = count
    sums = .allocate(capacity: max(1, count))
    corrections = .allocate(capacity: max(1, count))
    reset()
  }

  deinit {
    sums.deallocate()
    corrections.deallocate()
  }

  func reset() {
    sums.update(repeating: 0, count: count)
    corrections.update(repeating: 0, count: count)
  }

  /// Starts over from `values`.
  func reset(to values: UnsafePointer<Double>) {
    sums.update(from: values, count: count)
    corrections.update(repeating: 0, count: count)
  }

  /// Adds `sign · x_i`. Cost: m.
  func add(_ rows: CandidateRows, _ i: Int, sign: Double) {
    if let singles = rows.singles, let scales = rows.scales {
      let scale = sign * Double(scales[i])
      let row = singles + i &* count
      for j in 0..<count { addTerm(scale * Double(row[j]), at: j) }
    } else {
      add(rows.doubles! + i &* count, sign: sign)
    }
  }

  /// Adds `sign · row`. Cost: m.
  func add(_ row: UnsafePointer<Double>, sign: Double) {
    for j in 0..<count { addTerm(sign * row[j], at: j) }
  }

  @inline(__always) private func addTerm(_ term: Double, at j: Int) {
    let old = sums[j]
    let sum = old + term
    let added = sum - old
    corrections[j] += (old - (sum - added)) + (term - added)
    sums[j] = sum
  }

  /// Writes the sums, rounded once.
  func round(to values: UnsafeMutablePointer<Double>) {
    for j in 0..<count { values[j] = sums[j] + corrections[j] }
  }
}

/// Σ (y_j − x_j)².
@inline(__always)
func fixedOrderSquaredDistance(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
  tombola_squared_distance_f64(x, y, count)
}

/// Σ (y_j − scale·x_j)², the entries of x widened exactly.
@inline(__always)
func fixedOrderSquaredDistance(
  _ x: UnsafePointer<Float>, scale: Double, _ y: UnsafePointer<Double>, _ count: Int
) -> Double {
  tombola_squared_distance_f32(x, scale, y, count)
}

/// |z − Σ| of the numbers in a mask, as `CompensatedVector` sums one coordinate: the checker's arithmetic for one dimension.
@inline(__always) func compensatedDistance(_ target: Double, _ numbers: UnsafePointer<Double>, _ mask: UInt64) -> Double
{
  var (sum, correction) = (target, 0.0)
  var rest = mask
  while rest != 0 {
    let term = -numbers[rest.trailingZeroBitCount]
    let next = sum + term
    let added = next - sum
    correction += (sum - (next - added)) + (term - added)
    sum = next
    rest &= rest - 1
  }
  return abs(sum + correction)
}
