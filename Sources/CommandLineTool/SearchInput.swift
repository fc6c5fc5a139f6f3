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
    parsing: .unconditional,
    help: ArgumentHelp(
      "Calibrated mode: how far least squares are damped towards the target's kernel, as a part of the features' mean square (default: 0.3), or auto: the one of 0.1, 0.3, 1 and 3 whose network errs least on every fourth image, held out.",
      valueName: "auto|PART"))
  var damping: String?
  @Option(
    help: ArgumentHelp(
      "Calibrated mode: measure errors at each layer's outputs (layer, the default), or to first order at the network's (logits), which loses less at widths below 1000.",
      valueName: "WHERE"))
  var metric: String?
  @OptionGroup var selection: SelectionOptions
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The box inputs come from; data outside it is refused.", valueName: "LO,HI"))
  var inputRange = "-1,1"

  /// The files that the search is made from.
  var files: [NamedFiles] { [.file("TARGET.onnx", target), .images("--calibration", calibration)] }

  /// Makes the search of a width.
  ///
  /// - Parameter scale: `--scale`, which holds for calibration images too.
  func searchMaker(scale: String?) throws -> (Int) throws -> TicketSearch {
    guard let chosen = PruningMode(rawValue: mode) else {
      throw OptionError(
        option: "--mode", expected: PruningMode.allCases.map(\.rawValue).joined(separator: " or "), found: "'\(mode)'")
    }
    guard (chosen == .calibrated) == (calibration != nil) else {
      throw chosen == .calibrated
        ? OptionError(option: "--mode calibrated", expected: "--calibration D beside it", found: "none")
        : OptionError(option: "--calibration", expected: "--mode calibrated beside it", found: "--mode \(mode)")
    }
    let given = [("--sweeps", sweeps != nil), ("--damping", damping != nil), ("--metric", metric != nil)]
    if chosen != .calibrated, let (option, _) = given.first(where: { $0.1 }) {
      throw OptionError(option: option, expected: "--mode calibrated beside it", found: "--mode \(mode)")
    }
    let (low, high) = try pair(inputRange, option: "--input-range")
    let range = try InputRange(low: low, high: high)
    let network = try ONNXModel.network(fromFile: target)
    let solver = try selection.chosenSolver()
    let rule = try selection.scaleRule()
    let objective = try selection.chosenObjective()
    let calibration = try calibrationImages(
      scale, isBaseline: SolverChoice.baselines.all.contains { $0.name == solver.name })
    return { [seed, selection] in
      try TicketSearch(
        target: network, width: $0, seed: seed, inputRange: range, solver: solver, size: selection.size,
        sizePenalty: selection.sizePenalty ?? 0, objective: objective, scaleRule: rule, calibration: calibration)
    }
  }

  /// - Parameter isBaseline: whether nothing is chosen again.
  private func calibrationImages(_ scale: String?, isBaseline: Bool) throws -> Calibration? {
    guard let calibration else { return nil }
    var made = try Calibration(named: calibration, scale: scale)
    if isBaseline { made.sweeps = 0 }
    if let sweeps, sweeps > 0, isBaseline {
      throw OptionError(
        option: "--sweeps", expected: "--method search beside it", found: "--method \(selection.method)")
    }
    if let sweeps { made.sweeps = sweeps }
    if let damping { made.damping = try Self.damping(named: damping) }
    if let metric {
      guard let chosen = Calibration.Metric(rawValue: metric) else {
        throw OptionError(option: "--metric", expected: "layer or logits", found: "'\(metric)'")
      }
      made.metric = chosen
    }
    return made
  }

  private static func damping(named text: String) throws -> Calibration.Damping {
    if text == "auto" { return .chosen }
    guard let number = Double(text) else {
      throw OptionError(option: "--damping", expected: "auto or a number", found: "'\(text)'")
    }
    return .fixed(number)
  }

  /// What a ticket says of its search.
  func searchOptions(_ calibration: Calibration?, _ result: SearchResult, workLimit: UInt64?) throws -> SearchOptions {
    SearchOptions(
      solver: try selection.chosenSolver().name, workLimit: workLimit, size: selection.size,
      sizePenalty: selection.sizePenalty, objective: try selection.chosenObjective(),
      largestNormPerWidth: selection.normPerWidth,
      damping: result.damping, dampingTrials: calibration?.damping == .chosen ? result.dampingTrials : nil,
      sweeps: calibration?.sweeps, metric: calibration?.metric)
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
      "Solver: \(SolverChoice.prunes.names) (default: greedy; beam with --size).", valueName: "NAME"))
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
  var objective = Objective.squares.rawValue
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
    return try SolverChoice.prunes.solver(named: solver ?? (size == nil ? "greedy" : "beam"))
  }

  func chosenObjective() throws -> Objective {
    guard let chosen = Objective(rawValue: objective) else {
      throw OptionError(
        option: "--objective", expected: Objective.allCases.map(\.rawValue).joined(separator: " or "),
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
