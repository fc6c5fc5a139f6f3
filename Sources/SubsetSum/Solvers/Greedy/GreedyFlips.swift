import LinearAlgebra
import RunControl

/// Greedy descent over single flips and pairs of flips: the fast solver for many candidates of many
/// coordinates.
///
/// From the empty set, each step scores the flips of all candidates in reach, each of which adds a
/// candidate or removes a chosen one, by what they do to ‖r‖₂², and takes the best; ties go to the
/// lowest index. Where no flip improves, pairs are tried. The `exchangeColumns` candidates, chosen
/// or not, with the least (‖x‖² ∓ 2x·r)/‖x‖² are flipped first, in batches of 32, and the best
/// second flip completes the pair. The first batch with an improving pair makes the step, and
/// single flips resume. The descent ends where neither helps.
///
/// Order the candidates by ascending norm or scale: one of norm 2‖r‖ or more cannot improve, and
/// the candidates from the first index on from which all are that long are left out. With
/// candidates of many scales, passes then shrink with the error.
///
/// Measured on |u|·V candidates (u, V normal) sorted by |u|, z ~ U(−½, ½), one core: exchanges with
/// 32 columns lower the Euclidean error by 0–40 % (most at m = 9, least at m = 144) for 0–150 %
/// more time, and more columns bring nothing. `IteratedGreedy` goes much further where time allows.
///
/// With a size penalty p, in the units of ‖r‖₂² (in a metric of the transformed coordinates), it
/// lowers ‖r‖₂² + p·|S|: a candidate stays only if it takes p or more off the squared error.
///
/// The descent lowers the Euclidean norm, in a metric that of the transformed coordinates; row sums
/// are lowered only so far as it does. For the max norm the descent is the same, and the subset of
/// least max norm on the way is then improved by single flips and pairs that lower the max norm, at
/// most `polishSteps` of them.
///
/// It ends by itself at a local optimum, however much time is left. Stopped before, it returns what
/// it has come to.
///
/// Scores come from BLAS as proposals and are decided in fixed-order Float64 (`FlipScreen`): the
/// steps do not depend on the BLAS core, threads, `tileRows` or `workers`. With one worker, run it
/// under `BLASLibrary.withThreads(1)`, one problem a core; more share the scans of 2¹⁷ numbers and
/// more.
///
/// From 32 coordinates on, a step leaves most of a pass out: products with the residual are carried
/// from flip to flip by those of candidates with each other (`FlipProducts`). The steps are the
/// same.
///
/// Complexity: n·m for a pass; 25 bytes a candidate beside the problem, 33 in Float64, and for
/// carried products at most 32 MB, none where memory is limited.
public struct GreedyFlips: MultipleWorkers {
  /// The work limit of a run that states none: 2⁴⁰.
  static let defaultWorkLimit: UInt64 = 1 << 40
  /// First flips of an exchange that are scored together.
  static let batch = 32

  /// The name that reports and the command line use.
  public let name = "greedy"
  /// Subsets of any size only.
  public var takesFixedSize: Bool { false }
  /// Problems with a size penalty are taken.
  public var takesSizePenalty: Bool { true }
  /// First flips that are tried at a local optimum; 0 for single flips only.
  public var exchangeColumns: Int
  /// Rows of a BLAS call; nil for what fits the cache. Any value gives the same steps.
  public var tileRows: Int?
  /// The number of cores. The steps do not depend on it.
  public var workers = 1
  /// The most steps that lower the max norm, where that is the problem's norm.
  var polishSteps: Int
  /// The subset to start from, ascending.
  public var start: [Int] = []

  /// A descent from the empty set.
  ///
  /// - Parameters:
  ///   - exchangeColumns: first flips that are tried at a local optimum; 0 for single flips only.
  ///   - tileRows: rows of a BLAS call; nil for what fits the cache.
  ///   - polishSteps: the most steps that lower the max norm, where that is the problem's norm.
  public init(exchangeColumns: Int = 32, tileRows: Int? = nil, polishSteps: Int = 256) {
    self.exchangeColumns = exchangeColumns
    self.tileRows = tileRows
    self.polishSteps = polishSteps
  }

  /// Descends to a local optimum.
  ///
  /// - Throws: `SubsetSumError.invalidOption`; `.unsupported` for a fixed size; `.invalidSubset`
  ///   for a start that is no subset; `LinearAlgebraError` for sizes above 32 bits.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try requireSolvable(problem.shape)
    if let moderate = try problem.moderated() { return try moderate.solution(by: self, control: control) }
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    let subset = try search(problem, &meter, kicks: nil) { $0.subset() }
    return try solution(meter.claim(subset, isOptimal: false, by: name), for: problem, control)
  }

  /// The candidates flipped, in order, to compare with the reference.
  package func path(_ problem: Problem, control: RunControl) throws -> [Int] {
    var meter = WorkMeter(control, defaultLimit: Self.defaultWorkLimit)
    return try search(problem, &meter, kicks: nil) { $0.path }
  }

  /// Runs the descent, with kicks where there are any, and reads the outcome off its state.
  func search(
    _ problem: Problem, _ meter: inout WorkMeter, kicks: IteratedGreedy?, _ outcome: (FlipState) -> [Int]
  ) throws -> [Int] {
    guard exchangeColumns >= 0, tileRows ?? 1 >= 1, polishSteps >= 0, workers >= 1 else {
      throw SubsetSumError.invalidOption(
        solver: name, option: "exchangeColumns, tileRows, polishSteps, workers",
        expected: "sizes ≥ 0, a tile and workers ≥ 1",
        found: "\(exchangeColumns), \(tileRows ?? 1), \(polishSteps), \(workers)")
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
