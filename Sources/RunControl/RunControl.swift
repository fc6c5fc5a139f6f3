import Synchronization

/// Asks a running computation to stop with the best it has.
///
/// One flag, safe to set from any thread (a signal-handling queue included) and never reset.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  public init() {}

  /// Asks for a stop. Cost: one atomic store.
  public func cancel() { flag.store(true, ordering: .releasing) }

  /// Whether a stop was asked for. Cost: one atomic load.
  public var isCancelled: Bool { flag.load(ordering: .acquiring) }
}

/// How far a computation has come.
public struct RunProgress: Sendable {
  /// What is being done, in a word or two.
  public var phase: String
  /// Units finished, of `total`.
  public var completed: Int
  /// Units in all.
  public var total: Int
  /// The figure being improved, if there is one, with its meaning in `bestLabel`.
  public var best: Double?
  /// What `best` measures.
  public var bestLabel: String

  public init(phase: String, completed: Int, total: Int, best: Double? = nil, bestLabel: String = "") {
    self.phase = phase
    self.completed = completed
    self.total = total
    self.best = best
    self.bestLabel = bestLabel
  }
}

/// Limits, progress and cancellation of one run, passed down by value.
///
/// It installs no signal handler and prints nothing: whoever starts the run does that.
public struct RunControl: Sendable {
  /// What the run may use.
  public let limits: Limits
  /// The flag that stops the run.
  public let cancellation: Cancellation
  /// Called with each step of progress, from any thread, one call at a time or several.
  public let report: @Sendable (RunProgress) -> Void
  private let deadline: ContinuousClock.Instant?

  /// A run that starts now: the time limit counts from this call.
  public init(
    limits: Limits = Limits(), cancellation: Cancellation = Cancellation(),
    report: @escaping @Sendable (RunProgress) -> Void = { _ in }
  ) {
    self.limits = limits
    self.cancellation = cancellation
    self.report = report
    deadline = limits.seconds.map { ContinuousClock.now.advanced(by: .seconds($0)) }
  }

  fileprivate init(copying other: RunControl, work: UInt64?, report: @escaping @Sendable (RunProgress) -> Void) {
    var limits = other.limits
    limits.work = work
    self.limits = limits
    cancellation = other.cancellation
    self.report = report
    deadline = other.deadline
  }

  /// The same run, same deadline and flag, with another work limit: a share handed to one part.
  public func withWork(_ work: UInt64?) -> RunControl { RunControl(copying: self, work: work, report: report) }

  /// Seconds until the time limit strikes, negative after it; nil without one.
  public var secondsLeft: Double? { deadline.map { ContinuousClock.now.duration(to: $0) / .seconds(1) } }

  /// Why the run must stop now, or nil to go on. The work limit is the callee's to count.
  ///
  /// Cost: an atomic load, and a clock reading when there is a time limit.
  public func interruption() -> StopReason? {
    if cancellation.isCancelled { return .cancelled }
    if let deadline, ContinuousClock.now >= deadline { return .timeLimit }
    return nil
  }
}

extension RunControl {
  /// The same run without its progress reports: for parts whose whole reports them.
  public func silenced() -> RunControl { RunControl(copying: self, work: limits.work, report: { _ in }) }
}
