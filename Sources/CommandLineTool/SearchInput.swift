import ArgumentParser
import Convolution
import ModelFiles
import Outcomes
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
      "Calibrated mode: times that each block is chosen again, given all others of its layer (default: 1, with --bits 0).",
      valueName: "COUNT"))
  var sweeps: Int?
  @Option(
    number: ArgumentHelp(
      "Calibrated mode: how far least squares are damped towards the target's kernel, as a part of the features' mean square (default: 0.1 below width 1000, 0.3 below 2000, else 1; with --bits 0.03).",
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
    _ = try choice.plan(workLimit: workLimit)
    let given = try inputRange.map { text in
      let (low, high) = try pair(text, option: "--input-range")
      return try InputRange(low: low, high: high)
    }
    let calibration = try calibration.map { try ImageSetFile.calibration($0, scale: scale) }
    let model = try ONNXModel(contentsOf: target, self.model.choices(images: data ?? calibration))
    return try SearchSource(
      model, choice, seed: seed, range: given, calibration: calibration, data: data, workLimit: workLimit)
  }

  private var choice: SearchChoice {
    var choice = selection.choice
    choice.mode = mode
    choice.sweeps = sweeps
    choice.damping = damping
    choice.metric = metric
    choice.mix = mix
    choice.calibration = calibration
    return choice
  }
}

/// Options that say how filters are chosen.
struct SelectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Solver: \(SolverChoice.prunes.names) (default: population; beam with --size, greedy with --size-penalty).",
      valueName: "NAME"))
  var solver: String?
  @Option(
    help: ArgumentHelp(
      "search, or a baseline: random-filters and magnitude keep K filters of each half without a look at the target, greedy adds the best filter while that helps.",
      valueName: "M"))
  var method = SearchChoice.Method.search.rawValue
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

  /// What was chosen, mode aside.
  var choice: SearchChoice {
    var choice = SearchChoice()
    choice.solver = solver
    choice.method = method
    choice.size = size
    choice.sizePenalty = sizePenalty
    choice.objective = objective
    choice.normPerWidth = normPerWidth
    return choice
  }
}
