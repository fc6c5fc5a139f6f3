import LinearAlgebra
import RandomStreams
import RunControl

/// Random problems of a known law, addressed by dimension, count and seed: what solvers are
/// compared on.
///
/// ```swift
/// let problem = try GeneratedInstance.problem(dimension: 9, count: 250, seed: 1, norm: .maximum)
/// // the same 250 candidates and target on every machine
/// ```
///
/// Candidate i is u_i·V_i, a normal number times a vector of normal numbers (an NSN vector), all of
/// them independent N(0, 1) rounded to Float32. u_i is entry i of the stream with path (filter 0,
/// channel 1), V_ij is entry i·m + j of the stream with path (filter 0, channel 2), and z_j is half
/// of entry j of the symmetric uniforms with path (filter 0, channel 3), so uniform in (−1/2, 1/2).
/// The layer is 0 in all paths. NumPy makes the same numbers by `StreamAddress` and `NormalStream`.
public enum GeneratedInstance {
  /// The first `targetCount` targets of a dimension and seed: entry t·m + j of the stream is
  /// coordinate j of target t, so that target 0 is the problem's own.
  ///
  /// - Throws: as `problem`.
  public static func targets(
    dimension m: Int, count targetCount: Int, seed: UInt64, control: RunControl = RunControl()
  ) throws(SubsetSumError) -> [[Double]] {
    try requireSizes(m, targetCount)
    let each = ByteCount.sum(ByteCount.product(8, m), 48)
    try requireMemory(ByteCount.product(targetCount, each), control)
    let address = StreamAddress(seed: seed, path: StreamPath(channel: 3))
    var targets: [[Double]] = []
    targets.reserveCapacity(targetCount)
    var untold = 0
    for t in 0..<targetCount {
      targets.append(
        (0..<m).map { UniformStream.symmetricValue(at: address, entry: t * m + $0) / 2 })
      untold += m + 1
      if untold >= share / 16 {
        untold = 0
        if let reason = control.interruption() {
          throw stopped("\(targetCount) targets of dimension \(m)", reason)
        }
      }
    }
    return targets
  }

  /// The problem of a dimension, count and seed.
  ///
  /// Complexity: n·(m + 1) normal numbers; 4·n·(m + 1) bytes, and 8·m for the target.
  ///
  /// - Parameters:
  ///   - m: the coordinates of a candidate, at least 0.
  ///   - n: the number of candidates, at least 0.
  ///   - seed: any number; another seed is another instance.
  ///   - norm: what errors are measured in.
  ///   - size: the number of candidates that a subset must have; nil for any number.
  ///   - control: bounds the instance's memory and time.
  /// - Throws: `SubsetSumError.invalidOption` for negative sizes; `.memoryLimit` where the instance
  ///   needs more than the run may use, before any of it is allocated; `.stoppedBefore` where the
  ///   run must stop before the instance is made.
  public static func problem(
    dimension m: Int, count n: Int, seed: UInt64, norm: Norm, size: Int? = nil,
    control: RunControl = RunControl()
  ) throws -> Problem {
    try requireSizes(m, n)
    // The target, a scale and a vector for each candidate, and a few numbers that any solver keeps
    // for each.
    let made = ByteCount.sum(ByteCount.product(8, m), ByteCount.product(4, n, ByteCount.sum(m, 1)))
    try requireMemory(ByteCount.sum(made, ByteCount.product(40, n)), control)
    var reason: StopReason?
    func fill(_ values: UnsafeMutableBufferPointer<Float>, channel: UInt64) {
      let address = StreamAddress(seed: seed, path: StreamPath(channel: channel))
      for start in stride(from: 0, to: values.count, by: share) where reason == nil {
        let part = UnsafeMutableBufferPointer(
          rebasing: values[start..<min(values.count, start + share)])
        NormalStream.fill(part, at: address, startingAt: start)
        reason = control.interruption()
      }
    }
    let scales = [Float](unsafeUninitializedCapacity: n) { buffer, initialized in
      fill(UnsafeMutableBufferPointer(rebasing: buffer[..<n]), channel: 1)
      initialized = n
    }
    let vectors =
      reason == nil ? try Matrix<Float>(rows: n, columns: m) { fill($0, channel: 2) } : nil
    let target = try targets(dimension: m, count: 1, seed: seed, control: control)[0]
    guard let vectors, reason == nil else {
      throw stopped("\(n) candidates of dimension \(m)", reason ?? .cancelled)
    }
    return try Problem(
      candidates: try Candidates(scales: scales, vectors: vectors), target: target, norm: norm,
      size: size,
      validatesCandidates: false)
  }

  /// Entries made between two questions whether the run may go on.
  private static let share = 1 << 20
  /// Bytes that an instance may take however small the limit is: a limit is meant for the search's
  /// working memory.
  private static let uncounted = 1 << 20
  private static let name = "generated instance"

  private static func requireSizes(_ dimension: Int, _ count: Int) throws(SubsetSumError) {
    guard dimension >= 0, count >= 0 else {
      throw .invalidOption(
        solver: name, option: "dimension and count", expected: "sizes ≥ 0",
        found: "\(dimension) and \(count)")
    }
  }

  private static func requireMemory(_ needed: Int, _ control: RunControl) throws(SubsetSumError) {
    let allowed = max(uncounted, control.limits.allowedBytes)
    guard needed <= allowed else {
      throw .memoryLimit(solver: name, neededBytes: needed, limitBytes: allowed)
    }
  }

  private static func stopped(_ what: String, _ reason: StopReason) -> SubsetSumError {
    .stoppedBefore(made: what, reason: reason)
  }
}
