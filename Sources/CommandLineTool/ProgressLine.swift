import LinearAlgebra
import Foundation
import RunControl

/// One line on standard error that follows a run: rate, best so far, time left. Silent off a
/// terminal.
final class ProgressLine: Sendable {
  private struct State {
    var phase = ""
    var phaseStart = ContinuousClock.now
    var lastDrawn = ContinuousClock.now - .seconds(1)
    var completed = 0
    var isDrawn = false
  }
  private let state = Guarded(State())
  private let isTerminal = isatty(STDERR_FILENO) == 1

  /// Takes a report from any thread; draws at most ten times a second.
  func show(_ progress: RunProgress) {
    guard isTerminal else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if state.phase != progress.phase {
        state.phase = progress.phase
        state.phaseStart = now
        state.completed = 0
      }
      state.completed = max(state.completed, progress.completed)
      if now - state.lastDrawn < .milliseconds(100) { return }
      state.lastDrawn = now
      state.isDrawn = true
      let seconds = max(1e-3, (now - state.phaseStart) / .seconds(1))
      let rate = Double(state.completed) / seconds
      var line = "\(progress.phase): \(state.completed) of \(progress.total)"
      if let best = progress.best { line += String(format: ", %@ %.3g", progress.bestLabel, best) }
      line += String(format: ", %.3g a second", rate)
      if rate > 0 { line += String(format: ", %.0f s left", Double(progress.total - state.completed) / rate) }
      StandardError.write("\r\u{1B}[K" + line)
    }
  }

  /// Takes the line away.
  func clear() {
    state.withLock { state in
      if state.isDrawn { StandardError.write("\r\u{1B}[K") }
      state.isDrawn = false
    }
  }
}
