/// What keeps a table of theory, a plot or a sweep from being made.
public enum ExperimentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A number outside the range in which a formula or a plot has a meaning.
  case outOfRange(quantity: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .outOfRange(let quantity, let expected, let found): "\(quantity): expected \(expected), found \(found)"
    }
  }
}
