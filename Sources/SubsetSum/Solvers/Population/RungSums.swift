import RunControl

/// The signed half sums of one rung of a ladder, in all forms in which a descent wants them.
///
/// They are written where those of the rung before were, so that they stay in a second-level cache;
/// descents that go down side by side share them. A ladder that held them for all its rungs would
/// be read from memory once for each descent.
final class RungSums {
  /// In the coordinates of the group's projection, 2^g rows of g + 1 entries.
  let sums: OwnedBuffer<Double>
  let panels: SumPanels
  let screen: PairScreen<Float>
  /// Σ ± x/2 over the first half of the group's candidates and over the others, a row of `stride`
  /// entries for each choice of signs: bit i of a row's number is set where candidate i has +.
  let lowSums: OwnedBuffer<Double>
  let highSums: OwnedBuffer<Double>
  /// Candidates of `lowSums`.
  let lowCount: Int
  private let groupSize: Int

  /// Room for the sums of groups of g candidates.
  init(groupSize g: Int, stride: Int) {
    groupSize = g
    lowCount = g / 2
    sums = OwnedBuffer(count: (g + 1) << g)
    panels = SumPanels(sumCount: 1 << g, entries: g + 1)
    screen = PairScreen(capacity: 1 << g, dimension: g + 1)
    lowSums = OwnedBuffer(count: stride << lowCount)
    highSums = OwnedBuffer(count: stride << (g - lowCount))
  }

  /// Writes the sums of a rung with groups of this size.
  ///
  /// Complexity: 2^g·g + 2^(g/2)·m.
  func load(_ rung: PopulationLadder.Rung, _ rows: ShortCandidates) {
    rung.projection.writeSums(to: sums.base)
    panels.load(sums.base)
    screen.load(sums.base, count: 1 << groupSize)
    let middle = rung.group.lowerBound + lowCount
    write(rows, rung.group.lowerBound..<middle, to: lowSums.base)
    write(rows, middle..<rung.group.upperBound, to: highSums.base)
  }

  /// Row c is Σ ± x/2 with + where bit i of c is set, for candidate i of the range.
  private func write(_ rows: ShortCandidates, _ range: Range<Int>, to sums: UnsafeMutablePointer<Double>) {
    let stride = rows.stride
    sums.initialize(repeating: 0, count: stride)
    for i in range { for j in 0..<stride { sums[j] -= rows[i][j] / 2 } }
    for (bit, i) in range.enumerated() {
      let x = rows[i]
      for c in 0..<1 << bit {
        let (from, to) = (sums + c &* stride, sums + (c | 1 << bit) &* stride)
        for j in 0..<stride { to[j] = from[j] + x[j] }
      }
    }
  }

  /// Bytes of the sums of groups of g candidates.
  static func bytes(groupSize g: Int, stride: Int) -> Int {
    let sums = ByteCount.sum(ByteCount.product(1 << g, 12 * (g + 2) + 8), SumPanels.bytes(groupSize: g))
    return ByteCount.sum(sums, ByteCount.product(8 * stride, 2 << ((g + 1) / 2)))
  }
}
