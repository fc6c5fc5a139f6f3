import LinearAlgebra
import RunControl

/// Chooses the last two candidates of a beam's subsets together: states meet sums of two in a `PairScreen`.
final class BeamCompletion {
  /// Sums of two at most.
  static let largestPool = 1 << 19

  /// Plain form, candidates by ascending norm.
  private let problem: Problem
  private let rows: CandidateRows
  private let m: Int
  private let width: Int
  private var pool: (sums: Pool, screen: PairScreen<Float>)?

  /// For up to `width` states. `rows` are the problem's and must outlive this.
  init(_ problem: Problem, _ rows: CandidateRows, width: Int) {
    self.problem = problem
    self.width = width
    self.rows = rows
    m = problem.dimension
  }

  /// The best subset of two candidates more than the states have, if its error is below `limit`.
  ///
  /// The first states meet the pool, as many as `work` pays for, at least 16.
  func best(
    _ states: BeamStates, below limit: Double, work: UInt64, _ meter: inout WorkMeter
  ) throws -> (error: Double, subset: [Int])? {
    let typical = fixedOrderDot(states.residual(0), states.residual(0), m).squareRoot()
    if self.pool == nil {
      let sums = Pool(rows, typicalNorm: typical)
      self.pool = (sums, PairScreen<Float>(leftCapacity: width, right: sums.rows, count: sums.count))
    }
    guard let (pool, screen) = self.pool, pool.count > 0 else { return nil }
    let row = UInt64(pool.count * m)
    let count = min(states.count, max(16, Int(clamping: min(work, meter.limit - min(meter.limit, meter.work)) / row)))
    guard meter.allows(UInt64(count) * row) else { return nil }
    var visitor = PairCompletion(
      states: states, pool: pool, norm: problem.norm, error: limit, factor: problem.norm.likelySquares(dimension: m),
      control: meter.control)
    defer { visitor.difference.deallocate() }
    if try !screen.run(leftCount: count, fill: { $1.update(from: states.residual($0), count: self.m) }, &visitor) {
      _ = meter.allows(0)
    }
    meter.count(work: UInt64(count) * row, evaluations: UInt64(count * pool.count))
    guard let found = visitor.found else { return nil }
    let pair = pool.pairs[found.pair]
    return (visitor.error, (states.subset(found.state) + [Int(pair.0), Int(pair.1)]).sorted())
  }

  /// Sums of two of the candidates whose norms are next to what two of them must make up.
  final class Pool {
    let pairs: [(UInt32, UInt32)]
    private let sums: UnsafeMutablePointer<Double>
    private let m: Int

    var count: Int { pairs.count }
    var rows: CandidateRows {
      CandidateRows(count: pairs.count, dimension: m, scales: nil, singles: nil, doubles: sums)
    }

    init(_ rows: CandidateRows, typicalNorm: Double) {
      let n = rows.count
      m = rows.dimension
      let most = Int(Double(2 * BeamCompletion.largestPool).squareRoot())
      let middle = (0..<n).first { rows.squaredNorm($0).squareRoot() >= typicalNorm / 2.squareRoot() } ?? n
      let start = max(0, min(n - most, middle - most / 2))
      let window = start..<min(n, start + most)
      let unsorted = UnsafeMutablePointer<Double>.allocate(capacity: m)
      defer { unsorted.deallocate() }
      var made: [(norm: Double, pair: (UInt32, UInt32))] = []
      made.reserveCapacity(window.count * (window.count - 1) / 2)
      for i in window {
        for k in window where k > i {
          rows.copy(i, to: unsorted)
          rows.add(k, to: unsorted)
          made.append((fixedOrderDot(unsorted, unsorted, m), (UInt32(i), UInt32(k))))
        }
      }
      made.sort { ($0.norm, $0.pair.0, $0.pair.1) < ($1.norm, $1.pair.0, $1.pair.1) }
      pairs = made.map(\.pair)
      sums = .allocate(capacity: max(1, made.count * m))
      for (position, pair) in pairs.enumerated() {
        rows.copy(Int(pair.0), to: sums + position * m)
        rows.add(Int(pair.1), to: sums + position * m)
      }
    }

    deinit { sums.deallocate() }

    func sum(_ pair: Int) -> UnsafePointer<Double> { UnsafePointer(sums + pair &* m) }
  }
}

private struct PairCompletion: PairVisitor {
  let states: BeamStates
  let pool: BeamCompletion.Pool
  let norm: Norm
  private(set) var error: Double
  let factor: Double
  let control: RunControl
  private(set) var found: (state: Int, pair: Int)?
  private(set) var cut: Double
  let difference: UnsafeMutablePointer<Double>

  init(
    states: BeamStates, pool: BeamCompletion.Pool, norm: Norm, error: Double, factor: Double, control: RunControl
  ) {
    self.states = states
    self.pool = pool
    self.norm = norm
    self.error = error
    self.factor = factor
    self.control = control
    cut = error * error * factor
    difference = .allocate(capacity: states.dimension)
  }

  mutating func visit(_ left: Int, _ right: Int) {
    let m = states.dimension
    let (residual, sum) = (states.residual(left), pool.sum(right))
    for j in 0..<m { difference[j] = residual[j] - sum[j] }
    let made = norm.measure(difference, m)
    // Among equals the first by state and pair, whatever the order of visits.
    guard made < error || (made == error && found.map { (left, right) < ($0.state, $0.pair) } ?? false) else { return }
    let (first, second) = pool.pairs[right]
    if states.contains(left, first) || states.contains(left, second) { return }
    error = made
    found = (left, right)
    cut = error * error * factor
  }

  mutating func shouldStop(before pairs: Int) -> Bool { control.interruption() != nil }
}
