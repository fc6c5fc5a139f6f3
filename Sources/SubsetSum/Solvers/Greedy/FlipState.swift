/// A subset under way: who is chosen, what is left of the target, and how it came about.
///
/// A descent lowers ‖residual‖² + p·|subset|, where p is the size penalty. The residual is carried
/// with compensation (`CompensatedVector`), so it does not drift along the path.
final class FlipState {
  let rows: CandidateRows
  /// p, what each chosen candidate costs beside ‖residual‖².
  let penalty: Double
  /// Whether each candidate is chosen.
  let chosen: UnsafeMutablePointer<Bool>
  /// The target less the sum of the subset, rounded to Float64.
  let residual: UnsafeMutablePointer<Double>
  /// ‖residual‖².
  private(set) var energy = 0.0
  /// max |residual|.
  private(set) var maximum = 0.0
  /// Every flip made, in order.
  private(set) var path: [Int] = []
  /// The least max norm along the path, and the number of flips after which it was met first.
  private(set) var leastMaximum = Double.infinity
  private(set) var flipsToLeastMaximum = 0
  private let sums: CompensatedVector

  var count: Int { rows.count }
  var dimension: Int { rows.dimension }

  /// ‖residual‖² + p·|subset|.
  var objective: Double { energy + penalty * Double(chosenCount) }
  private var chosenCount = 0

  /// The empty subset. `rows` must outlive the state. Cost: n + m.
  init(_ rows: CandidateRows, target: [Double], penalty: Double = 0) {
    self.rows = rows
    self.penalty = penalty
    chosen = .allocate(capacity: max(1, rows.count))
    chosen.initialize(repeating: false, count: max(1, rows.count))
    residual = .allocate(capacity: max(1, rows.dimension))
    for j in 0..<rows.dimension { residual[j] = target[j] }
    sums = CompensatedVector(count: rows.dimension)
    sums.reset(to: residual)
    path.reserveCapacity(1024)
    measure()
  }

  deinit {
    chosen.deallocate()
    residual.deallocate()
  }

  /// Adds candidate i if it is not chosen, and removes it if it is. Cost: m.
  func flip(_ i: Int) {
    sums.add(rows, i, sign: chosen[i] ? 1 : -1)
    chosenCount += chosen[i] ? -1 : 1
    chosen[i].toggle()
    sums.round(to: residual)
    path.append(i)
    measure()
  }

  /// Undoes flips until `count` of them are left.
  func rewind(to count: Int) {
    while path.count > count {
      let i = path.removeLast()
      sums.add(rows, i, sign: chosen[i] ? 1 : -1)
      chosenCount += chosen[i] ? -1 : 1
      chosen[i].toggle()
    }
    sums.round(to: residual)
    // What was met beyond this point is no longer on the path.
    if flipsToLeastMaximum > count { leastMaximum = .infinity }
    measure()
  }

  private func measure() {
    energy = fixedOrderDot(residual, residual, dimension)
    maximum = largestMagnitude(residual, dimension)
    if maximum < leastMaximum { (leastMaximum, flipsToLeastMaximum) = (maximum, path.count) }
  }

  /// What flipping candidate i does to ‖y‖² + p·|subset|, where y is the residual or what other
  /// flips make of it: ‖x‖² − 2·x·y + p for adding, ‖x‖² + 2·x·y − p for removing. This arithmetic
  /// decides which flip is the best. Cost: 2m.
  @inline(__always) func change(flipping i: Int, from y: UnsafePointer<Double>) -> Double {
    let product = 2 * rows.dot(i, y)
    let square = rows.squaredNorm(i)
    return chosen[i] ? (square + product) - penalty : (square - product) + penalty
  }

  /// The chosen indices, ascending.
  func subset() -> [Int] { (0..<count).filter { chosen[$0] } }
}

/// One step of a descent: a flip of `index` from a column, which may have another flip before it.
struct FlipMove {
  /// What the step does to ‖residual‖² + p·|subset|.
  var change: Double
  /// The column that the flip starts from.
  var column: Int
  /// The candidate flipped last.
  var index: Int

  /// Whether a step is preferred to another: by change, then column, then index.
  @inline(__always) func precedes(_ other: FlipMove?) -> Bool {
    guard let other else { return true }
    if change != other.change { return change < other.change }
    return column != other.column ? column < other.column : index < other.index
  }
}

/// Residuals to flip from: the present one, or what it becomes when one candidate is flipped first.
final class FlipColumns {
  /// The most columns that there is room for.
  let capacity: Int
  let dimension: Int
  private(set) var count = 0
  /// Residual of column c at c·m.
  let residuals: UnsafeMutablePointer<Double>
  /// What getting to each column does to ‖residual‖² + p·|subset|.
  private(set) var bases: [Double]
  /// The candidate that is flipped first to get to each column, or −1.
  private(set) var firsts: [Int]
  /// Steps from a column must change ‖residual‖² + p·|subset| by less than this negative number.
  private(set) var thresholds: [Double]
  /// The Euclidean norm of each column.
  private(set) var norms: [Double]

  init(capacity: Int, dimension: Int) {
    self.capacity = capacity
    self.dimension = dimension
    residuals = .allocate(capacity: max(1, capacity * dimension))
    bases = [Double](repeating: 0, count: capacity)
    firsts = [Int](repeating: -1, count: capacity)
    thresholds = bases
    norms = bases
  }

  deinit { residuals.deallocate() }

  func removeAll() { count = 0 }

  subscript(_ column: Int) -> UnsafeMutablePointer<Double> { residuals + column &* dimension }

  /// Appends the present residual, for `first` = −1, or the residual after flipping `first`. Cost:
  /// 2m.
  ///
  /// A step counts as an improvement when it beats the rounding of its own figures. Those are sums
  /// of m products of size up to (‖r‖ + ‖r_c‖)², hence the threshold of (m+16)·2⁻⁴⁹·(‖r‖² +
  /// ‖r_c‖²). So every step truly lowers ‖residual‖² + p·|subset|, and a descent ends.
  func append(_ state: FlipState, flipping first: Int) {
    let column = self[count]
    column.update(from: state.residual, count: dimension)
    var square = state.energy
    var paid = 0.0
    if first >= 0 {
      paid = state.chosen[first] ? -state.penalty : state.penalty
      state.rows.add(first, sign: state.chosen[first] ? 1 : -1, to: column)
      square = fixedOrderDot(column, column, dimension)
    }
    bases[count] = (square - state.energy) + paid
    firsts[count] = first
    thresholds[count] = -Double(dimension + 16) * 0x1p-49 * (state.energy + square + 2 * state.penalty)
    norms[count] = square.squareRoot()
    count += 1
  }

  /// A norm from which on no candidate can improve from any column: ‖r_c ∓ x‖ ≥ ‖x‖ − ‖r_c‖, and
  /// two removals save no more than 2p.
  func reach(_ state: FlipState) -> Double {
    var largest = 0.0
    for c in 0..<count { largest = max(largest, norms[c]) }
    return largest + (state.energy + 2 * state.penalty).squareRoot()
  }
}
