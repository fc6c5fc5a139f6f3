import Foundation
import Synchronization

/// Runs independent tasks over the cores: one task a core at a time, BLAS at one thread meanwhile.
///
/// ```swift
/// let squares = try Workers.map(count: 4, workers: 2) { task in task * task }
/// // [0, 1, 4, 9]
/// ```
///
/// How BLAS is held to one thread depends on its build and on `BLASLibrary.threadPolicy`: for the
/// whole process, the host's own products included, or for the workers' threads alone
/// (`BLASLibrary.withThreads`).
public enum Workers {
  /// The cores this process may use, its affinity mask respected.
  public static var availableCores: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// - Throws: `LinearAlgebraError.outOfRange` for fewer than one worker. For doors that take a
  ///   number of workers.
  public static func require(_ workers: Int) throws(LinearAlgebraError) {
    guard workers >= 1 else { throw .outOfRange("workers", expected: "at least 1", found: workers) }
  }

  /// Calls `body(task, worker)` for every task 0..<count, with at most `workers` calls at a time.
  ///
  /// Tasks are handed out in order; `worker` (0..<workers) names scratch that no other running call
  /// uses. When tasks throw, no new ones start, and the error of the lowest-numbered failed task is
  /// thrown.
  ///
  /// - Complexity: O(count) beside the tasks, and microseconds to wake threads that sleep.
  /// - Throws: what `body` throws; `LinearAlgebraError.outOfRange` for `count` < 0, or `workers` <
  ///   1 where there are tasks.
  public static func forEach(
    count: Int, workers: Int, _ body: @Sendable (_ task: Int, _ worker: Int) throws -> Void
  ) throws {
    guard count >= 0 else { throw LinearAlgebraError.outOfRange("tasks", expected: "at least 0", found: count) }
    if count == 0 { return }
    try require(workers)
    let next = Atomic<Int>(0)
    let failure = Guarded<(task: Int, error: any Error)?>(nil)
    let policy = BLASLibrary.threadPolicy
    BLASLibrary.withThreads(1) {
      WorkerCrew.shared.run(workers: min(workers, count)) { worker in
        BLASLibrary.onWorker(policy) {
          while failure.withLock({ $0 == nil }) {
            let task = next.add(1, ordering: .relaxed).oldValue
            if task >= count { return }
            do {
              try body(task, worker)
            } catch {
              failure.withLock { if task < $0?.task ?? Int.max { $0 = (task, error) } }
            }
          }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }
}

extension Workers {
  /// The results of `body(task)` for every task 0..<count, in task order, as `forEach` runs them.
  ///
  /// - Throws: the error of the lowest-numbered failed task.
  public static func map<Result: Sendable>(
    count: Int, workers: Int, _ body: @Sendable (_ task: Int) throws -> Result
  ) throws -> [Result] {
    let results = Guarded([Result?](repeating: nil, count: count))
    try forEach(count: count, workers: workers) { task, _ in
      let result = try body(task)
      results.withLock { $0[task] = result }
    }
    return results.withLock { $0 }.compactMap { $0 }
  }
}
