import Dispatch
import LinearAlgebra
import RunControl
import SubsetSum

/// Runs a specification's trials over the cores, into a store.
///
/// A trial is a function of (specification, cell, trial): threads, shards, interruptions and the
/// order of running change no result.
///
/// ```swift
/// let specification = try SweepSpecification(
///   dimensions: [1], counts: [8, 12], epsilons: [0.01], trials: 100, seed: 1)
/// try Sweep(specification).run(storingIn: path)
/// for summary in try CellSummary.all(of: ResultStore(reading: path)) {
///   print(summary.cell.count, summary.outcomes[0].fraction ?? 0)
/// }
/// ```
public struct Sweep: Sendable {
  /// The grid and its trials.
  public let specification: SweepSpecification
  /// The text that the specification was read from, for the store to keep; nil for none.
  public let source: String?
  private let trials: SweepTrials

  /// A sweep of `specification`, with the text it was read from, if any.
  public init(_ specification: SweepSpecification, source: String? = nil) {
    self.specification = specification
    self.source = source
    trials = SweepTrials(specification: specification)
  }

  /// What a run came to.
  public struct Outcome: Sendable {
    /// Trials of this run's shard.
    public let total: Int
    /// Trials of this run's shard that are stored by now.
    public let stored: Int
    /// Trials that this run added.
    public let added: Int
    /// Wall-clock seconds of the run.
    public let seconds: Double
    /// Seconds during which some thread was storing results.
    public let storingSeconds: Double
    /// What stopped the run before its shard was done, or nil.
    public let stop: StopReason?
  }

  /// The problem of a trial, anew.
  ///
  /// - Precondition: a cell of the grid, `trial` ≥ 0.
  /// - Throws: `SubsetSumError` where a law gives numbers that are not finite,
  ///   `LinearAlgebraError`.
  public func problem(cell: Int, trial: Int) throws -> Problem { try trials.problem(cell: cell, trial: trial) }

  /// Decides one trial, as a run does.
  ///
  /// - Precondition: a cell of the grid, `trial` ≥ 0.
  /// - Throws: `ExperimentError.failedTrial`.
  public func result(cell: Int, trial: Int) throws -> TrialResult {
    try trials.run(
      cell: cell, trials: [trial], method: try trials.method(of: cell), cancellation: Cancellation())[0]
  }

  /// Runs the trials of a shard that the store does not have.
  ///
  /// The run's limits of work and memory are not used, as results may not depend on them;
  /// `SweepSpecification.workLimit` is each trial's. Stopped by the time limit or its cancellation
  /// it drops trials under way, within 20 ms or when their solver next asks, and stores all others.
  /// A time limit strikes only once what is stored has been read: the outcome says what there is.
  ///
  /// - Parameters:
  ///   - path: The store; made unless it is there.
  ///   - shard: The part of the trials that this run is for.
  ///   - resumes: Whether a store that is there is continued.
  ///   - workers: Trials at a time, one a core.
  ///   - provenance: Who runs the sweep, for the store to keep.
  ///   - control: Time limit, cancellation, and who hears of progress.
  /// - Complexity: the trials that are missing, each what its solver costs.
  /// - Throws: `StoreError`, among them `.stopped` where the run is cancelled before it has read
  ///   what is stored; `ExperimentError.failedTrial` where a solver throws, after storing what was
  ///   decided.
  @discardableResult
  public func run(
    storingIn path: String, shard: SweepShard = .whole, resumes: Bool = false,
    workers: Int = Workers.availableCores, provenance: Provenance = Provenance(), control: RunControl = RunControl()
  ) throws -> Outcome {
    let began = ContinuousClock.now
    let blocks = try SweepSchedule(trials, shard: shard)
    let methods = try (0..<specification.cellCount).map { try trials.method(of: $0) }
    let writer = try StoreWriter(
      path, specification, source: source, resumes: resumes, provenance: provenance, threads: workers, shard: shard,
      control: control)
    let places = 0..<blocks.count
    let total = places.reduce(0) { $0 + blocks[$1].count }
    let wanted =
      writer.stored.count == 0 ? total : places.reduce(0) { $0 + Self.missing(blocks[$1], writer.stored).count }
    let cancellation = Cancellation()
    let watch = Self.watch(control, cancellation)
    defer { watch.cancel() }
    let added = Guarded(0)
    do {
      try Workers.forEach(count: blocks.count, workers: workers) { task, _ in
        if cancellation.isCancelled { return }
        let block = blocks[task]
        let missing = Self.missing(block, writer.stored)
        if missing.isEmpty { return }
        let start = ContinuousClock.now
        let results = try trials.run(
          cell: block.cell, trials: missing, method: methods[block.cell], cancellation: cancellation)
        try writer.add(results, cell: block.cell, seconds: (ContinuousClock.now - start) / .seconds(1))
        let done = added.withLock { count in
          count += results.count
          return count
        }
        control.report(RunProgress(phase: "trials", completed: done, total: wanted))
      }
    } catch let error as ExperimentError {
      _ = try writer.finish()
      throw error
    }
    let storing = try writer.finish()
    let new = added.withLock { $0 }
    return Outcome(
      total: total, stored: total - wanted + new, added: new, seconds: (ContinuousClock.now - began) / .seconds(1),
      storingSeconds: storing, stop: new == wanted ? nil : control.interruption())
  }

  private static func missing(_ block: SweepSchedule.Block, _ stored: StoredTrials) -> [Int] {
    (block.first..<block.first + block.count).filter { !stored.contains(cell: block.cell, trial: $0) }
  }

  /// Cancels when the run is to stop. Solvers are not told of its time limit: some plan by it, and
  /// would find something else.
  private static func watch(_ control: RunControl, _ cancellation: Cancellation) -> any DispatchSourceTimer {
    let timer = DispatchSource.makeTimerSource(queue: .global(qos: .userInitiated))
    timer.setEventHandler { if control.interruption() != nil { cancellation.cancel() } }
    timer.schedule(deadline: .now(), repeating: .milliseconds(20))
    timer.resume()
    return timer
  }
}
