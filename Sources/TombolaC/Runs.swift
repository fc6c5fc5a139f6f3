import CTombola
import LinearAlgebra
import Outcomes
import RunControl

/// Limits, progress and cancellation of a call, as C states them.
struct CallRun {
  let control: RunControl
  private let threads: Int
  /// Cores to use: those that were named, or all that there are now, which takes microseconds to
  /// find out.
  var workers: Int { threads == 0 ? Workers.availableCores : threads }
  /// Whether the caller set limits whose striking is worth a status.
  let isLimited: Bool
  private let stopsOnInterrupt: Bool

  /// The run, whose time counts from here.
  ///
  /// - Throws: `OptionError` for limits out of range.
  init(_ pointer: UnsafePointer<tombola_run>?) throws(OptionError) {
    let run = pointer?.pointee ?? tombola_run()
    guard run.time_limit >= 0, run.time_limit < 1e9 else {
      throw OptionError(option: "time_limit", expected: "seconds ≥ 0; 0 for none", found: "\(run.time_limit)")
    }
    guard let memory = Int(exactly: run.memory_limit), memory >= 0 else {
      throw OptionError(option: "memory_limit", expected: "bytes ≥ 0; 0 for none", found: "\(run.memory_limit)")
    }
    guard (0...4096).contains(run.threads) else {
      throw OptionError(option: "threads", expected: "1 to 4096, or 0 for all cores", found: "\(run.threads)")
    }
    threads = Int(run.threads)
    isLimited = run.work_limit > 0 || run.time_limit > 0
    stopsOnInterrupt = run.stops_on_interrupt != 0
    let limits = Limits(
      work: run.work_limit == 0 ? nil : run.work_limit, seconds: run.time_limit == 0 ? nil : run.time_limit,
      memoryBytes: memory == 0 ? nil : memory)
    let cancellation = Cancellation()
    guard let callback = run.progress else {
      control = RunControl(limits: limits, cancellation: cancellation)
      return
    }
    let reporter = ProgressCalls(callback, run.context)
    control = RunControl(limits: limits, cancellation: cancellation) {
      if reporter.report($0) { cancellation.cancel() }
    }
  }

  /// - Throws: `OptionError` for a limit of work, of which searches for a file's size have none.
  func requireNoWorkLimit() throws(OptionError) {
    if let limit = control.limits.work {
      throw OptionError(option: "work_limit", expected: "none beside bits", found: "\(limit)")
    }
  }

  /// Does a piece of work that Ctrl-C stops, where that was asked for.
  func watched<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard stopsOnInterrupt else { return try body() }
    let cancellation = control.cancellation
    return try withExtendedLifetime(cancellation) {
      // The handler's one call is an atomic store.
      let isWatched = tombola_inside_watch(Unmanaged.passUnretained(cancellation).toOpaque()) {
        if let run = $0 { Unmanaged<Cancellation>.fromOpaque(run).takeUnretainedValue().cancel() }
      }
      defer { if isWatched != 0 { tombola_inside_unwatch() } }
      return try body()
    }
  }
}

/// Reports of a run handed to a C function: one call at a time, 20 a second at most, and never from
/// under a lock that the run waits for.
private final class ProgressCalls: @unchecked Sendable {
  private struct State {
    var isCalling = false
    var last = ContinuousClock.now - .seconds(1)
  }

  private let callback: tombola_progress_callback
  private let context: UnsafeMutableRawPointer?
  private let state = Guarded(State())

  init(_ callback: tombola_progress_callback, _ context: UnsafeMutableRawPointer?) {
    (self.callback, self.context) = (callback, context)
  }

  /// Hands a report on where one is due; true where the function asks for a stop.
  func report(_ progress: RunProgress) -> Bool {
    let isDue = state.withLock { state in
      let now = ContinuousClock.now
      let isLast = progress.completed == progress.total
      guard !state.isCalling, isLast || now - state.last >= .milliseconds(50) else { return false }
      state.isCalling = true
      state.last = now
      return true
    }
    guard isDue else { return false }
    defer { state.withLock { $0.isCalling = false } }
    return progress.phase.withCString { phase in
      progress.bestLabel.withCString { label in
        var report = tombola_progress(
          phase: phase, best_label: label, completed: Int64(progress.completed), total: Int64(progress.total),
          best: progress.best ?? .nan)
        return callback(&report, context) != 0
      }
    }
  }
}

extension StopReason? {
  /// Why a search stopped, in C's numbers.
  var number: Int32 {
    switch self {
    case nil: Int32(TOMBOLA_RAN_TO_ITS_END)
    case .workLimit: Int32(TOMBOLA_AT_WORK_LIMIT)
    case .timeLimit: Int32(TOMBOLA_AT_TIME_LIMIT)
    case .cancelled: Int32(TOMBOLA_CANCELLED)
    }
  }
}
