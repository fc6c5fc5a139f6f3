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

  /// Cores that share a ladder, at most: each holds a covariance.
  private static let mostWorkers = 32

  /// The ladder of the `count` shortest candidates, which must be written out.
  ///
  /// A group's metric needs the covariance of all groups before it, a sum in the order of the
  /// groups. Each core has some groups in a row, and adds up those before them by itself, which is
  /// far less work than metrics are.
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
    var groups: [Group] = []
    var start = 0
    while start < count {
      groups.append(Group(from: start, counts: Self.counts(rows, start..<count, groupSize)))
      start = groups[groups.count - 1].range.upperBound
    }
    let all = groups
    let shares = Self.shares(of: all.count, among: min(workers, Self.mostWorkers), dimension: m, groupSize: groupSize)
    // Rows that are written out are only read.
    nonisolated(unsafe) let written = rows
    let parts = try Workers.map(count: shares.count, workers: workers) { k in
      let covariance = OwnedBuffer<Double>(count: m * stride)
      covariance.base.initialize(repeating: 0, count: m * stride)
      for j in 0..<m { covariance.base[j * stride + j] = tolerance * tolerance }
      var built: [Rung] = []
      for (number, group) in all[..<shares[k].upperBound].enumerated() {
        try control.checkInterruption()
        let members = group.members(written)
        if shares[k].contains(number) {
          built.append(group.rung(members, covariance: covariance, dimension: m, stride: stride))
        }
        tombola_add_quarter_squares_f64(members.base, group.counts.count, m, stride, covariance.base)
      }
      return Part(rungs: built, covariance: covariance)
    }
    whole = ReachMetric(covariance: parts[parts.count - 1].covariance.base, dimension: m, stride: stride)
    rungs = parts.flatMap(\.rungs).reversed()
  }

  /// Groups of each core, such that all take as long: with r the part of a group's work that is its
  /// metric, and not its sum, p of w cores have (1 − r^p)/(1 − r^w) of the groups.
  private static func shares(of groups: Int, among cores: Int, dimension m: Int, groupSize g: Int) -> [Range<Int>] {
    let metric = Double(m * m * m) / 6 + Double(g * m * m)
    let ratio = metric / (metric + Double(g * m * m) / 2)
    let whole = 1 - power(ratio, Double(cores))
    let ends = (1...cores).map { core in
      core == cores ? groups : Int((Double(groups) * (1 - power(ratio, Double(core))) / whole).rounded())
    }
    return zip([0] + ends, ends).map { $0..<$1 }
  }

  /// What a core makes.
  private struct Part: @unchecked Sendable {
    let rungs: [Rung]
    /// Of its groups and all before them, with the tolerance.
    let covariance: OwnedBuffer<Double>
  }

  /// A group whose metric is still to be worked out.
  private struct Group {
    let range: Range<Int>
    let counts: [Int]

    init(from start: Int, counts: [Int]) {
      self.counts = counts
      range = start..<start + counts.reduce(0, +)
    }

    /// A row for each of `counts`: c equal candidates add to the covariance what one does that is
    /// √c times as long.
    func members(_ rows: ShortCandidates) -> OwnedBuffer<Double> {
      let stride = rows.stride
      let members = OwnedBuffer<Double>(count: counts.count * stride)
      var position = range.lowerBound
      for (i, equal) in counts.enumerated() {
        let (row, weight) = (members.base + i * stride, Double(equal).squareRoot())
        for j in 0..<stride { row[j] = weight * rows[position][j] }
        position += equal
      }
      return members
    }

    /// - Parameter covariance: of all groups before, with the tolerance.
    func rung(_ members: OwnedBuffer<Double>, covariance: OwnedBuffer<Double>, dimension m: Int, stride: Int) -> Rung {
      let metric = ReachMetric(covariance: covariance.base, dimension: m, stride: stride)
      let projection = GroupProjection(members.base, count: counts.count, metric: metric)
      return Rung(group: range, counts: counts, projection: projection)
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
      rungs, RungSums.bytes(groupSize: g, stride: stride), ByteCount.product(8 * (mostWorkers + 4), m, stride))
  }
}
