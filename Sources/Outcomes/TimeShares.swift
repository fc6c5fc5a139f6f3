import RunControl
import Synchronization

/// Shares a run's time among tasks that run so many at a time: each may use an equal part of what
/// is left when it begins.
package final class TimeShares: Sendable {
  private let control: RunControl
  private let tasks: Int
  private let workers: Int
  private let begun = Atomic<Int>(0)

  package init(_ control: RunControl, tasks: Int, workers: Int) {
    (self.control, self.tasks, self.workers) = (control, tasks, workers)
  }

  /// The run of the task that begins now. Without a time limit, and for tasks that all run at once,
  /// the whole run.
  package func next() -> RunControl {
    let left = tasks - begun.add(1, ordering: .relaxed).oldValue
    let rounds = (left + workers - 1) / workers
    guard rounds > 1, let seconds = control.secondsLeft else { return control }
    return control.withSeconds(seconds / Double(rounds))
  }
}
