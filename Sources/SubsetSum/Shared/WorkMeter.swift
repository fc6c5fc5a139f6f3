import RunControl

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
