/// What a computation may use before it must return the best it has.
///
/// ```swift
/// let limits = Limits(work: 1_000_000, memoryBytes: 256 << 20)
/// let work = limits.work(orDefault: 1 << 32)  // 1 000 000
/// let bytes = limits.allowedBytes  // 256 MiB, or what the machine has
/// ```
///
/// Work is counted in units that do not depend on the machine (a solver says which: normally one
/// candidate coordinate scored), so a work limit gives the same result everywhere. A time limit
/// does not.
public struct Limits: Sendable, Hashable {
  /// Units of work allowed; nil for no limit beside a time limit, and without one for the callee's
  /// own documented, finite default.
  public var work: UInt64?
  /// Wall-clock seconds allowed from the start of the run, or nil for no limit.
  public var seconds: Double?
  /// Bytes of working memory allowed at once, or nil for no limit.
  public var memoryBytes: Int?

  /// Limits; nil leaves the quantity without one.
  ///
  /// - Parameters:
  ///   - work: units of work.
  ///   - seconds: wall-clock seconds from the start of the run.
  ///   - memoryBytes: bytes of working memory at once.
  public init(work: UInt64? = nil, seconds: Double? = nil, memoryBytes: Int? = nil) {
    self.work = work
    self.seconds = seconds
    self.memoryBytes = memoryBytes
  }

  /// Units of work allowed where the callee's own default is `standard`: a time limit takes the
  /// default's place.
  public func work(orDefault standard: UInt64) -> UInt64 { work ?? (seconds == nil ? standard : .max) }
}

/// Why a computation returned before it had finished by itself.
public enum StopReason: String, Sendable, Hashable, Codable {
  /// The work limit was used up; the result is the same on every run.
  case workLimit = "work limit"
  /// The time limit was reached; the result depends on the machine.
  case timeLimit = "time limit"
  /// Somebody asked for it, through `Cancellation`.
  case cancelled
}
