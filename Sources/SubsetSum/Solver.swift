import RunControl

/// A way to choose candidates whose sum comes close to a target.
///
/// A solver returns through `Checker`, stops when its run says so with the best subset so far, and gives the
/// same subset for the same problem and work limit, whatever the threads, tiles or BLAS kernels. Work is
/// counted in candidate coordinates scored: n·m for scoring every candidate once.
///
/// **Limits.** A work limit is counted by the solver; without limits its documented default holds.
/// With a time limit alone no work limit does: the solver goes on until it has finished by itself,
/// or the time is up. It asks its run so often that it returns within a few hundredths of a second
/// of a time limit or a cancellation, and then what it returns is at least as close as the empty
/// set and every single candidate (`QuickSubset`).
public protocol Solver: Sendable {
  /// The name that reports and the command line use.
  var name: String { get }

  /// Whether it takes problems that fix the subset's size. Without a word of its own, a solver
  /// does.
  var takesFixedSize: Bool { get }
  /// Checks that this solver takes problems of a shape, without limits of the run's own, so that many can be refused
  /// before one is made.
  ///
  /// - Throws: what `solve` throws for every problem of the shape.
  func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError)

  /// Searches for a subset.
  ///
  /// Solvers on several cores hold BLAS to one thread meanwhile, which may change the last bits of products that the
  /// host computes on other threads: `BLASLibrary.threadPolicy` leaves the host's count alone.
  ///
  /// - Throws: `SubsetSumError` when the problem is outside what this solver can do.
  func solve(_ problem: Problem, control: RunControl) throws -> Solution
}

/// A solver that can use several cores for one problem, and finds the same subset on any number of them.
public protocol MultipleWorkers: Solver {
  /// Cores that it runs on.
  var workers: Int { get set }
}

extension Solver {
  public var takesFixedSize: Bool { true }

  /// - Throws: `SubsetSumError.unsupported` for a problem that fixes the subset's size.
  func requireAnySize(_ problem: Problem) throws(SubsetSumError) {
    if let size = problem.size {
      throw .unsupported(solver: name, expected: "a problem that takes subsets of any size", found: "size \(size)")
    }
  }
}

/// Counts work and evaluations against a run's limits.
struct WorkMeter {
  let control: RunControl
  let limit: UInt64
  private(set) var work: UInt64 = 0
  private(set) var evaluations: UInt64 = 0
  private(set) var stop: StopReason?
  private var nextReport: UInt64 = WorkMeter.reportInterval
  private static let reportInterval: UInt64 = 1 << 27

  init(_ control: RunControl, defaultLimit: UInt64) {
    self.control = control
    limit = control.limits.work(orDefault: defaultLimit)
  }

  /// Whether `cost` more units may be spent; if not, `stop` says why. The work limit is asked first, so that
  /// a run which it ends gives the same result everywhere.
  mutating func allows(_ cost: UInt64) -> Bool {
    if stop != nil { return false }
    if cost > limit || work > limit - cost {
      stop = .workLimit
    } else {
      stop = control.interruption()
    }
    return stop == nil
  }

  /// Whether the run must stop for another reason than its work limit; `stop` then says why.
  mutating func isInterrupted() -> Bool {
    if stop == nil { stop = control.interruption() }
    return stop != nil
  }

  /// Notes what ended a part of the run that has nothing to show.
  mutating func stop(for interruption: Interruption) { stop = stop ?? interruption.reason }

  @inline(__always) mutating func count(work units: UInt64, evaluations subsets: UInt64) {
    work &+= units
    evaluations &+= subsets
  }

  /// Adds what a part of the run has spent, and stops where it was stopped.
  mutating func absorb(_ part: WorkMeter) {
    count(work: part.work, evaluations: part.evaluations)
    stop = stop ?? part.stop
  }

  /// Tells the run how far this is, at most once every 2²⁷ units. `fraction` is of what can be known.
  mutating func report(_ phase: String, completed: Int, total: Int, best: Double) {
    if work < nextReport { return }
    nextReport = work + Self.reportInterval
    control.report(
      RunProgress(phase: phase, completed: completed, total: total, best: best, bestLabel: "error"))
  }

  func claim(_ subset: [Int], isOptimal: Bool, by solver: String) -> Claim {
    Claim(
      subset: subset, isOptimal: isOptimal && stop == nil, stop: stop, evaluations: evaluations, work: work,
      solver: solver)
  }
}
