import LinearAlgebra

/// The vectors that subsets are drawn from: n candidates of m coordinates, each exact in Float64.
///
/// ```swift
/// let rows = try Matrix<Double>(rows: 3, columns: 2, values: [1, 2, 3, -1, -2, 4])
/// let candidates = Candidates(rows)
/// // candidates.count == 3, candidates.dimension == 2, candidates.coordinate(1, 0) == 3
/// ```
///
/// A value shares its storage with the arrays that it was made from: making and copying one copies
/// no numbers.
///
/// Complexity: memory of the arrays alone; no member but `permuted` copies them.
public struct Candidates: Sendable {
  /// How the coordinates are stored.
  public enum Storage: Sendable {
    /// Candidate i is `scales[i] · vectors[i, ·]`. The product of two Float32 numbers is exact in
    /// Float64.
    case factored(scales: [Float], vectors: Matrix<Float>)
    /// Candidate i is row i.
    case dense(Matrix<Double>)
  }

  /// The coordinates.
  public let storage: Storage
  /// n, the number of candidates.
  public let count: Int
  /// m, the number of coordinates of a candidate.
  public let dimension: Int

  /// Candidates `scales[i] · vectors[i, ·]`; `vectors` is n × m.
  ///
  /// - Throws: `SubsetSumError.mismatchedSizes` when there is not one scale a row.
  public init(scales: [Float], vectors: Matrix<Float>) throws(SubsetSumError) {
    guard scales.count == vectors.rows else {
      throw .mismatchedSizes(
        quantity: "scales, one for each row of the vectors", expected: vectors.rows, found: scales.count)
    }
    storage = .factored(scales: scales, vectors: vectors)
    count = vectors.rows
    dimension = vectors.columns
  }

  /// Candidates that are the rows of an n × m matrix: the factored form with all scales 1.
  public init(_ rows: Matrix<Float>) {
    storage = .factored(scales: [Float](repeating: 1, count: rows.rows), vectors: rows)
    count = rows.rows
    dimension = rows.columns
  }

  /// Candidates that are the rows of an n × m matrix.
  public init(_ rows: Matrix<Double>) {
    storage = .dense(rows)
    count = rows.rows
    dimension = rows.columns
  }

  /// The candidates in another order: candidate i of the result is candidate `order[i]`. Cost: a
  /// copy.
  ///
  /// - Precondition: `order` holds indices of candidates.
  /// - Throws: `LinearAlgebraError.invalidShape` where an order with repeats asks for more entries
  ///   than a size can count.
  package func permuted(_ order: [Int]) throws(LinearAlgebraError) -> Candidates {
    func rows<Scalar>(_ matrix: Matrix<Scalar>) throws(LinearAlgebraError) -> Matrix<Scalar> {
      try Matrix(rows: order.count, columns: dimension) { target in
        matrix.values.withUnsafeBufferPointer { source in
          for (position, i) in order.enumerated() {
            for j in 0..<dimension { target[position * dimension + j] = source[i * dimension + j] }
          }
        }
      }
    }
    switch storage {
    case .factored(let scales, let vectors):
      return Candidates(storage: .factored(scales: order.map { scales[$0] }, vectors: try rows(vectors)))
    case .dense(let matrix): return Candidates(try rows(matrix))
    }
  }

  /// - Precondition: the storage has as many scales as rows.
  private init(storage: Storage) {
    self.storage = storage
    switch storage {
    case .factored(_, let vectors): (count, dimension) = (vectors.rows, vectors.columns)
    case .dense(let rows): (count, dimension) = (rows.rows, rows.columns)
    }
  }

  /// Coordinate j of candidate i, exactly. Indices are checked on each call; inner loops use
  /// `withRows`.
  public func coordinate(_ i: Int, _ j: Int) -> Double {
    switch storage {
    case .factored(let scales, let vectors): Double(scales[i]) * Double(vectors[i, j])
    case .dense(let rows): rows[i, j]
    }
  }

  /// Lends unchecked access to the rows, valid while `body` runs.
  package func withRows<Result>(_ body: (CandidateRows) throws -> Result) rethrows -> Result {
    switch storage {
    case .factored(let scales, let vectors):
      try scales.withUnsafeBufferPointer { scales in
        try vectors.withView { view in
          try body(
            CandidateRows(
              count: count, dimension: dimension, scales: scales.baseAddress, singles: view.baseAddress,
              doubles: nil))
        }
      }
    case .dense(let rows):
      try rows.withView { view in
        try body(
          CandidateRows(
            count: count, dimension: dimension, scales: nil, singles: nil, doubles: view.baseAddress))
      }
    }
  }

  /// The first entry that is NaN, infinite or above `largestEntry`, in storage order, and a
  /// magnitude that no coordinate exceeds: the largest of all, or for factored candidates the
  /// largest scale times the largest entry of a vector. Cost: one pass over n·m entries.
  func survey() -> (unusable: (location: String, value: Double)?, largest: Double) {
    switch storage {
    case .factored(let scales, let vectors):
      let ofScales = scales.withUnsafeBufferPointer(largestFinite)
      if let i = ofScales.unusable { return (("scale \(i)", Double(scales[i])), .infinity) }
      let ofVectors = vectors.values.withUnsafeBufferPointer(largestFinite)
      if let k = ofVectors.unusable {
        return ((location(k), Double(vectors.values[k])), .infinity)
      }
      return (nil, Double(ofScales.largest) * Double(ofVectors.largest))
    case .dense(let rows):
      var largest = 0.0
      for value in rows.values where !(abs(value) <= largest) { largest = abs(value) }
      if largest <= largestEntry { return (nil, largest) }
      guard let k = rows.values.firstIndex(where: { !(abs($0) <= largestEntry) }) else { return (nil, largest) }
      return ((location(k), rows.values[k]), .infinity)
    }
  }

  private func location(_ k: Int) -> String { "candidate \(k / dimension), coordinate \(k % dimension)" }
}

/// The largest magnitude accepted in Float64 data: squares of sums of 10⁶ such entries stay finite.
let largestEntry = 0x1p400

/// The index of the first NaN or infinity, and the largest magnitude where there is none. Blocks
/// are judged by their largest bit pattern, a loop that the compiler vectorises.
private func largestFinite(_ values: UnsafeBufferPointer<Float>) -> (unusable: Int?, largest: Float) {
  var (start, all) = (0, UInt32(0))
  while start < values.count {
    let end = min(values.count, start + 4096)
    var largest: UInt32 = 0
    for i in start..<end { largest = max(largest, values[i].bitPattern & 0x7fff_ffff) }
    if largest >= 0x7f80_0000 { return ((start..<end).first { !values[$0].isFinite }, .infinity) }
    all = max(all, largest)
    start = end
  }
  return (nil, Float(bitPattern: all))
}
