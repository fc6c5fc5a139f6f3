import SubsetSum

/// One block of a search as a subset-sum problem, for other solvers.
public struct SearchInstance: Sendable {
  /// In weights mode the NSN vectors |u|·V and ±K_t/s, to be met in ‖·‖₂; in calibrated mode both
  /// multiplied into the geometry of the calibration images. Candidates are ordered by |u|.
  public let problem: Problem
  /// Filter index q of each candidate.
  public let filters: [UInt32]
}
