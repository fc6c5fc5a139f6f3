import LinearAlgebra
import RunControl

/// The groups of candidates that a population decides one after another, from long to short, with
/// all that does not depend on the states.
///
/// Rung by rung, the 2^g signed half sums ± x/2 of the next g candidates are written out. A state's
/// residual r less such a sum is a child, and its score is measured in the metric of what remains
/// after the group (`ReachMetric`), in the few coordinates that the group can change
/// (`GroupProjection`), so that scoring all children of all states is one GEMM (`PairScreen`).
/// Nothing changes once a ladder is made, so threads may share it.
final class PopulationLadder: @unchecked Sendable {
  /// The largest groups.
  static let largestGroup = 10

  /// One group.
  struct Rung {
    /// Positions of the group's candidates in `ShortCandidates`; all before it remain.
    let group: Range<Int>
    let projection: GroupProjection
    let panels: SumPanels
    /// Σ ± x/2 over the first half of the group's candidates and over the others, a row of `stride`
    /// entries for each choice of signs: bit i of a row's number is set where candidate i has +.
    let lowSums: OwnedBuffer<Double>
    let highSums: OwnedBuffer<Double>
    /// Candidates of `lowSums`.
    let lowCount: Int
    let screen: PairScreen<Float>

    var sumCount: Int { 1 << group.count }
  }

  /// g, the candidates of a group where as many are left.
  let groupSize: Int
  /// From long candidates to short ones.
  let rungs: [Rung]
  /// δ, the error a coordinate at which the search aims.
  let tolerance: Double
  /// The metric of all candidates of the ladder.
  private let whole: ReachMetric

  /// The ladder of the `count` shortest candidates, which must be written out.
  ///
  /// Complexity: for each group m³/6 + 6·g·m², and 2^g·g for its sums.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(_ rows: ShortCandidates, count: Int, groupSize: Int, tolerance: Double, _ control: RunControl) throws {
    self.groupSize = groupSize
    self.tolerance = tolerance
    let (m, stride) = (rows.dimension, rows.stride)
    let covariance = OwnedBuffer<Double>(count: m * stride)
    covariance.base.initialize(repeating: 0, count: m * stride)
    for j in 0..<m { covariance.base[j * stride + j] = tolerance * tolerance }
    var built: [Rung] = []
    for start in Swift.stride(from: 0, to: count, by: groupSize) {
      try control.checkInterruption()
      let group = start..<min(count, start + groupSize)
      let metric = ReachMetric(covariance: covariance.base, dimension: m, stride: stride)
      built.append(try Self.rung(rows, group, metric, control))
      for i in group { Self.add(rows[i], to: covariance.base, m, stride) }
    }
    whole = ReachMetric(covariance: covariance.base, dimension: m, stride: stride)
    rungs = built.reversed()
  }

  /// The score of a residual in which all candidates of the ladder count by half.
  ///
  /// Complexity: m²/2.
  ///
  /// - Parameter scratch: room for m entries.
  func score(_ residual: UnsafePointer<Double>, scratch: UnsafeMutablePointer<Double>) -> Double {
    scratch.update(from: residual, count: whole.dimension)
    whole.whiten(scratch)
    return fixedOrderDot(scratch, scratch, whole.dimension)
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
    _ rows: ShortCandidates, _ group: Range<Int>, _ metric: ReachMetric, _ control: RunControl
  ) throws -> Rung {
    let projection = GroupProjection(rows[group.lowerBound], count: group.count, metric: metric)
    let right = CandidateRows(
      count: 1 << group.count, dimension: projection.coordinateCount, scales: nil, singles: nil,
      doubles: projection.sums.base)
    let middle = group.lowerBound + group.count / 2
    return Rung(
      group: group, projection: projection,
      panels: SumPanels(projection.sumRows, sumCount: 1 << group.count, entries: projection.coordinateCount),
      lowSums: signedSums(rows, group.lowerBound..<middle),
      highSums: signedSums(rows, middle..<group.upperBound), lowCount: group.count / 2,
      screen: try PairScreen(right: right, count: 1 << group.count, control))
  }

  /// Row c is Σ ± x/2 with + where bit i of c is set, for candidate i of the range.
  private static func signedSums(_ rows: ShortCandidates, _ range: Range<Int>) -> OwnedBuffer<Double> {
    let stride = rows.stride
    let sums = OwnedBuffer<Double>(count: stride << range.count)
    sums.base.initialize(repeating: 0, count: stride)
    for i in range { for j in 0..<stride { sums.base[j] -= rows[i][j] / 2 } }
    for (bit, i) in range.enumerated() {
      let x = rows[i]
      for c in 0..<1 << bit {
        let (from, to) = (sums.base + c &* stride, sums.base + (c | 1 << bit) &* stride)
        for j in 0..<stride { to[j] = from[j] + x[j] }
      }
    }
    return sums
  }

  /// The work of making a ladder.
  static func work(dimension m: Int, count: Int, groupSize: Int) -> UInt64 {
    let groups = UInt64((count + groupSize - 1) / groupSize)
    let (m, g) = (UInt64(m), UInt64(groupSize))
    return groups * (m * m * m / 6 + 6 * g * m * m / 4 + (g + 1) << g)
  }

  /// Bytes of a ladder.
  static func bytes(dimension m: Int, count: Int, groupSize g: Int) -> Int {
    let stride = ShortCandidates.paddedStride(m)
    let sums = ByteCount.sum(ByteCount.product(1 << g, 12 * (g + 2) + 8), SumPanels.bytes(groupSize: g))
    let rows = ByteCount.product(8 * stride, g + (2 << ((g + 1) / 2)))
    return ByteCount.sum(
      ByteCount.product(count / g + 1, ByteCount.sum(sums, rows)), ByteCount.product(16, m, stride))
  }
}
