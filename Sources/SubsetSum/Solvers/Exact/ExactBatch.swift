import LinearAlgebra
import RunControl

/// What a batch of exact searches found.
public struct BatchResult: Sendable {
  /// The best subset of each instance, in order; fewer than instances where a limit stopped the
  /// batch.
  public let optima: [SubsetOptimum]
  /// What stopped the batch; nil where all instances were solved.
  public let stop: StopReason?
  /// Steps of building and joining tables, 2^⌊n/2⌋ + 2^⌈n/2⌉ for either.
  public let work: UInt64
}

/// Exact optima of thousands of problems in one dimension that have the same number of candidates,
/// of any subset size.
///
/// ```swift
/// let batch = try ExactBatch(count: 21)
/// let found = try batch.solve(instances: 1000) { instance, candidates in
///   InstanceLaw.weights.fill(instance: instance, seed: 1, candidates: candidates)
/// }
/// // found.optima[7].error is the least |z − Σ| of instance 7
/// ```
///
/// Each instance is a meeting in the middle over tables that its worker uses again, so nothing is
/// allocated for an instance (`SignedHalves`). The error is |z − Σ| by the checker's arithmetic,
/// and no subset has a smaller one, up to the rounding of the error itself, 2⁻⁵² of it. Among
/// endless near-ties, as equal candidates make them, only 2¹⁶ are rescored; what is left undecided
/// is then below (n + 1)·2⁻⁵⁷ of Σ|x|. Ties go to a subset that the instance alone decides. Results
/// do not depend on the workers.
///
/// Complexity: 2·(2^⌊n/2⌋ + 2^⌈n/2⌉) steps an instance, about 14 µs at n = 21 and 270 µs at n = 30.
/// Memory: 24 bytes for each of the 2^⌊n/2⌋ + 2^⌈n/2⌉ sums and worker.
public struct ExactBatch: Sendable {
  /// The most candidates of an instance.
  public static let largestCount = 40

  /// n, the number of candidates of each instance.
  public let count: Int

  /// A batch of problems with so many candidates each.
  ///
  /// - Throws: `SubsetSumError.tooManyCandidates` above 40, `.invalidOption` below 0.
  public init(count: Int) throws(SubsetSumError) {
    guard count >= 0 else {
      throw .invalidOption(solver: batchName, option: "count", expected: "a number ≥ 0", found: "\(count)")
    }
    guard count <= Self.largestCount else {
      throw .tooManyCandidates(solver: batchName, limit: Self.largestCount, found: count)
    }
    self.count = count
  }

  /// The optima of given instances: instance t has the candidates n·t ..< n·(t+1), and target t.
  ///
  /// - Throws: `SubsetSumError.mismatchedSizes` unless there are n candidates for each target;
  ///   `.unusableEntry` for one that is not finite or above 2⁴⁰⁰; `.memoryLimit`.
  public func solve(
    candidates: [Double], targets: [Double], workers: Int = Workers.availableCores, control: RunControl = RunControl()
  ) throws -> BatchResult {
    let (expected, overflow) = count.multipliedReportingOverflow(by: targets.count)
    guard !overflow, candidates.count == expected else {
      throw SubsetSumError.mismatchedSizes(
        quantity: "candidates, \(count) for each target", expected: overflow ? .max : expected, found: candidates.count)
    }
    return try solve(instances: targets.count, workers: workers, control: control) { instance, buffer in
      for i in 0..<count { buffer[i] = candidates[instance * count + i] }
      return targets[instance]
    }
  }

  /// The optima of instances that are made when they are needed, so that none is stored.
  ///
  /// - Parameters:
  ///   - instances: their number, at least 0.
  ///   - workers: the cores that they are dealt to.
  ///   - control: bounds the time of all of them together, and the memory.
  ///   - make: writes all n candidates of an instance and returns its target. It is called from any
  ///     thread.
  /// - Throws: as for given instances; `.invalidOption` for a negative number of instances; what
  ///   `make` throws.
  public func solve(
    instances: Int, workers: Int = Workers.availableCores, control: RunControl = RunControl(),
    _ make: @Sendable (_ instance: Int, _ candidates: UnsafeMutableBufferPointer<Double>) throws -> Double
  ) throws -> BatchResult {
    let cost = 2 * (UInt64(1 << (count / 2)) + UInt64(1 << (count - count / 2)))
    try checkResults(instances, control)
    // There are no more workers than there is memory for their tables.
    let tables = SignedHalves.bytes(count: count)
    let allowed = control.limits.allowedBytes
    guard tables <= allowed else {
      throw SubsetSumError.memoryLimit(solver: batchName, neededBytes: tables, limitBytes: allowed)
    }
    let affordable = max(1, min(workers, allowed / tables, instances))
    let scratch = (0..<affordable).map { _ in BatchScratch(SignedHalves(count: count)) }
    return try runBatch(instances: instances, cost: cost, scratch: scratch, control: control) { instance, scratch in
      let target = try make(instance, scratch.halves.buffer)
      if let index = scratch.halves.build() {
        throw unusable("instance \(instance), candidate \(index)", scratch.halves.buffer[index])
      }
      guard abs(target) <= largestEntry else { throw unusable("instance \(instance), target", target) }
      return scratch.halves.optimum(target, &scratch.near)
    }
  }
}

/// Exact optima for any number of targets over the same candidates, in one dimension and of any
/// subset size: the half sums are built once.
///
/// Its guarantees are those of `ExactBatch`.
///
/// Complexity: 2^⌊n/2⌋ + 2^⌈n/2⌉ steps to build, and as many for each target. Memory: 24 bytes a
/// sum.
public struct SharedHalves: Sendable {
  /// n, the number of candidates.
  public let count: Int
  private let halves: SharedTables

  /// Builds the half sums of some candidates.
  ///
  /// - Throws: `SubsetSumError.tooManyCandidates` above 40; `.unusableEntry` for a candidate that
  ///   is not finite or above 2⁴⁰⁰.
  public init(candidates: [Double]) throws(SubsetSumError) {
    count = try ExactBatch(count: candidates.count).count
    let tables = SignedHalves(count: count)
    _ = tables.buffer.update(fromContentsOf: candidates)
    if let index = tables.build() { throw unusable("candidate \(index)", candidates[index]) }
    halves = SharedTables(tables: tables)
  }

  /// The best subset for each target.
  ///
  /// - Throws: `SubsetSumError.unusableEntry` for a target that is not finite or above 2⁴⁰⁰;
  ///   `.memoryLimit`.
  public func solve(
    targets: [Double], workers: Int = Workers.availableCores, control: RunControl = RunControl()
  ) throws -> BatchResult {
    let cost = UInt64(1 << (count / 2)) + UInt64(1 << (count - count / 2))
    try checkResults(targets.count, control)
    let scratch = (0..<max(1, min(workers, targets.count))).map { _ in BatchScratch(halves.tables) }
    return try runBatch(instances: targets.count, cost: cost, scratch: scratch, control: control) { instance, scratch in
      let target = targets[instance]
      guard abs(target) <= largestEntry else { throw unusable("target \(instance)", target) }
      return scratch.halves.optimum(target, &scratch.near)
    }
  }
}

private let batchName = "exact batch"

/// Tables that nobody writes after they have been built, so that threads may share them.
private struct SharedTables: @unchecked Sendable { let tables: SignedHalves }

/// What one worker works in. Only that worker touches it.
private final class BatchScratch: @unchecked Sendable {
  let halves: SignedHalves
  var near = NearPairs()

  init(_ halves: SignedHalves) { self.halves = halves }
}

private func unusable(_ location: String, _ value: Double) -> SubsetSumError {
  .unusableEntry(location: location, expected: "a finite number of magnitude at most 2^400", found: value)
}

/// - Throws: `SubsetSumError.invalidOption` for a negative number of instances; `.memoryLimit`
///   where the results do not fit.
private func checkResults(_ instances: Int, _ control: RunControl) throws(SubsetSumError) {
  guard instances >= 0 else {
    throw .invalidOption(solver: batchName, option: "instances", expected: "a number ≥ 0", found: "\(instances)")
  }
  let needed = ByteCount.product(instances, MemoryLayout<SubsetOptimum>.stride)
  let allowed = control.limits.allowedBytes
  guard needed <= allowed else {
    throw .memoryLimit(solver: batchName, neededBytes: needed, limitBytes: allowed)
  }
}

/// Runs instances in blocks, one block a task. A work limit becomes a number of instances, so that
/// it gives the same result everywhere. Another interruption leaves the instances before the first
/// that was not reached.
private func runBatch(
  instances: Int, cost: UInt64, scratch: [BatchScratch], control: RunControl,
  _ body: @Sendable (_ instance: Int, _ scratch: BatchScratch) throws -> SubsetOptimum
) throws -> BatchResult {
  let allowed = control.limits.work.map { Int(min($0 / cost, UInt64(instances))) } ?? instances
  // A block takes some milliseconds.
  let block = max(1, min(1024, (1 << 22) / Int(cost)))
  let blocks = (allowed + block - 1) / block
  let solved = Guarded(0)
  let reached = Guarded([Bool](repeating: false, count: blocks))
  var complete = 0
  // Memory is touched only where an instance was solved, so a stopped batch has not paid for the
  // others.
  let optima = try [SubsetOptimum](unsafeUninitializedCapacity: allowed) { buffer, initialized in
    // Tasks write parts that do not overlap.
    nonisolated(unsafe) let base = buffer.baseAddress
    try Workers.forEach(count: blocks, workers: scratch.count) { task, worker in
      if control.interruption() != nil { return }
      let range = task * block..<min(allowed, (task + 1) * block)
      for instance in range { (base! + instance).initialize(to: try body(instance, scratch[worker])) }
      reached.withLock { $0[task] = true }
      let done = solved.withLock { count in
        count += range.count
        return count
      }
      control.report(RunProgress(phase: "solving", completed: done, total: instances))
    }
    let reachedBlocks = reached.withLock { $0 }
    complete = reachedBlocks.firstIndex(of: false).map { $0 * block } ?? allowed
    initialized = complete
  }
  let stop = complete < allowed ? control.interruption() : allowed < instances ? .workLimit : nil
  return BatchResult(optima: optima, stop: stop, work: UInt64(complete) * cost)
}
