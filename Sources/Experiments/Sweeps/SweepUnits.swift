import LinearAlgebra
import RunControl

/// A sweep's trials cut into units, each decided by whoever has the specification and the unit's
/// number: other processes, on other machines, in any order.
///
/// Unit u of N is shard u + 1 of N, so it has trials of all cells, and takes about as long as any
/// other.
package struct SweepUnits: Sendable {
  /// A result, and the seconds that it took: its block's, shared equally.
  package struct Timed: Sendable {
    package let result: TrialResult
    package let seconds: Double

    package init(result: TrialResult, seconds: Double) { (self.result, self.seconds) = (result, seconds) }
  }

  package let sweep: Sweep
  /// N.
  package let count: Int
  fileprivate let trials: SweepTrials

  /// At most so many units, none of which is empty unless all are.
  ///
  /// - Throws: `ExperimentError.outOfRange` unless 1 ≤ `most` ≤ 1048576.
  package init(_ sweep: Sweep, most: Int) throws(ExperimentError) {
    _ = try SweepShard(1, of: most)
    self.sweep = sweep
    trials = SweepTrials(specification: sweep.specification)
    count = max(1, min(most, try SweepSchedule(trials, shard: .whole).count))
  }

  fileprivate func schedule(_ unit: Int) throws(ExperimentError) -> SweepSchedule {
    guard (0..<count).contains(unit) else {
      throw .outOfRange(quantity: "unit", expected: "0 to \(count - 1)", found: "\(unit)")
    }
    return try SweepSchedule(trials, shard: SweepShard(unit + 1, of: count))
  }

  /// Decides all trials of a unit, one after the other.
  ///
  /// - Throws: `Interruption` where the run was stopped: a part of a unit is nothing;
  ///   `ExperimentError`.
  package func results(of unit: Int, control: RunControl) throws -> [Timed] {
    let blocks = try schedule(unit)
    var results: [Timed] = []
    for place in 0..<blocks.count {
      let block = blocks[place]
      let began = ContinuousClock.now
      let found = try trials.run(
        cell: block.cell, trials: Array(block.first..<block.first + block.count),
        method: try trials.method(of: block.cell), cancellation: control.cancellation)
      try control.checkInterruption()
      let seconds = (ContinuousClock.now - began) / .seconds(1) / Double(max(1, found.count))
      results += found.map { Timed(result: $0, seconds: seconds) }
      control.report(RunProgress(phase: "blocks", completed: place + 1, total: blocks.count))
    }
    return results
  }
}

/// The writer of a sweep whose units others decide: takes their results as they come, in any order,
/// and stores each trial once.
package final class SweepCollector: Sendable {
  private struct State {
    /// Trials that this collector was given, by cell and trial.
    var added: Set<TrialPlace> = []
    let began = ContinuousClock.now
  }

  private struct TrialPlace: Hashable {
    let cell: Int
    let trial: Int
  }

  private let units: SweepUnits
  private let writer: StoreWriter
  private let state = Guarded(State())

  /// Opens or makes the store.
  ///
  /// - Parameters:
  ///   - resumes: whether a store that is there is continued.
  ///   - workers: trials at a time, for the store to keep.
  /// - Throws: `StoreError`.
  package init(
    _ units: SweepUnits, storingIn path: String, resumes: Bool, workers: Int, provenance: Provenance
  ) throws(StoreError) {
    self.units = units
    writer = try StoreWriter(
      path, units.sweep.specification, source: units.sweep.source, resumes: resumes, provenance: provenance,
      threads: workers, shard: .whole, control: RunControl())
  }

  /// Whether all trials of a unit were there when the store was opened.
  ///
  /// - Throws: `ExperimentError.outOfRange`.
  package func isStored(unit: Int) throws(ExperimentError) -> Bool {
    let blocks = try units.schedule(unit)
    return (0..<blocks.count).allSatisfy { place in
      let block = blocks[place]
      return (block.first..<block.first + block.count).allSatisfy {
        writer.stored.contains(cell: block.cell, trial: $0)
      }
    }
  }

  /// Takes results; those of trials that are there already are left out.
  ///
  /// - Throws: `ExperimentError.outOfRange` for a trial that the sweep has not, `StoreError`.
  package func add(_ results: [SweepUnits.Timed]) throws {
    let specification = units.sweep.specification
    var byCell: [Int: (results: [TrialResult], seconds: Double)] = [:]
    for timed in results {
      let result = timed.result
      guard (0..<specification.cellCount).contains(result.cell), (0..<specification.trials).contains(result.trial)
      else {
        throw ExperimentError.outOfRange(
          quantity: "trial", expected: "one of \(specification.cellCount) cells of \(specification.trials) trials",
          found: "trial \(result.trial) of cell \(result.cell)")
      }
      let isNew =
        !writer.stored.contains(cell: result.cell, trial: result.trial)
        && state.withLock { $0.added.insert(TrialPlace(cell: result.cell, trial: result.trial)).inserted }
      if isNew {
        byCell[result.cell, default: ([], 0)].results.append(result)
        byCell[result.cell, default: ([], 0)].seconds += timed.seconds
      }
    }
    for (cell, part) in byCell { try writer.add(part.results, cell: cell, seconds: part.seconds) }
  }

  /// Stores what is pending, and says what there is.
  ///
  /// - Throws: `StoreError`.
  package func finish() throws(StoreError) -> Sweep.Outcome {
    let storing = try writer.finish()
    let specification = units.sweep.specification
    let (added, seconds) = state.withLock { ($0.added.count, (ContinuousClock.now - $0.began) / .seconds(1)) }
    return Sweep.Outcome(
      total: specification.cellCount * specification.trials, stored: writer.stored.count + added, added: added,
      seconds: seconds, storingSeconds: storing, stop: nil)
  }
}
