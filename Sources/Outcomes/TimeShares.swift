import LinearAlgebra
import RunControl
import Synchronization

/// Shares a run's time among tasks that run so many at a time: each may use an equal part of what
/// is left when it begins.
package final class TimeShares: Sendable {
  private let control: RunControl
  private let tasks: Int
  private let workers: Int
  private let begun = Atomic<Int>(0)
  /// When a task first found that the run has to end.
  private let end = Guarded<ContinuousClock.Instant?>(nil)

  /// How long tasks that begin after the end may still look for a good result of their own.
  private static let grace = Duration.milliseconds(40)

  package init(_ control: RunControl, tasks: Int, workers: Int) {
    (self.control, self.tasks, self.workers) = (control, tasks, workers)
  }

  /// The run of the task that begins now. Without a time limit, and for tasks that all run at once,
  /// the whole run. Where there are so many tasks that some begin long after the run was to end,
  /// these are told so.
  package func next() -> RunControl {
    if control.interruption() != nil {
      let now = ContinuousClock.now
      let first = end.withLock { end in
        end = end ?? now
        return end ?? now
      }
      return now - first > Self.grace ? control.forLatePart() : control
    }
    let left = tasks - begun.add(1, ordering: .relaxed).oldValue
    let rounds = (left + workers - 1) / workers
    guard rounds > 1, let seconds = control.secondsLeft else { return control }
    return control.withSeconds(seconds / Double(rounds))
  }
}
