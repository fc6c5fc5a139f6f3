import LinearAlgebra
import RunControl
import SubsetSumKernels

/// The groups of candidates that a population decides one after another, from long to short, with
/// all that does not depend on the states.
///
/// Rung by rung, the 2^g signed half sums ± x/2 of the next g candidates are written out
/// (`RungSums`). A state's residual r less such a sum is a child, and its score is measured in the
/// metric of what remains after the group (`ReachMetric`), in the few coordinates that the group
/// can change (`GroupProjection`), so that scoring all children of all states is one GEMM
/// (`PairScreen`).
/// Nothing changes once a ladder is made, so threads may share it.
final class PopulationLadder: @unchecked Sendable {
  /// The largest groups.
  static let largestGroup = 10

  /// One group.
  struct Rung: @unchecked Sendable {
    /// Positions of the group's candidates in `ShortCandidates`; all before it remain.
    let group: Range<Int>
    /// How many candidates are equal and follow one another, from the group's first on. Only their
    /// number makes a difference, so that the group has as many sums as there are such numbers.
    let counts: [Int]
    let projection: GroupProjection

    var sumCount: Int { counts.reduce(1) { $0 * ($1 + 1) } }
    var isPlain: Bool { counts.count == group.count }
  }

  /// g, the candidates of a group where as many are left.
  let groupSize: Int
  /// From long candidates to short ones.
  let rungs: [Rung]
  /// δ, the error a coordinate at which the search aims.
  let tolerance: Double
  /// The metric of all candidates of the ladder.
  private let whole: ReachMetric

  /// Groups whose metrics are worked out side by side, at most: their covariances are held at once.
  private static let groupsAtOnce = 32

  /// The ladder of the `count` shortest candidates, which must be written out.
  ///
  /// A group's metric needs the covariance of all groups before it, which is a sum, and nothing
  /// else of them: the sums are made one after another, the metrics over the cores.
  ///
  /// Complexity: for each group m³/6 + 1.5·g·m².
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(
    _ rows: ShortCandidates, count: Int, groupSize: Int, tolerance: Double, workers: Int, _ control: RunControl
  ) throws {
    self.groupSize = groupSize
    self.tolerance = tolerance
    let (m, stride) = (rows.dimension, rows.stride)
    let total = OwnedBuffer<Double>(count: m * stride)
    total.base.initialize(repeating: 0, count: m * stride)
    for j in 0..<m { total.base[j * stride + j] = tolerance * tolerance }
    var built: [Rung] = []
    var start = 0
    while start < count {
      var open: [OpenRung] = []
      while start < count, open.count < (workers == 1 ? 1 : Self.groupsAtOnce) {
        try control.checkInterruption()
        let counts = Self.counts(rows, start..<count, groupSize)
        let rung = OpenRung(rows, from: start, counts, covariance: total)
        tombola_add_quarter_squares_f64(rung.members.base, counts.count, m, stride, total.base)
        start = rung.group.upperBound
        open.append(rung)
      }
      let ready = open
      built += try Workers.map(count: ready.count, workers: workers) { ready[$0].rung(dimension: m, stride: stride) }
    }
    whole = ReachMetric(covariance: total.base, dimension: m, stride: stride)
    rungs = built.reversed()
  }

  /// A group whose metric is still to be worked out.
  private struct OpenRung: @unchecked Sendable {
    let group: Range<Int>
    let counts: [Int]
    /// A row for each of `counts`: c equal candidates add to the covariance what one does that is
    /// √c times as long.
    let members: OwnedBuffer<Double>
    /// Of all groups before, with the tolerance.
    let covariance: OwnedBuffer<Double>

    init(_ rows: ShortCandidates, from start: Int, _ counts: [Int], covariance total: OwnedBuffer<Double>) {
      let stride = rows.stride
      self.counts = counts
      members = OwnedBuffer(count: counts.count * stride)
      covariance = OwnedBuffer(count: total.count)
      covariance.base.update(from: total.base, count: total.count)
      var position = start
      for (i, equal) in counts.enumerated() {
        let (row, weight) = (members.base + i * stride, Double(equal).squareRoot())
        for j in 0..<stride { row[j] = weight * rows[position][j] }
        position += equal
      }
      group = start..<position
    }

    func rung(dimension m: Int, stride: Int) -> Rung {
      let metric = ReachMetric(covariance: covariance.base, dimension: m, stride: stride)
      return Rung(
        group: group, counts: counts, projection: GroupProjection(members.base, count: counts.count, metric: metric))
    }
  }

  /// The numbers of equal candidates that make the next group: at most g different ones, with at
  /// most 2^g sums.
  private static func counts(_ rows: ShortCandidates, _ left: Range<Int>, _ g: Int) -> [Int] {
    var (counts, sums, position) = ([Int](), 1, left.lowerBound)
    while position < left.upperBound, counts.count < g {
      var equal = 1
      while position + equal < left.upperBound, rows.isEqual(position, position + equal) { equal += 1 }
      if counts.isEmpty { equal = min(equal, (1 << g) - 1) }
      if sums * (equal + 1) > 1 << g { break }
      counts.append(equal)
      sums *= equal + 1
      position += equal
    }
    return counts
  }

  /// The score of a residual in which all candidates of the ladder count by half.
  ///
  /// Complexity: m²/2.
  ///
  /// - Parameter scratch: room for as many entries as a row has.
  func score(_ residual: UnsafePointer<Double>, scratch: UnsafeMutablePointer<Double>) -> Double {
    scratch.update(from: residual, count: whole.stride)
    whole.whiten(scratch)
    return fixedOrderDot(scratch, scratch, whole.dimension)
  }

  /// The work of making a ladder.
  static func work(dimension m: Int, count: Int, groupSize: Int) -> UInt64 {
    let groups = UInt64((count + groupSize - 1) / groupSize)
    let (m, g) = (UInt64(m), UInt64(groupSize))
    return groups * (m * m * m / 6 + 6 * g * m * m / 4 + (g + 1) << g)
  }

  /// Bytes of a ladder, and of the sums of one of its rungs.
  static func bytes(dimension m: Int, count: Int, groupSize g: Int) -> Int {
    let stride = ShortCandidates.paddedStride(m)
    let rungs = ByteCount.product(count / g + 1, 8, g, stride + 2 * g)
    return ByteCount.sum(
      rungs, RungSums.bytes(groupSize: g, stride: stride), ByteCount.product(8 * (groupsAtOnce + 4), m, stride))
  }
}
