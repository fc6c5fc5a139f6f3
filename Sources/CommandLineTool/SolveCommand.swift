import ArgumentParser
import Foundation
import LinearAlgebra
import ModelFiles
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
      at its documented work limit. Exit code 0: done; 1: finished above --epsilon; 3: stopped by a limit.
      """)

  @Argument(help: ArgumentHelp("Arrays candidates and target.", valueName: "PROBLEM.npz")) var problem: String?
  @Option(help: ArgumentHelp("Coordinates of a generated problem.", valueName: "M")) var dimension: Int?
  @Option(help: ArgumentHelp("Candidates of a generated problem.", valueName: "N")) var count: Int?
  @Option(help: ArgumentHelp("Seed of a generated problem.", valueName: "S")) var seed: UInt64?
  @Option(help: ArgumentHelp("How errors are measured: \(NormChoice.names).", valueName: "NORM")) var norm = "max"
  @Option(help: ArgumentHelp("Candidates that a subset must have (default: any number).", valueName: "K")) var size:
    Int?
  @Option(help: ArgumentHelp("Solver: \(SolverChoice.solves.names).", valueName: "NAME")) var solver = "portfolio"
  @Option(help: ArgumentHelp("The error that counts as reached.", valueName: "E")) var epsilon: Double?
  @OptionGroup var bounds: RunOptions
  @Option(help: ArgumentHelp("Units of work: candidate coordinates scored.", valueName: "W")) var workLimit: UInt64?
  @Option(help: ArgumentHelp("Write the problem's arrays too, for other programs.", valueName: "FILE.npz"))
  var save: String?
  @Flag(help: "Replace an existing output.") var force = false
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let norm = try NormChoice(named: norm)
    if let epsilon, !(epsilon >= 0 && epsilon.isFinite) {
      throw OptionError(option: "--epsilon", expected: "an error ≥ 0", found: "\(epsilon)")
    }
    let solver = try SolverChoice.solves.solver(named: solver)
    let workers = try bounds.workers()
    let limits = try bounds.limits(work: workLimit)
    if let save { try AtomicFile.check(save, force: force) }
    let problems = try problems(norm)
    if let save { try ProblemFile.write(problems, to: save, force: force) }
    blas.warnIfSlow()
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    // One problem runs on one core.
    let results = try Workers.map(count: problems.count, workers: workers) { index in
      let began = ContinuousClock.now
      let solution = try solver.solve(problems[index], control: control)
      return SolveReport(solution, problems[index], seconds: (ContinuousClock.now - began) / .seconds(1))
    }
    progress.clear()
    try show(results)
    if let exit = signals.exit { return try finish(exit) }
    if let epsilon, !results.allSatisfy({ $0.solution.error <= epsilon }) { return try finish(.failed) }
    // A solver's own work limit is how it ends; a limit given here is an interruption.
    let isLimited = workLimit != nil || bounds.timeLimit != nil
    let stopped = isLimited && results.contains { $0.solution.stop == .timeLimit || $0.solution.stop == .workLimit }
    try finish(epsilon == nil && stopped ? .limit : .done)
  }

  /// The problems named or generated, one a target.
  private func problems(_ choice: NormChoice) throws -> [Problem] {
    if let problem {
      guard dimension == nil, count == nil, seed == nil else {
        throw OptionError(
          option: "PROBLEM.npz", expected: "either a file or --dimension, --count and --seed", found: "both")
      }
      let file = try ProblemFile(contentsOf: problem)
      let candidates =
        switch (file.candidates, file.scales) {
        case (.single(let rows), let scales?): try Candidates(scales: scales, vectors: rows)
        case (.single(let rows), nil): Candidates(rows)
        case (.double(let rows), _): Candidates(rows)
        }
      let norm = try choice.norm(from: file, path: problem)
      return try file.targets.map { try Problem(candidates: candidates, target: $0, norm: norm, size: size) }
    }
    guard let dimension, let count, let seed else {
      throw OptionError(
        option: "PROBLEM.npz", expected: "a file, or --dimension, --count and --seed", found: "not all of them")
    }
    return [
      try GeneratedInstance.problem(
        dimension: dimension, count: count, seed: seed, norm: try choice.normOfGenerated(), size: size)
    ]
  }

  private func show(_ results: [SolveReport]) throws {
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
  /// Writes problems that share their candidates: each candidate's coordinates, exact in Float64, and all targets.
  fileprivate static func write(_ problems: [Problem], to path: String, force: Bool) throws {
    guard let first = problems.first else { return }
    let (n, m) = (first.count, first.dimension)
    let rows = (0..<n * m).map { first.candidates.coordinate($0 / m, $0 % m) }
    let targets = problems.flatMap(\.target)
    try write(candidates: rows, count: n, dimension: m, targets: targets, to: path, force: force)
  }
}

/// One problem's result; the JSON keys are a contract.
struct SolveReport: Encodable, Sendable {
  let solution: Solution
  let count: Int
  let dimension: Int
  let norm: Norm
  let seconds: Double

  init(_ solution: Solution, _ problem: Problem, seconds: Double) {
    (self.solution, self.seconds) = (solution, seconds)
    (count, dimension, norm) = (problem.count, problem.dimension, problem.norm)
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case error, subset, size, optimal, limit, seconds, solver, evaluations, work, stop, count, dimension, norm
    case empty_set_error, max_error, l2_error
  }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(solution.error, forKey: .error)
    try json.encode(solution.subset, forKey: .subset)
    try json.encode(solution.subset.count, forKey: .size)
    try json.encode(solution.isOptimal, forKey: .optimal)
    try json.encode(solution.limit, forKey: .limit)
    try json.encode(solution.emptySetError, forKey: .empty_set_error)
    try json.encode(solution.maximumError, forKey: .max_error)
    try json.encode(solution.euclideanError, forKey: .l2_error)
    try json.encode(solution.stop?.rawValue, forKey: .stop)
    try json.encode(solution.solver, forKey: .solver)
    try json.encode(solution.evaluations, forKey: .evaluations)
    try json.encode(solution.work, forKey: .work)
    try json.encode(seconds, forKey: .seconds)
    try json.encode(count, forKey: .count)
    try json.encode(dimension, forKey: .dimension)
    try json.encode(norm.name, forKey: .norm)
  }

  var text: String {
    func row(_ name: String, _ value: String, _ note: String = "") -> String {
      let padded = note.isEmpty ? value : value.padding(toLength: max(14, value.count + 2), withPad: " ", startingAt: 0)
      return "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0) + padded + note
    }
    let limit = solution.limit.map { "scale of the best reachable: \(FigureReport.short($0))" } ?? ""
    let chosen = solution.subset.prefix(12).map(String.init).joined(separator: " ")
    return [
      row("error", FigureReport.short(solution.error), solution.isOptimal ? "proved optimal" : limit),
      row("empty set", FigureReport.short(solution.emptySetError)),
      row("subset", "\(solution.subset.count) of \(count)", chosen + (solution.subset.count > 12 ? " …" : "")),
      row("solver", solution.solver, solution.stop.map { "stopped by: \($0.rawValue)" } ?? ""),
      row("seconds", String(format: "%.3f", seconds), "\(solution.work) units of work"),
    ].joined(separator: "\n")
  }
}
