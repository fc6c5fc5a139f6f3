import LinearAlgebra
import RunControl

/// The steps of `GreedyFlips` and `IteratedGreedy`: which flips are scored, and when to stop.
/// `FlipScreen` scores them.
final class FlipDescent<Scalar: BLASScalar> {
  let state: FlipState
  let norm: Norm
  let options: GreedyFlips
  private let screen: FlipScreen<Scalar>
  private let columns: FlipColumns
  private var order: [(rank: Double, index: Int)] = []
  private let control: RunControl
  /// Candidates that are looked at between two questions whether the run may go on.
  private let piece: Int
  /// The part of a time limit that kicks leave to the exchanges after them.
  private static var reserve: Double { 0.05 }

  /// `rows`, and `vectors`, the stored n × m numbers, must outlive the descent.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(
    _ rows: CandidateRows, vectors: UnsafePointer<Scalar>, problem: Problem, options: GreedyFlips,
    _ control: RunControl
  ) throws(Interruption) {
    self.control = control
    piece = max(1, (1 << 16) / max(1, rows.dimension))
    state = FlipState(rows, target: problem.target, penalty: problem.sizePenalty)
    norm = problem.norm
    let batch = max(1, min(GreedyFlips.batch, options.exchangeColumns))
    columns = FlipColumns(capacity: batch, dimension: rows.dimension)
    screen = try FlipScreen(
      state, vectors: vectors, columnCapacity: batch, tileRows: options.tileRows, workers: options.workers,
      // Columns take memory: where that is limited, products are computed anew, for the same steps.
      carries: control.limits.memoryBytes == nil, control)
    self.options = options
  }

  /// Descends until nothing helps or the run stops, and leaves the best subset in `state`.
  func run(_ meter: inout WorkMeter, kicks: IteratedGreedy?) throws {
    let setup = UInt64(state.count * state.dimension)
    guard meter.allows(setup) else { return }
    meter.count(work: setup, evaluations: 0)
    for i in options.start { try flip(i) }
    var isOutOfTime = false
    do {
      if let kicks {
        try descend(&meter)
        isOutOfTime = try kick(&meter, kicks)
      }
      repeat {
        try descend(&meter)
      } while try exchange(&meter)
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    do {
      if norm == .maximum { try polish(&meter) }
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
    if isOutOfTime { meter.stop(for: Interruption(reason: .timeLimit)) }
  }

  /// Takes the best single flip, one after another, until none improves.
  private func descend(_ meter: inout WorkMeter) throws {
    while true {
      columns.removeAll()
      columns.append(state, flipping: -1)
      guard let move = try bestMove(&meter) else { return }
      try flip(move.index, isStep: true)
    }
  }

  /// The best step from the present columns; nil when there is none, or the run must stop.
  private func bestMove(_ meter: inout WorkMeter) throws -> FlipMove? {
    let window = screen.window(reach: columns.reach(state))
    let subsets = UInt64(window * columns.count)
    guard meter.allows(subsets * UInt64(state.dimension)) else { return nil }
    meter.count(work: subsets * UInt64(state.dimension), evaluations: subsets)
    meter.report("flipping", completed: state.path.count, total: 0, best: state.energy.squareRoot())
    return try screen.best(columns, window: window)
  }

  private func flip(_ i: Int, isStep: Bool = false) throws {
    state.flip(i)
    try screen.flipped(i, isStep: isStep)
  }

  private func rewind(to count: Int) throws {
    for i in state.path[count...] { try screen.flipped(i) }
    state.rewind(to: count)
  }

  // MARK: - Pairs

  /// Takes one improving pair of flips, if the most promising first flips lead to one. False when
  /// they do not, or the run must stop.
  private func exchange(_ meter: inout WorkMeter) throws -> Bool {
    guard try rank(&meter) else { return false }
    var start = 0
    while start < order.count {
      fillColumns(from: start)
      if let move = try bestMove(&meter) {
        try apply(move)
        return true
      }
      if meter.stop != nil { return false }
      start += columns.count
    }
    return false
  }

  private func fillColumns(from start: Int) {
    columns.removeAll()
    for k in start..<min(order.count, start + columns.capacity) {
      columns.append(state, flipping: order[k].index)
    }
  }

  private func apply(_ move: FlipMove) throws {
    let first = columns.firsts[move.column]
    if first >= 0 { try flip(first) }
    try flip(move.index)
  }

  /// Ranks first flips by what they cost relative to their size, (‖x‖² ∓ 2x·r)/‖x‖², ties by index.
  /// False when there are none to try, or the run must stop. Cost: window·m in fixed-order Float64.
  private func rank(_ meter: inout WorkMeter) throws -> Bool {
    order.removeAll(keepingCapacity: true)
    if options.exchangeColumns == 0 { return false }
    let window = screen.window(reach: state.energy.squareRoot() + (state.energy + 2 * state.penalty).squareRoot())
    let work = UInt64(window * state.dimension)
    guard meter.allows(work) else { return false }
    meter.count(work: work, evaluations: UInt64(window))
    try control.forEach(0..<window, askingEvery: piece) { i in
      let square = state.rows.squaredNorm(i)
      if square > 0 { order.append((state.change(flipping: i, from: state.residual) / square, i)) }
    }
    try control.sort(&order) { ($0.rank, $0.index) < ($1.rank, $1.index) }
    if order.count > options.exchangeColumns { order.removeSubrange(options.exchangeColumns...) }
    return !order.isEmpty
  }

  // MARK: - Kicks

  /// Kicks the subset and descends, over and over. True where kicks were to go on as long as there
  /// is time, and their time is up.
  private func kick(_ meter: inout WorkMeter, _ kicks: IteratedGreedy) throws -> Bool {
    var near: [Int] = []
    let size = kicks.kickSize ?? IteratedGreedy.defaultKickSize(dimension: state.dimension)
    let floor = min(state.count, 4 * max(1, size))
    let work = UInt64(size * state.dimension)
    // Where only time ends the kicks, the exchanges that follow have a part of it.
    let reserve = kicks.kicks == nil ? control.secondsLeft.map { $0 * Self.reserve } : nil
    let most = reserve == nil ? kicks.kicks ?? IteratedGreedy.defaultKicks : .max
    for number in 0..<most {
      guard meter.allows(work) else { return false }
      if let reserve, let left = control.secondsLeft, left <= reserve { return true }
      meter.count(work: work, evaluations: 0)
      let mark = state.path.count
      let before = state.objective
      let window = max(screen.window(reach: 2 * state.energy.squareRoot()), floor)
      near.removeAll(keepingCapacity: true)
      for i in 0..<window where state.chosen[i] { near.append(i) }
      for step in 0..<size {
        let draw = SplitMix.draw(number, step)
        let removes = draw & 1 == 1 && !near.isEmpty
        let position = Int((draw >> 1) % UInt64(removes ? near.count : window))
        let i = removes ? near[position] : position
        if state.chosen[i] == removes { try flip(i) }
      }
      try descend(&meter)
      if !(state.objective <= before) { try rewind(to: mark) }
    }
    return false
  }

  // MARK: - The max norm

  /// Goes back to the subset of least max norm on the path, then takes flips and pairs that lower
  /// the max norm.
  private func polish(_ meter: inout WorkMeter) throws {
    try rewind(to: state.flipsToLeastMaximum)
    for _ in 0..<options.polishSteps {
      columns.removeAll()
      columns.append(state, flipping: -1)
      var move = try lowestMaximum(&meter)
      if move == nil, try rank(&meter) {
        fillColumns(from: 0)
        move = try lowestMaximum(&meter)
      }
      guard let move else { return }
      try apply(move)
    }
  }

  /// The step from the present columns that lowers the max norm most; nil when none does, or the
  /// run must stop.
  ///
  /// After a flip the max norm is at least ‖x‖/√m − ‖y‖∞, which bounds the candidates that are in
  /// reach. Float64 decides. A candidate is left at the first coordinate that rules it out, and
  /// those with the largest |y_j| are looked at first. Cost: the coordinates that are looked at.
  private func lowestMaximum(_ meter: inout WorkMeter) throws -> FlipMove? {
    let m = state.dimension
    var largest = state.maximum
    for c in 0..<columns.count { largest = max(largest, largestMagnitude(columns[c], m)) }
    let window = screen.window(reach: 2 * largest * Double(m).squareRoot() * (1 + 0x1p-40))
    guard meter.allows(UInt64(window * columns.count * m)) else { return nil }
    var best: FlipMove?
    var limit = state.maximum * (1 - 0x1p-40)
    var seen = 0
    for c in 0..<columns.count {
      let y = columns[c]
      let coordinates = (0..<m).sorted { isLarger(y, $0, $1) }
      try control.forEach(0..<window, askingEvery: piece) { i in
        if i == columns.firsts[c] { return }
        let sign = state.chosen[i] ? 1.0 : -1.0
        let maximum = largestMagnitude(of: m, below: limit, &seen) {
          abs(y[coordinates[$0]] + sign * state.rows.coordinate(i, coordinates[$0]))
        }
        if let maximum {
          limit = maximum
          best = FlipMove(change: maximum, column: c, index: i)
        }
      }
    }
    meter.count(work: UInt64(seen), evaluations: UInt64(window * columns.count))
    return best
  }
}
