import RunControl
import SubsetSumKernels

/// A population on its way down a ladder: partial subsets that have decided the same candidates,
/// the longest ones, and hold what is left of the target.
///
/// A rung scores all children of all states and keeps about `width` of those with the best scores:
/// the cut is a quantile of a fixed sample (`PopulationCut`), and children within it are kept in
/// the order of their parents (`PopulationVisitor`). A child's score is its parent's in the next
/// rung. One thread uses a descent at a time; all its memory is made once.
final class PopulationDescent: @unchecked Sendable {
  /// The children that there is room for: a quarter more than the width, and some.
  private static func room(_ width: Int) -> Int { width + width / 4 + 16 }

  let width: Int
  private let capacity: Int
  private let m: Int
  private let stride: Int
  private var residuals: OwnedBuffer<Double>
  private var children: OwnedBuffer<Double>
  private var scores: OwnedBuffer<Double>
  private var childScores: OwnedBuffer<Double>
  private let spare: OwnedBuffer<Double>
  /// The states in the coordinates that their rung can change.
  private let coordinates: OwnedBuffer<Double>
  private let scratch: OwnedBuffer<Double>
  private let quantile = PopulationCut()
  private var tiles: [Int: ScreenTile<Float>] = [:]
  /// For each rung so far, each state's parent and the bits of its group.
  private var parents: [OwnedBuffer<UInt32>] = []
  private var codes: [OwnedBuffer<UInt16>] = []
  private var count = 0
  /// Rungs that left out every second child.
  private var thinned = 0
  /// Work of the last run.
  private(set) var work: UInt64 = 0
  private(set) var evaluations: UInt64 = 0

  /// What a run ends with.
  struct Ending {
    let figure: Double
    /// The mean square of the residual's coordinates.
    let meanSquare: Double
    /// Whether each of the ladder's candidates is chosen, by position.
    let isChosen: [Bool]
  }

  init(width: Int, dimension m: Int, stride: Int, rungCount: Int, groupSize: Int) {
    self.width = width
    self.m = m
    self.stride = stride
    capacity = Self.room(width)
    residuals = OwnedBuffer(count: capacity * stride)
    children = OwnedBuffer(count: capacity * stride)
    scores = OwnedBuffer(count: capacity)
    childScores = OwnedBuffer(count: capacity)
    spare = OwnedBuffer(count: capacity)
    coordinates = OwnedBuffer(count: capacity * (groupSize + 1))
    scratch = OwnedBuffer(count: GroupProjection.states * stride)
    for _ in 0..<rungCount {
      parents.append(OwnedBuffer(count: capacity))
      codes.append(OwnedBuffer(count: capacity))
    }
  }

  /// Bytes of a descent.
  static func bytes(width: Int, dimension m: Int, rungCount: Int, groupSize: Int) -> Int {
    let numbers = 2 * ShortCandidates.paddedStride(m) + groupSize + 4
    let states = ByteCount.product(room(width), 8 * numbers + 6 * rungCount)
    return ByteCount.sum(states, 1 << 20, PopulationCut.bytes)
  }

  /// The work of a run of `width` states, at most.
  static func work(_ ladder: PopulationLadder, width: Int, dimension m: Int) -> UInt64 {
    let states = room(width)
    return ladder.rungs.reduce(0) { sum, rung in
      let (pairs, width) = (states * rung.sumCount, rung.projection.coordinateCount)
      return sum + UInt64((pairs + PopulationCut.sampleSize(pairs)) * width + states * m * (width + 2))
    }
  }

  /// Goes down from one residual each, in which all candidates of the ladder count by half. Nil
  /// when the run must stop. Descents do not depend on each other: side by side they share the sums
  /// of each rung.
  ///
  /// - Parameter starts: a residual for each descent, and a number: one other than 0 leaves out
  ///   every second child of the first rungs that must choose, in a pattern of its own.
  static func run(
    _ descents: ArraySlice<PopulationDescent>, _ ladder: PopulationLadder, rows: ShortCandidates,
    from starts: [(residual: OwnedBuffer<Double>, thinning: Int)], measure: ExchangeMeasure,
    sums: inout [Int: RungSums], _ control: RunControl
  ) throws -> [Ending]? {
    for (descent, start) in zip(descents, starts) { descent.begin(ladder, from: start.residual.base) }
    for (depth, rung) in ladder.rungs.enumerated() {
      let members = rung.counts.count
      let room = sums[members] ?? RungSums(members: members, groupSize: ladder.groupSize, stride: rows.stride)
      sums[members] = room
      room.load(rung, rows)
      for (descent, start) in zip(descents, starts) {
        let mustChoose = descent.count * rung.sumCount > descent.width
        let pattern = mustChoose && descent.thinned < thinnedRungs ? start.thinning : 0
        if pattern != 0 { descent.thinned += 1 }
        guard try descent.step(rung, room, depth, pattern: pattern, control) else { return nil }
      }
    }
    return zip(descents, starts).map { descent, _ in descent.ending(ladder, measure) }
  }

  private func begin(_ ladder: PopulationLadder, from start: UnsafePointer<Double>) {
    residuals.base.update(from: start, count: stride)
    scores.base[0] = ladder.score(start, scratch: scratch.base)
    (count, work, evaluations, thinned) = (1, UInt64(m * (m + 1) / 2), 0, 0)
  }

  private static let thinnedRungs = 3

  /// Replaces the states by their best children. False when the run must stop.
  private func step(
    _ rung: PopulationLadder.Rung, _ room: RungSums, _ depth: Int, pattern: Int, _ control: RunControl
  ) throws -> Bool {
    let entries = rung.projection.coordinateCount
    rung.projection.project(
      residuals.base, scores: scores.base, count: count, to: coordinates.base,
      scratch: scratch.base)
    let pairs = count * rung.sumCount
    work += UInt64(pairs * entries + count * m * entries)
    evaluations += UInt64(pairs)
    let wanted = pattern == 0 ? width : 2 * width
    var cut = Double.infinity
    if pairs > wanted {
      work += UInt64(PopulationCut.sampleSize(pairs) * entries)
      cut = quantile.score(
        room.panels, states: coordinates.base, entries: entries, count: count, wanted: wanted, of: pairs)
    }
    var visitor = PopulationVisitor(
      states: coordinates.base, sums: room.sums.base, choices: room.codes.base, entries: entries, cut: cut,
      pattern: pattern, parents: parents[depth].base, codes: codes[depth].base, scores: childScores.base,
      spare: spare.base, width: width, capacity: capacity, control: control)
    let tile = tiles[entries] ?? ScreenTile(dimension: entries)
    tiles[entries] = tile
    guard
      try room.screen.run(
        leftCount: count, left: { UnsafePointer(coordinates.base + $0 &* entries) }, tile: tile, &visitor)
    else { return false }
    // A pattern may leave out all of a few children.
    if visitor.count == 0, pattern != 0 { return try step(rung, room, depth, pattern: 0, control) }
    count = visitor.count
    work += UInt64(2 * count * m)
    tombola_children_f64(
      residuals.base, parents[depth].base, codes[depth].base, count, room.lowSums.base, room.highSums.base,
      room.lowBits, stride, children.base)
    swap(&residuals, &children)
    swap(&scores, &childScores)
    return count > 0
  }

  private func ending(_ ladder: PopulationLadder, _ measure: ExchangeMeasure) -> Ending {
    var (best, figure) = (0, Double.infinity)
    for state in 0..<count {
      let residual = residuals.base + state &* stride
      let value = measure.figure(residual, 0, residual)
      if value < figure { (best, figure) = (state, value) }
    }
    let residual = residuals.base + best &* stride
    var isChosen = [Bool](repeating: false, count: ladder.rungs.first?.group.upperBound ?? 0)
    var state = best
    for depth in ladder.rungs.indices.reversed() {
      let code = codes[depth].base[state]
      RungSums.mark(code, of: ladder.rungs[depth], in: &isChosen)
      state = Int(parents[depth].base[state])
    }
    return Ending(
      figure: figure, meanSquare: fixedOrderDot(residual, residual, stride) / Double(max(1, m)), isChosen: isChosen)
  }
}
