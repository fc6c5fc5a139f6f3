import Foundation

/// State that one thread at a time may touch: as `Synchronization.Mutex`, with a lock that the
/// thread sanitizer knows.
package final class Guarded<State: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var state: State

  package init(_ state: State) { self.state = state }

  /// Runs `body` alone on the state.
  package func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&state)
  }
}
