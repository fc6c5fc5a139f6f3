import LinearAlgebra
import RunControl

/// Chooses the last two candidates of a beam's subsets together.
///
/// States meet sums of two candidates in a `PairScreen`. The `looked` closest pairs in the
/// Euclidean norm are compared in the problem's norm.
final class BeamCompletion {
  /// The number of candidates that a completion adds.
  static let added = 2
  /// The most sums of two candidates.
  private static let largestPool = 1 << 17
  /// Sums of two candidates for each state that is screened, but at least 2¹⁴.
  private static let sumsForEach = 16
  /// Pairs that a screen hands on to be compared in the problem's norm.
  private static let looked = 4096

  /// The problem in plain form, with candidates by ascending norm.
  private let problem: Problem
  private let rows: CandidateRows
  private let m: Int
  private let width: Int
  private let workers: Int
  private var pool: Pool?
  private var screening: (screen: PairScreen<Float>, selection: BeamSelection)?

  /// The completion of up to `width` states. `rows` are the problem's, and must outlive it.
  init(_ problem: Problem, _ rows: CandidateRows, width: Int, workers: Int) {
    self.problem = problem
    self.width = width
    self.rows = rows
    self.workers = workers
    m = problem.dimension
  }

  /// The number of sums of two candidates with which `width` states are screened.
  private static func poolSize(_ problem: Problem, width: Int) -> Int {
    let n = problem.count
    return min(largestPool, max(1 << 14, sumsForEach * width), n * (n - 1) / 2)
  }

  /// Bytes for the completion of `width` states.
  static func bytes(_ problem: Problem, width: Int) -> Int {
    poolSize(problem, width: width) * (12 * problem.dimension + 20) + BeamSelection.bytes(kept: looked)
  }

  /// The best subset met that has two candidates more than the states, if its error is below
  /// `limit`.
  ///
  /// As many of the first states are screened as `work` pays for, and at least 16.
  func best(
    _ states: BeamStates, below limit: Double, work: UInt64, _ meter: inout WorkMeter
  ) throws -> (error: Double, subset: [Int])? {
    let typical = fixedOrderDot(states.residual(0), states.residual(0), m).squareRoot()
    let pool =
      try pool
      ?? Pool(rows, typicalNorm: typical, size: Self.poolSize(problem, width: width), meter.control)
    self.pool = pool
    guard pool.count > 0, let met = try screen(states, pool, below: limit, work: work, &meter) else { return nil }
    let pair = pool.pairs[met.pair]
    return (met.error, (states.subset(met.state) + [Int(pair.0), Int(pair.1)]).sorted())
  }

  private typealias Meeting = (error: Double, state: Int, pair: Int)

  private func screen(
    _ states: BeamStates, _ pool: Pool, below limit: Double, work: UInt64, _ meter: inout WorkMeter
  ) throws -> Meeting? {
    let (screen, selection) =
      try screening ?? (
        PairScreen<Float>(right: pool.rows, count: pool.count, meter.control),
        BeamSelection(kept: Self.looked, workers: workers)
      )
    screening = (screen, selection)
    let row = UInt64(pool.count * m)
    let count = min(states.count, max(16, Int(clamping: min(work, meter.limit - min(meter.limit, meter.work)) / row)))
    guard meter.allows(UInt64(count) * row) else { return nil }
    selection.removeAll(cut: limit * limit * problem.norm.largestSquares(dimension: m))
    var visitors = (0..<workers).map { worker in
      PairCompletion(states: states, pool: pool, selection: selection, control: meter.control, worker: worker)
    }
    if try !screen.run(leftCount: count, left: { UnsafePointer(states.residual($0)) }, &visitors) {
      _ = meter.isInterrupted()
    }
    meter.count(work: UInt64(count) * row, evaluations: UInt64(count * pool.count))
    // What was met before a stop counts too, and sorting it takes little time.
    try selection.sort(RunControl())
    var best: Meeting?
    withUnsafeTemporaryAllocation(of: Double.self, capacity: m) { difference in
      for k in 0..<selection.count {
        let (state, pair) = (Int(selection[k].parent), Int(selection[k].candidate))
        let (residual, sum) = (states.residual(state), pool.sum(pair))
        for j in 0..<m { difference[j] = residual[j] - sum[j] }
        let error = problem.norm.measure(difference.baseAddress!, m)
        if error < best?.error ?? limit { best = (error, state, pair) }
      }
    }
    return best
  }

  /// Sums of two candidates, of those whose norms are next to what two candidates must make up.
  final class Pool {
    let pairs: [(UInt32, UInt32)]
    private let sums: OwnedBuffer<Double>
    private let m: Int

    var count: Int { pairs.count }
    var rows: CandidateRows {
      CandidateRows(count: pairs.count, dimension: m, scales: nil, singles: nil, doubles: sums.base)
    }

    /// - Throws: `Interruption` when the run must stop.
    init(_ rows: CandidateRows, typicalNorm: Double, size: Int, _ control: RunControl) throws(Interruption) {
      let (n, m) = (rows.count, rows.dimension)
      self.m = m
      let most = 1 + Int(Double(2 * size).squareRoot())
      let middle = (0..<n).first { rows.squaredNorm($0).squareRoot() >= typicalNorm / 2.squareRoot() } ?? n
      let start = max(0, min(n - most, middle - most / 2))
      let window = start..<min(n, start + most)
      let room = OwnedBuffer<Double>(count: m)
      let unsorted = room.base
      var made: [(norm: Double, pair: (UInt32, UInt32))] = []
      made.reserveCapacity(window.count * (window.count - 1) / 2)
      try control.forEach(window, askingEvery: 1) { i in
        for k in window where k > i {
          rows.copy(i, to: unsorted)
          rows.add(k, to: unsorted)
          made.append((fixedOrderDot(unsorted, unsorted, m), (UInt32(i), UInt32(k))))
        }
      }
      try control.sort(&made) { ($0.norm, $0.pair.0, $0.pair.1) < ($1.norm, $1.pair.0, $1.pair.1) }
      let pairs = made.map(\.pair)
      self.pairs = pairs
      let sorted = OwnedBuffer<Double>(count: made.count * m)
      sums = sorted
      try control.forEach(pairs.indices, askingEvery: max(1, (1 << 15) / max(1, m))) { position in
        rows.copy(Int(pairs[position].0), to: sorted.base + position * m)
        rows.add(Int(pairs[position].1), to: sorted.base + position * m)
      }
    }

    func sum(_ pair: Int) -> UnsafePointer<Double> { UnsafePointer(sums.base + pair &* m) }
  }
}

/// Takes the pairs of a screen into a selection.
private struct PairCompletion: PairVisitor {
  let states: BeamStates
  let pool: BeamCompletion.Pool
  let selection: BeamSelection
  let control: RunControl
  let worker: Int

  var cut: Double { selection.cut }

  @inline(__always) mutating func visit(_ left: Int, _ right: Int) {
    let m = states.dimension
    let score = fixedOrderSquaredDistance(states.residual(left), pool.sum(right), m)
    if !(score <= selection.cut) { return }
    let pair = pool.pairs[right]
    if states.contains(left, pair.0) || states.contains(left, pair.1) { return }
    selection.insert(
      BeamChild(
        score: score, key: SplitMix.draw(left, right), parent: UInt32(truncatingIfNeeded: left),
        candidate: UInt32(truncatingIfNeeded: right)), worker: worker)
  }

  mutating func shouldStop(before pairs: Int) -> Bool { control.interruption() != nil }
}
