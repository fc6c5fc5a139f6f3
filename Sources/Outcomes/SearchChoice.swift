import Pruning
import SubsetSum
import Tickets

/// How a ticket is searched for, by the names and defaults that the command's options have; nil is
/// an option that was not given.
package struct SearchChoice: Sendable {
  /// How a ticket's filters are chosen.
  package enum Method: String, CaseIterable {
    case search
    case randomFilters = "random-filters"
    case magnitude
    case greedy

    /// The solver that it is; nil for a search by any.
    var solver: (any Solver)? {
      switch self {
      case .search: nil
      case .randomFilters: RandomSubset()
      case .magnitude: LongestCandidates()
      case .greedy: ForwardGreedy()
      }
    }
  }

  package var mode = PruningMode.weights.rawValue
  package var sweeps: Int?
  package var damping: Double?
  package var metric: String?
  package var mix: Double?
  package var solver: String?
  package var method = Method.search.rawValue
  package var size: Int?
  package var sizePenalty: Double?
  package var objective = SearchPlan.Objective.squares.rawValue
  package var normPerWidth: Double?
  /// What `--calibration` named, for what is said of it; nil without images to calibrate on.
  package var calibration: String?

  package init() {}

  /// The plan, but for a damping that nobody chose.
  ///
  /// - Parameter workLimit: units of work for all blocks together.
  /// - Throws: `OptionError` for choices that are unknown or do not go together.
  package func plan(workLimit: UInt64?) throws -> SearchPlan {
    SearchPlan(
      mode: try chosenMode(), size: try chosenSize(),
      solver: try chosenSolver().name, scaleRule: try scaleRule(),
      workLimit: workLimit)
  }

  private func chosenMode() throws -> SearchPlan.Mode {
    guard let chosen = PruningMode(rawValue: mode) else {
      throw OptionError(
        option: "--mode", expected: PruningMode.allCases.map(\.rawValue).joined(separator: " or "), found: "'\(mode)'")
    }
    guard (chosen == .calibrated) == (calibration != nil) else {
      throw chosen == .calibrated
        ? OptionError(option: "--mode calibrated", expected: "--calibration D beside it", found: "none")
        : OptionError(option: "--calibration", expected: "--mode calibrated beside it", found: "--mode \(mode)")
    }
    let objective = try chosenObjective()
    switch chosen {
    case .weights:
      let given = [
        ("--sweeps", sweeps != nil), ("--damping", damping != nil), ("--metric", metric != nil),
        ("--mix", mix != nil),
      ]
      if let (option, _) = given.first(where: { $0.1 }) {
        throw OptionError(option: option, expected: "--mode calibrated beside it", found: "--mode \(mode)")
      }
      return .weights(objective)
    case .calibrated:
      guard objective == .squares else {
        throw OptionError(
          option: "--objective", expected: "squares in calibrated mode", found: objective.rawValue)
      }
      return .calibrated(try calibrationPlan())
    }
  }

  private func calibrationPlan() throws -> CalibrationPlan {
    var plan = CalibrationPlan()
    // What is chosen without a look at the target is not chosen again.
    if try isBaseline() {
      plan.sweeps = 0
      if let sweeps, sweeps > 0 {
        throw OptionError(
          option: "--sweeps", expected: "--method search beside it", found: "--method \(method)")
      }
    }
    if let sweeps { plan.sweeps = sweeps }
    if let damping { plan.damping = damping }
    if let metric {
      guard let chosen = CalibrationPlan.Metric(rawValue: metric) else {
        throw OptionError(option: "--metric", expected: "layer or logits", found: "'\(metric)'")
      }
      plan.metric = chosen
    }
    if let mix {
      guard plan.metric == .logits else {
        throw OptionError(option: "--mix", expected: "--metric logits beside it", found: "--metric layer")
      }
      plan.mix = mix
    }
    return plan
  }

  private func chosenSolver() throws -> any Solver {
    guard let method = Method(rawValue: method) else {
      throw OptionError(
        option: "--method", expected: Method.allCases.map(\.rawValue).joined(separator: ", "), found: "'\(method)'")
    }
    if let baseline = method.solver {
      if let solver {
        throw OptionError(
          option: "--solver", expected: "--method search beside it",
          found: "'\(solver)' and --method \(method.rawValue)")
      }
      if method != .greedy && size == nil {
        throw OptionError(option: "--method \(method.rawValue)", expected: "--size K beside it", found: "none")
      }
      return baseline
    }
    return try SolverChoice.prunes.solver(named: solver ?? SearchPlan.defaultSolver(for: chosenSize()))
  }

  /// Whether filters are chosen by something that the search is only compared with.
  private func isBaseline() throws -> Bool {
    let name = try chosenSolver().name
    return SolverChoice.baselines.all.contains { $0.name == name }
  }

  private func chosenSize() throws -> SearchPlan.Size {
    switch (size, sizePenalty) {
    case (nil, nil), (nil, 0?): return .any
    case (let size?, nil), (let size?, 0?): return .exactly(size)
    case (nil, let penalty?): return .penalised(penalty)
    case (let size?, _?):
      throw OptionError(option: "--size-penalty", expected: "no --size beside it", found: "--size \(size)")
    }
  }

  private func chosenObjective() throws -> SearchPlan.Objective {
    guard let chosen = SearchPlan.Objective(rawValue: objective) else {
      throw OptionError(
        option: "--objective", expected: SearchPlan.Objective.allCases.map(\.rawValue).joined(separator: " or "),
        found: "'\(objective)'")
    }
    return chosen
  }

  private func scaleRule() throws -> ScaleRule {
    guard let normPerWidth else { return .standard }
    guard normPerWidth > 0, normPerWidth.isFinite else {
      throw OptionError(option: "--norm-per-width", expected: "a number above 0", found: "\(normPerWidth)")
    }
    var rule = ScaleRule.standard
    rule.largestNormPerWidth = normPerWidth
    return rule
  }
}
