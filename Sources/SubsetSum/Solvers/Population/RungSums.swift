import RunControl

/// The signed half sums of one rung of a ladder, in all forms in which a descent wants them.
///
/// They are written where those of the rung before were, so that they stay in a second-level cache;
/// descents that go down side by side share them. A ladder that held them for all its rungs would
/// be read from memory once for each descent.
final class RungSums {
  /// In the coordinates of the group's projection, rows of one entry more than it has members.
  let sums: OwnedBuffer<Double>
  private(set) var panels: SumPanels
  let screen: PairScreen<Float>
  /// Σ ± x/2 over the first half of the group's members and over the others, a row of `stride`
  /// entries for each choice.
  private(set) var lowSums: OwnedBuffer<Double>
  private(set) var highSums: OwnedBuffer<Double>
  /// The choice that each sum stands for: the number of a row of `lowSums` in its last `lowBits`
  /// bits, and that of a row of `highSums` in the others.
  let codes: OwnedBuffer<UInt16>
  private(set) var lowBits = 0

  /// Room for the sums of groups of so many different candidates.
  ///
  /// - Parameter groupSize: g; there are at most 2^g sums.
  init(members: Int, groupSize g: Int, stride: Int) {
    sums = OwnedBuffer(count: (members + 1) << g)
    panels = SumPanels(capacity: 1 << g, entries: members + 1)
    screen = PairScreen(capacity: 1 << g, dimension: members + 1)
    codes = OwnedBuffer(count: 1 << g)
    lowSums = OwnedBuffer(count: stride << (members / 2))
    highSums = OwnedBuffer(count: stride << (members - members / 2))
  }

  /// Writes the sums of a rung with as many members.
  ///
  /// Complexity: g for each sum, and m for each of the half of the group.
  func load(_ rung: PopulationLadder.Rung, _ rows: ShortCandidates) {
    let (counts, sumCount) = (rung.counts, rung.sumCount)
    if rung.isPlain {
      rung.projection.writeSums(to: sums.base)
    } else {
      rung.projection.writeSums(of: counts, to: sums.base)
    }
    panels.load(sums.base, count: sumCount)
    screen.load(sums.base, count: sumCount)
    let low = counts.count / 2
    let middle = rung.group.lowerBound + counts[..<low].reduce(0, +)
    let lows = write(rows, from: rung.group.lowerBound, counts[..<low], to: &lowSums)
    _ = write(rows, from: middle, counts[low...], to: &highSums)
    lowBits = Self.bits(lows)
    for k in 0..<sumCount { codes.base[k] = UInt16((k / lows) << lowBits | k % lows) }
  }

  /// The bits of numbers below `count`.
  private static func bits(_ count: Int) -> Int { count > 1 ? Int.bitWidth - (count - 1).leadingZeroBitCount : 0 }

  /// Writes a row for each choice of how many of some equal candidates count by + x/2, and not by
  /// − x/2; the first number varies fastest. Returns the number of rows.
  private func write(
    _ rows: ShortCandidates, from first: Int, _ counts: ArraySlice<Int>, to target: inout OwnedBuffer<Double>
  ) -> Int {
    let stride = rows.stride
    let total = counts.reduce(1) { $0 * ($1 + 1) }
    if target.count < total * stride { target = OwnedBuffer(count: total * stride) }
    let sums = target.base
    sums.update(repeating: 0, count: stride)
    var (filled, position) = (1, first)
    for count in counts {
      for j in 0..<stride { sums[j] -= Double(count) * (rows[position][j] / 2) }
      position += count
    }
    position = first
    for count in counts {
      let x = rows[position]
      for c in filled..<filled * (count + 1) {
        let (from, to) = (sums + (c - filled) &* stride, sums + c &* stride)
        for j in 0..<stride { to[j] = from[j] + x[j] }
      }
      filled *= count + 1
      position += count
    }
    return total
  }

  /// Marks the candidates of a rung that a choice takes.
  static func mark(_ code: UInt16, of rung: PopulationLadder.Rung, in isChosen: inout [Bool]) {
    let low = rung.counts.count / 2
    let lowBits = bits(rung.counts[..<low].reduce(1) { $0 * ($1 + 1) })
    var (choice, position) = (Int(code) & ((1 << lowBits) - 1), rung.group.lowerBound)
    for (member, count) in rung.counts.enumerated() {
      if member == low { choice = Int(code) >> lowBits }
      for k in 0..<count { isChosen[position + k] = k < choice % (count + 1) }
      choice /= count + 1
      position += count
    }
  }

  /// Bytes of the sums of groups of g candidates.
  static func bytes(groupSize g: Int, stride: Int) -> Int {
    let sums = ByteCount.sum(ByteCount.product(1 << g, 12 * (g + 2) + 10), SumPanels.bytes(groupSize: g))
    return ByteCount.sum(sums, ByteCount.product(8 * stride, 2 << ((g + 1) / 2)))
  }
}
