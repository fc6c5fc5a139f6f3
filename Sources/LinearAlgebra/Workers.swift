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

  /// The results of two calls, of which `second` may run on another core meanwhile: for what a
  /// loop needs next and can make beforehand.
  ///
  /// `first` runs on the calling thread, and what it does by `forEach` has the waiting threads
  /// for itself. `second` runs on the calling thread too, after `first`, where no thread has taken
  /// it by then. BLAS is at one thread in both. Neither is held once both have ended.
  ///
  /// - Complexity: microseconds beside the calls.
  /// - Throws: what `first` throws, or else what `second` does, after both have ended; where
  ///   `first` throws, `second` may not have been called.
  public static func both<First, Second: Sendable>(
    _ first: () throws -> First, beside second: @escaping @Sendable () throws -> Second
  ) throws -> (First, Second) {
    let policy = BLASLibrary.threadPolicy
    return try BLASLibrary.withThreads(1) {
      let aside = AsideCall(second)
      DispatchQueue.global().async { BLASLibrary.onWorker(policy) { aside.run() } }
      let one: First
      do { one = try first() } catch {
        aside.withdraw()
        throw error
      }
      return (one, try aside.result())
    }
  }
}

/// A call that whoever comes first makes: a thread of Dispatch, or the caller once it has nothing
/// else to do. Nothing of it is held once it has ended, so that it may use what its caller may not
/// keep.
private final class AsideCall<Value: Sendable>: Sendable {
  /// Nil once it is taken.
  private let body: Guarded<(@Sendable () throws -> Value)?>
  private let outcome = Guarded<Result<Value, any Error>?>(nil)
  private let ended = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () throws -> Value) { self.body = Guarded(body) }

  /// Makes the call, unless somebody has taken it.
  func run() {
    guard let result = madeHere() else { return }
    outcome.withLock { $0 = result }
    ended.signal()
  }

  /// The call's value, made here unless somebody has taken it. Once.
  func result() throws -> Value {
    if let result = madeHere() { return try result.get() }
    ended.wait()
    guard let result = outcome.withLock({ $0 }) else { preconditionFailure("a call that has ended has a result") }
    return try result.get()
  }

  /// Sees to it that the call does not run, or has ended. Once, in place of `result`.
  func withdraw() { if taken() == nil { ended.wait() } }

  /// Not inlined, so that the body is let go of before anybody hears of the end.
  @inline(never) private func madeHere() -> Result<Value, any Error>? {
    guard let body = taken() else { return nil }
    return Result { try body() }
  }

  private func taken() -> (@Sendable () throws -> Value)? {
    body.withLock { body in
      defer { body = nil }
      return body
    }
  }
}
