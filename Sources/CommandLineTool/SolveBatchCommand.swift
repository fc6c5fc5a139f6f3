import ArgumentParser
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import RunControl
import SubsetSum

/// `tombola solve-batch`: exact optima of many small problems.
struct SolveBatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solve-batch", abstract: "Solve many small problems to optimality.",
    discussion: """
      Generated instances in one dimension: --count, --instances, --seed and a --law (\(InstanceLaw.allCases.map { "\($0.rawValue): \($0.summary)" }.joined(separator: "; "))). \
      Generated in more dimensions: --dimension, --count, --instances, --seed, as many targets over one set of candidates as 'solve' makes them. \
      A file: PROBLEM.npz with candidates (n, m) and targets (t, m), all over the same \
      candidates, whose half sums are made once; or with candidates (t, n, m), other ones for each \
      target, of any number: each is solved as 'solve' does it, one a core, sharing the time. \
      Every other optimum is proved unless a limit stops its search. Exit code 0: done; 1: some error is above --epsilon; 3: stopped by a limit. The search of 397 000 weights with 21 candidates each \
      of Pensia et al. 2020, on surrogate targets: --count 21 --instances 397000 --seed 1 --law weights --epsilon 0.01.
      """)

  @Argument(help: ArgumentHelp("Arrays candidates and target.", valueName: "PROBLEM.npz")) var problem: String?
  @Option(
    number: ArgumentHelp(
      "Candidates of each instance, up to \(ExactBatch.largestCount), in more dimensions \(SharedVectorHalves.largestCount) as memory allows.",
      valueName: "N"))
  var count: Int?
  @Option(
    number: ArgumentHelp("Coordinates of generated instances, 2 or more (default: 1, with --law).", valueName: "M"))
  var dimension: Int?
  @Option(
    help: ArgumentHelp("In two or more dimensions, how errors are measured: \(NormChoice.names).", valueName: "NORM"))
  var norm: String?
  @Option(number: ArgumentHelp("Generated instances.", valueName: "T")) var instances: Int?
  @Option(number: ArgumentHelp("Seed of generated instances.", valueName: "S")) var seed: UInt64?
  @Option(help: ArgumentHelp("Law of generated instances: \(Self.laws).", valueName: "LAW")) var law: String?
  @OptionGroup var reach: ReachOptions
  @OptionGroup var bounds: RunOptions
  @Option(number: ArgumentHelp("Units of work: steps over half sums.", valueName: "W")) var workLimit: UInt64?
  @Flag(help: "Print the figures as JSON.") var json = false

  private static let laws = InstanceLaw.allCases.map(\.rawValue).joined(separator: ", ")

  func run() throws {
    let epsilon = try reach.checked()
    let workers = try bounds.workers()
    let limits = try bounds.limits(work: workLimit)
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    // The time limit counts from here: reading or making the problems is part of it.
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let source: BatchSource
    do { source = try self.source(control) } catch SubsetSumError.stoppedBefore where signals.exit != nil {
      return try finish(signals.exit ?? .interrupted)
    }
    let began = ContinuousClock.now
    let result = try source.solve(workers: workers, control: control)
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    progress.clear()
    let report = BatchReport(result, source, epsilon: epsilon, workers: workers, seconds: seconds)
    if json { try printJSON(report) } else { print(report.text) }
    if let exit = signals.exit { return try finish(exit) }
    if result.stop != nil { return try finish(.limit) }
    try finish(report.failures ?? 0 > 0 ? .failed : .done)
  }

  private func source(_ control: RunControl) throws -> BatchSource {
    let isAnyGiven = count != nil || instances != nil || seed != nil || law != nil || dimension != nil
    var generated: Generated?
    if let count, let instances, let seed, (law == nil) != (dimension == nil) {
      generated = Generated(count: count, instances: instances, seed: seed, law: law, dimension: dimension)
    }
    let options = "--count, --instances, --seed and either --law or --dimension"
    switch try ProblemOrigin(path: problem, options: options, isAnyGiven: isAnyGiven, generated: generated) {
    case .file(let path): return try source(path: path)
    case .generated(let made): return try source(made, control)
    }
  }

  /// What the options of generated instances say.
  private struct Generated {
    let count: Int
    let instances: Int
    let seed: UInt64
    let law: String?
    let dimension: Int?
  }

  private func source(path: String) throws -> BatchSource {
    let file = try ProblemFile(contentsOf: path, allowsSets: true)
    if file.hasOwnSets {
      let norm = try NormChoice(named: norm ?? NormChoice.max.rawValue).norm(from: file, path: path)
      let problems = try zip(Candidates.sets(file), file.targets).map { candidates, target in
        try Problem(candidates: candidates, target: target, norm: norm)
      }
      return .separate(problems)
    }
    let candidates = try Candidates(file)
    if candidates.dimension == 1 {
      try refuseNorm()
      return .shared(
        candidates: (0..<candidates.count).map { candidates.coordinate($0, 0) }, targets: file.targets.map { $0[0] })
    }
    let norm = try NormChoice(named: norm ?? NormChoice.max.rawValue).norm(from: file, path: path)
    return .vectors(candidates: candidates, targets: file.targets, norm: norm)
  }

  private func source(_ made: Generated, _ control: RunControl) throws -> BatchSource {
    guard (1...1 << 32).contains(made.instances) else {
      throw OptionError(option: "--instances", expected: "1 to 2^32", found: "\(made.instances)")
    }
    // An optimum, its figures, and a sorted copy of the errors.
    let needed = ByteCount.product(made.instances, 64)
    guard needed <= control.limits.allowedBytes else {
      throw SubsetSumError.memoryLimit(
        solver: "results of --instances \(made.instances)", neededBytes: needed,
        limitBytes: control.limits.allowedBytes)
    }
    if let dimension = made.dimension {
      guard dimension >= 2 else {
        throw OptionError(
          option: "--dimension", expected: "2 or more; one dimension takes a --law", found: "\(dimension)")
      }
      let norm = try NormChoice(named: norm ?? NormChoice.max.rawValue).normOfGenerated()
      guard made.count <= SharedVectorHalves.largestCount else {
        throw OptionError(
          option: "--count", expected: "at most \(SharedVectorHalves.largestCount)", found: "\(made.count)")
      }
      let problem = try GeneratedInstance.problem(
        dimension: dimension, count: made.count, seed: made.seed, norm: norm, control: control)
      let targets = try GeneratedInstance.targets(
        dimension: dimension, count: made.instances, seed: made.seed, control: control)
      return .vectors(candidates: problem.candidates, targets: targets, norm: norm)
    }
    try refuseNorm()
    guard let law = made.law, let chosen = InstanceLaw(rawValue: law) else {
      throw OptionError(option: "--law", expected: Self.laws, found: "'\(made.law ?? "")'")
    }
    return .generated(count: made.count, instances: made.instances, seed: made.seed, law: chosen)
  }

  private func refuseNorm() throws {
    if let norm { throw OptionError(option: "--norm", expected: "none in one dimension", found: "'\(norm)'") }
  }
}
