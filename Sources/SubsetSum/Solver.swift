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
  /// Whether it takes problems with a size penalty p, and lowers error² + p·size. Without a word of its own, a solver
  /// does not.
  var takesSizePenalty: Bool { get }
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
  public var takesSizePenalty: Bool { false }
}
