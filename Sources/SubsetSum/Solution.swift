import RunControl

/// A subset whose error has been recomputed from its indices. Only `Checker` makes one.
///
/// ```swift
/// let found = try BeamSearch().solve(problem, control: RunControl(limits: Limits(seconds: 1)))
/// let chosen = found.subset.map { "candidate \($0)" }
/// print(found.error, found.isOptimal, found.stop == .timeLimit)
/// ```
///
/// Two solutions are equal when all their figures are.
public struct Solution: Sendable, Equatable {
  /// The chosen candidates, ascending.
  public let subset: [Int]
  /// ‖z − Σ‖ in the problem's norm, z the target and Σ the subset's sum.
  public let error: Double
  /// The largest magnitude of a coordinate of z − Σ.
  public let maximumError: Double
  /// ‖z − Σ‖₂.
  public let euclideanError: Double
  /// z − Σ, m entries.
  public let residual: [Double]
  /// Whether no subset is closer: a solver of this module has proved it, up to the exactness that
  /// the solver's documentation states, or the error is 0.
  public let isOptimal: Bool
  /// An error that no subset comes below, by the solver's proof and up to the same exactness:
  /// `error` where the subset is optimal, 0 where nothing is proved.
  public let lowerBound: Double
  /// The scale of the best reachable error (`TheoreticalLimit`), in the problem's norm and for its
  /// size; nil where none is known, or where it exceeds `emptySetError` and so says nothing.
  public let limit: Double?
  /// ‖z‖ in the problem's norm, the error of choosing nothing.
  public let emptySetError: Double
  /// Why the solver stopped before it had finished by itself, or nil.
  public let stop: StopReason?
  /// Subsets whose error was estimated or computed.
  public let evaluations: UInt64
  /// Candidate coordinates scored, the unit of the work limit.
  public let work: UInt64
  /// The name of the solver that found the subset.
  public let solver: String

  init(_ findings: Checker.Findings) {
    let (claim, problem, residual) = (findings.claim, findings.problem, findings.residual)
    subset = claim.subset
    self.residual = residual
    let m = residual.count
    (maximumError, euclideanError) = residual.withUnsafeBufferPointer {
      guard let values = $0.baseAddress else { return (0, 0) }
      return (Norm.maximum.measure(values, m), Norm.euclidean.measure(values, m))
    }
    func measured(_ values: [Double]) -> Double {
      let error = values.withUnsafeBufferPointer { $0.baseAddress.map { problem.norm.measure($0, m) } ?? 0 }
      return error.isNaN ? .infinity : error
    }
    error = measured(residual)
    let baseline = measured(problem.target)
    emptySetError = baseline
    let scale = TheoreticalLimit.scale(of: problem)
    limit = scale.flatMap { $0 > baseline ? nil : $0 }
    // No error is below 0, whoever found the subset and however the search ended.
    let isOptimal = claim.isOptimal || error == 0
    self.isOptimal = isOptimal
    lowerBound = isOptimal ? error : min(error, claim.lowerBound)
    stop = error == 0 ? nil : claim.stop
    evaluations = claim.evaluations
    work = claim.work
    solver = claim.solver
  }
}

/// What a solver says that it has found, before the checker has looked at it.
///
/// ```swift
/// let claim = Claim(subset: [1, 4, 7], solver: "by hand")
/// let solution = try Checker.solution(claim, for: problem)
/// ```
///
/// Distances are recomputed by the checker. That no subset is closer cannot be recomputed, so only
/// solvers of this module can claim it.
public struct Claim: Sendable {
  /// Indices of candidates, ascending.
  public var subset: [Int]
  /// Whether the solver proved optimality.
  public internal(set) var isOptimal = false
  /// An error that no subset comes below, as far as the solver has proved it.
  public internal(set) var lowerBound = 0.0
  /// Why the solver stopped before it had finished by itself, or nil.
  public var stop: StopReason?
  /// Subsets whose error was estimated or computed.
  public var evaluations: UInt64
  /// Candidate coordinates scored.
  public var work: UInt64
  /// The name of the solver that found the subset.
  public var solver: String

  /// A claim without a proof.
  public init(
    subset: [Int], stop: StopReason? = nil, evaluations: UInt64 = 0, work: UInt64 = 0, solver: String = "given"
  ) {
    self.subset = subset
    self.stop = stop
    self.evaluations = evaluations
    self.work = work
    self.solver = solver
  }
}

extension Claim {
  /// A claim that may carry a proof of optimality, which only this module's solvers can give.
  init(
    subset: [Int], isOptimal: Bool, stop: StopReason? = nil, evaluations: UInt64 = 0, work: UInt64 = 0, solver: String
  ) {
    self.init(subset: subset, stop: stop, evaluations: evaluations, work: work, solver: solver)
    self.isOptimal = isOptimal
  }
}
