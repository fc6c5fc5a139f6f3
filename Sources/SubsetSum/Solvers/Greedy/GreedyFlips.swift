import LinearAlgebra
import RunControl

/// Greedy descent over single flips and pair exchanges: the fast solver for large n and m.
///
/// From the empty set, each step scores the flips of all candidates in reach (adding one, or removing a chosen one) by
/// what they do to ‖r‖₂² and takes the best; ties go to the lowest index. Where no flip improves, pairs are tried: the
/// `exchangeColumns` candidates, chosen or not, with the least (‖x‖² ∓ 2x·r)/‖x‖² are flipped first, in batches of 32, and
/// the best second flip completes the pair; the first batch with an improving pair makes the step, and single
/// flips resume. It ends where neither helps.
///
/// Order the candidates by ascending norm (or scale): one of norm 2‖r‖ or more cannot improve, and the candidates from the
/// first index on from which all are that long are left out. With candidates of many scales, passes then shrink with
/// the error.
///
/// Measured on |u|·V candidates (u, V normal) sorted by |u|, z ~ U(-.5,.5), one core, the exchanges with 32 columns lower the
/// Euclidean error by 0–40 % (most at m = 9, least at m = 144) for 0–150 % more time; more columns bring nothing.
/// `IteratedGreedy` goes much further where time allows.
///
/// With a size penalty p, in the units of ‖r‖₂² (in a metric those of the transformed coordinates), it lowers ‖r‖₂² + p·|S|: a candidate stays only if it takes p or more off the squared error.
///
/// The descent lowers the Euclidean norm, in a metric that of the transformed coordinates; row sums are lowered only so far as it does.
/// For the max norm the descent is the same, and the subset of least max norm met on the way is then improved by single
/// flips and pairs that lower the max norm (at most `polishSteps`).
///
/// It ends at a local optimum, which it says is its end, however much time is left; stopped before,
/// it has come as far as it has.
///
/// Scores come from BLAS as proposals and are decided in fixed-order Float64 (`FlipScreen`): the steps do not depend on the
/// BLAS core, threads or `tileRows`. Cost of a pass: n·m; memory: 25 bytes a candidate beside the problem (33 when Float64).
/// Run it under `BLASLibrary.withThreads(1)`, one problem a core.
public struct GreedyFlips: Solver {
  /// Units of work without a limit of the run's own: 2⁴⁰.
  public static let defaultWorkLimit: UInt64 = 1 << 40
  /// First flips of an exchange that are scored together.
  static let batch = 32

  public let name = "greedy"
  public var takesFixedSize: Bool { false }
  public var takesSizePenalty: Bool { true }
  /// First flips tried at a local optimum; 0 for single flips only.
  public var exchangeColumns: Int
  /// Rows of a BLAS call, or nil for what fits the cache. Any value gives the same steps.
  public var tileRows: Int?
  /// Most steps that lower the max norm, when that is the problem's.
  public var polishSteps: Int
  /// The subset to start from, ascending.
  public var start: [Int] = []

  public init(exchangeColumns: Int = 32, tileRows: Int? = nil, polishSteps: Int = 256) {
    self.exchangeColumns = exchangeColumns
    self.tileRows = tileRows
    self.polishSteps = polishSteps
  }

  /// - Throws: `SubsetSumError.invalidOption`, `.unsupported` for a fixed size, or `LinearAlgebraError` for sizes above 32 bits.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let subset = try search(problem, &meter, kicks: nil) { $0.subset() }
    return try solution(meter.claim(subset, isOptimal: false, by: name), for: problem, control)
  }

  /// The candidates flipped, in order: for comparison with the reference.
  package func path(_ problem: Problem, control: RunControl) throws -> [Int] {
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    return try search(problem, &meter, kicks: nil) { $0.path }
  }

  /// Runs the descent, kicks included if any, and reads the outcome off its state.
  func search(
    _ problem: Problem, _ meter: inout WorkMeter, kicks: IteratedGreedy?, _ outcome: (FlipState) -> [Int]
  ) throws -> [Int] {
    guard exchangeColumns >= 0, tileRows ?? 1 >= 1, polishSteps >= 0 else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "exchangeColumns, tileRows, polishSteps", expected: "sizes ≥ 0, a tile ≥ 1",
        found: "\(exchangeColumns), \(tileRows ?? 1), \(polishSteps)")
    }
    if !start.isEmpty { _ = try Checker.residual(of: start, in: problem) }
    try requireSolvable(problem.shape)
    if problem.count == 0 || problem.dimension == 0 { return [] }
    do {
      let problem = try problem.plainForm(meter.control)
      return try problem.candidates.withRows { rows in
        if let singles = rows.singles { return try descend(rows, singles, problem, &meter, kicks, outcome) }
        return try descend(rows, rows.doubles!, problem, &meter, kicks, outcome)
      }
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
      return start
    }
  }

  private func descend<Scalar: BLASScalar>(
    _ rows: CandidateRows, _ vectors: UnsafePointer<Scalar>, _ problem: Problem, _ meter: inout WorkMeter,
    _ kicks: IteratedGreedy?, _ outcome: (FlipState) -> [Int]
  ) throws -> [Int] {
    let descent = try FlipDescent(rows, vectors: vectors, problem: problem, options: self, meter.control)
    try descent.run(&meter, kicks: kicks)
    return outcome(descent.state)
  }
}
