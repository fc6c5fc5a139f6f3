/// A vector of sums, each carried as an unevaluated pair: the rounded sum, and what rounding has
/// left out of it.
///
/// Every addition is Knuth's TwoSum, whose error term is exact; the error terms are added up apart
/// and joined at the end (Neumaier 1974, without his branch). After k additions the relative error
/// of a sum is about 2⁻⁵³ plus k²·2⁻¹⁰⁶ times Σ|terms| / |sum|.
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

/// |z − Σ| for the numbers of a mask, added up as `CompensatedVector` adds one coordinate: the
/// checker's arithmetic in one dimension.
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
