/// The finished blocks of a search, as a value: enough to go on where it stopped.
public struct SearchCheckpoint: Sendable, Hashable {
  /// What must be equal for the blocks of two searches to be the same.
  public struct Identity: Sendable, Hashable, Codable {
    /// What drew it: another version's blocks may differ.
    public var generator: String
    /// The target's digest.
    public var targetDigest: String
    /// The random network's seed.
    public var seed: UInt64
    /// N.
    public var width: Int
    /// The box that inputs come from.
    public var inputRange: InputRange
    /// How filters are searched for.
    public var plan: SearchPlan
    /// SHA-256 of the calibration images and of how errors are measured on them; nil in weights
    /// mode.
    public var calibration: String?

    /// The identity of a search.
    public init(
      generator: String, targetDigest: String, seed: UInt64, width: Int, inputRange: InputRange,
      plan: SearchPlan, calibration: String? = nil
    ) {
      self.generator = generator
      self.targetDigest = targetDigest
      self.seed = seed
      self.width = width
      self.inputRange = inputRange
      self.plan = plan
      self.calibration = calibration
    }

    /// The first difference, in words.
    public func difference(from other: Identity) -> (field: String, own: String, other: String)? {
      func text(_ value: some Any) -> String { "\(value)" }
      let fields: [(String, String, String)] = [
        ("generator", generator, other.generator),
        ("target digest", targetDigest, other.targetDigest),
        ("seed", text(seed), text(other.seed)),
        ("width", text(width), text(other.width)),
        ("input range", text(inputRange), text(other.inputRange)),
        ("mode", text(plan.mode), text(other.plan.mode)),
        ("solver", plan.solver, other.plan.solver),
        ("size", text(plan.size), text(other.plan.size)),
        ("scale rule", text(plan.scaleRule), text(other.plan.scaleRule)),
        ("work limit", plan.workLimit.map(text) ?? "none", other.plan.workLimit.map(text) ?? "none"),
        ("calibration images", calibration ?? "none", other.calibration ?? "none"),
      ]
      return fields.first { $0.1 != $0.2 }.map { ($0.0, $0.1, $0.2) }
    }
  }

  /// Which search it is of.
  public var identity: Identity
  /// Blocks that another run of the search would find too, in any order.
  public var blocks: [Block]
  /// Those of the blocks that used up their share of the work limit: a ticket with one of them is
  /// not complete, whichever run found it.
  public var limited: Set<BlockAddress>
  /// Which part of the search it is of; nil for the whole search.
  public var part: SearchShard?

  /// A checkpoint of blocks found so far, `limited` of them cut short by their share of the work
  /// limit.
  public init(
    identity: Identity, blocks: [Block], limited: Set<BlockAddress> = [], part: SearchShard? = nil
  ) {
    self.identity = identity
    self.blocks = blocks
    self.limited = limited
    self.part = part
  }
}
