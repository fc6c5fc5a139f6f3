/// How a command ends, and the status of a call through C; the numbers are a contract.
package enum ToolExit: Int32 {
  case done = 0
  /// Verification failed, or finished without reaching what was asked.
  case failed = 1
  /// Bad input or usage, or standard output did not take all that was printed.
  case badInput = 2
  /// Stopped by a limit; the result so far is written.
  case limit = 3
  /// Proved that nothing reaches what was asked.
  case infeasible = 4
  /// The terminal went away: SIGHUP.
  case hungUp = 129
  /// Ctrl-C: SIGINT.
  case interrupted = 130
  /// The reader of standard output went away; the code that shells give to a program ended by
  /// SIGPIPE.
  case brokenPipe = 141
  /// SIGTERM.
  case terminated = 143

  /// Whether a signal ended the run.
  package var isSignal: Bool { self == .hungUp || self == .interrupted || self == .terminated }
}
