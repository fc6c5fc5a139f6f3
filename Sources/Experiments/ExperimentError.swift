/// What keeps a table of theory, a plot or a sweep from being made.
public enum ExperimentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A number outside the range in which a formula or a plot has a meaning.
  case outOfRange(quantity: String, expected: String, found: String)
  /// A program that is not installed, and Debian's package of it.
  case missingProgram(name: String, package: String)
  /// A program that ended without its result, with what it wrote to standard error.
  case programFailed(name: String, status: Int32, said: String)
  /// More, fewer or other results than a plot can show together.
  case unplottable(kind: String, expected: String, found: String)
  /// A trial of a sweep that its solver refused.
  case failedTrial(cell: Int, trial: Int, about: String, said: String)

  public var description: String {
    switch self {
    case .outOfRange(let quantity, let expected, let found): "\(quantity): expected \(expected), found \(found)"
    case .missingProgram(let name, let package):
      "\(name): expected the program on PATH, found none; install it (Debian: apt-get install \(package))"
    case .programFailed(let name, let status, let said):
      "\(name): expected a picture, found exit status \(status) and: \(said)"
    case .unplottable(let kind, let expected, let found): "plot of \(kind): expected \(expected), found \(found)"
    case .failedTrial(let cell, let trial, let about, let said):
      "cell \(cell) (\(about)), trial \(trial): \(said)"
    }
  }
}
