/// The options of a search beside those that a ticket names anyway: with them it can be run again.
public struct SearchOptions: Sendable, Hashable, Codable {
  /// The solver's name.
  public var solver: String
  /// Units of work for all blocks together, or nil for the solver's own.
  public var workLimit: UInt64?
  /// As in `Calibration`; nil in weights mode.
  public var damping: Double?
  public var sweeps: Int?

  public init(solver: String, workLimit: UInt64? = nil, damping: Double? = nil, sweeps: Int? = nil) {
    self.solver = solver
    self.workLimit = workLimit
    self.damping = damping
    self.sweeps = sweeps
  }
}
