import LinearAlgebra

/// The steps of `GreedyFlips`: which columns to score, when to stop. Scoring itself is `FlipScreen`'s.
final class FlipDescent<Scalar: BLASScalar> {
  let state: FlipState
  private let screen: FlipScreen<Scalar>
  private let columns: FlipColumns
  private let options: GreedyFlips
  private var order: [(rank: Double, index: Int)] = []

  init(_ rows: CandidateRows, vectors: UnsafePointer<Scalar>, target: [Double], options: GreedyFlips) {
    state = FlipState(rows, target: target)
    let batch = options.exchangeColumns > 0 ? GreedyFlips.batch : 1
    columns = FlipColumns(capacity: batch, dimension: rows.dimension)
    screen = FlipScreen(state, vectors: vectors, columnCapacity: batch, tileRows: options.tileRows)
    self.options = options
  }

  /// Descends to a local optimum, or until the run stops.
  func run(_ meter: inout WorkMeter) throws {
    meter.count(work: UInt64(state.count * state.dimension), evaluations: 0)
    repeat {
      try descend(&meter)
    } while try options.exchangeColumns > 0 && exchange(&meter)
    if options.kicks > 0 { try kick(&meter) }
  }
  var rng: UInt64 = 12345
  func rnd(_ k: Int) -> Int {
    rng = rng &* 6364136223846793005 &+ 1442695040888963407; return Int((rng >> 33) % UInt64(k))
  }
  private func kick(_ meter: inout WorkMeter) throws {
    for _ in 0..<options.kicks {
      let before = state.energy
      let mark = state.path.count
      let sub = state.subset()
      if sub.isEmpty { return }
      for _ in 0..<options.kickSize {
        if options.kickAdds && rnd(2) == 0 {
          let w = screen.window(reach: 2 * state.energy.squareRoot() * options.kickReach)
          let i = rnd(w)
          if !state.chosen[i] { flip(i) }
        } else {
          let w =
            options.kickReach > 100
            ? sub.count
            : max(
              1,
              sub.firstIndex { state.rows.squaredNorm($0) > before * options.kickReach * options.kickReach }
                ?? sub.count)
          let j = sub[rnd(w)]
          if state.chosen[j] { flip(j) }
        }
      }
      repeat { try descend(&meter) } while try options.exchangeColumns > 0 && exchange(&meter)
      if state.energy >= before {
        var k = state.path.count
        while k > mark { k -= 1; screen.flipped(state.path[k]) }
        state.rewind(to: mark)
      }
    }
  }

  /// Single flips, the best one at a time, until none improves.
  private func descend(_ meter: inout WorkMeter) throws {
    while true {
      columns.removeAll()
      columns.append(state, flipping: -1)
      guard let move = try bestMove(&meter) else { return }
      flip(move.index)
    }
  }

  /// The best step from the present columns; nil when there is none or the run must stop.
  private func bestMove(_ meter: inout WorkMeter) throws -> FlipMove? {
    let window = screen.window(reach: columns.reach(state))
    let subsets = UInt64(window * columns.count)
    guard meter.allows(subsets * UInt64(state.dimension)) else { return nil }
    meter.count(work: subsets * UInt64(state.dimension), evaluations: subsets)
    meter.report("flipping", completed: state.path.count, total: 0, best: state.energy.squareRoot())
    return try screen.best(columns, window: window)
  }

  private func flip(_ i: Int) {
    state.flip(i)
    screen.flipped(i)
  }

  /// One improving pair of flips, if the most promising first flips lead to one; false when not or stopped.
  private func exchange(_ meter: inout WorkMeter) throws -> Bool {
    guard rank(&meter) else { return false }
    var start = 0
    while start < order.count {
      let end = min(order.count, start + GreedyFlips.batch)
      columns.removeAll()
      for k in start..<end { columns.append(state, flipping: order[k].index) }
      if let move = try bestMove(&meter) {
        let first = columns.firsts[move.column]
        flip(first)
        flip(move.index)
        return true
      }
      if meter.stop != nil { return false }
      start = end
    }
    return false
  }

  /// Ranks first flips by what they cost relative to their size, (‖x‖² ∓ 2x·r)/‖x‖², ties by index.
  private func rank(_ meter: inout WorkMeter) -> Bool {
    let window = screen.window(reach: 2 * state.energy.squareRoot())
    let work = UInt64(window * state.dimension)
    guard meter.allows(work) else { return false }
    meter.count(work: work, evaluations: UInt64(window))
    order.removeAll(keepingCapacity: true)
    for i in 0..<window where state.chosen[i] || options.exchangesAdditions {
      let square = state.rows.squaredNorm(i)
      if square > 0 { order.append((state.change(flipping: i, from: state.residual) / square, i)) }
    }
    order.sort { ($0.rank, $0.index) < ($1.rank, $1.index) }
    if order.count > options.exchangeColumns { order.removeSubrange(options.exchangeColumns...) }
    return true
  }
}
