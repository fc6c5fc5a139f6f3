import RandomStreams

/// Where the random numbers of one trial of a sweep live: a function of (seed, instance, trial),
/// whatever was drawn before.
///
/// Part p of trial t of instance s is the stream of path (filter t, channel (1 + s)·2³² + p, layer
/// 0): no weight of a ticket and no generated problem has such a path (`StreamAddress`). NumPy
/// makes the same.
public struct TrialAddress: Sendable, Hashable {
  /// The sweep's seed.
  public var seed: UInt64
  /// The number of the sweep's instance (`SweepCell.instance`).
  public var instance: Int
  /// The trial's number within its cell, from 0.
  public var trial: Int

  /// The random numbers of trial `trial` of instance `instance`.
  public init(seed: UInt64, instance: Int, trial: Int) {
    self.seed = seed
    self.instance = instance
    self.trial = trial
  }

  /// Parts that `StandardCandidates` and `StandardTarget` draw from. A law of your own may use
  /// these as well, or any others.
  public enum Part {
    /// Scalars u_i of NSN candidates, entry i.
    public static let scalars = 1
    /// Coordinates of candidates, entry i·m + j.
    public static let vectors = 2
    /// Second factors of products, entry i·m + j.
    public static let secondFactors = 3
    /// Coordinates of the target.
    public static let target = 4
    /// Of `shared` addresses: inputs and targets of `FeatureCandidates`.
    public static let inputs = 5
    /// Of `shared` addresses: the entries of `LinearTarget`.
    public static let sharedTarget = 6
  }

  /// The address of what all cells of a grid share in this trial.
  public var shared: TrialAddress { TrialAddress(seed: seed, instance: 0, trial: trial) }

  /// An endless stream of the trial's own.
  ///
  /// - Precondition: `part` in 0 ..< 2³², `instance` in 0 ..< 2³¹, `trial` ≥ 0.
  public func stream(_ part: Int) -> StreamAddress {
    precondition(part >= 0 && part < 1 << 32 && instance >= 0 && instance < 1 << 31 && trial >= 0)
    return StreamAddress(
      seed: seed, path: StreamPath(filter: UInt64(trial), channel: UInt64(1 + instance) << 32 | UInt64(part)))
  }
}
