/// Takes single flips, then pairs, that lower the norm itself, until none does: the local optimum
/// that `Exchange` promises.
///
/// With a fixed size the only steps are swaps: one candidate out, one in. Pairs are looked for
/// among the first `pairWindow` candidates. The second of a pair must have a length within B of
/// what the first leaves, where B bounds ‖r‖₂ for the figure to beat; as candidates ascend by
/// length, those are a range. Steps are confirmed on the residual that they make, and a step that
/// only rounding had promised is undone.
final class ExchangeDescent {
  private let state: ExchangeState
  private let pairWindow: Int
  private let column: UnsafeMutablePointer<Double>
  private let order: UnsafeMutablePointer<Int>

  init(_ state: ExchangeState, pairWindow: Int) {
    self.state = state
    self.pairWindow = min(pairWindow, state.window)
    column = .allocate(capacity: max(8, state.rows.stride))
    order = .allocate(capacity: max(8, state.rows.stride))
  }

  deinit {
    column.deallocate()
    order.deallocate()
  }

  /// Runs to a local optimum from the present subset and keeps the best. False when the run must
  /// stop first.
  func run(_ meter: inout WorkMeter) -> Bool {
    while true {
      if state.size == nil {
        guard descendBySingles(&meter) else { return false }
      }
      let before = state.figure
      guard descendByPairs(&meter) else { return false }
      if !(state.figure < before) || state.size != nil { return true }
    }
  }

  // MARK: - Singles

  private func descendBySingles(_ meter: inout WorkMeter) -> Bool {
    let measure = state.measure
    while true {
      let reach = state.rows.window(reach: 2 * measure.radius(state.figure))
      let window = min(state.window, reach)
      let work = UInt64(window * state.rows.stride)
      guard meter.allows(work) else { return false }
      meter.count(work: work, evaluations: UInt64(window))
      var limit = state.figure
      var best = -1
      for i in 0..<window {
        let figure = measure.figure(state.residual, state.sign(i), state.rows[i])
        if figure < limit { (limit, best) = (figure, i) }
      }
      if best < 0 || !take(best, -1) { return true }
    }
  }

  /// Flips one or two candidates. Undoes them and returns false unless the figure falls.
  private func take(_ first: Int, _ second: Int) -> Bool {
    let before = state.figure
    state.flip(first)
    if second >= 0 { state.flip(second) }
    state.refresh()
    if state.figure < before {
      state.keepBest()
      return true
    }
    state.flip(first)
    if second >= 0 { state.flip(second) }
    state.refresh()
    return false
  }

  // MARK: - Pairs and swaps

  /// Goes through the first flips and takes the best second flip of each where it lowers the
  /// figure, until a whole round has found none.
  private func descendByPairs(_ meter: inout WorkMeter) -> Bool {
    var unsuccessful = 0
    var first = 0
    while unsuccessful < pairWindow {
      if first == pairWindow { first = 0 }
      if state.size == nil || state.chosen[first] {
        guard let second = bestPartner(of: first, &meter) else { return false }
        if second >= 0, take(first, second) { unsuccessful = 0 } else { unsuccessful += 1 }
      } else {
        unsuccessful += 1
      }
      first += 1
    }
    return true
  }

  /// The flip that lowers the figure most after `first`, or −1; nil when the run must stop.
  private func bestPartner(of first: Int, _ meter: inout WorkMeter) -> Int? {
    let stride = state.rows.stride
    let (sign, x) = (state.sign(first), state.rows[first])
    for j in 0..<stride { column[j] = state.residual[j] + sign * x[j] }
    let length = fixedOrderDot(column, column, stride).squareRoot() * (1 + 0x1p-30)
    let bound = state.measure.radius(state.figure)
    let low = state.rows.window(reach: length * (1 - 0x1p-28) - bound)
    let high = min(pairWindow, state.rows.window(reach: length + bound))
    if low >= high { return meter.allows(UInt64(stride)) ? -1 : nil }
    let work = UInt64((high - low) * stride)
    guard meter.allows(work) else { return nil }
    let seen = state.measure.kind == .maximum ? lowestMaximum(first, low, high) : lowest(first, low, high)
    // Coordinates that were looked at count, and at most all of them.
    meter.count(work: min(work, UInt64(seen.coordinates + stride)), evaluations: UInt64(high - low))
    return seen.index
  }

  @inline(__always) private func mayFollow(_ first: Int, _ i: Int) -> Bool {
    i != first && (state.size == nil || !state.chosen[i])
  }

  private func lowest(_ first: Int, _ low: Int, _ high: Int) -> (index: Int, coordinates: Int) {
    var limit = state.figure
    var best = -1
    for i in low..<high where mayFollow(first, i) {
      let figure = state.measure.figure(column, state.sign(i), state.rows[i])
      if figure < limit { (limit, best) = (figure, i) }
    }
    return (best, (high - low) * state.rows.stride)
  }

  /// The partner of least max norm. A candidate is left at the first coordinate that rules it out,
  /// and those with the largest entries of the column are looked at first.
  private func lowestMaximum(_ first: Int, _ low: Int, _ high: Int) -> (index: Int, coordinates: Int) {
    let m = state.rows.dimension
    var coordinates = UnsafeMutableBufferPointer(start: order, count: m)
    for j in 0..<m { coordinates[j] = j }
    coordinates.sort { isLarger(column, $0, $1) }
    var limit = state.figure
    var best = -1
    var seen = 0
    for i in low..<high where mayFollow(first, i) {
      let (sign, x) = (state.sign(i), state.rows[i])
      let largest = largestMagnitude(of: m, below: limit, &seen) { abs(column[order[$0]] + sign * x[order[$0]]) }
      if let largest { (limit, best) = (largest, i) }
    }
    return (best, seen)
  }
}
