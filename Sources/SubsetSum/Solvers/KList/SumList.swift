import LinearAlgebra
import RunControl
import SubsetSumKernels

/// Two sums that make up a third: one of each of two lists.
typealias SumPair = tombola_pair

/// The numbers that lists of sums may hold: Float32 where errors are coarse enough, as memory is
/// what takes the time.
protocol ListNumber: BinaryFloatingPoint & Sendable {
  /// Writes the cell of sign·v for each of `count` rows v of m entries (`tombola_cell_keys_f64`).
  static func writeKeys(
    _ rows: UnsafePointer<Self>, _ count: Int, _ m: Int, _ axes: [tombola_cell_axis], sign: Double,
    to keys: UnsafeMutablePointer<UInt64>)
  /// Writes the sum of two rows of m entries for each pair.
  static func addPairs(
    _ left: UnsafePointer<Self>, _ right: UnsafePointer<Self>, _ m: Int, _ pairs: UnsafePointer<SumPair>,
    _ count: Int, _ target: UnsafeMutablePointer<Self>)
}

extension Double: ListNumber {
  static func writeKeys(
    _ rows: UnsafePointer<Double>, _ count: Int, _ m: Int, _ axes: [tombola_cell_axis], sign: Double,
    to keys: UnsafeMutablePointer<UInt64>
  ) {
    tombola_cell_keys_f64(rows, count, m, axes, axes.count, sign, keys)
  }

  static func addPairs(
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ m: Int, _ pairs: UnsafePointer<SumPair>,
    _ count: Int, _ target: UnsafeMutablePointer<Double>
  ) {
    tombola_add_pairs_f64(left, right, m, pairs, count, target)
  }
}

extension Float: ListNumber {
  static func writeKeys(
    _ rows: UnsafePointer<Float>, _ count: Int, _ m: Int, _ axes: [tombola_cell_axis], sign: Double,
    to keys: UnsafeMutablePointer<UInt64>
  ) {
    tombola_cell_keys_f32(rows, count, m, axes, axes.count, sign, keys)
  }

  static func addPairs(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ m: Int, _ pairs: UnsafePointer<SumPair>,
    _ count: Int, _ target: UnsafeMutablePointer<Float>
  ) {
    tombola_add_pairs_f32(left, right, m, pairs, count, target)
  }
}

/// Vector sums in rows, each with what it was made of: a subset of a leaf's candidates, or one sum
/// of each of two lists.
///
/// The values only propose; what they lead to is checked from indices. One call at a time writes
/// them, and any thread reads them in between.
final class SumList<Number: ListNumber>: @unchecked Sendable {
  let dimension: Int
  let count: Int
  /// Sum k at k·m, until the values are released.
  private var values: LargeBuffer<Number>?
  /// The sums of the merged lists that make up each sum; nil for a leaf, whose sum k is that of
  /// subset k.
  let parents: LargeBuffer<SumPair>?
  /// Sums that one task makes, and that are made between two questions whether the run may go on:
  /// 2¹⁷ numbers, as memory that is written for the first time takes far longer than arithmetic.
  private static func share(dimension m: Int) -> Int { max(1, (1 << 17) / max(1, m)) }

  /// - Precondition: the values have not been released.
  var rows: UnsafeMutablePointer<Number> { values!.base }

  func releaseValues() { values = nil }

  /// All 2^bits sums `−center + Σ` of `bits` rows, row b at b·m. Bit b of k stands for row b in sum
  /// k.
  ///
  /// - Throws: `Interruption` when the run must stop; `SubsetSumError.memoryLimit`.
  init(
    _ rows: OwnedBuffer<Number>, bits: Int, center: [Number], memory: LargeMemory, _ control: RunControl
  ) throws {
    let m = center.count
    dimension = m
    count = 1 << bits
    parents = nil
    let values = try LargeBuffer<Number>(count: count * m, memory: memory)
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
    _ first: SumList, _ second: SumList, _ pairs: LargeBuffer<SumPair>, count: Int, workers: Int,
    memory: LargeMemory, _ control: RunControl
  ) throws {
    let m = first.dimension
    dimension = m
    self.count = count
    parents = pairs
    let values = try LargeBuffer<Number>(count: count * m, memory: memory)
    let share = Self.share(dimension: m)
    let tasks = (count + share - 1) / share
    // Tasks write parts that do not overlap.
    nonisolated(unsafe) let (left, right, target, pairs) = (first.rows, second.rows, values.base, pairs)
    try Workers.forEach(count: tasks, workers: max(1, min(workers, tasks))) { task, _ in
      try control.checkInterruption()
      let start = task * share
      Number.addPairs(
        left, right, m, pairs.base + start, min(share, count - start), target + start &* m)
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
      for j in 0..<dimension { squares[j] += Double(row[j]) * Double(row[j]) }
      sampled += 1
    }
    return squares.map { ($0 / Double(max(1, sampled))).squareRoot() }
  }
}
