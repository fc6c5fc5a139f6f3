import ArgumentParser
import Files
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import RunControl
import SubsetSum

/// `tombola solve`: a multidimensional subset-sum problem, given or generated.
struct SolveCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "solve", abstract: "Choose candidates whose sum comes close to a target.",
    discussion: """
      PROBLEM.npz holds candidates (n, m) and target (m), or targets (t, m); with scales (n), float32, a candidate is its row \
      times its scale. The norm 'metric' takes factor (m, m) from it, the Cholesky factor of a weight; 'row-sums' and \
      'row-sums-larger' (of the positive and the negative part) take blocks (m) and, if there, weights (m). Without a file, --dimension, --count and \
      --seed make candidates u·V of normals u and V, and a target uniform in (-1/2, 1/2). The solver ends by itself \
      at its documented work limit. With --decide an exact search looks no further than --epsilon (up to 64 candidates; 48 in \
      eight dimensions take seconds). With --all every subset within --epsilon is listed, by error, then fewer candidates, then \
      lexicographically (up to 60 candidates, as memory allows); with --by-size the best of each size that --solver beam met. Exit code 0: done; \
      1: finished above --epsilon; 3: stopped by a limit, or --all incomplete; 4: --all or --decide proved that no subset lies within --epsilon.

      Limits: --work-limit gives the same subset everywhere; without limits a solver's documented default \
      holds. --time-limit alone ends a run within 5 % + 0.1 s, with the best so far. Until then portfolio, \
      k-list, beam, population, iterated-greedy and exchange go on; exhaustive, meet-in-the-middle, four-lists, \
      cell-sweep and pairwise end before once the optimum is proved, greedy and forward-greedy where no \
      step helps, rounding when all is rounded. Several targets share the time. Ctrl-C and SIGTERM: the \
      best so far.
      """)

  @Argument(help: ArgumentHelp("Arrays candidates and target.", valueName: "PROBLEM.npz")) var problem: String?
  @Option(number: ArgumentHelp("Coordinates of a generated problem.", valueName: "M")) var dimension: Int?
  @Option(number: ArgumentHelp("Candidates of a generated problem.", valueName: "N")) var count: Int?
  @Option(number: ArgumentHelp("Seed of a generated problem.", valueName: "S")) var seed: UInt64?
  @Option(help: ArgumentHelp("How errors are measured: \(NormChoice.names).", valueName: "NORM")) var norm = "max"
  @Option(
    number: ArgumentHelp(
      "Candidates that a subset must have (default: any number); all solvers take it but \(SolverChoice.solves.namesTakingNoSize).",
      valueName: "K")) var size: Int?
  @Option(help: ArgumentHelp("Solver: \(SolverChoice.solves.names) (default: portfolio).", valueName: "NAME"))
  var solver: String?
  @OptionGroup var reach: ReachOptions
  @Flag(help: "Decide whether a subset within --epsilon exists: the closest one, or a proof that there is none.")
  var decide = false
  @Flag(help: "List all subsets within --epsilon instead of one.") var all = false
  @Option(
    number: ArgumentHelp(
      "The most subsets that --all lists, the closest ones (default: \(SolveTask.defaultCap)).", valueName: "COUNT"))
  var maxSubsets: Int?
  @Flag(help: "Show the best subset of each size too; with --solver beam.") var bySize = false
  @OptionGroup var bounds: RunOptions
  @Option(number: ArgumentHelp("Units of work: candidate coordinates scored.", valueName: "W")) var workLimit: UInt64?
  @Option(help: ArgumentHelp("Write the problem's arrays too, for other programs.", valueName: "FILE.npz"))
  var save: String?
  @Flag(help: "Replace an existing output.") var force = false
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let norm = try NormChoice(named: norm)
    let epsilon = try reach.checked()
    let task = try SolveTask(
      solver: solver, epsilon: epsilon, size: size, decides: decide, listsAll: all, cap: maxSubsets, showsSizes: bySize)
    let workers = try bounds.workers()
    let limits = try bounds.limits(work: workLimit)
    try OutputFiles.requireDistinct([.file("--save", save)], from: [.file("PROBLEM.npz", problem)])
    if let save { try AtomicFile.check(save, force: force) }
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    // The time limit counts from here: reading or making the problem is part of it.
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let problems: [Problem]
    do { problems = try self.problems(norm, control) } catch SubsetSumError.stoppedBefore where signals.exit != nil {
      return try finish(signals.exit ?? .interrupted)
    }
    if let save { try ProblemFile.write(problems, to: save, force: force, limits: limits) }
    blas.warnIfSlow(json: json)
    // Problems run one a core; a single one on all that its solver can use.
    func results<Outcome: SolveOutcome>(_ solve: @Sendable (Problem, RunControl) throws -> Outcome) throws -> [Outcome]
    {
      let shares = TimeShares(control, tasks: problems.count, workers: workers)
      let found = try Workers.map(count: problems.count, workers: workers) { try solve(problems[$0], shares.next()) }
      progress.clear()
      try show(found)
      return found
    }
    let share = max(1, workers / max(1, problems.count))
    let end: ToolExit
    switch task {
    case .all(let epsilon, let cap):
      end = SubsetListReport.exit(try results { try SolveTask.list($0, epsilon, cap, $1) })
    case .decide(let epsilon):
      end = Self.exit(try results { try SolveTask.decide($0, epsilon, $1) }, within: epsilon)
    case .best(let solver):
      let spread = solver.spread(over: share)
      end = exit(try results { try SolveTask.solve($0, spread, $1) }, epsilon)
    case .sizes(var beam):
      beam.workers = share
      let spread = beam
      end = exit(try results { try SolveTask.solve($0, bySize: spread, $1) }, epsilon)
    }
    try finish(signals.exit ?? end)
  }

  /// Of decisions: all problems have a subset within ε, or some proved that they have none, or a
  /// limit came first.
  private static func exit(_ results: [SolveReport], within epsilon: Double) -> ToolExit {
    if results.allSatisfy({ $0.solution.error <= epsilon }) { return .done }
    return results.contains { $0.solution.error > epsilon && $0.solution.lowerBound < epsilon } ? .limit : .infeasible
  }

  private func exit(_ results: [SolveReport], _ epsilon: Double?) -> ToolExit {
    if let epsilon { return results.allSatisfy { $0.solution.error <= epsilon } ? .done : .failed }
    // A solver's own work limit is how it ends; a limit given here is an interruption.
    let isLimited = workLimit != nil || bounds.timeLimit != nil
    let stopped = isLimited && results.contains { $0.solution.stop == .timeLimit || $0.solution.stop == .workLimit }
    return stopped ? .limit : .done
  }

  /// The problems named or generated, one a target.
  private func problems(_ choice: NormChoice, _ control: RunControl) throws -> [Problem] {
    let isAnyGiven = dimension != nil || count != nil || seed != nil
    var generated: (dimension: Int, count: Int, seed: UInt64)?
    if let dimension, let count, let seed { generated = (dimension, count, seed) }
    switch try ProblemOrigin(
      path: problem, options: "--dimension, --count and --seed", isAnyGiven: isAnyGiven, generated: generated)
    {
    case .file(let path):
      let file = try ProblemFile(contentsOf: path)
      let candidates = try Candidates(file)
      let norm = try choice.norm(from: file, path: path)
      return try file.targets.map { try Problem(candidates: candidates, target: $0, norm: norm, size: size) }
    case .generated(let made):
      return [
        try GeneratedInstance.problem(
          dimension: made.dimension, count: made.count, seed: made.seed, norm: try choice.normOfGenerated(), size: size,
          control: control)
      ]
    }
  }

  private func show(_ results: [some SolveOutcome]) throws {
    if json {
      // One target: an object of its own. Several: a list.
      if problem == nil || results.count == 1 { return try printJSON(results[0]) }
      return try printJSON(results)
    }
    for (index, result) in results.enumerated() {
      if results.count > 1 { print("target \(index):") }
      print(result.text)
    }
  }
}

extension ProblemFile {
  /// Writes problems that share their candidates: each candidate's coordinates, exact in Float64,
  /// and all targets.
  ///
  /// - Throws: `SubsetSumError.memoryLimit` where the arrays, and the file that is made of them, do
  ///   not fit.
  fileprivate static func write(_ problems: [Problem], to path: String, force: Bool, limits: Limits) throws {
    guard let first = problems.first else { return }
    let (n, m) = (first.count, first.dimension)
    let needed = ByteCount.product(24, n, m)
    guard needed <= limits.allowedBytes else {
      throw SubsetSumError.memoryLimit(solver: "--save", neededBytes: needed, limitBytes: limits.allowedBytes)
    }
    let rows = (0..<n * m).map { first.candidates.coordinate($0 / m, $0 % m) }
    let targets = problems.flatMap(\.target)
    try write(candidates: rows, count: n, dimension: m, targets: targets, to: path, force: force)
  }
}
