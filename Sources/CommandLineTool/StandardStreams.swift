import Files
import Foundation
import LinearAlgebra
import ModelFiles

/// Standard output and error of the process.
enum StandardStreams {
  /// Makes the streams what the rest of the tool relies on. To be called before any file is opened.
  ///
  /// A stream that is closed is opened on `/dev/null` the wrong way round, so that its descriptor
  /// never becomes a data file's, and using it fails as it would have. A reader that went away, or
  /// a limit on file sizes, fails a write instead of ending the process with a result unwritten.
  /// Programs that are started have the signals' defaults again.
  static func prepare() {
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest free number is taken, which is this one.
      let mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY
      if open("/dev/null", mode) < 0 { _ = open("/", O_RDONLY | O_DIRECTORY) }
    }
    for number in [SIGPIPE, SIGXFSZ] { signal(number) { _ in } }
  }
}

/// What the process prints for its user, or for the program behind a pipe.
///
/// Every byte is written at once. The first failure is kept and ends all printing: the process says
/// so when it ends, with ``failure``.
enum StandardOutput {
  private static let found = Guarded<StandardOutputError?>(nil)

  /// The first failure to write, or nil.
  static var failure: StandardOutputError? { found.withLock { $0 } }

  /// Writes all of `text`.
  ///
  /// - Throws: `StandardOutputError`, also where an earlier text was not written.
  static func write(_ text: String) throws(StandardOutputError) {
    let failure = found.withLock { failure in
      if failure == nil {
        let number = FileBytes.writeAll(text, to: STDOUT_FILENO)
        if number != 0 { failure = StandardOutputError(number: number) }
      }
      return failure
    }
    if let failure { throw failure }
  }

  /// Notes what a file system only says when a file is closed, such as an exceeded quota.
  static func settle() {
    let copy = dup(STDOUT_FILENO)
    guard copy >= 0, close(copy) != 0, errno != EINTR else { return }
    let number = errno
    found.withLock { $0 = $0 ?? StandardOutputError(number: number) }
  }
}

/// Standard output did not take all that was printed.
struct StandardOutputError: Error, CustomStringConvertible {
  /// The system's error number.
  let number: Int32

  /// Whether its reader went away, as `head` does when it has read enough.
  var isBrokenPipe: Bool { number == EPIPE }

  var description: String {
    "standard output: expected room for all that is printed, found: \(String(cString: strerror(number)))"
  }
}

/// What the process says to a person about its run. That nobody hears it changes nothing: a
/// standard error that is closed or full loses the text, and neither the results nor the exit code.
enum StandardError {
  static func write(_ text: String) { _ = FileBytes.writeAll(text, to: STDERR_FILENO) }
}

extension FileBytes {
  /// Writes all of a text to an open file, and returns an error number, 0 for none.
  fileprivate static func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
  }
}

/// Prints a line on standard output, in the place of Swift's function of that name, whose failures
/// nobody hears of: those of this one are kept in `StandardOutput.failure`, and the process ends
/// with them.
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {
  try? StandardOutput.write(items.map { "\($0)" }.joined(separator: separator) + terminator)
}

/// Writes one line to standard error.
func complain(_ line: String) { StandardError.write(line + "\n") }

/// Prints a value as one JSON document.
func printJSON(_ value: some Encodable) throws { print(try JSONReport.text(of: value)) }
