/// The options of a search beside those that a ticket names anyway: with them it can be run again.
public struct SearchOptions: Sendable, Hashable, Codable {
  /// The solver's name.
  public var solver: String
  /// Units of work for all blocks together, or nil for the solver's own.
  public var workLimit: UInt64?
  /// As in `TicketSearch`; nil where none was asked for.
  public var size: Int?
  public var sizePenalty: Double?
  public var objective: Objective?
  /// As in `ScaleRule`; nil for the standard one.
  public var largestNormPerWidth: Double?
  /// λ of `Calibration`, given or chosen; nil in weights mode, and where a search was stopped before it had chosen.
  public var damping: Double?
  /// What it was chosen from; nil where it was given.
  public var dampingTrials: [DampingTrial]?
  /// As in `Calibration`; nil in weights mode.
  public var sweeps: Int?
  public var metric: Calibration.Metric?

  public init(
    solver: String, workLimit: UInt64? = nil, size: Int? = nil, sizePenalty: Double? = nil, objective: Objective? = nil,
    largestNormPerWidth: Double? = nil, damping: Double? = nil,
    dampingTrials: [DampingTrial]? = nil, sweeps: Int? = nil, metric: Calibration.Metric? = nil
  ) {
    self.solver = solver
    self.workLimit = workLimit
    self.size = size
    self.sizePenalty = sizePenalty
    self.objective = objective
    self.largestNormPerWidth = largestNormPerWidth
    self.damping = damping
    self.dampingTrials = dampingTrials
    self.sweeps = sweeps
    self.metric = metric
  }
}
