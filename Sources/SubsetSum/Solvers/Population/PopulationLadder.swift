import LinearAlgebra
import RunControl

/// The groups of candidates that a population decides one after another, from long to short, with
/// all that does not depend on the states.
///
/// Rung by rung, 2^g signed half sums ± x/2 of the next g candidates are written out. A state's
/// residual r less such a sum is a child, and ‖L⁻¹(r − a)‖₂² its score in the metric of what
/// remains after the group (`ReachMetric`). States and sums are brought into the metric, so that
/// scoring all children of all states is one GEMM (`PairScreen`). While many candidates remain,
/// what they reach changes little from group to group, and two or four groups share the metric of
/// the last of them. Nothing changes once a ladder is made, so threads may share it.
final class PopulationLadder: @unchecked Sendable {
  /// Candidates of a group, where as many are left.
  static let groupSize = 9

  /// One group.
  struct Rung {
    /// Positions of the group's candidates in `ShortCandidates`; all before it remain.
    let group: Range<Int>
    let metric: ReachMetric
    /// Whether the metric is that of the rung before, in which the states are already.
    let keepsMetric: Bool
    /// Row c is Σ ± x/2 with + where bit i of c is set, for candidate i of the group: 2^g rows of
    /// `stride` entries.
    let sums: OwnedBuffer<Double>
    /// The sums in the metric, m entries each.
    let whitened: OwnedBuffer<Double>
    let screen: PairScreen<Float>

    var sumCount: Int { 1 << group.count }
  }

  /// From long candidates to short ones.
  let rungs: [Rung]
  /// δ, the error a coordinate at which the search aims.
  let tolerance: Double

  /// The ladder of the `count` shortest candidates, which must be written out.
  ///
  /// Complexity: for each group ⅔·m³, and m²/2 for each of its sums.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(_ rows: ShortCandidates, count: Int, tolerance: Double, _ control: RunControl) throws {
    self.tolerance = tolerance
    let (m, stride) = (rows.dimension, rows.stride)
    let covariance = OwnedBuffer<Double>(count: m * stride)
    covariance.base.initialize(repeating: 0, count: m * stride)
    for j in 0..<m { covariance.base[j * stride + j] = tolerance * tolerance }
    let scratch = OwnedBuffer<Double>(count: 16 * max(1, m))
    var built: [Rung] = []
    var metric = ReachMetric(covariance: covariance.base, dimension: m, stride: stride)
    for start in Swift.stride(from: 0, to: count, by: Self.groupSize) {
      try control.checkInterruption()
      let group = start..<min(count, start + Self.groupSize)
      if start > 0, !Self.keepsMetric(group: start / Self.groupSize, m) {
        metric = ReachMetric(covariance: covariance.base, dimension: m, stride: stride)
      }
      let isLast = group.upperBound == count
      let keepsMetric = !isLast && Self.keepsMetric(group: start / Self.groupSize + 1, m)
      built.append(try Self.rung(rows, group, metric, keepsMetric: keepsMetric, scratch.base, control))
      for i in group { Self.add(rows[i], to: covariance.base, m, stride) }
    }
    rungs = built.reversed()
  }

  /// Whether a group, counted from the shortest candidates, has the metric of the next shorter one.
  private static func keepsMetric(group: Int, _ m: Int) -> Bool {
    let remaining = group * groupSize
    let sharing = remaining >= 4 * m ? 4 : remaining >= 2 * m ? 2 : 1
    return group % sharing != 0
  }

  /// Adds ¼·x·xᵀ to the lower triangle of a covariance.
  private static func add(
    _ x: UnsafePointer<Double>, to covariance: UnsafeMutablePointer<Double>, _ m: Int, _ stride: Int
  ) {
    for i in 0..<m {
      let (quarter, row) = (x[i] / 4, covariance + i &* stride)
      for j in 0...i { row[j] += quarter * x[j] }
    }
  }

  private static func rung(
    _ rows: ShortCandidates, _ group: Range<Int>, _ metric: ReachMetric, keepsMetric: Bool,
    _ scratch: UnsafeMutablePointer<Double>, _ control: RunControl
  ) throws -> Rung {
    let (m, stride, count) = (rows.dimension, rows.stride, 1 << group.count)
    let sums = OwnedBuffer<Double>(count: count * stride)
    sums.base.initialize(repeating: 0, count: count * stride)
    for i in group { for j in 0..<stride { sums.base[j] -= rows[i][j] / 2 } }
    for (bit, i) in group.enumerated() {
      let x = rows[i]
      for c in 0..<1 << bit {
        let (from, to) = (sums.base + c &* stride, sums.base + (c | 1 << bit) &* stride)
        for j in 0..<stride { to[j] = from[j] + x[j] }
      }
    }
    let whitened = OwnedBuffer<Double>(count: count * m)
    metric.whiten(
      sums.base, vectorStride: stride, count: count, to: whitened.base, productStride: m, scratch: scratch)
    let right = CandidateRows(count: count, dimension: m, scales: nil, singles: nil, doubles: whitened.base)
    return Rung(
      group: group, metric: metric, keepsMetric: keepsMetric, sums: sums, whitened: whitened,
      screen: try PairScreen(right: right, count: count, control))
  }

  /// The work of making a ladder.
  static func work(dimension m: Int, count: Int) -> UInt64 {
    let (m, groups) = (UInt64(m), UInt64((count + groupSize - 1) / groupSize))
    return groups * (m * m * m / 3 * 2 + UInt64(1 << groupSize) * m * (m + 1) / 2)
  }

  /// Bytes of a ladder.
  static func bytes(dimension m: Int, count: Int) -> Int {
    let stride = ShortCandidates.paddedStride(m)
    let sums = ByteCount.product(1 << groupSize, 8 * stride + 12 * m + 4)
    return ByteCount.product(count / groupSize + 1, ByteCount.sum(sums, ByteCount.product(8, m, stride)))
  }
}
