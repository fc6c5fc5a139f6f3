import ArgumentParser
import Experiments
import Foundation
import LinearAlgebra
import Outcomes
import RunControl

/// `tombola sweep`: a grid of random problems, many trials each, into a store.
struct SweepCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Run the trials of a grid of random subset sums into a result store.",
    discussion: """
      SPEC.toml names the grid: dimension (or kernel and channels_out), count, trials, seed; epsilon, candidates (nsn, normal, uniform, product, { masked_features = C }, \
      { features = C }), target ("zero", { uniform = HALF_WIDTH }, { normal = DEVIATION }, { linear = C }), solver (exact, for the optimum, exists, for whether \
      it lies within each epsilon, or solvers for what they find), norm (max, l2), size (a number, any, n/2, sqrt(n)), work_limit. Lists \
      make a product of cells; counts and dimensions may be ranges { from, to, step }. A trial is a function of seed, cell and trial number: shards and \
      threads change no result, and the store of an interrupted sweep goes on with --resume. Exit code 0: all trials of the shard are stored; 3: stopped \
      by --time-limit, or by a scheduler's SIGTERM or SIGUSR1; 130: by Ctrl-C; in each case with everything stored that was done.
      """)

  @Argument(help: ArgumentHelp("The grid.", valueName: "SPEC.toml")) var specification: String
  @Option(help: ArgumentHelp("The SQLite file of the results.", valueName: "FILE")) var store: String
  @OptionGroup var part: ShardOptions
  @Option(
    number: ArgumentHelp(
      "Run nothing: print the commands that run N parts, one a line, each with a store of its own beside --store.",
      valueName: "N"))
  var printTasks: Int?
  @Flag(help: "Continue a store that is there; make it if it is not.") var resume = false
  @OptionGroup var pace: PaceOptions
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    try OutputFiles.requireDistinct(
      [.files("--store", [store, store + ".lock"])], from: [.file("SPEC.toml", specification)])
    let shard = try part.chosen().map { try SweepShard($0.index, of: $0.count) } ?? .whole
    let workers = try pace.workers()
    let limits = Limits(seconds: try pace.seconds())
    let file = try SweepFile(contentsOf: specification, solvers: SolverChoice.solves.all)
    if let printTasks { return print(try tasks(printTasks).joined(separator: "\n")) }
    blas.warnIfSlow(json: json)
    let signals = Signals(ofJob: true)
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let outcome: Sweep.Outcome
    do {
      outcome = try Sweep(file.specification, source: file.text).run(
        storingIn: store, shard: shard, resumes: resume, workers: workers,
        provenance: Provenance(program: "tombola \(Tool.configuration.version)", commit: SourceCommit.ofThisProgram),
        control: control)
    } catch let error as StoreError {
      guard case .stopped = error else { throw error }
      progress.clear()
      complain("tombola: \(error)")
      return try finish(signals.exit ?? .limit)
    }
    progress.clear()
    let report = SweepReport(
      outcome, cells: file.specification.cellCount, trialsPerCell: file.specification.trials, shard: shard,
      store: store, workers: workers)
    if json { try printJSON(report) } else { print(report.text) }
    if outcome.stop == nil { return }
    try finish(signals.exit ?? .limit)
  }

  /// The commands that run the sweep in parts.
  private func tasks(_ count: Int) throws -> [String] {
    if let shard = part.shard {
      throw OptionError(option: "--print-tasks", expected: "no --shard beside it", found: "--shard \(shard)")
    }
    var options: [String] = []
    if let threads = pace.threads { options += ["--threads", "\(threads)"] }
    if let seconds = pace.timeLimit { options += ["--time-limit", "\(seconds)"] }
    if json { options.append("--json") }
    if let core = blas.blasCore { options += ["--blas-core", core] }
    return try SweepTasks(specification: specification, store: store, options: options).lines(count)
  }
}

/// A run's figures; the JSON keys are a contract.
private struct SweepReport: Encodable {
  let outcome: Sweep.Outcome
  let cells: Int
  let trialsPerCell: Int
  let shard: SweepShard
  let store: String
  let workers: Int

  init(
    _ outcome: Sweep.Outcome, cells: Int, trialsPerCell: Int, shard: SweepShard, store: String, workers: Int
  ) {
    (self.outcome, self.cells, self.trialsPerCell) = (outcome, cells, trialsPerCell)
    (self.shard, self.store, self.workers) = (shard, store, workers)
  }

  private var rate: Double { Double(outcome.added) / outcome.seconds }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case cells, trials_per_cell, shard, trials, stored, added, complete, stop, seconds, trials_per_second
    case storing_seconds, threads, store
  }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(cells, forKey: .cells)
    try json.encode(trialsPerCell, forKey: .trials_per_cell)
    try json.encode(shard.description, forKey: .shard)
    try json.encode(outcome.total, forKey: .trials)
    try json.encode(outcome.stored, forKey: .stored)
    try json.encode(outcome.added, forKey: .added)
    try json.encode(outcome.stored == outcome.total, forKey: .complete)
    try json.encode(outcome.stop?.rawValue, forKey: .stop)
    try json.encode(outcome.seconds, forKey: .seconds)
    try json.encode(rate, forKey: .trials_per_second)
    try json.encode(outcome.storingSeconds, forKey: .storing_seconds)
    try json.encode(workers, forKey: .threads)
    try json.encode(store, forKey: .store)
  }

  var text: String {
    let part = shard == .whole ? "" : ", shard \(shard)"
    let stopped = outcome.stop.map { "\n  stopped by  \($0.rawValue); go on with --resume" } ?? ""
    return """
      \(store): \(cells) cells of \(trialsPerCell) trials\(part)
        trials      \(outcome.stored) of \(outcome.total)     \(outcome.added) by this run
        seconds     \(String(format: "%.3f", outcome.seconds))     \(FigureReport.short(rate)) trials a second\(stopped)
      """
  }
}
