import ArgumentParser
import Convolution
import ModelFiles
import Pruning
import SubsetSum
import Tickets

/// What is pruned into, and how: options that a search is made of, but for its width.
struct SearchInput: ParsableArguments {
  @Argument(help: "The trained network, an ONNX file.") var target: String
  @Option(number: ArgumentHelp("Seed of the random network.", valueName: "S")) var seed: UInt64
  @Option(
    help: ArgumentHelp(
      "How errors are measured: weights (every kernel entry), or calibrated (what layers give on --calibration).",
      valueName: "MODE"))
  var mode = "weights"
  @Option(
    help: ArgumentHelp(
      "Images for calibrated mode, their labels unread: fashion-mnist (its first 400 training images), a folder of its IDX files, or an .npz with x.",
      valueName: "D"))
  var calibration: String?
  @Option(
    number: ArgumentHelp(
      "Calibrated mode: times that each block is chosen again, given all others of its layer (default: 1).",
      valueName: "COUNT"))
  var sweeps: Int?
  @Option(
    number: ArgumentHelp(
      "Calibrated mode: how far least squares are damped towards the target's kernel, as a part of the features' mean square (default: 0.3 below width 2000, else 1).",
      valueName: "PART"))
  var damping: Double?
  @Option(
    help: ArgumentHelp(
      "Calibrated mode: measure errors at each layer's outputs (layer, the default), or to first order at the network's (logits), which loses less at widths below 1000.",
      valueName: "WHERE"))
  var metric: String?
  @Option(
    number: ArgumentHelp(
      "With --metric logits: how much each layer's own outputs count beside the network's, both in units of their mean diagonal entries (default: 1).",
      valueName: "PART"))
  var mix: Double?
  @OptionGroup var selection: SelectionOptions
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The box inputs come from; data outside it is refused (default: what the images hold, -1,1 without any).",
      valueName: "LO,HI"))
  var inputRange: String?
  @OptionGroup var model: ModelOptions

  /// The files that the search is made from.
  var files: [NamedFiles] { [.file("TARGET.onnx", target), .images("--calibration", calibration)] }

  /// Reads what the options name.
  ///
  /// - Parameters:
  ///   - scale: `--scale`, which holds for calibration images too.
  ///   - data: the images of `--data`, in the order of their array.
  ///   - workLimit: units of work for all blocks together.
  func source(scale: String?, data: ImageSet? = nil, workLimit: UInt64? = nil) throws -> SearchSource {
    let plan = try plan(workLimit: workLimit)
    let given = try inputRange.map { text in
      let (low, high) = try pair(text, option: "--input-range")
      return try InputRange(low: low, high: high)
    }
    let calibration = try calibration.map { try ImageSetFile.calibration($0, scale: scale) }
    let model = try ONNXModel(contentsOf: target, self.model.choices(images: data ?? calibration))
    let images = try calibration.map { try model.arranged($0) }
    let data = try data.map { try model.arranged($0) }
    let sets = [data, images].compactMap { $0 }
    let range = given ?? InputRange(holding: sets) ?? .unit
    for set in sets { try range.requireHolds(set, "leave the option out, or name a larger one") }
    return SearchSource(
      target: try Target(model.network), plan: plan, dampsByWidth: damping == nil, seed: seed, inputRange: range,
      isRangeFromData: given == nil && !sets.isEmpty, images: images, data: data)
  }

  private func plan(workLimit: UInt64?) throws -> SearchPlan {
    SearchPlan(
      mode: try chosenMode(), size: try selection.chosenSize(),
      solver: try selection.chosenSolver().name, scaleRule: try selection.scaleRule(),
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
    let objective = try selection.chosenObjective()
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
    if try selection.isBaseline() {
      plan.sweeps = 0
      if let sweeps, sweeps > 0 {
        throw OptionError(
          option: "--sweeps", expected: "--method search beside it", found: "--method \(selection.method)")
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
}

/// What a search is made from, read from options and files, but for its width.
struct SearchSource: Sendable {
  let target: Target
  /// The plan, but for a damping that nobody chose.
  fileprivate let plan: SearchPlan
  /// Whether the damping is the one that suits the width.
  fileprivate let dampsByWidth: Bool
  let seed: UInt64
  let inputRange: InputRange
  /// Whether the box is that of the images, since none was named.
  let isRangeFromData: Bool
  /// Images to calibrate on.
  let images: ImageSet?
  /// Images to measure on.
  let data: ImageSet?

  /// How filters are searched for at a width.
  func plan(width: Int) -> SearchPlan {
    guard dampsByWidth, case .calibrated(var calibration) = plan.mode else { return plan }
    calibration.damping = CalibrationPlan.damping(forWidth: width)
    var plan = plan
    plan.mode = .calibrated(calibration)
    return plan
  }

  func search(width: Int) throws(TicketError) -> TicketSearch {
    try TicketSearch(
      target, plan: plan(width: width), seed: seed, width: width, inputRange: inputRange, images: images)
  }
}

/// Options that say how filters are chosen.
struct SelectionOptions: ParsableArguments {
  /// How a ticket's filters are chosen.
  enum Method: String, CaseIterable {
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

  @Option(
    help: ArgumentHelp(
      "Solver: \(SolverChoice.prunes.names) (default: population; beam with --size, greedy with --size-penalty).",
      valueName: "NAME"))
  var solver: String?
  @Option(
    help: ArgumentHelp(
      "search, or a baseline: random-filters and magnitude keep K filters of each half without a look at the target, greedy adds the best filter while that helps.",
      valueName: "M"))
  var method = Method.search.rawValue
  @Option(
    number: ArgumentHelp(
      "Keep exactly K filters of each channel and half, as the theorem's proof does (solvers \(SolverChoice.prunes.namesTakingSize), and every baseline).",
      valueName: "K"))
  var size: Int?
  @Option(
    number: ArgumentHelp(
      "Keep a filter only if it lowers its layer's relative squared error by PART or more (solvers \(SolverChoice.prunes.namesTakingPenalty)).",
      valueName: "PART"))
  var sizePenalty: Double?
  @Option(
    help: ArgumentHelp(
      "Weights mode: lower the squares of the errors (squares, the default), or then each block's part in the certified error (certified).",
      valueName: "WHAT"))
  var objective = SearchPlan.Objective.squares.rawValue
  @Option(
    number: ArgumentHelp(
      "Largest norm of a channel's share of the kernel, after scaling, per unit of width (default: 0.125): less keeps fewer filters.",
      valueName: "NORM"))
  var normPerWidth: Double?

  func chosenSolver() throws -> any Solver {
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
  func isBaseline() throws -> Bool {
    let name = try chosenSolver().name
    return SolverChoice.baselines.all.contains { $0.name == name }
  }

  func chosenSize() throws -> SearchPlan.Size {
    switch (size, sizePenalty) {
    case (nil, nil), (nil, 0?): return .any
    case (let size?, nil), (let size?, 0?): return .exactly(size)
    case (nil, let penalty?): return .penalised(penalty)
    case (let size?, _?):
      throw OptionError(option: "--size-penalty", expected: "no --size beside it", found: "--size \(size)")
    }
  }

  func chosenObjective() throws -> SearchPlan.Objective {
    guard let chosen = SearchPlan.Objective(rawValue: objective) else {
      throw OptionError(
        option: "--objective", expected: SearchPlan.Objective.allCases.map(\.rawValue).joined(separator: " or "),
        found: "'\(objective)'")
    }
    return chosen
  }

  func scaleRule() throws -> ScaleRule {
    guard let normPerWidth else { return .standard }
    guard normPerWidth > 0, normPerWidth.isFinite else {
      throw OptionError(option: "--norm-per-width", expected: "a number above 0", found: "\(normPerWidth)")
    }
    var rule = ScaleRule.standard
    rule.largestNormPerWidth = normPerWidth
    return rule
  }
}
