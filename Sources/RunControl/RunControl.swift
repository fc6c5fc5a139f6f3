import Synchronization

/// Asks a running computation to stop with the best it has.
///
/// One flag, safe to set from any thread (a signal-handling queue included) and never reset.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  /// A flag that is not set.
  public init() {}

  /// Asks for a stop.
  ///
  /// - Complexity: O(1), an atomic store.
  public func cancel() { flag.store(true, ordering: .releasing) }

  /// Whether a stop was asked for.
  ///
  /// - Complexity: O(1), an atomic load.
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

  /// Progress of `completed` units of `total`, with the figure that is being improved, if any.
  public init(phase: String, completed: Int, total: Int, best: Double? = nil, bestLabel: String = "") {
    self.phase = phase
    self.completed = completed
    self.total = total
    self.best = best
    self.bestLabel = bestLabel
  }
}

/// Thrown out of work that has nothing to show until it is done, when the run must stop.
///
/// Whoever started that work catches it and returns the best it has.
public struct Interruption: Error, Sendable, Hashable {
  /// Why the run must stop.
  public let reason: StopReason

  /// An interruption for `reason`.
  public init(reason: StopReason) { self.reason = reason }
}

/// Limits, progress and cancellation of one run, passed down by value.
///
/// ```swift
/// let control = RunControl(limits: Limits(seconds: 10))
/// var (sum, next) = (0, 1)
/// while next <= 1000, control.interruption() == nil {
///   sum += next
///   next += 1
/// }
/// ```
///
/// It installs no signal handler and prints nothing: whoever starts the run does that.
public struct RunControl: Sendable {
  /// What the run may use.
  public private(set) var limits: Limits
  /// The flag that stops the run.
  public let cancellation: Cancellation
  /// Called with each step of progress, from any thread, one call at a time or several.
  public private(set) var report: @Sendable (RunProgress) -> Void
  /// Whether this is one step of a larger search, which sees to it by itself that a stop leaves it
  /// something to return.
  public private(set) var isStep = false
  /// Whether the run was to end long ago, and this is one of many parts that have yet to begin:
  /// each gives what costs least.
  package private(set) var isLate = false
  private var deadline: ContinuousClock.Instant?
  /// Read in place of the continuous clock.
  private let clock: (@Sendable () -> ContinuousClock.Instant)?

  /// A run that starts now: the time limit counts from this call.
  public init(
    limits: Limits = Limits(), cancellation: Cancellation = Cancellation(),
    report: @escaping @Sendable (RunProgress) -> Void = { _ in }
  ) {
    self.init(limits: limits, cancellation: cancellation, clock: nil, report: report)
  }

  /// A run by another clock than the continuous one: for tests, in which time passes as they say.
  package init(
    limits: Limits = Limits(), cancellation: Cancellation = Cancellation(),
    clock: (@Sendable () -> ContinuousClock.Instant)?,
    report: @escaping @Sendable (RunProgress) -> Void = { _ in }
  ) {
    self.limits = limits
    self.cancellation = cancellation
    self.report = report
    self.clock = clock
    deadline = nil
    deadline = limits.seconds.map { now.advanced(by: .seconds($0)) }
  }

  private var now: ContinuousClock.Instant { clock?() ?? ContinuousClock.now }

  /// Seconds until the time limit strikes, negative after it; nil without one, or where the run is
  /// not told of it.
  public var secondsLeft: Double? {
    limits.seconds == nil ? nil : deadline.map { now.duration(to: $0) / .seconds(1) }
  }

  /// Why the run must stop now, or nil to go on. The work limit is the callee's to count.
  ///
  /// - Complexity: O(1): an atomic load, and a clock reading when there is a time limit.
  public func interruption() -> StopReason? {
    if cancellation.isCancelled { return .cancelled }
    if let deadline, now >= deadline { return .timeLimit }
    return nil
  }

  /// As `interruption`, for work that has nothing to show until it is done.
  ///
  /// - Throws: `Interruption` when the run must stop.
  /// - Complexity: as `interruption`.
  public func checkInterruption() throws(Interruption) {
    if let reason = interruption() { throw Interruption(reason: reason) }
  }
}

extension RunControl {
  /// The same run, same deadline and flag, with another work limit: a share handed to one part.
  public func withWork(_ work: UInt64?) -> RunControl {
    var copy = self
    copy.limits.work = work
    return copy
  }

  /// The same run with another time limit, which counts from this call, or its own where that
  /// strikes before: a share handed to one part.
  public func withSeconds(_ seconds: Double) -> RunControl {
    var copy = self
    let end = now.advanced(by: .seconds(seconds))
    copy.deadline = deadline.map { min($0, end) } ?? end
    copy.limits.seconds = min(limits.seconds ?? .infinity, seconds)
    return copy
  }

  /// The same run, to end by its time limit so much earlier, for what is still to do then.
  package func leaving(_ time: Duration) -> RunControl {
    var copy = self
    copy.deadline = deadline.map { $0.advanced(by: .zero - time) }
    return copy
  }

  /// The same run without its progress reports: for parts whose whole reports them.
  public func silenced() -> RunControl {
    var copy = self
    copy.report = { _ in }
    return copy
  }

  /// The same run for a part whose result may not depend on how much time there is: the time limit
  /// still ends it, but it is not told of one, so it makes no plans by it and its default work
  /// limit holds.
  public func withoutTimePlan() -> RunControl {
    var copy = self
    copy.limits.seconds = nil
    return copy
  }

  /// The same run for a part that begins long after the run was to end. See `isLate`.
  package func forLatePart() -> RunControl {
    var copy = self
    copy.isLate = true
    return copy
  }

  /// The same run for one step of a search, with another work limit. See `isStep`.
  public func forStep(work: UInt64?) -> RunControl {
    var copy = withWork(work)
    copy.isStep = true
    return copy
  }
}
