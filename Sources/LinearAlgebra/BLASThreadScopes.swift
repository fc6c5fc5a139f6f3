/// Who decides OpenBLAS's thread count while this library works.
public enum BLASThreadPolicy: Sendable, Hashable {
  /// `BLASLibrary.withThreads` sets the count, and the host's comes back when the last scope has
  /// ended. With threads of OpenBLAS's own (`BLASThreading.pthreads`) the count is the process's: a
  /// product that the host computes on another thread meanwhile runs at the scope's count, and may
  /// differ in its last bits from one computed before or after.
  case scoped
  /// The process's count is never changed. Tasks on several cores then share them with BLAS's
  /// threads, unless the host has set one thread, which is best for speed. What is decided in
  /// fixed-order Float64 keeps its bits: subsets, and tickets in weights mode. Factorisations at
  /// more than one thread have bits of their own, and calibrated tickets rest on them: for the same
  /// ticket as under `scoped` the host sets one thread.
  case host
}

/// The scopes that have asked for a thread count of the whole process, and what the host had
/// before.
package final class BLASThreadScopes: Sendable {
  private struct State {
    /// Counts asked for by the scopes now open, in no particular order.
    var active: [Int32] = []
    var hostThreads: Int32 = 0
  }
  private let state = Guarded(State())
  private let count: @Sendable () -> Int32
  private let setCount: @Sendable (Int32) -> Void

  /// - Parameters:
  ///   - count: the process's count at present.
  ///   - setCount: changes it.
  package init(count: @escaping @Sendable () -> Int32, setCount: @escaping @Sendable (Int32) -> Void) {
    self.count = count
    self.setCount = setCount
  }

  /// Runs `body` with the count at `wanted` or the smallest of the open scopes, then restores the
  /// host's when none is left. Under `.host` it only runs `body`.
  package func with<Result>(
    _ wanted: Int32, policy: BLASThreadPolicy, _ body: () throws -> Result
  ) rethrows -> Result {
    if policy == .host { return try body() }
    state.withLock { state in
      if state.active.isEmpty { state.hostThreads = count() }
      state.active.append(wanted)
      apply(state)
    }
    defer {
      state.withLock { state in
        if let place = state.active.firstIndex(of: wanted) { state.active.remove(at: place) }
        apply(state)
      }
    }
    return try body()
  }

  private func apply(_ state: borrowing State) {
    let wanted = state.active.min() ?? state.hostThreads
    if count() != wanted { setCount(wanted) }
  }
}
