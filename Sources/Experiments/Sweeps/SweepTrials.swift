import LinearAlgebra
import RunControl
import SubsetSum

/// Makes and decides the trials of a specification, each by its address alone.
struct SweepTrials: Sendable {
  let specification: SweepSpecification

  /// The problem of a trial: the same for all cells of its instance but for norm and size. Cost:
  /// n·m numbers.
  ///
  /// - Throws: `SubsetSumError` where a law gives numbers that are not finite, `LinearAlgebraError`
  ///   for sizes that overflow.
  func problem(cell: Int, trial: Int) throws -> Problem {
    let at = specification.position(cell)
    let (n, m) = (specification.counts[at.count], specification.dimensions[at.dimension])
    let address = TrialAddress(seed: specification.seed, instance: at.instance, trial: trial)
    let rows = try Matrix<Double>(rows: n, columns: m) {
      specification.candidates[at.candidates].fill($0, dimension: m, at: address)
    }
    let target = [Double](unsafeUninitializedCapacity: m) { buffer, initialized in
      specification.targets[at.target].fill(UnsafeMutableBufferPointer(rebasing: buffer[..<m]), at: address)
      initialized = m
    }
    return try Problem(
      candidates: Candidates(rows), target: target, norm: specification.norms[at.norm],
      size: specification.sizes[at.size].size(of: n))
  }

  /// How a cell's trials are decided.
  func method(of cell: Int) throws(ExperimentError) -> ExactMethod {
    let at = specification.position(cell)
    let method = specification.methods[at.method]
    switch method {
    case .solver(let solver): return .solver(solver)
    case .exact, .existence:
      let (n, m) = (specification.counts[at.count], specification.dimensions[at.dimension])
      let exact = try ExactMethod(
        dimension: m, count: n, norm: specification.norms[at.norm],
        size: specification.sizes[at.size].size(of: n), range: method.range(specification.epsilons))
      // A batch cannot be stopped half way. Where its trials would cost more than the work limit
      // allows, a solver is used instead, which returns its best.
      if case .batch = exact, let limit = specification.workLimit, limit < Self.batchCost(n) {
        return .solver(MeetInTheMiddle())
      }
      return exact
    }
  }

  /// Units of work of one trial of a batch.
  static func batchCost(_ n: Int) -> UInt64 { 2 * (UInt64(1) << UInt64(n / 2) + UInt64(1) << UInt64(n - n / 2)) }

  /// Decides trials of one cell, one after the other, and returns those that came to their end:
  /// all, or the first ones where the run was cancelled.
  ///
  /// - Parameter cancellation: stops a trial under way, whose result is then dropped.
  /// - Throws: `ExperimentError.failedTrial` with what a solver threw.
  func run(cell: Int, trials: [Int], method: ExactMethod, cancellation: Cancellation) throws -> [TrialResult] {
    let control = RunControl(limits: Limits(work: specification.workLimit), cancellation: cancellation)
    switch method {
    case .batch(let batch): return try run(cell: cell, trials: trials, batch, control)
    case .solver(let solver):
      var results: [TrialResult] = []
      for trial in trials where !cancellation.isCancelled {
        do {
          let found = try solver.solve(try problem(cell: cell, trial: trial), control: control)
          // What a cancelled solver returns depends on when it was stopped, so it is dropped; not
          // every solver says that it was.
          if cancellation.isCancelled && !found.isOptimal { break }
          results.append(
            TrialResult(
              cell: cell, trial: trial, error: found.error, size: found.subset.count,
              lowerBound: found.lowerBound,
              work: found.work))
        } catch { throw failure(cell, trial, error) }
      }
      return results
    }
  }

  private func run(cell: Int, trials: [Int], _ batch: ExactBatch, _ control: RunControl) throws -> [TrialResult] {
    let at = specification.position(cell)
    let (candidates, target) = (specification.candidates[at.candidates], specification.targets[at.target])
    let found: BatchResult
    do {
      found = try batch.solve(instances: trials.count, workers: 1, control: control.withWork(nil)) { index, buffer in
        let address = TrialAddress(seed: specification.seed, instance: at.instance, trial: trials[index])
        candidates.fill(buffer, dimension: 1, at: address)
        var z = 0.0
        withUnsafeMutablePointer(to: &z) {
          target.fill(UnsafeMutableBufferPointer(start: $0, count: 1), at: address)
        }
        return z
      }
    } catch {
      // The trials are run one by one to find the one whose numbers were refused.
      if trials.count == 1 { throw failure(cell, trials[0], error) }
      return try trials.flatMap { try run(cell: cell, trials: [$0], batch, control) }
    }
    let cost = Self.batchCost(batch.count)
    return zip(trials, found.optima).map { trial, optimum in
      TrialResult(
        cell: cell, trial: trial, error: optimum.error, size: optimum.size, lowerBound: optimum.error, work: cost)
    }
  }

  private func failure(_ cell: Int, _ trial: Int, _ error: any Error) -> ExperimentError {
    let at = specification.cell(cell)
    return .failedTrial(
      cell: cell, trial: trial, about: "solver \(at.solver), dimension \(at.dimension), count \(at.count)",
      said: "\(error)")
  }
}
