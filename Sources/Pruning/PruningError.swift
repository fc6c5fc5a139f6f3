import Tickets

/// What keeps a search from starting, and its parts from being joined.
public enum PruningError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One task at a time would already need more memory than allowed.
  case memoryLimit(neededBytes: Int, allowedBytes: Int, layer: Int)
  /// Calibration images from which a layer's statistics have no Cholesky factor.
  case singularStatistics(layer: Int, reason: String)
  /// A checkpoint of another search.
  case checkpointMismatch(field: String, expected: String, found: String)
  /// A part of another search, or one that contradicts the other parts.
  case partMismatch(part: String, field: String, expected: String, found: String)
  /// Parts of a search that leave blocks out.
  case missingBlocks(_ missing: Int, of: Int, first: BlockAddress)

  public var description: String {
    switch self {
    case .memoryLimit(let needed, let allowed, let layer):
      "memory limit: expected at least \(needed) bytes for one channel of layer \(layer), found \(allowed)"
    case .singularStatistics(let layer, let reason):
      "calibration, layer \(layer): expected statistics that are finite and positive definite, found \(reason)"
    case .checkpointMismatch(let field, let expected, let found):
      "checkpoint, \(field): expected \(expected), found \(found)"
    case .partMismatch(let part, let field, let expected, let found):
      "\(part), \(field): expected \(expected), found \(found)"
    case .missingBlocks(let missing, let all, let first):
      "parts: expected all \(all) blocks of the search, found \(all - missing): \(first) is missing"
    }
  }
}
