import Dispatch
import Foundation
import RunControl
import Synchronization

/// Turns Ctrl-C and SIGTERM into a cancellation: the first asks for the best result so far, the second ends
/// the process at once.
final class Signals: Sendable {
  let cancellation = Cancellation()
  private let received = Atomic<Int32>(0)
  // Kept alive, never touched again after init.
  nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

  init() {
    let queue = DispatchQueue(label: "tombola.signals")
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
      source.setEventHandler { [self] in
        if received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
        cancellation.cancel()
      }
      source.resume()
    }
  }

  /// The exit code of the signal that came, or nil.
  var exit: ToolExit? {
    switch received.load(ordering: .relaxed) {
    case SIGINT: .interrupted
    case SIGTERM: .terminated
    default: nil
    }
  }
}
