/// How a ticket's filters are searched for: with target, seed, width and input range it says
/// everything that a ticket depends on, and nothing else does.
///
/// ```swift
/// var plan = SearchPlan()
/// plan.mode = .calibrated(CalibrationPlan(sweeps: 2))
/// plan.size = .penalised(1e-5)
/// plan.solver = "beam"
/// ```
public struct SearchPlan: Sendable, Hashable {
  /// What errors are measured on.
  public enum Mode: Sendable, Hashable {
    /// Every kernel entry: the paper's setting, no data.
    case weights(Objective)
    /// The layers' outputs on unlabelled images.
    case calibrated(CalibrationPlan)
  }

  /// What weights mode lowers.
  public enum Objective: String, Sendable, Hashable, Codable, CaseIterable {
    /// The squared errors of kernel entries.
    case squares
    /// First those, then by single flips and pairs each block's part in the certified error.
    case certified
  }

  /// How many filters a block keeps.
  public enum Size: Sendable, Hashable {
    case any
    /// So many in every block, as the theorem's proof does.
    case exactly(Int)
    /// Any number, but each must lower its layer's relative squared error, Σ(error²)/Σ(wanted²), by
    /// so much: of kernel entries in weights mode, of outputs in calibrated mode.
    case penalised(Double)
  }

  /// What errors are measured on.
  public var mode: Mode
  /// How many filters a block keeps.
  public var size: Size
  /// The solver's name.
  public var solver: String
  /// What each layer's kernel is divided by.
  public var scaleRule: ScaleRule
  /// Units of work (candidate entries scored) for all blocks together; nil for the solver's own
  /// limit in each block.
  public var workLimit: UInt64?

  /// The defaults are those of the command line.
  ///
  /// - Parameter solver: nil for `defaultSolver(for: size)`.
  public init(
    mode: Mode = .weights(.squares), size: Size = .any, solver: String? = nil,
    scaleRule: ScaleRule = .standard, workLimit: UInt64? = nil
  ) {
    self.mode = mode
    self.size = size
    self.solver = solver ?? Self.defaultSolver(for: size)
    self.scaleRule = scaleRule
    self.workLimit = workLimit
  }

  /// The solver of a search that names none: populations where any number of filters will do, beams
  /// for a fixed number, greedy flips where each filter has a price.
  public static func defaultSolver(for size: Size) -> String {
    switch size {
    case .any: "population"
    case .exactly: "beam"
    case .penalised(let penalty): penalty > 0 ? "greedy" : "population"
    }
  }

  /// The plan's mode as tickets name it.
  public var pruningMode: PruningMode {
    switch mode {
    case .weights: .weights
    case .calibrated: .calibrated
    }
  }

  /// What calibrated mode is told; nil in weights mode.
  public var calibration: CalibrationPlan? {
    if case .calibrated(let calibration) = mode { calibration } else { nil }
  }

  /// `.squares` in calibrated mode too.
  public var objective: Objective {
    if case .weights(let objective) = mode { objective } else { .squares }
  }

  /// k where every block keeps exactly so many.
  public var fixedSize: Int? { if case .exactly(let size) = size { size } else { nil } }
  /// p, 0 where a filter costs nothing.
  public var sizePenalty: Double { if case .penalised(let penalty) = size { penalty } else { 0 } }

  /// Refuses what no search could be made of.
  ///
  /// - Throws: `TicketError.invalidParameter`.
  public func validate() throws(TicketError) {
    switch size {
    case .any: break
    case .exactly(let size):
      guard size >= 0 else {
        throw .invalidParameter(name: "size", expected: "a number ≥ 0", found: "\(size)")
      }
    case .penalised(let penalty):
      guard penalty >= 0, penalty.isFinite else {
        throw .invalidParameter(name: "size penalty", expected: "a number ≥ 0", found: "\(penalty)")
      }
      guard objective == .squares else {
        throw .invalidParameter(
          name: "objective", expected: "squares with a size penalty", found: objective.rawValue)
      }
    }
    let bounds = [scaleRule.largestEntry, scaleRule.largestNormPerWidth]
    guard bounds.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .invalidParameter(
        name: "scale rule", expected: "bounds that are numbers above 0", found: "\(bounds)")
    }
    try calibration?.validate()
  }
}
