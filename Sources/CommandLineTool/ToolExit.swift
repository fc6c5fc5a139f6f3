import Foundation

/// How the process ends; the numbers are a contract.
enum ToolExit: Int32 {
  case done = 0
  /// Verification failed, or finished without reaching what was asked.
  case failed = 1
  /// Bad input or usage.
  case badInput = 2
  /// Stopped by a limit; the result so far is written.
  case limit = 3
  /// Proved that nothing reaches what was asked.
  case infeasible = 4
  case interrupted = 130
  case terminated = 143
}

/// An error that only the command line can make: an option that is not as it should be.
struct OptionError: Error, CustomStringConvertible {
  let option: String
  let expected: String
  let found: String

  var description: String { "\(option): expected \(expected), found \(found)" }
}

/// Writes one line to standard error.
func complain(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
