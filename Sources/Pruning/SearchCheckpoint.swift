import Tickets

/// The finished blocks of a search, as a value: enough to go on where it stopped.
public struct SearchCheckpoint: Sendable, Hashable {
  /// What must be equal for the blocks to mean the same.
  public struct Identity: Sendable, Hashable, Codable {
    public var generator: String
    public var targetDigest: String
    public var seed: UInt64
    public var width: Int
    public var mode: PruningMode
    public var inputRange: InputRange
    public var solver: String
    public var size: Int?
    public var sizePenalty: Double
    public var objective: Objective
    public var scales: [Double]
    public var workLimit: UInt64?
    /// SHA-256 of the calibration images; nil in weights mode.
    public var calibration: String?
  }

  public var identity: Identity
  public var blocks: [Block]
  /// The dampings tried so far, where one is to be chosen.
  public var dampingTrials: [DampingTrial]

  public init(identity: Identity, blocks: [Block], dampingTrials: [DampingTrial] = []) {
    self.identity = identity
    self.blocks = blocks
    self.dampingTrials = dampingTrials
  }

  /// - Throws: `PruningError.checkpointMismatch` that names the first difference.
  func requireMatch(_ expected: Identity) throws(PruningError) {
    func compare<Value: Equatable>(_ field: String, _ expected: Value, _ found: Value) throws(PruningError) {
      if expected != found {
        throw .checkpointMismatch(field: field, expected: "\(expected)", found: "\(found)")
      }
    }
    try compare("generator", expected.generator, identity.generator)
    try compare("target digest", expected.targetDigest, identity.targetDigest)
    try compare("seed", expected.seed, identity.seed)
    try compare("width", expected.width, identity.width)
    try compare("mode", expected.mode, identity.mode)
    try compare("input range", expected.inputRange, identity.inputRange)
    try compare("solver", expected.solver, identity.solver)
    try compare("size", expected.size.map(String.init) ?? "any", identity.size.map(String.init) ?? "any")
    try compare("size penalty", expected.sizePenalty, identity.sizePenalty)
    try compare("objective", expected.objective.rawValue, identity.objective.rawValue)
    try compare("scales", expected.scales, identity.scales)
    try compare("calibration images", expected.calibration ?? "none", identity.calibration ?? "none")
    try compare(
      "work limit", expected.workLimit.map(String.init) ?? "none", identity.workLimit.map(String.init) ?? "none")
  }
}
