import LinearAlgebra
import RunControl

/// Two sums that make up a third: one of each of two lists.
struct SumPair {
  var left: UInt32
  var right: UInt32
}

/// Vector sums in rows, each with what it was made of: a subset of a leaf's candidates, or one sum
/// of each of two lists.
///
/// The values only propose; what they lead to is checked from indices. One call at a time writes
/// them, and any thread reads them in between.
final class SumList: @unchecked Sendable {
  let dimension: Int
  let count: Int
  /// Sum k at k·m, until the values are released.
  private var values: LargeBuffer<Double>?
  /// The sums of the merged lists that make up each sum; nil for a leaf, whose sum k is that of
  /// subset k.
  let parents: LargeBuffer<SumPair>?
  /// Sums that one task makes, and that are made between two questions whether the run may go on:
  /// 2¹⁷ numbers, as memory that is written for the first time takes far longer than arithmetic.
  private static func share(dimension m: Int) -> Int { max(1, (1 << 17) / max(1, m)) }

  /// - Precondition: the values have not been released.
  var rows: UnsafeMutablePointer<Double> { values!.base }

  func releaseValues() { values = nil }

  /// All 2^bits sums `−center + Σ` of `bits` rows, row b at b·m. Bit b of k stands for row b in sum
  /// k.
  ///
  /// - Throws: `Interruption` when the run must stop; `SubsetSumError.memoryLimit`.
  init(_ rows: OwnedBuffer<Double>, bits: Int, center: [Double], _ control: RunControl) throws {
    let m = center.count
    dimension = m
    count = 1 << bits
    parents = nil
    let values = try LargeBuffer<Double>(count: count * m)
    for j in 0..<m { values[j] = -center[j] }
    try control.fillSubsetSums(values.base, dimension: m, count: bits, askingEvery: Self.share(dimension: m)) {
      UnsafePointer(rows.base + $0 * m)
    }
    self.values = values
  }

  /// The sums a + b of the first `count` pairs.
  ///
  /// - Throws: `Interruption` when the run must stop; `SubsetSumError.memoryLimit`.
  init(
    _ first: SumList, _ second: SumList, _ pairs: LargeBuffer<SumPair>, count: Int, workers: Int, _ control: RunControl
  ) throws {
    let m = first.dimension
    dimension = m
    self.count = count
    parents = pairs
    let values = try LargeBuffer<Double>(count: count * m)
    let share = Self.share(dimension: m)
    let tasks = (count + share - 1) / share
    // Tasks write parts that do not overlap.
    nonisolated(unsafe) let (left, right, target, pairs) = (first.rows, second.rows, values.base, pairs)
    try Workers.forEach(count: tasks, workers: max(1, min(workers, tasks))) { task, _ in
      try control.checkInterruption()
      for k in task * share..<min(count, (task + 1) * share) {
        let pair = pairs[k]
        let (a, b) = (left + Int(pair.left) &* m, right + Int(pair.right) &* m)
        let row = target + k &* m
        for j in 0..<m { row[j] = a[j] + b[j] }
      }
    }
    self.values = values
  }

  /// The root mean squares of the coordinates, over a sample of every `count`/4096-th sum.
  var deviations: [Double] {
    let step = max(1, count / 4096)
    var squares = [Double](repeating: 0, count: dimension)
    var sampled = 0
    for k in stride(from: 0, to: count, by: step) {
      let row = rows + k * dimension
      for j in 0..<dimension { squares[j] += row[j] * row[j] }
      sampled += 1
    }
    return squares.map { ($0 / Double(max(1, sampled))).squareRoot() }
  }
}
