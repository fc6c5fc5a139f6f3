import RunControl

/// Counts the work and the evaluations of a run, and holds them against its limits.
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

  /// Whether `cost` more units may be spent; if not, `stop` says why. The work limit is asked
  /// first, so that a run that it ends gives the same result everywhere.
  mutating func allows(_ cost: UInt64) -> Bool {
    if stop != nil { return false }
    if cost > limit || work > limit - cost {
      stop = .workLimit
    } else {
      stop = control.interruption()
    }
    return stop == nil
  }

  /// Whether the run must stop for another reason than its work limit, which `stop` then says.
  mutating func isInterrupted() -> Bool {
    if stop == nil { stop = control.interruption() }
    return stop != nil
  }

  /// Notes why a part of the run ended that has nothing to show.
  mutating func stop(for interruption: Interruption) { stop = stop ?? interruption.reason }

  @inline(__always) mutating func count(work units: UInt64, evaluations subsets: UInt64) {
    work &+= units
    evaluations &+= subsets
  }

  /// Adds what a part of the run has spent, and stops where the part was stopped.
  mutating func absorb(_ part: WorkMeter) {
    count(work: part.work, evaluations: part.evaluations)
    stop = stop ?? part.stop
  }

  /// Tells the run how far this search is, at most once every 2²⁷ units of work.
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
