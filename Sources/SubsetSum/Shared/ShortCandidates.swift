import RunControl

/// The shortest candidates of a problem, written out in the coordinates in which its norm is plain
/// (`Problem.plainForm`), by ascending Euclidean norm, ties by index.
///
/// Rows are padded with zeros to `stride`, a multiple of 8, so that loops over lanes have no tail.
/// A NaN, which only candidates that were not validated can hold, counts as infinitely long. All
/// arithmetic is Float64 in a fixed order. Memory: 8·`count`·`stride` bytes, and 8 for each
/// candidate of the problem.
final class ShortCandidates {
  /// m, or m + 1 where a last coordinate counts the chosen candidates.
  let dimension: Int
  /// Entries from one row to the next.
  let stride: Int
  /// All candidates of the problem in this order: row i is candidate `order[i]`.
  let order: [Int]
  /// The number of rows written out so far.
  private(set) var count = 0
  private(set) var rows: UnsafeMutablePointer<Double>
  private var memory = OwnedBuffer<Double>(count: 0)
  private let norms: [Double]
  private let problem: Problem
  private let counter: Double
  /// The power of two by which all coordinates are multiplied.
  let scaling: Double

  /// The multiplications that ordering takes.
  static func orderingWork(_ problem: Problem) -> UInt64 {
    let m = UInt64(problem.dimension)
    guard case .metric = problem.norm else { return UInt64(problem.count) * m }
    return UInt64(problem.count) * (m + m * m / 2)
  }

  /// Bytes of `count` rows of a problem, and of the order of all its candidates.
  static func bytes(_ problem: Problem, count: Int) -> Int {
    ByteCount.sum(
      ByteCount.product(count, paddedStride(problem.dimension + 1), 8), ByteCount.product(problem.count, 40))
  }

  static func paddedStride(_ dimension: Int) -> Int { (dimension + 7) / 8 * 8 }

  /// Orders the candidates and writes no row yet. Cost: n·(m + log n), in a metric n·m²/2.
  ///
  /// - Parameters:
  ///   - countsChosen: appends a coordinate that is the same for every candidate: the magnitude of
  ///     an entry in the median of the first rows.
  ///   - scaling: a power of two that brings coordinates near 1, where powers of them neither
  ///     overflow nor underflow.
  /// - Throws: `Interruption` when the run must stop.
  init(
    _ problem: Problem, countsChosen: Bool = false, scaling: Double = 1, _ control: RunControl
  ) throws {
    self.scaling = scaling
    self.problem = problem
    let m = problem.dimension
    dimension = countsChosen ? m + 1 : m
    stride = Self.paddedStride(dimension)
    var keys: [(square: Double, index: Int)] = []
    keys.reserveCapacity(problem.count)
    let asked = problem.norm.rowsBetweenQuestions(dimension: m)
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * max(1, m)) { scratch in
      let (row, plain) = (scratch.baseAddress!, scratch.baseAddress! + m)
      try problem.candidates.withRows { source in
        try control.forEach(0..<problem.count, askingEvery: asked) { i in
          var square: Double
          if problem.norm.isPlain {
            square = source.squaredNorm(i)
          } else {
            source.copy(i, to: row)
            problem.norm.transform(row, to: plain, m)
            square = fixedOrderDot(plain, plain, m)
          }
          if square.isNaN { square = .infinity }
          keys.append((square, i))
        }
      }
    }
    try control.sort(&keys) { $0.square != $1.square ? $0.square < $1.square : $0.index < $1.index }
    order = keys.map(\.index)
    norms = keys.map { $0.square.squareRoot() * scaling }
    rows = memory.base
    counter = m == 0 ? 1 : norms[min(norms.count, 4 * m + 1) / 2] / Double(m).squareRoot()
  }

  /// The length, in plain coordinates, of the candidate at `position` of the order.
  func norm(_ position: Int) -> Double { norms[position] }

  /// Whether two rows hold the same candidate. Cost: m where they are equally long.
  func isEqual(_ first: Int, _ second: Int) -> Bool {
    if norms[first] != norms[second] { return false }
    let (x, y) = (self[first], self[second])
    return (0..<stride).allSatisfy { x[$0] == y[$0] }
  }

  /// How many candidates are shorter than `reach`.
  func window(reach: Double) -> Int { partitionPoint(0..<norms.count) { norms[$0] >= reach } }

  /// Writes out the first `wanted` rows. Cost: their coordinates, in a metric m²/2 for each row.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func extend(to wanted: Int, _ control: RunControl) throws {
    let wanted = min(wanted, order.count)
    if wanted <= count { return }
    let longer = OwnedBuffer<Double>(count: wanted * stride)
    try control.inPieces(0..<count * stride, of: 1 << 16) {
      (longer.base + $0.lowerBound).update(from: rows + $0.lowerBound, count: $0.count)
    }
    let m = problem.dimension
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, m)) { row in
      try problem.candidates.withRows { source in
        try control.forEach(count..<wanted, askingEvery: problem.norm.rowsBetweenQuestions(dimension: m)) { position in
          let target = longer.base + position &* stride
          target.update(repeating: 0, count: stride)
          if problem.norm.isPlain {
            source.copy(order[position], to: target)
          } else {
            source.copy(order[position], to: row.baseAddress!)
            problem.norm.transform(row.baseAddress!, to: target, m)
          }
          if scaling != 1 { for j in 0..<m { target[j] *= scaling } }
          if dimension > m { target[m] = counter }
        }
      }
    }
    (memory, rows) = (longer, longer.base)
    count = wanted
  }

  @inline(__always) subscript(_ position: Int) -> UnsafeMutablePointer<Double> { rows + position &* stride }

  /// Writes a vector of the problem in the coordinates of the rows, padded with zeros. Where chosen
  /// candidates are counted, the last coordinate is that of `chosen` of them.
  func transform(_ vector: [Double], chosen: Int = 0, to plain: UnsafeMutablePointer<Double>) {
    plain.update(repeating: 0, count: stride)
    vector.withUnsafeBufferPointer {
      if let base = $0.baseAddress { problem.norm.transform(base, to: plain, problem.dimension) }
    }
    for j in 0..<problem.dimension { plain[j] *= scaling }
    if dimension > problem.dimension { plain[problem.dimension] = Double(chosen) * counter }
  }
}
