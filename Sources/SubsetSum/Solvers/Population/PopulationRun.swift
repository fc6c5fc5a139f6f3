import LinearAlgebra
import RunControl

/// The rounds of a population search: descents of growing width from different starts, and the best
/// subset that they meet.
final class PopulationRun {
  /// Descents of a round, whatever the cores. They share a ladder, and the next round's ladder aims
  /// at what they reached.
  static let lanes = 4
  static let firstWidth = 64
  /// The first round of a ticket's block only finds what error to aim at; the next has what is
  /// left.
  static let firstWidthForBlocks = 24
  /// Descents no wider than this go down side by side.
  static let widestTogether = 512
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
  /// Whether this is a block of a ticket.
  private let isForBlocks: Bool
  /// The candidates that populations decide.
  private let laddered: Int
  private let outside: [Int]
  private let measures: [ExchangeMeasure]
  private var ladder: PopulationLadder?
  private var descents: [PopulationDescent] = []
  /// For each worker, by the size of a group.
  private var sums: [[Int: RungSums]] = []
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
  ///   - isForBlocks: whether this is a block of a ticket, where candidates longer than the
  ///     ladder's stay as they are in the start.
  /// - Throws: `SubsetSumError.memoryLimit`; `Interruption` when the run must stop.
  init(
    _ problem: Problem, start: Solution, width: Int, groupSize: Int, firstRound: Int, isForBlocks: Bool, workers: Int,
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
    self.isForBlocks = isForBlocks
    window = isForBlocks ? laddered : min(problem.count, max(laddered, memory / 2 / (8 * stride)))
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
    // A run that goes on after others begins where those had learnt what error to aim at.
    if round > 0 { width *= Self.widening }
    if isForBlocks { width = Self.firstWidthForBlocks }
    width = min(width, widest)
    var before = 0
    while best.figure > 0 {
      guard let ladder = try ladderInUse(), let fitting = fittingWidth(width, ladder) else { return }
      // Descents of much narrower populations find no less any more.
      if isForBlocks, meter.control.limits.work == nil, fitting < before / 2 { return }
      before = fitting
      if try !lanes(round, width: fitting, ladder) { return }
      meter.report("population", completed: round, total: 0, best: best.figure / rows.scaling)
      // A population of all subsets has met the best.
      if window == problem.count, window < Int.bitWidth - 2, fitting >= 1 << window { return }
      width = isForBlocks ? widest : min(widest, width * Self.widening)
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
      rows, count: laddered, groupSize: groupSize, tolerance: tolerance, workers: workers, meter.control)
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
    // Narrow descents share the sums of a rung; of wide ones some are done if the time is up.
    let together = width <= Self.widestTogether ? (Self.lanes + used - 1) / used : 1
    if descents.count < used * together || descents[0].width != width {
      descents = (0..<used * together).map { _ in
        PopulationDescent(
          width: width, dimension: rows.dimension, stride: rows.stride, rungCount: ladder.rungs.count,
          groupSize: groupSize)
      }
    }
    while sums.count < used { sums.append([:]) }
    let results = Guarded([LaneResult?](repeating: nil, count: Self.lanes))
    let (control, descents) = (meter.control, descents)
    nonisolated(unsafe) let run = self
    try sums.withUnsafeMutableBufferPointer { sums in
      // Each worker has sums of its own.
      nonisolated(unsafe) let sums = sums.baseAddress!
      try Workers.forEach(count: (Self.lanes + together - 1) / together, workers: used) { task, worker in
        if control.interruption() != nil { return }
        let lanes = task * together..<min(Self.lanes, task * together + together)
        let starts = lanes.map { run.start(round * Self.lanes + $0) }
        let own = descents[worker * together..<worker * together + lanes.count]
        let endings = try PopulationDescent.run(
          own, ladder, rows: run.rows, from: starts.map { ($0.residual, $0.thinning) }, measure: run.measures[worker],
          sums: &sums[worker], control)
        guard let endings else { return }
        results.withLock {
          for (k, lane) in lanes.enumerated() {
            let descent = own[own.startIndex + k]
            $0[lane] = LaneResult(
              ending: endings[k], isChosen: starts[k].isChosen, work: descent.work, evaluations: descent.evaluations)
          }
        }
      }
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

  /// Where a lane begins: what is left of the target, which longer candidates than the ladder's are
  /// chosen, and the number of its pattern.
  private func start(_ number: Int) -> (residual: OwnedBuffer<Double>, isChosen: [Bool], thinning: Int) {
    let residual = OwnedBuffer<Double>(count: rows.stride)
    residual.base.update(from: rest.base, count: rows.stride)
    var isChosen = shared
    decide(min(window, 4 * laddered) - 1, downTo: laddered, &isChosen, residual.base, turn: number)
    return (residual, isChosen, window <= laddered * 3 / 2 ? number : 0)
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
