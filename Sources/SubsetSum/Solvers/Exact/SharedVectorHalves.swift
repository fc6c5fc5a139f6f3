import LinearAlgebra
import RunControl

/// What a batch of exact searches over shared candidates in several dimensions found.
public struct VectorBatchResult: Sendable {
  /// The best subset met for each target, in order, and checked. `isOptimal` says whether it was
  /// proved to be the best of all.
  public let solutions: [Solution]
  /// What stopped the search of the first target that was stopped; nil where all were finished.
  /// Where a time limit or a cancellation came before all targets had their turn, the next ones got
  /// what is there at once (`QuickSubset`), as many as could be soon after, and `solutions` ends
  /// with them.
  public let stop: StopReason?
  /// Candidate coordinates of pairs and sums looked at.
  public let work: UInt64
}

/// Exact optima for any number of targets over the same candidates in two or more dimensions, of
/// any subset size: the half sums are built and laid out once.
///
/// The sums of one half lie in cells of the coordinates of largest spread (`SumGrid`). For a target
/// z every sum a of the other half is looked up there: the sums near z − a, within the best error
/// so far. Sums a ascend in the first coordinate, so that lookups go through the cells in order; in
/// two and three dimensions most of them end at a bitmap.
///
/// Exactness and ties are as in `MeetInTheMiddle`: near-ties by rounding are decided by the
/// checker's arithmetic. Of subsets that differ only in which of equal candidates they hold, and
/// where sums are exact of all with equal sums, one is looked at. Targets are dealt to the workers,
/// and a solution depends on its target alone.
///
/// Beside a search for each target by itself, by `CellSweep` in two to four dimensions and
/// `MeetInTheMiddle` above, it is on one core 2 to 3 times as fast in two to four dimensions, 25
/// times at (m, n) = (5, 30), 12 at (6, 26), 6 at (8, 26).
///
/// Complexity: 2^(n/2)·(m + n) steps to build; 2^⌊n/2⌋ lookups a target as long as the best error
/// is small beside cells, which is so in two to four dimensions; beyond, about 2ⁿ·(error/spread)³
/// pairs.
public struct SharedVectorHalves: Sendable {
  /// The most candidates that are accepted, whatever the memory.
  public static let largestCount = 56
  /// The work limit for each target where the run states none: 2³⁶.
  static let defaultWorkLimit: UInt64 = 1 << 36
  /// The memory limit of a run that states none: 2 GiB.
  public static let defaultMemoryLimit = 1 << 31
  private static let name = "shared halves"

  /// The candidates that all targets share.
  public let candidates: Candidates
  /// What errors are measured in.
  public let norm: Norm
  /// Nil where the run was stopped before the tables were made.
  private let tables: VectorTables?
  /// The candidates in ordinary magnitudes, where their own are not.
  private let form: ModerateForm?
  private let largest: Double
  /// Seconds in which a stopped run still gives targets that it has not come to a subset that is
  /// there at once.
  private static let grace = 0.01

  /// Bytes of working memory for n candidates of dimension m, at the peak.
  static func neededBytes(count n: Int, dimension m: Int) -> Int {
    let half = n - n / 2
    if half >= 40 { return .max / 4 }
    return ByteCount.product(1 << half, ByteCount.sum(ByteCount.product(24, m), 36))
  }

  /// Builds the half sums of some candidates.
  ///
  /// - Parameters:
  ///   - candidates: n of them, up to 56, of at least two coordinates.
  ///   - norm: what errors are measured in.
  ///   - memoryBytes: what the tables may take.
  ///   - control: asked while the tables are made.
  /// - Throws: `SubsetSumError.tooManyCandidates` above 56; `.unsupported` for fewer than two
  ///   dimensions; `.unusableEntry` for entries that are not finite or above 2⁴⁰⁰;
  ///   `.mismatchedSizes` for a norm of another dimension; `.memoryLimit` where the tables need
  ///   more than `memoryBytes`.
  public init(
    candidates: Candidates, norm: Norm, memoryBytes: Int = SharedVectorHalves.defaultMemoryLimit,
    control: RunControl = RunControl()
  ) throws {
    let (n, m) = (candidates.count, candidates.dimension)
    guard n <= Self.largestCount else {
      throw SubsetSumError.tooManyCandidates(solver: Self.name, limit: Self.largestCount, found: n)
    }
    guard m >= 2 else {
      throw SubsetSumError.unsupported(solver: Self.name, expected: "2 or more dimensions", found: "m = \(m)")
    }
    let needed = Self.neededBytes(count: n, dimension: m)
    let allowed = min(memoryBytes, MachineMemory.bytes)
    guard needed <= allowed else {
      throw SubsetSumError.memoryLimit(solver: Self.name, neededBytes: needed, limitBytes: allowed)
    }
    self.candidates = candidates
    self.norm = norm
    let origin = try Problem(
      candidates: candidates, target: [Double](repeating: 0, count: m), norm: norm)
    largest = candidates.survey().largest
    form = origin.isOrdinary ? nil : try ModerateForm(candidates, norm)
    tables = try Self.tables(candidates, norm, form, control)
  }

  /// The tables; nil where the run was stopped before they were made.
  private static func tables(
    _ candidates: Candidates, _ norm: Norm, _ form: ModerateForm?, _ control: RunControl
  ) throws -> VectorTables? {
    let nowhere = [Double](repeating: 0, count: candidates.dimension)
    let tabled =
      try form.map {
        Problem(known: $0.candidates, target: nowhere, norm: $0.norm, isOrdinary: true)
      } ?? Problem(candidates: candidates, target: nowhere, norm: norm)
    do { return try VectorTables(try SmallInstance(tabled), control) } catch is Interruption { return nil }
  }

  /// The best subset for each target.
  ///
  /// A work limit is divided evenly among the targets, so that a search that it ends gives the same
  /// everywhere, give or take some 2¹⁸ looks. A time limit or cancellation leaves the best so far.
  ///
  /// - Throws: `SubsetSumError.mismatchedSizes` for a target of another dimension; `.unusableEntry`
  ///   for one that is not finite or above 2⁴⁰⁰.
  public func solve(
    targets: [[Double]], workers: Int = Workers.availableCores, control: RunControl = RunControl()
  ) throws -> VectorBatchResult {
    let problems = try targets.map {
      try Problem(candidates: candidates, target: $0, norm: norm, validatesCandidates: false)
    }
    let share = control.limits.work.map { $0 / UInt64(max(1, targets.count)) }
    let part = control.withWork(share)
    let tables = try tables ?? Self.tables(candidates, norm, form, control)
    let done = Guarded(0)
    let lateness = Guarded<RunControl?>(nil)
    /// Whether a stopped run has used up its time for subsets that are there at once.
    @Sendable func isOver() -> Bool {
      if control.interruption() == nil { return false }
      return lateness.withLock { late in
        late = late ?? RunControl(limits: Limits(seconds: Self.grace))
        return late!.interruption() != nil
      }
    }
    let found = try Workers.map(count: problems.count, workers: max(1, workers)) { t -> Solution? in
      if isOver() { return nil }
      var meter = WorkMeter(part.silenced(), defaultLimit: Self.defaultWorkLimit)
      var mask: UInt64 = 0
      if let tables {
        if let problem = inTables(problems[t]) {
          var best = try MeetingPoint(problem)
          tables.search(&best, &meter)
          mask = best.mask
        }
      } else {
        _ = meter.isInterrupted()
      }
      let claim = meter.claim(
        SmallInstance.indices(of: mask), isOptimal: tables != nil, by: Self.name)
      let solved = done.withLock { count in
        count += 1
        return count
      }
      control.report(RunProgress(phase: "solving", completed: solved, total: problems.count))
      return try QuickSubset.orBetter(claim, for: problems[t])
    }
    let solutions = Array(found.prefix { $0 != nil }.compactMap { $0 })
    let stop =
      solutions.lazy.compactMap(\.stop).first ?? (solutions.count < problems.count ? control.interruption() : nil)
    let work = solutions.reduce(UInt64(0)) { $0 &+ $1.work }
    return VectorBatchResult(solutions: solutions, stop: stop, work: work)
  }

  /// A problem in the coordinates of the tables; nil where its target is so far that no subset is
  /// closer than another by more than rounding.
  private func inTables(_ problem: Problem) -> Problem? {
    if let form {
      return form.target(problem.target).map {
        Problem(known: form.candidates, target: $0, norm: form.norm, isOrdinary: true)
      }
    }
    return Problem.isOrdinary(candidates, largest: largest, target: problem.target, norm: norm) ? problem : nil
  }
}
