/// Anneals by single flips, or swaps where the size is fixed, in ‖r‖₂², and keeps what is best in
/// the norm itself.
///
/// A proposal that changes ‖r‖₂² by less than T·ξ is taken, where ξ is exponential with mean 1
/// (Metropolis). At T = 2s² a residual in balance has the root mean square s a coordinate, and s
/// falls geometrically. Candidates of norms up to 8·s or 2·s·√m, whichever is less, are proposed: a
/// flip of a longer one lowers ‖r‖₂ only where the angle between both is 5 standard deviations from
/// a right one.
///
/// Draws are a fixed function of their number; ξ comes from a table of 1024 quantiles. A proposal
/// allocates nothing and costs m.
struct ExchangeAnnealing {
  private static let stepBits = 10
  private let state: ExchangeState
  /// Quantiles of the exponential distribution.
  private let quantiles: [Double]

  init(_ state: ExchangeState) {
    self.state = state
    quantiles = (0..<1024).map { -logarithm2((Double($0) + 0.5) / 1024) * 0.6931471805599453 }
  }

  /// One cooling of 2^`bits` proposals from the best subset, which the state must be at. False when
  /// the run must stop.
  ///
  /// - Parameters:
  ///   - high: s at the start.
  ///   - low: s at the end.
  func run(number: Int, bits: Int, high: Double, low: Double, _ meter: inout WorkMeter) -> Bool {
    let steps = max(1, (1 << bits) >> Self.stepBits)
    var factor = low / high
    var halvings = 0
    while 1 << halvings < steps {
      factor = factor.squareRoot()
      halvings += 1
    }
    var scale = high
    var random = UInt64(truncatingIfNeeded: number) << 40
    let stride = state.rows.stride
    let work = UInt64(stride << Self.stepBits)
    var touched = 0
    for step in 0..<steps {
      guard meter.allows(work) else { return false }
      meter.count(work: work, evaluations: 1 << UInt64(Self.stepBits))
      meter.report("annealing", completed: number, total: 0, best: state.bestError)
      let window = window(scale)
      touched = max(touched, window)
      // Rounding adds up over flips, so the residual is computed anew now and then.
      if step & 255 == 255 { state.refresh() }
      if state.size == nil {
        flips(scale, window, touched, &random)
      } else {
        swaps(scale, window, &random)
      }
      scale *= factor
    }
    return true
  }

  /// The norm up to which candidates are proposed at s = 1.
  static func reach(_ dimension: Int) -> Double { min(8, 2 * Double(dimension).squareRoot()) }

  /// How many candidates are proposed at scale s.
  private func window(_ scale: Double) -> Int {
    let m = Double(state.rows.dimension)
    let square = fixedOrderDot(state.residual, state.residual, state.rows.stride)
    let reach = max(scale, (square / m).squareRoot()) * Self.reach(state.rows.dimension)
    return min(state.window, max(8, state.rows.window(reach: reach)))
  }

  @inline(__always) private func next(_ random: inout UInt64) -> UInt64 {
    random &+= 1
    return SplitMix.value(random)
  }

  private func flips(_ scale: Double, _ window: Int, _ touched: Int, _ random: inout UInt64) {
    let (rows, residual, stride) = (state.rows, state.residual, state.rows.stride)
    let temperature = 2 * scale * scale
    let window = UInt64(window)
    if window == 0 { return }
    quantiles.withUnsafeBufferPointer { quantiles in
      for _ in 0..<1 << Self.stepBits {
        let draw = next(&random)
        let i = Int(((draw >> 32) &* window) >> 32)
        let product = 2 * fixedOrderDot(rows[i], residual, stride)
        let square = state.squares[i]
        let change = state.chosen[i] ? square + product : square - product
        if change < temperature * quantiles[Int(draw & 1023)] {
          state.flip(i)
          keepIfBest(touched)
        }
      }
    }
  }

  private func swaps(_ scale: Double, _ window: Int, _ random: inout UInt64) {
    let (rows, residual, stride) = (state.rows, state.residual, state.rows.stride)
    let temperature = 2 * scale * scale
    let window = UInt64(window)
    let members = UInt64(state.chosenCount)
    if members == 0 || Int(members) == state.window { return }
    quantiles.withUnsafeBufferPointer { quantiles in
      for _ in 0..<1 << Self.stepBits {
        let (draw, other) = (next(&random), next(&random))
        let (i, j) = (state.members[Int(((draw >> 32) &* members) >> 32)], Int(((other >> 32) &* window) >> 32))
        if state.chosen[j] { continue }
        let (out, into) = (rows[i], rows[j])
        let cross = fixedOrderDot(out, into, stride)
        let product = fixedOrderDot(out, residual, stride) - fixedOrderDot(into, residual, stride)
        let change = state.squares[i] + state.squares[j] + 2 * (product - cross)
        if change < temperature * quantiles[Int(draw & 1023)] {
          state.swap(i, j)
          keepIfBest(state.window)
        }
      }
    }
  }

  @inline(__always) private func keepIfBest(_ touched: Int) {
    if state.measureFigure() < state.bestFigure { state.keepBest(touched: touched) }
  }
}
