import LinearAlgebra
import RunControl

extension Norm {
  /// Whether the norm measures coordinates as they are. A metric does not, nor do row sums with
  /// other weights than 1.
  var isPlain: Bool {
    switch self {
    case .maximum, .euclidean: true
    case .metric: false
    case .rowSums(let sums): sums.weights.allSatisfy { $0 == 1 }
    }
  }

  /// The norm that measures transformed coordinates.
  var plain: Norm {
    switch self {
    case .maximum, .euclidean: self
    case .metric: .euclidean
    case .rowSums(let sums): .rowSums(sums.unweighted)
    }
  }

  /// Rows that are transformed between two questions whether the run may go on: some tens of
  /// microseconds.
  func rowsBetweenQuestions(dimension m: Int) -> Int {
    guard case .metric = self else { return max(1, (1 << 16) / max(1, m)) }
    return max(1, (1 << 17) / max(1, m * m))
  }

  /// Writes the coordinates in which `plain` gives, but for rounding, what this norm gives of `r`.
  /// A metric's may not be written in place. Cost: m, in a metric m²/2.
  func transform(_ r: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ m: Int) {
    switch self {
    case .maximum, .euclidean: y.update(from: r, count: m)
    case .metric(let metric): metric.transform(r, to: y)
    case .rowSums(let sums):
      sums.weights.withUnsafeBufferPointer { weights in
        for j in 0..<m { y[j] = weights[j] * r[j] }
      }
    }
  }

  /// The transformed coordinates of a whole vector.
  func transformed(_ vector: [Double]) -> [Double] {
    var moved = vector
    vector.withUnsafeBufferPointer { from in
      moved.withUnsafeMutableBufferPointer { to in
        if let from = from.baseAddress, let to = to.baseAddress { transform(from, to: to, vector.count) }
      }
    }
    return moved
  }

  /// A vector whose coordinates have at most these magnitudes is transformed into one whose
  /// coordinates have at most the magnitudes returned, but for rounding.
  func magnitudes(of vector: [Double]) -> [Double] {
    switch self {
    case .maximum, .euclidean: vector
    case .metric(let metric): metric.magnitudes(of: vector)
    case .rowSums(let sums): zip(sums.weights, vector).map { $0 * $1 }
    }
  }
}

extension Problem {
  /// The same problem in coordinates in which its norm is the max norm, the Euclidean norm, or row
  /// sums of unit weights; the problem itself where its norm is one of these already. Solvers
  /// search in this form, as their values only propose.
  ///
  /// The transformation is Float64 in a fixed order, so a subset's error there differs by its
  /// rounding; claims go through the checker with the problem as it was given. Cost: n·m, in a
  /// metric n·m²/2; 8·n·m bytes.
  ///
  /// - Throws: `SubsetSumError.unusableEntry` where a transformed entry goes beyond Float64;
  ///   `Interruption` when the run must stop.
  func plainForm(_ control: RunControl) throws -> Problem {
    if norm.isPlain { return self }
    let (n, m) = (count, dimension)
    var interruption: Interruption?
    let rows = try Matrix<Double>(rows: n, columns: m) { entries in
      guard let base = entries.baseAddress, m > 0 else { return }
      withUnsafeTemporaryAllocation(of: Double.self, capacity: m) { row in
        candidates.withRows { rows in
          do throws(Interruption) {
            try control.forEach(0..<n, askingEvery: norm.rowsBetweenQuestions(dimension: m)) { i in
              rows.copy(i, to: row.baseAddress!)
              norm.transform(row.baseAddress!, to: base + i &* m, m)
            }
          } catch { interruption = error }
        }
      }
    }
    if let interruption { throw interruption }
    return try Problem(
      candidates: Candidates(rows), target: norm.transformed(target), norm: norm.plain, size: size,
      sizePenalty: sizePenalty)
  }
}
