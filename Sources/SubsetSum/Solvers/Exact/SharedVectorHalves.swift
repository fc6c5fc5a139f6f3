import LinearAlgebra
import RunControl

/// What a batch of exact searches over shared candidates in several dimensions found.
public struct VectorBatchResult: Sendable {
  /// The best subset met for each target, in order, checked; `isOptimal` says whether it was proved to be the best of all.
  public let solutions: [Solution]
  /// What stopped a search, the first target's that was stopped; nil where all were finished.
  public let stop: StopReason?
  /// Candidate coordinates of pairs and sums looked at.
  public let work: UInt64
}

/// Exact optima for any number of targets over the same candidates in two or more dimensions, any subset allowed: the half sums are built and laid
/// out once.
///
/// The sums of one half lie in cells of the coordinates of largest spread (`SumGrid`). For a target z every sum a of the other half is looked up there: what lies
/// near z − a, within the best error so far. Sums a ascend in the first coordinate, so that lookups go through the cells in order; in two and
/// three dimensions most end at a bitmap.
///
/// Exactness and ties as `MeetInTheMiddle`: near-ties by rounding are decided by the checker's arithmetic. Of equal candidates, and of subsets with equal sums where
/// sums are exact, one is looked at. Targets are dealt to the workers; a solution depends on its target alone.
///
/// Cost: 2^⌊n/2⌋ lookups a target as long as the best error is small beside cells: in two to four dimensions; beyond, about 2ⁿ·(error/spread)³ pairs. Building:
/// 2^(n/2)·(m + n) steps. Memory: `neededBytes`. Beside a search of its own for each target (`CellSweep` in two to four dimensions, else `MeetInTheMiddle`), one core:
/// 2 to 3 times as fast in two to four dimensions, 25 times at (m, n) = (5, 30), 12 at (6, 26), 6 at (8, 26).
public struct SharedVectorHalves: Sendable {
  /// Most candidates accepted, whatever the memory.
  public static let largestCount = 56
  /// Units of work for each target without a limit of the run's own: 2³⁶.
  public static let defaultWorkLimit: UInt64 = 1 << 36
  /// Bytes without a limit of the run's own: 2 GiB.
  public static let defaultMemoryLimit = 1 << 31
  private static let name = "shared halves"

  /// The candidates that all targets share.
  public let candidates: Candidates
  /// What errors are measured in.
  public let norm: Norm
  private let tables: VectorTables

  /// Bytes of working memory for n candidates of dimension m, at the peak.
  public static func neededBytes(count n: Int, dimension m: Int) -> Int {
    let half = n - n / 2
    if half >= 40 { return .max / 4 }
    return (1 << half) * (3 * (8 * m + 4) + 24)
  }

  /// - Throws: `SubsetSumError.tooManyCandidates` above 56, `.unsupported` for fewer than two dimensions, `.unusableEntry` for entries that are not finite or above
  ///   2⁴⁰⁰, `.mismatchedSizes` for a norm of another dimension, `.memoryLimit` where tables need more than `memoryBytes`.
  public init(
    candidates: Candidates, norm: Norm, memoryBytes: Int = SharedVectorHalves.defaultMemoryLimit
  ) throws {
    let (n, m) = (candidates.count, candidates.dimension)
    guard n <= Self.largestCount else {
      throw SubsetSumError.tooManyCandidates(solver: Self.name, limit: Self.largestCount, found: n)
    }
    guard m >= 2 else {
      throw SubsetSumError.unsupported(solver: Self.name, expected: "2 or more dimensions", found: "m = \(m)")
    }
    let needed = Self.neededBytes(count: n, dimension: m)
    guard needed <= memoryBytes else {
      throw SubsetSumError.memoryLimit(solver: Self.name, neededBytes: needed, limitBytes: memoryBytes)
    }
    self.candidates = candidates
    self.norm = norm
    let origin = try Problem(candidates: candidates, target: [Double](repeating: 0, count: m), norm: norm)
    tables = VectorTables(try SmallInstance(origin))
  }

  /// The best subset for each target.
  ///
  /// A work limit is divided evenly among targets, so that what it ends is the same everywhere, give or take some 2¹⁸ looks; a time limit or cancellation leaves
  /// the best so far.
  ///
  /// - Throws: `SubsetSumError.mismatchedSizes` for a target of another dimension, `.unusableEntry` for one that is not finite or above 2⁴⁰⁰.
  public func solve(
    targets: [[Double]], workers: Int = Workers.availableCores, control: RunControl = RunControl()
  ) throws -> VectorBatchResult {
    let problems = try targets.map {
      try Problem(candidates: candidates, target: $0, norm: norm, validatesCandidates: false)
    }
    let share = control.limits.work.map { $0 / UInt64(max(1, targets.count)) }
    let part = control.withWork(share)
    let done = Guarded(0)
    let solutions = try Workers.map(count: problems.count, workers: max(1, workers)) { t in
      var meter = WorkMeter(part.silenced(), defaultLimit: Self.defaultWorkLimit)
      var best = try MeetingPoint(problems[t])
      tables.search(&best, &meter)
      let claim = meter.claim(SmallInstance.indices(of: best.mask), isOptimal: true, by: Self.name)
      let solved = done.withLock { count in
        count += 1
        return count
      }
      control.report(RunProgress(phase: "solving", completed: solved, total: problems.count))
      return try Checker.solution(claim, for: problems[t])
    }
    let work = solutions.reduce(UInt64(0)) { $0 &+ $1.work }
    return VectorBatchResult(solutions: solutions, stop: solutions.lazy.compactMap(\.stop).first, work: work)
  }
}
