import LinearAlgebra
import RunControl

/// The rounds of a population search: descents of growing width from different starts, and the best
/// subset that they meet.
final class PopulationRun {
  /// Descents of a round, whatever the cores. They share a ladder, and the next round's ladder aims
  /// at what they reached.
  static let lanes = 4
  static let firstWidth = 64
  static let widening = 4
  /// Fewer states than this are no population.
  static let leastWidth = 4
  /// One in so many decisions of rounding is turned over, between one and a half times the ladder's
  /// candidates and four times as many.
  private static let turnedOver: UInt64 = 8

  private let problem: Problem
  private let groupSize: Int
  private let workers: Int
  private let widest: Int
  private var round: Int
  private(set) var meter: WorkMeter
  private let rows: ShortCandidates
  /// The candidates that may be chosen or not, the shortest ones; the others are as in the start.
  private let window: Int
  /// The candidates that populations decide.
  private let laddered: Int
  private let outside: [Int]
  private let measures: [ExchangeMeasure]
  private var ladder: PopulationLadder?
  private var descents: [PopulationDescent] = []
  /// The decisions of the longest candidates, which all starts share, and what is then left of the
  /// target where all others count by half.
  private var shared: [Bool]
  private let rest: OwnedBuffer<Double>
  private var tolerance: Double
  private var best: (figure: Double, positions: [Int])

  /// Bytes that rows may take where the run states no limit.
  static let largestWindowBytes = 1 << 26

  /// Candidates of a ladder: as many as it takes for their half sums to reach what rounding leaves.
  static func laddered(dimension m: Int) -> Int { 6 * m + 24 }

  /// The work of ordering the candidates and rounding the longest ones, at most.
  static func openingWork(_ problem: Problem) -> UInt64 {
    let entries = ByteCount.product(3, problem.count, ShortCandidates.paddedStride(problem.dimension))
    return ShortCandidates.orderingWork(problem) + UInt64(entries)
  }

  /// Bytes of the smallest search.
  static func leastBytes(_ problem: Problem) -> Int {
    let m = problem.dimension
    let count = min(problem.count, laddered(dimension: m))
    return ByteCount.sum(
      ShortCandidates.bytes(problem, count: count),
      PopulationLadder.bytes(dimension: m, count: count, groupSize: PopulationLadder.largestGroup), 1 << 20)
  }

  /// Orders the candidates and rounds the longest ones.
  ///
  /// - Parameters:
  ///   - start: a subset to improve, ascending.
  ///   - keepsLong: whether candidates longer than the ladder's stay as they are in the start.
  /// - Throws: `SubsetSumError.memoryLimit`; `Interruption` when the run must stop.
  init(
    _ problem: Problem, start: Solution, width: Int, groupSize: Int, firstRound: Int, keepsLong: Bool, workers: Int,
    _ meter: WorkMeter
  ) throws {
    self.problem = problem
    self.groupSize = groupSize
    self.workers = workers
    self.meter = meter
    let error = start.error
    let scaling = error > 0 && error.isFinite ? powerOfTwo(-max(-900, min(900, Int(error.exponent)))) : 1
    rows = try ShortCandidates(problem, scaling: scaling, meter.control)
    let stride = rows.stride
    let memory = meter.control.limits.memoryBytes ?? Self.largestWindowBytes
    laddered = min(problem.count, Self.laddered(dimension: rows.dimension))
    window = keepsLong ? laddered : min(problem.count, max(laddered, memory / 2 / (8 * stride)))
    try rows.extend(to: window, meter.control)
    let isInside = Set(rows.order[..<window])
    outside = start.subset.filter { !isInside.contains($0) }
    measures = (0..<Self.lanes).map { _ in
      ExchangeMeasure(problem.norm, dimension: problem.dimension, stride: stride)
    }
    shared = [Bool](repeating: false, count: window)
    rest = OwnedBuffer(count: stride)
    let first = rows.norm(min(window - 1, rows.dimension / 2)) / Double(max(1, rows.dimension)).squareRoot()
    tolerance = first / 3
    let chosen = Set(start.subset)
    var positions: [Int] = []
    for position in 0..<window where chosen.contains(rows.order[position]) { positions.append(position) }
    best = (.infinity, positions)
    widest = width
    round = firstRound
    rows.transform(try Checker.residual(of: outside, in: problem), to: rest.base)
    for i in 0..<window { for j in 0..<stride { rest.base[j] -= rows[i][j] / 2 } }
    decide(window - 1, downTo: min(window, 4 * laddered), &shared, rest.base, turn: 0)
    self.meter.count(work: Self.openingWork(problem), evaluations: 0)
  }

  /// The figure of the best subset met, in the coordinates of the rows; infinite before the first.
  var figure: Double { best.figure }

  /// The best subset met, or the start, as indices of the problem, ascending.
  var subset: [Int] { (outside + best.positions.map { rows.order[$0] }).sorted() }

  /// Decides candidates from long to short, each for the side that leaves the shorter residual.
  ///
  /// - Parameters:
  ///   - residual: what is left of the target, with undecided candidates counted by half.
  ///   - turn: a number other than 0 turns some decisions over, in a pattern of its own.
  private func decide(
    _ first: Int, downTo last: Int, _ isChosen: inout [Bool], _ residual: UnsafeMutablePointer<Double>, turn: Int
  ) {
    let turned = laddered * 3 / 2..<max(laddered * 3 / 2, 4 * laddered)
    for i in Swift.stride(from: first, through: last, by: -1) {
      let x = rows[i]
      var isIn = fixedOrderDot(residual, x, rows.stride) > 0
      if turn != 0, turned.contains(i), SplitMix.draw(turn, i) % Self.turnedOver == 0 { isIn.toggle() }
      let half = isIn ? 0.5 : -0.5
      for j in 0..<rows.stride { residual[j] -= half * x[j] }
      isChosen[i] = isIn
    }
  }

  /// Rounds of descents until a limit ends them.
  func all() throws {
    var width = Self.firstWidth
    for _ in 0..<min(round, 16) where width < widest { width *= Self.widening }
    width = min(width, widest)
    while best.figure > 0 {
      guard let ladder = try ladderInUse(), let fitting = fittingWidth(width, ladder) else { return }
      if try !lanes(round, width: fitting, ladder) { return }
      meter.report("population", completed: round, total: 0, best: best.figure / rows.scaling)
      // A population of all subsets has met the best.
      if window == problem.count, window < Int.bitWidth - 2, fitting >= 1 << window { return }
      width = min(widest, width * Self.widening)
      round += 1
    }
  }

  /// The ladder that aims at the best so far, made anew where the aim has moved far; nil where
  /// there is no work for one.
  private func ladderInUse() throws -> PopulationLadder? {
    if let ladder, ladder.tolerance < 1.5 * tolerance, tolerance < 1.5 * ladder.tolerance { return ladder }
    let work = PopulationLadder.work(dimension: rows.dimension, count: laddered, groupSize: groupSize)
    guard meter.allows(work) else { return nil }
    meter.count(work: work, evaluations: 0)
    let made = try PopulationLadder(
      rows, count: laddered, groupSize: groupSize, tolerance: tolerance, meter.control)
    ladder = made
    return made
  }

  /// The work of deciding the candidates from the ladder's to four times as many.
  private var roundingWork: UInt64 { UInt64(2 * 3 * laddered * rows.stride) }

  /// The width, at most `wanted`, for which there is work and memory; nil for none.
  private func fittingWidth(_ wanted: Int, _ ladder: PopulationLadder) -> Int? {
    let m = rows.dimension
    let left = Double(meter.limit > meter.work ? meter.limit - meter.work : 0) / Double(Self.lanes)
    let fixed = Double(roundingWork)
    var width = wanted
    while width >= Self.leastWidth, Double(PopulationDescent.work(ladder, width: width, dimension: m)) + fixed > left {
      width = width * 7 / 8
    }
    if let memory = meter.control.limits.memoryBytes {
      let each =
        PopulationDescent.bytes(
          width: 1 << 10, dimension: m, rungCount: ladder.rungs.count, groupSize: groupSize) >> 10
      width = min(width, memory / 2 / max(1, each * Self.lanes))
    }
    if width < Self.leastWidth {
      _ = meter.allows(.max)
      return nil
    }
    return width
  }

  /// One round. False when the run must stop.
  private func lanes(_ round: Int, width: Int, _ ladder: PopulationLadder) throws -> Bool {
    let used = max(1, min(workers, Self.lanes))
    if descents.count < used || descents[0].width != width {
      descents = (0..<used).map { _ in
        PopulationDescent(
          width: width, dimension: rows.dimension, stride: rows.stride, rungCount: ladder.rungs.count,
          groupSize: groupSize)
      }
    }
    let results = Guarded([LaneResult?](repeating: nil, count: Self.lanes))
    let (control, descents) = (meter.control, descents)
    nonisolated(unsafe) let run = self
    try Workers.forEach(count: Self.lanes, workers: used) { lane, worker in
      if control.interruption() != nil { return }
      let number = round * Self.lanes + lane
      let start = OwnedBuffer<Double>(count: run.rows.stride)
      start.base.update(from: run.rest.base, count: run.rows.stride)
      var isChosen = run.shared
      run.decide(min(run.window, 4 * run.laddered) - 1, downTo: run.laddered, &isChosen, start.base, turn: number)
      let isAlike = run.window <= run.laddered * 3 / 2
      let descent = descents[worker]
      let ending = try descent.run(
        ladder, from: start.base, measure: run.measures[worker], thinning: isAlike ? number : 0, control)
      guard let ending else { return }
      let result = LaneResult(
        ending: ending, isChosen: isChosen, work: descent.work, evaluations: descent.evaluations)
      results.withLock { $0[lane] = result }
    }
    var isComplete = true
    for result in results.withLock({ $0 }) {
      guard let result else {
        isComplete = false
        continue
      }
      let ending = result.ending
      meter.count(work: result.work + roundingWork, evaluations: result.evaluations)
      guard ending.figure < best.figure else { continue }
      let chosen = (0..<window).filter { $0 < laddered ? ending.isChosen[$0] : result.isChosen[$0] }
      best = (ending.figure, chosen)
      tolerance = max(ending.meanSquare.squareRoot(), rows.norm(0) * 0x1p-20, .leastNormalMagnitude)
    }
    return !meter.isInterrupted() && isComplete
  }

  /// What a lane ends with.
  private struct LaneResult {
    let ending: PopulationDescent.Ending
    /// Whether each candidate longer than the ladder's is chosen, by position.
    let isChosen: [Bool]
    let work: UInt64
    let evaluations: UInt64
  }
}
