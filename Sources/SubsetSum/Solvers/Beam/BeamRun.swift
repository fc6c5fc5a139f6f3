import LinearAlgebra
import RunControl

/// The beams of one search: their widths and windows, level after level, and the best subsets that
/// they meet.
final class BeamRun {
  typealias Found = (error: Double, subset: [Int])

  private let problem: Problem
  private let solver: BeamSearch
  /// The problem in plain form, with candidates by ascending norm.
  private let sorted: Problem
  private let order: [Int]
  private let control: RunControl
  private let workers: Int
  private(set) var meter: WorkMeter
  private(set) var best: Found
  private(set) var bestOfSize: [Int: Found] = [:]
  /// Whether a beam has come to its end.
  private var hasEnded = false
  /// The width of the last beam that came to its end, and the seconds that it took, where there is
  /// a time limit.
  private var lastRun: (width: Int, seconds: Double)?
  /// Why the search stopped before its end. A search that spends the default work limit after a
  /// whole beam has ended by itself.
  var stop: StopReason? { hasEnded && meter.stop == .workLimit && control.limits.work == nil ? nil : meter.stop }

  init(_ problem: Problem, _ control: RunControl, solver: BeamSearch) throws {
    if let width = solver.width {
      guard BeamSearch.widths.contains(width) else {
        throw SubsetSumError.invalidOption(
          solver: solver.name, option: "width", expected: "\(BeamSearch.widths)", found: "\(width)")
      }
      let needed = BeamSearch.neededBytes(problem, width: width)
      let allowed = control.limits.allowedBytes(default: BeamSearch.defaultMemoryLimit)
      guard needed <= allowed else {
        throw SubsetSumError.memoryLimit(solver: solver.name, neededBytes: needed, limitBytes: allowed)
      }
    }
    self.problem = problem
    self.solver = solver
    self.control = control
    workers = max(1, solver.workers)
    (sorted, order) = try problem.plainForm(control).ascending(control)
    meter = WorkMeter(control, defaultLimit: BeamSearch.defaultWorkLimit)
    best = (.infinity, problem.defaultSubset)
    if problem.size == nil { record([], sorted.target, size: 0) }
  }

  /// Runs beams of growing width until the next one would not fit, and where there is a time limit
  /// others in other windows until it is up.
  ///
  /// For a fixed size the widest beam takes half of what is left, and one in another window the
  /// rest.
  func all() throws {
    do {
      try widen()
    } catch let interruption as Interruption {
      meter.stop(for: interruption)
    }
  }

  private func widen() throws {
    let (n, m) = (problem.count, problem.dimension)
    if n == 0 || m == 0 || problem.size == 0 { return }
    let isFixed = problem.size != nil
    if let width = solver.width { return try run(width: width, .narrow) }
    let memory = control.limits.allowedBytes(default: BeamSearch.defaultMemoryLimit)
    func fits(_ width: Double) -> Bool {
      width <= Double(BeamSearch.widths.upperBound) && BeamSearch.neededBytes(problem, width: Int(width)) <= memory
    }
    // For a fixed size wider beams alone find better subsets; otherwise it also helps to know the
    // best size of the beam before.
    let steepest = isFixed ? 8.0 : 4.0
    // For a fixed size nothing is known before the last level, so the first beam must come to its
    // end.
    let state = Double(n) * Double(m) * Double(problem.size ?? 64)
    var width = max(1, Int(min(Double(BeamSearch.firstWidth), Double(meter.limit) / (4 * state))))
    while meter.stop == nil, fits(Double(width)) {
      let (before, began) = (meter.work, control.secondsLeft)
      try run(width: width, .narrow)
      if meter.stop == nil { hasEnded = true }
      // How many times as wide the next beam is: `steepest`, or where no other would fit after it,
      // what its part of the limits allows.
      func growth(toward part: Double, _ steepest: Double, within safety: Double) -> Double {
        var growth = part * Double(meter.limit - min(meter.work, meter.limit)) / Double(max(1, meter.work - before))
        if let began, let left = control.secondsLeft {
          // Wider beams miss the caches more: time grows about as the width to the power 1.15.
          let ratio = safety * part * left / max(1e-9, began - left)
          growth = min(growth, exponential2(0.87 * logarithm2(max(1e-9, ratio))))
        }
        if growth > 2 * steepest { growth = steepest }
        while growth > 1, !fits(Double(width) * growth) { growth /= 2 }
        return growth
      }
      let next = growth(toward: isFixed ? 0.5 : 1, steepest, within: 0.8)
      if next < 1.5 {
        let last = growth(toward: 1, 2, within: 0.92)
        if isFixed, last > 0.1, meter.stop == nil { try run(width: max(1, Int(Double(width) * last)), .wide) }
        break
      }
      width = Int(Double(width) * next)
    }
    try goOn(fits)
  }

  /// Runs beams in other windows until the time is up, each about as wide as there is time for.
  private func goOn(_ fits: (Double) -> Bool) throws {
    var number = 0
    while meter.stop == nil, best.error > 0, let left = control.secondsLeft, let (last, seconds) = lastRun {
      if holdsAll(Double(last)) { return }
      let growth = exponential2(0.87 * logarithm2(max(1e-9, 0.9 * left / max(1e-9, seconds))))
      var width = Double(last) * min(4, growth)
      while width > 1, !fits(width) { width /= 2 }
      number += 1
      try run(width: max(1, Int(width)), .other(number))
    }
  }

  /// Whether a beam of so many states holds every subset that it could meet.
  private func holdsAll(_ width: Double) -> Bool {
    if let size = problem.size { return Self.subsets(of: size, among: problem.count) <= width }
    return problem.count < 30 && Double(1 << problem.count) <= width
  }

  /// The size at which a beam ends where none is fixed, some way beyond the best subset's so far.
  private var sizesToCome: Int { best.subset.count + 4 + best.subset.count / 4 }

  private func run(width: Int, _ window: BeamWindow) throws {
    let before = control.secondsLeft
    try search(width: width, window)
    if meter.stop == nil, let before, let left = control.secondsLeft { lastRun = (width, before - left) }
  }

  private func search(width: Int, _ window: BeamWindow) throws {
    let (n, m) = (problem.count, problem.dimension)
    // Levels that hold every subset need no window.
    let window = problem.size != nil && holdsAll(Double(width)) ? .none : window
    try sorted.candidates.withRows { rows in
      let expansion = try BeamExpansion(rows, kept: width, workers: workers, control)
      func states() throws -> BeamStates { try BeamStates(capacity: width, dimension: m, candidates: n) }
      var (parents, children) = (try states(), try states())
      let endings = BeamEndings(sorted, rows, width: width, workers: workers)
      let known = best.subset.count
      parents.reset(to: sorted.target)
      var spent: UInt64 = 0
      while parents.size < min(n, problem.size ?? sizesToCome) {
        let remaining = (problem.size ?? known) - parents.size
        for added in endings.added(remaining: remaining, isFixed: problem.size != nil) {
          // Without a fixed size or a penalty only what is better than all before counts.
          let isAny = problem.size == nil && problem.sizePenalty == 0
          let limit = isAny ? best.error : bestOfSize[parents.size + added]?.error ?? .infinity
          let work = problem.size == nil ? spent / 4 : spent
          if let found = try endings.best(parents, added: added, expansion, below: limit, work: work, &meter) {
            record(found.subset, error: found.error)
          }
        }
        if problem.size != nil, endings.areDone(remaining: remaining) { break }
        let before = meter.work
        let isLast = problem.size == parents.size + 1
        let limit = isLast ? limitOfLast : .infinity
        let first = window.first(extending: parents.size, toward: problem.size ?? known, of: n)
        guard try expansion.selectChildren(of: parents, from: first, within: limit, &meter) else { return }
        try children.take(expansion.selection, of: parents, rows, workers: workers, control)
        if isLast || problem.size == nil { record(children) }
        swap(&parents, &children)
        spent += meter.work - before
        meter.report("beam of \(width)", completed: parents.size, total: problem.size ?? 0, best: best.error)
      }
    }
  }

  /// About how many subsets of a size there are.
  private static func subsets(of size: Int, among count: Int) -> Double {
    (0..<min(size, count - size)).reduce(1.0) { $0 * Double(count - $1) / Double($1 + 1) }
  }

  /// ‖r‖² beyond which children of the fixed size are hardly better than the best subset so far.
  private var limitOfLast: Double {
    let error = bestOfSize[problem.size!]?.error ?? .infinity
    return error * error * sorted.norm.likelySquares(dimension: problem.dimension)
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
    if problem.sizePenalty == 0 { return found.error }
    return found.error * found.error + problem.sizePenalty * Double(found.subset.count)
  }

  private func record(_ subset: [Int], _ residual: [Double], size: Int) {
    record(subset, error: sorted.norm.measure(residual, residual.count))
  }

  /// Notes a subset of the sorted candidates, if it is the best of its size or of all.
  private func record(_ subset: [Int], error: Double) {
    let found = (error, subset.map { order[$0] }.sorted())
    if error < bestOfSize[subset.count]?.error ?? .infinity { bestOfSize[subset.count] = found }
    if objective(found) < objective(best) { best = found }
  }
}
