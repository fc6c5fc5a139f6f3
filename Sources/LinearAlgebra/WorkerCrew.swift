import Dispatch
import Foundation
import MachineKernels
import Synchronization

/// Threads that wait for the next call close by: for some time after a call they look for another
/// one, and only then sleep, as waking a sleeping thread can cost more than a small layer's whole
/// work.
///
/// One call at a time uses them. A second call beside it, or one from inside a task, is given
/// threads by Dispatch.
final class WorkerCrew: Sendable {
  static let shared = WorkerCrew()

  /// Nanoseconds that a thread looks for more before it sleeps.
  static let patience: UInt64 = 500_000

  private let inUse = Atomic<Bool>(false)
  private let members = Guarded<[CrewMember]>([])

  /// Calls `body(worker)` for every worker 0..<count, `body(0)` on the calling thread, and returns
  /// when all have ended.
  ///
  /// A worker whose thread has not woken by the time `body(0)` returns is not called: `body` must
  /// take its tasks from what is left, and `body(0)` return only when no task is.
  func run(workers count: Int, _ body: @Sendable (_ worker: Int) -> Void) {
    if count <= 1 { return body(0) }
    if inUse.exchange(true, ordering: .acquiring) {
      return DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }
    defer { inUse.store(false, ordering: .releasing) }
    let helpers = members.withLock { members in
      while members.count < count - 1 { members.append(CrewMember(number: members.count + 1)) }
      return members
    }
    withoutActuallyEscaping(body) { body in
      for helper in helpers.prefix(count - 1) { helper.post(body) }
      body(0)
      for helper in helpers.prefix(count - 1) { helper.finish() }
    }
  }
}

/// One thread of a crew and the job it is given.
private final class CrewMember: @unchecked Sendable {
  private enum State {
    /// Looking for a job.
    static let idle = 0
    /// A job is there that the thread has not seen.
    static let posted = 1
    /// The job runs.
    static let running = 2
    /// The job runs, and the caller sleeps until it ends.
    static let awaited = 3
    /// The thread sleeps.
    static let asleep = 4
  }
  private let number: Int
  private let state = Atomic<Int>(State.idle)
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)
  /// Written before the state becomes `posted`, read after it was seen.
  private var job: (@Sendable (Int) -> Void)?

  init(number: Int) {
    self.number = number
    let thread = Thread { [self] in serve() }
    thread.name = "tombola worker \(number)"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Gives the thread a job. The last one has been finished.
  func post(_ job: @escaping @Sendable (Int) -> Void) {
    self.job = job
    if state.exchange(State.posted, ordering: .acquiringAndReleasing) == State.asleep { wake.signal() }
  }

  /// Takes the job back where the thread has not seen it; waits for its end where it has.
  func finish() {
    if become(State.idle, from: State.posted) { return job = nil }
    if !spin(until: { state.load(ordering: .acquiring) == State.idle })
      && become(State.awaited, from: State.running)
    {
      ended.wait()
    }
    job = nil
  }

  private func serve() {
    while true {
      if !spin(until: { state.load(ordering: .relaxed) == State.posted })
        && become(State.asleep, from: State.idle)
      {
        wake.wait()
      }
      if !become(State.running, from: State.posted) { continue }
      job!(number)
      if state.exchange(State.idle, ordering: .acquiringAndReleasing) == State.awaited { ended.signal() }
    }
  }

  private func become(_ next: Int, from expected: Int) -> Bool {
    state.compareExchange(expected: expected, desired: next, ordering: .acquiringAndReleasing).exchanged
  }

  /// Whether the condition held before patience ran out.
  @inline(__always)
  private func spin(until condition: () -> Bool) -> Bool {
    let start = DispatchTime.now().uptimeNanoseconds
    repeat {
      for _ in 0..<32 {
        if condition() { return true }
        machine_pause()
      }
    } while DispatchTime.now().uptimeNanoseconds - start < WorkerCrew.patience
    return condition()
  }
}
