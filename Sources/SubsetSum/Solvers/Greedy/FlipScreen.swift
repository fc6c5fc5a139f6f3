import LinearAlgebra
import RunControl

/// Finds the best flip from each of a few residuals: BLAS proposes, fixed-order Float64 decides.
///
/// For column y and candidate x = s·v the score is ‖x‖² ∓ 2·x·y ± p, p the size penalty. BLAS
/// computes d̂ ≈ v·ŷ in `Scalar`, where ŷ rounds ρ = 2⁻ᵏ·y and k makes the largest |ρ_j| lie in [1,
/// 2). With u the unit roundoff of `Scalar`, η its smallest positive number, γ_m = mu/(1 − mu):
///
///     |ŷ_j − ρ_j| ≤ u|ρ_j| + η                     rounding, or underflow
///     |d̂ − v·ŷ|   ≤ γ_m·Σ|v_j ŷ_j| + mη            any order of summation, with or
///                                                  without fma; products may underflow
///     |d̂ − v·ρ|   ≤ (γ_m(1+2u) + 2u)·‖v‖‖ρ‖ + mη   Cauchy–Schwarz; η√m is far
///                                                  below u·‖ρ‖ ≥ u
///
/// Multiplied by 2|s|·2ᵏ, with 2ᵏ ≤ ‖y‖, the error is at most 2‖y‖·κ·(‖x‖ + |s|·η/u) for κ ≥
/// γ_m(1+2u) + 2u and κ ≥ mu. The deciding figure is itself off by at most (m+6)·2⁻⁵³·(‖x‖² +
/// 2‖x‖‖y‖), and so is the Float64 arithmetic on d̂; both are put into κ and into `lowered`. So
///
///     lowered − 2ᵏ⁺¹·slope·d̂ − 2κ‖y‖·margin  ≤  deciding figure,
///
/// and a candidate for which the left side exceeds the best decided figure cannot win. All others
/// are decided at once in Float64. Products with the residual itself are carried from flip to flip
/// (`FlipProducts`), with a longer length in the place of ‖y‖. The outcome is the first of the best
/// by (figure, column, index), whatever BLAS's bits, tiles or threads. Comparisons are written so
/// that NaN and overflow lead to a decision, never past one.
final class FlipScreen<Scalar: BLASScalar> {
  private let state: FlipState
  private let vectors: UnsafePointer<Scalar>
  private let control: RunControl
  private let n: Int
  private let m: Int
  private let tileRows: Int
  private let workers: Int
  private let kappa: Double
  /// ‖x‖² + p, or ‖x‖² − p while its candidate is chosen, lowered by the rounding of Float64.
  private let lowered: UnsafeMutablePointer<Double>
  /// The candidate's scale, negative while it is chosen.
  private let slope: UnsafeMutablePointer<Scalar>
  /// ‖x‖ + |s|·η/u, rounded up; infinite where v·ŷ may overflow.
  private let margin: UnsafeMutablePointer<Scalar>
  /// The least norm of candidates i and after.
  private let suffixNorm: UnsafeMutablePointer<Double>
  private let scaled: UnsafeMutablePointer<Scalar>
  /// For each worker, a row a column.
  private let products: UnsafeMutablePointer<Scalar>
  /// What each worker has found.
  private let found: UnsafeMutablePointer<FlipMove?>
  private let columnCapacity: Int
  private var factors: [Double]
  private var guards: [Double]
  /// Nil where every product is computed anew.
  private var carried: FlipProducts<Scalar>?
  private static var block: Int { 16 }

  /// Rows of a tile whose vectors and products stay in a second-level cache of 1 MB.
  static func defaultTileRows(dimension m: Int) -> Int { max(16, min(2048, 65536 / max(1, m))) }

  /// Cost: n·m, and 24 bytes a candidate, 32 in Float64.
  ///
  /// - Parameter carries: whether products may be carried from flip to flip.
  /// - Throws: `Interruption` when the run must stop.
  init(
    _ state: FlipState, vectors: UnsafePointer<Scalar>, columnCapacity: Int, tileRows: Int?, workers: Int,
    carries: Bool, _ control: RunControl
  ) throws(Interruption) {
    self.control = control
    self.state = state
    self.vectors = vectors
    (n, m) = (state.count, state.dimension)
    self.tileRows = min(tileRows ?? Self.defaultTileRows(dimension: m), max(1, n))
    self.columnCapacity = columnCapacity
    self.workers = workers
    let u = Scalar.unitRoundoff
    let mu = Double(m + 2) * u
    kappa = mu < 0.01 ? mu * 1.02 + u + Double(m + 16) * 0x1p-52 : .infinity
    lowered = .allocate(capacity: n)
    slope = .allocate(capacity: n)
    margin = .allocate(capacity: n)
    suffixNorm = .allocate(capacity: n)
    scaled = .allocate(capacity: columnCapacity * max(1, m))
    products = .allocate(capacity: columnCapacity * self.tileRows * workers)
    found = .allocate(capacity: workers)
    found.initialize(repeating: nil, count: workers)
    factors = [Double](repeating: 0, count: columnCapacity)
    guards = factors
    let norms = try prepare()
    if carries, kappa.isFinite, let norms {
      carried = FlipProducts(state, vectors: vectors, norms: norms, workers: workers)
    }
  }

  deinit {
    lowered.deallocate()
    slope.deallocate()
    margin.deallocate()
    suffixNorm.deallocate()
    scaled.deallocate()
    products.deallocate()
    found.deallocate()
  }

  /// The least and the largest ‖v‖ of candidates whose scale is not 0; nil where there are none.
  private func prepare() throws(Interruption) -> ClosedRange<Double>? {
    let ratio = Double(Scalar.leastNonzeroMagnitude) / Scalar.unitRoundoff
    // Above this norm a product with ŷ, whose norm is below 2√m, might overflow.
    let overflowing = Double(Scalar.greatestFiniteMagnitude) / (4 * Double(m + 1).squareRoot())
    var lengths = (Double.infinity, 0.0)
    try control.forEach(0..<n, askingEvery: max(1, (1 << 16) / max(1, m))) { i in
      let square = state.rows.squaredNorm(i)
      let norm = square.squareRoot()
      let scale = state.rows.scale(i)
      lowered[i] = loweredSquare(i, square)
      slope[i] = Scalar(scale)
      let bound = (norm + abs(scale) * ratio) * (1 + 0x1p-20)
      margin[i] = norm < overflowing * abs(scale) || scale == 0 ? Scalar(bound) : .infinity
      suffixNorm[i] = norm
      let length = norm / abs(scale)
      if scale != 0 { lengths = length.isFinite ? (min(lengths.0, length), max(lengths.1, length)) : (0, .infinity) }
    }
    for i in stride(from: n - 2, through: 0, by: -1) where !(suffixNorm[i] <= suffixNorm[i + 1]) {
      suffixNorm[i] = suffixNorm[i + 1]
    }
    return lengths.0 <= lengths.1 ? lengths.0...lengths.1 : nil
  }

  /// Tells the screen that candidate i was flipped.
  ///
  /// - Parameter isStep: whether it was the best step of a descent, which will take more.
  func flipped(_ i: Int, isStep: Bool = false) throws {
    if let carried {
      let (lowered, slope, values) = (lowered, slope, carried.values)
      try carried.flipped(
        i, slope: Double(slope[i]), bound: isStep ? { lowered[$0] - 2 * Double(slope[$0]) * values[$0] } : nil)
    }
    slope[i] = -slope[i]
    if state.penalty > 0 { lowered[i] = loweredSquare(i, state.rows.squaredNorm(i)) }
  }

  private func loweredSquare(_ i: Int, _ square: Double) -> Double {
    let relative = Double(m + 16) * 0x1p-51
    let absolute = Double(m + 16) * Double.leastNormalMagnitude
    let bound = square * (1 - relative) - absolute
    let penalty = state.penalty
    return penalty > 0 ? bound + (state.chosen[i] ? -penalty : penalty) - 0x1p-49 * (square + penalty) : bound
  }

  /// The first index from which on every candidate's norm is at least `reach`.
  func window(reach: Double) -> Int { partitionPoint(0..<n) { suffixNorm[$0] >= reach } }

  /// Multiplications of a scan that a core does alone, as waking another one costs more.
  private static var leastShared: Int { 1 << 17 }

  /// The best improving flip among candidates 0..<window from all columns, or nil when there is
  /// none.
  ///
  /// Cost: columns·window·m, over the cores where that is much.
  ///
  /// - Throws: `Interruption` when the run must stop; `LinearAlgebraError`.
  func best(_ columns: FlipColumns, window: Int) throws -> FlipMove? {
    if let carried, columns.count == 1, columns.firsts[0] < 0 { return try best(columns, carried, window: window) }
    for c in 0..<columns.count { scale(columns, c) }
    found.update(repeating: nil, count: workers)
    nonisolated(unsafe) let columns = columns
    try forEachTile(window, columns: columns.count) { screen, range, worker in
      let products = screen.products + worker &* screen.columnCapacity &* screen.tileRows
      try screen.propose(columns.count, range, products)
      for c in 0..<columns.count {
        screen.decide(
          columns, c, range, products + c &* screen.tileRows, factor: screen.factors[c], slack: screen.guards[c],
          &screen.found[worker])
      }
    }
    var best = found[0]
    for worker in 1..<max(1, workers) {
      if let other = found[worker], other.precedes(best) { best = other }
    }
    return best
  }

  /// The same from the residual alone, whose products are carried.
  private func best(_ columns: FlipColumns, _ carried: FlipProducts<Scalar>, window: Int) throws -> FlipMove? {
    let norm = columns.norms[0]
    if !carried.covers(window, norm: norm) {
      scale(columns, 0)
      let factor = factors[0] / 2
      nonisolated(unsafe) let carried = carried
      try forEachTile(window, columns: 1) { screen, range, worker in
        let products = screen.products + worker &* screen.columnCapacity &* screen.tileRows
        try screen.propose(1, range, products)
        let values = carried.values + range.lowerBound
        for k in 0..<range.count { values[k] = factor * Double(products[k]) }
      }
    }
    var best: FlipMove?
    let slack = carried.slack(kappa: kappa)
    for start in stride(from: 0, to: window, by: Self.carriedRows) {
      try control.checkInterruption()
      let range = start..<min(window, start + Self.carriedRows)
      decide(columns, 0, range, carried.values + start, factor: 2, slack: slack, &best)
    }
    return best
  }

  /// Candidates between two questions whether the run may go on, where products are there.
  private static var carriedRows: Int { 1 << 15 }

  /// Calls `look` for tiles of candidates 0..<`window`, over the cores where that is much work.
  private func forEachTile(
    _ window: Int, columns: Int, _ look: @Sendable (FlipScreen, Range<Int>, _ worker: Int) throws -> Void
  ) throws {
    let used = window * m * columns < Self.leastShared ? 1 : workers
    // As many tiles for each worker, no larger than they may be.
    let turns = (window + used * tileRows - 1) / (used * tileRows)
    let rows = used == 1 ? tileRows : max(1, (window + used * turns - 1) / max(1, used * turns))
    let tiles = (window + rows - 1) / rows
    nonisolated(unsafe) let screen = self
    @Sendable func call(_ tile: Int, _ worker: Int) throws {
      try screen.control.checkInterruption()
      try look(screen, tile * rows..<min(window, (tile + 1) * rows), worker)
    }
    if used == 1 {
      for tile in 0..<tiles { try call(tile, 0) }
    } else {
      try Workers.forEach(count: tiles, workers: used) { try call($0, $1) }
    }
  }

  /// Writes ŷ of column c and the constants of its bound.
  private func scale(_ columns: FlipColumns, _ c: Int) {
    let y = columns[c]
    let largest = largestMagnitude(y, m)
    let exponent = largest > 0 && largest.isFinite ? max(-1000, Int(largest.exponent)) : 0
    let shrink = powerOfTwo(-exponent)
    for j in 0..<m { scaled[c &* m &+ j] = Scalar(y[j] * shrink) }
    factors[c] = powerOfTwo(exponent + 1)
    guards[c] = 2 * kappa * columns.norms[c] * (1 + 0x1p-20)
  }

  /// products[c, ·] ← V[range, ·] · ŷ_c.
  private func propose(
    _ columnCount: Int, _ range: Range<Int>, _ products: UnsafeMutablePointer<Scalar>
  ) throws(LinearAlgebraError) {
    let rows = range.count
    let tile = MatrixView(vectors + range.lowerBound &* m, rows: rows, columns: m)
    if columnCount == 1 {
      try multiply(
        tile, vector: UnsafeBufferPointer(start: scaled, count: m),
        into: UnsafeMutableBufferPointer(start: products, count: rows))
    } else {
      try multiply(
        MatrixView(scaled, rows: columnCount, columns: m), tile.transposed,
        into: MutableMatrixView(products, rows: columnCount, columns: rows, leadingDimension: tileRows))
    }
  }

  /// Decides candidates of a range, with products of `range.count` candidates in units of which
  /// `factor` makes twice those with the column.
  private func decide<Product: BinaryFloatingPoint>(
    _ columns: FlipColumns, _ c: Int, _ range: Range<Int>, _ product: UnsafePointer<Product>, factor: Double,
    slack: Double, _ best: inout FlipMove?
  ) {
    let (start, rows, base) = (range.lowerBound, range.count, columns.bases[c])
    let (low, slopes, margins) = (lowered + start, slope + start, margin + start)
    var cut = self.cut(columns, c, best)
    var i = 0
    while i < rows {
      let end = min(rows, i &+ Self.block)
      var proposed: UInt64 = 0
      if end &- i == Self.block {
        for k in i..<(i &+ Self.block) {
          let bound =
            low[k] - factor * (Double(slopes[k]) * Double(product[k])) - slack * Double(margins[k])
          proposed |= bound > cut ? 0 : 1
        }
      } else {
        proposed = 1
      }
      if proposed != 0 {
        for k in i..<end {
          let bound =
            low[k] - factor * (Double(slopes[k]) * Double(product[k])) - slack * Double(margins[k])
          if bound > cut || start &+ k == columns.firsts[c] { continue }
          let change = base + state.change(flipping: start &+ k, from: columns[c])
          let move = FlipMove(change: change, column: c, index: start &+ k)
          if change < columns.thresholds[c], move.precedes(best) {
            best = move
            cut = self.cut(columns, c, best)
          }
        }
      }
      i = end
    }
  }

  /// The largest figure of a flip of its own with which the step from a column can be the best,
  /// rounded up.
  private func cut(_ columns: FlipColumns, _ c: Int, _ best: FlipMove?) -> Double {
    let limit = min(columns.thresholds[c], best?.change ?? .infinity)
    return (limit - columns.bases[c]) + 0x1p-50 * (abs(limit) + abs(columns.bases[c]))
  }
}
