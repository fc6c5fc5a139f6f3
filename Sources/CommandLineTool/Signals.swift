import Dispatch
import Files
import Foundation
import ModelFiles
import Outcomes
import RunControl
import Synchronization

/// Turns Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 into a cancellation: the first asks for the best
/// result so far, the second ends the process at once. A command that makes none of these is ended
/// by the first.
///
/// SIGUSR1 is a scheduler's warning that time runs out: a limit like others, so the exit code is
/// that of limits. So is that of SIGTERM where the command is one job of several, which goes on
/// where it stopped when it is queued again; and there neither of the two ends the process at once,
/// as schedulers send them more than once and have SIGKILL.
final class Signals: Sendable {
  private static let process = ProcessSignals()

  let cancellation: Cancellation
  private let isJob: Bool

  /// Takes signals as requests from now on.
  ///
  /// - Parameter isJob: whether the command is one job of several that a scheduler may queue again.
  init(ofJob isJob: Bool = false) {
    self.isJob = isJob
    cancellation = Self.process.cancellationForRequests(ofJob: isJob)
  }

  /// Ends the process by any of the signals, until a command takes them as requests. No file is
  /// left half written.
  static func install() { _ = process }

  /// The exit code of the signal that came, or nil.
  var exit: ToolExit? {
    let number = Self.process.received
    return number == SIGUSR1 || isJob && number == SIGTERM ? .limit : ToolExit(rawValue: 128 + number)
  }
}

/// The process's signals, taken on a queue of their own.
private final class ProcessSignals: Sendable {
  private let cancellation = Cancellation()
  private let areRequests = Atomic<Bool>(false)
  private let isJob = Atomic<Bool>(false)
  private let first = Atomic<Int32>(0)
  // Kept alive, never touched again after init.
  nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

  init() {
    let queue = DispatchQueue(label: "tombola.signals")
    var numbers = [SIGINT, SIGTERM, SIGUSR1]
    // What nohup starts goes on when its terminal goes away.
    if !Self.isIgnored(SIGHUP) { numbers.append(SIGHUP) }
    sources = numbers.map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for (source, number) in zip(sources, numbers) {
      source.setEventHandler { [self] in
        let isFirst = first.exchange(number, ordering: .relaxed) == 0
        let isRepeated = isJob.load(ordering: .acquiring) && [SIGTERM, SIGUSR1].contains(number)
        guard isFirst || isRepeated, areRequests.load(ordering: .acquiring) else {
          TemporaryFile.removeAll()
          _exit(128 + number)
        }
        cancellation.cancel()
      }
      source.resume()
    }
  }

  /// The signal that came last, or 0.
  var received: Int32 { first.load(ordering: .relaxed) }

  func cancellationForRequests(ofJob isJob: Bool) -> Cancellation {
    self.isJob.store(isJob, ordering: .releasing)
    areRequests.store(true, ordering: .releasing)
    return cancellation
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    unsafeBitCast(signal(number, SIG_IGN), to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
