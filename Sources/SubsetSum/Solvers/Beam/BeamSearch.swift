import RunControl

/// Beam search: subsets of growing size, the best `width` of each kept, all their extensions scored together.
///
/// A level scores every kept state with every candidate, ‖r − x‖² over tiles by GEMM (`PairScreen`), and keeps the best distinct subsets. Where
/// the problem fixes the size k, the last two or three candidates are chosen jointly (`BeamCompletion`): states meet a pool of sums
/// in another screen, or in cells. Otherwise sizes grow until the error has stopped falling, and states of the sizes that did best are completed so.
///
/// Levels rank by the Euclidean norm of what is left (in the plain form of a metric or row sums); subsets are compared in the problem's
/// norm. Decisions are in fixed-order Float64: the subset does not depend on BLAS's core, threads or tiles.
///
/// Without a `width`, runs of 256 states (fewer where limits allow none of so many at the size asked for), then four times as many each, follow each other as long as the limits allow another, the last as wide as what is
/// left allows; the best subset of all is returned. Cost of a run: k·width·n·m, as much again for the completion; memory: width·(16·m + 8·k + 110) bytes, 4·(m+1) a
/// candidate, and the completion's (`BeamCompletion`). One thread.
///
/// Measured on generated instances, 10 s on one core, medians of 10 seeds: at a size of 27 and (m, n) = (25, 1000) 1.77 times the ε at which the fixed-size first
/// moment is 1, at a size of 12 and (9, 1000) 2.05 times. 53 % of the time is BLAS's at (72, 1900), 74 % at (72, 16000), 82 % at (144, 64000): what is not
/// goes to children met again from other states, which grow with the width alone.
public struct BeamSearch: Solver, SizePenalizing {
  /// Units of work without a limit of the run's own: 2³².
  public static let defaultWorkLimit: UInt64 = 1 << 32
  /// Bytes without a limit of the run's own: 2 GiB.
  public static let defaultMemoryLimit = 1 << 31
  static let widths = 1...(1 << 24)

  public let name = "beam"
  /// States kept of each size, or nil for what limits allow.
  public var width: Int?
  /// p ≥ 0: of the best subsets of each size the one of least error² + p·size is returned.
  public var sizePenalty = 0.0

  public init(width: Int? = nil) { self.width = width }

  /// - Throws: `SubsetSumError.invalidOption` for a width that is not in 1…2²⁴ or a penalty below 0, `.memoryLimit` where it needs more than the run may use, or
  ///   `LinearAlgebraError` for sizes above 32 bits.
  public func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    let run = try BeamRun(problem, control, solver: self)
    try run.all()
    return try Checker.solution(run.claim(run.best.subset), for: problem)
  }

  /// The best subset of each size that was met, by size.
  ///
  /// - Throws: as `solve`.
  public func bestBySize(_ problem: Problem, control: RunControl) throws -> [Solution] {
    let run = try BeamRun(problem, control, solver: self)
    try run.all()
    return try run.bestOfSize.sorted { $0.key < $1.key }.map { _, found in
      try Checker.solution(run.claim(found.subset), for: problem)
    }
  }

  /// Bytes for a beam of so many states.
  static func neededBytes(_ problem: Problem, width: Int) -> Int {
    let (n, m) = (problem.count, problem.dimension)
    let states = width.multipliedReportingOverflow(by: 16 * m + 8 * (problem.size ?? min(n, 64)) + 110)
    let completion = BeamCompletion.bytes(problem, width: width)
    return states.overflow
      ? .max : states.partialValue.addingReportingOverflow(4 * n * (m + 1) + completion).partialValue
  }
}

/// The runs of one search.
final class BeamRun {
  typealias Found = (error: Double, subset: [Int])

  private let problem: Problem
  private let solver: BeamSearch
  /// Plain form, candidates by ascending norm.
  private let sorted: Problem
  private let order: [Int]
  private let control: RunControl
  private(set) var meter: WorkMeter
  private(set) var best: Found
  private(set) var bestOfSize: [Int: Found] = [:]
  /// Whether a run has come to its end.
  private var hasEnded = false
  /// Why the search stopped before its end. One that spends the default limit after a whole run has ended by itself.
  var stop: StopReason? { hasEnded && meter.stop == .workLimit && control.limits.work == nil ? nil : meter.stop }

  init(_ problem: Problem, _ control: RunControl, solver: BeamSearch) throws {
    guard solver.sizePenalty >= 0, solver.sizePenalty.isFinite else {
      throw SubsetSumError.invalidOption(
        solver: solver.name, option: "sizePenalty", expected: "a number ≥ 0", found: "\(solver.sizePenalty)")
    }
    if let width = solver.width {
      guard BeamSearch.widths.contains(width) else {
        throw SubsetSumError.invalidOption(
          solver: solver.name, option: "width", expected: "\(BeamSearch.widths)", found: "\(width)")
      }
      let needed = BeamSearch.neededBytes(problem, width: width)
      let allowed = control.limits.memoryBytes ?? BeamSearch.defaultMemoryLimit
      guard needed <= allowed else {
        throw SubsetSumError.memoryLimit(solver: solver.name, neededBytes: needed, limitBytes: allowed)
      }
    }
    self.problem = problem
    self.solver = solver
    self.control = control
    (sorted, order) = try problem.plainForm().ascending()
    meter = WorkMeter(control, defaultLimit: BeamSearch.defaultWorkLimit)
    best = (.infinity, problem.defaultSubset)
    if problem.size == nil { record([], sorted.target, size: 0) }
  }

  /// Runs of growing width until the next one would not fit.
  func all() throws {
    let (n, m) = (problem.count, problem.dimension)
    if n == 0 || m == 0 || problem.size == 0 { return }
    if let width = solver.width { return try run(width: width) }
    let memory = control.limits.memoryBytes ?? BeamSearch.defaultMemoryLimit
    // Of a fixed size nothing is known before the last level, so the first run must come to its end.
    let state = Double(n) * Double(m) * Double(problem.size ?? 64)
    var width = max(1, Int(min(256, Double(meter.limit) / (4 * state))))
    while meter.stop == nil, width <= BeamSearch.widths.upperBound,
      BeamSearch.neededBytes(problem, width: width) <= memory
    {
      let (before, began) = (meter.work, control.secondsLeft)
      try run(width: width)
      if meter.stop == nil { hasEnded = true }
      // The next one is four times as wide, or, where no other would fit after it, as wide as limits allow.
      var growth = (Double(meter.limit) - Double(meter.work)) / Double(max(1, meter.work - before))
      if let began, let left = control.secondsLeft { growth = min(growth, 0.8 * left / max(1e-9, began - left)) }
      if growth > 8 { growth = 4 }
      while growth > 1.5, BeamSearch.neededBytes(problem, width: Int(Double(width) * growth)) > memory { growth /= 2 }
      if growth < 1.5 { return }
      width = Int(Double(width) * growth)
    }
  }

  /// The sizes at which a run may end without a fixed one, after the best so far.
  private var sizesToCome: Int { best.subset.count + 4 + best.subset.count / 4 }

  private func run(width: Int) throws {
    let (n, m) = (problem.count, problem.dimension)
    try sorted.candidates.withRows { rows in
      let expansion = BeamExpansion(rows, kept: width)
      var (parents, children) = (BeamStates(capacity: width, dimension: m), BeamStates(capacity: width, dimension: m))
      let completion = BeamCompletion(sorted, rows, width: width)
      let known = best.subset.count
      parents.reset(to: sorted.target)
      var spent: UInt64 = 0
      while parents.size < min(n, problem.size ?? sizesToCome) {
        let remaining = (problem.size ?? known) - parents.size
        if remaining == completion.added || (problem.size == nil && (1...4).contains(remaining)) {
          try complete(completion, parents, work: problem.size == nil ? spent / 4 : spent)
          if problem.size != nil { break }
        }
        let before = meter.work
        guard try expansion.selectChildren(of: parents, &meter) else { return }
        children.take(expansion.selection, of: parents, rows)
        if problem.size.map({ $0 == children.size }) ?? true { record(children) }
        swap(&parents, &children)
        spent += meter.work - before
        meter.report("beam of \(width)", completed: parents.size, total: problem.size ?? 0, best: best.error)
      }
    }
  }

  private func complete(_ completion: BeamCompletion, _ states: BeamStates, work: UInt64) throws {
    // Without a fixed size or a penalty only what is better than all before counts.
    let limit =
      problem.size == nil && solver.sizePenalty == 0
      ? best.error : bestOfSize[states.size + completion.added]?.error ?? .infinity
    if let found = try completion.best(states, below: limit, work: work, &meter) {
      record(found.subset, error: found.error)
    }
  }

  // MARK: - What was found

  private func record(_ states: BeamStates) {
    var least = (error: Double.infinity, state: 0)
    for s in 0..<states.count {
      let error = sorted.norm.measure(states.residual(s), states.dimension)
      if error < least.error { least = (error, s) }
    }
    if least.error < bestOfSize[states.size]?.error ?? .infinity {
      record(states.subset(least.state), error: least.error)
    }
  }

  func claim(_ subset: [Int]) -> Claim {
    var claim = meter.claim(subset, isOptimal: false, by: solver.name)
    claim.stop = stop
    return claim
  }

  private func objective(_ found: Found) -> Double {
    if solver.sizePenalty == 0 { return found.error }
    return found.error * found.error + solver.sizePenalty * Double(found.subset.count)
  }

  private func record(_ subset: [Int], _ residual: [Double], size: Int) {
    record(subset, error: sorted.norm.measure(residual, residual.count))
  }

  /// Notes a subset of the sorted candidates.
  private func record(_ subset: [Int], error: Double) {
    let found = (error, subset.map { order[$0] }.sorted())
    if error < bestOfSize[subset.count]?.error ?? .infinity { bestOfSize[subset.count] = found }
    if objective(found) < objective(best) { best = found }
  }
}
