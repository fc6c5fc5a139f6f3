import RunControl

/// What can be wrong with a subset-sum problem, with a solver's options, or with a claimed subset.
public enum SubsetSumError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Two sizes that must agree do not.
  case mismatchedSizes(quantity: String, expected: Int, found: Int)
  /// An entry is NaN, infinite, negative where it must not be, or so large that squares of sums
  /// overflow.
  case unusableEntry(location: String, expected: String, found: Double)
  /// There are more candidates than a solver can enumerate.
  case tooManyCandidates(solver: String, limit: Int, found: Int)
  /// A solver's working memory would exceed what the run may use.
  case memoryLimit(solver: String, neededBytes: Int, limitBytes: Int)
  /// An option of a solver is outside its range.
  case invalidOption(solver: String, option: String, expected: String, found: String)
  /// A claimed subset has an index that is out of range, repeated or not ascending, at `position`.
  case invalidSubset(position: Int, expected: String, found: Int)
  /// The problem asks for a size that no subset of its candidates has.
  case impossibleSize(expected: ClosedRange<Int>, found: Int)
  /// A claimed subset has another size than the problem asks for.
  case wrongSize(expected: Int, found: Int)
  /// A solver does not take this kind of problem.
  case unsupported(solver: String, expected: String, found: String)

  /// A run had to stop before its problem was made.
  case stoppedBefore(made: String, reason: StopReason)

  /// What was expected, what was found, and where.
  public var description: String {
    switch self {
    case .mismatchedSizes(let quantity, let expected, let found):
      "\(quantity): expected \(expected), found \(found)"
    case .unusableEntry(let location, let expected, let found):
      "\(location): expected \(expected), found \(found)"
    case .tooManyCandidates(let solver, let limit, let found):
      "\(solver): expected at most \(limit) candidates, found \(found)"
    case .memoryLimit(let solver, let needed, let limit):
      "\(solver): expected to use at most \(limit) bytes, found that it needs \(needed)"
    case .invalidOption(let solver, let option, let expected, let found):
      "\(solver), option \(option): expected \(expected), found \(found)"
    case .invalidSubset(let position, let expected, let found):
      "subset, position \(position): expected \(expected), found \(found)"
    case .impossibleSize(let expected, let found):
      "size of the subset: expected \(expected.lowerBound) to \(expected.upperBound), found \(found)"
    case .wrongSize(let expected, let found):
      "subset: expected \(expected) candidates, found \(found)"
    case .unsupported(let solver, let expected, let found):
      "\(solver): expected \(expected), found \(found)"
    case .stoppedBefore(let made, let reason):
      "generated instance: expected \(made) within the run's limits, found it stopped before they were made (\(reason.rawValue))"
    }
  }
}
