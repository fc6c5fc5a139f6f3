import RunControl

/// A way to choose candidates whose sum comes close to a target.
///
/// ```swift
/// /// Every second candidate, whatever the target.
/// struct EverySecond: Solver {
///   let name = "every-second"
///
///   func solve(_ problem: Problem, control: RunControl) throws -> Solution {
///     let subset = Array(stride(from: 0, to: problem.count, by: 2))
///     return try Checker.solution(Claim(subset: subset, solver: name), for: problem)
///   }
/// }
/// ```
///
/// `Portfolio` chooses among the solvers of this module by the problem's size; `README.md` beside
/// this file says which solver is for what. A solver returns through `Checker`. Without a time
/// limit it gives the same subset for the same problem and work limit, whatever the threads, tiles
/// or BLAS kernels. Work is counted in candidate coordinates scored: n·m for scoring every
/// candidate once.
///
/// **Limits.** Each solver has a work limit of its own, which its documentation states and which
/// holds where the run has no limit. With a time limit alone there is no work limit: the solver
/// goes on until it has finished by itself or the time is up. It asks its run so often that it
/// returns within a few hundredths of a second of a time limit or a cancellation. What it returns
/// then is at least as close as the empty set and every single candidate (`QuickSubset`).
public protocol Solver: Sendable {
  /// The name that reports and the command line use.
  var name: String { get }

  /// Whether the solver takes problems that fix the subset's size; true unless it says otherwise.
  var takesFixedSize: Bool { get }
  /// Whether the solver takes problems with a size penalty p, and looks for a subset of small
  /// error² + p·size; false unless it says otherwise.
  var takesSizePenalty: Bool { get }
  /// Checks that the solver takes problems of a shape, under the limits of a run that states none,
  /// so that many problems can be refused before one is made.
  ///
  /// - Throws: what `solve` throws for every problem of the shape.
  func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError)

  /// Searches for a subset.
  ///
  /// A solver that runs on several cores holds BLAS to one thread meanwhile, which may change the
  /// last bits of products that the host computes on other threads. `BLASLibrary.threadPolicy`
  /// leaves the host's count alone.
  ///
  /// - Throws: `SubsetSumError` when the problem is outside what the solver can do.
  func solve(_ problem: Problem, control: RunControl) throws -> Solution
}

/// A solver that can use several cores for one problem, and finds the same subset on any number of
/// them.
public protocol MultipleWorkers: Solver {
  /// The number of cores that the solver runs on.
  var workers: Int { get set }
}

extension Solver {
  /// Fixed sizes are taken by a solver that does not say otherwise.
  public var takesFixedSize: Bool { true }
  /// Size penalties are not taken by a solver that does not say otherwise.
  public var takesSizePenalty: Bool { false }
}
