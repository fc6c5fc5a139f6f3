import LinearAlgebra

extension Norm {
  /// Whether coordinates count as they are: all norms but a metric and row sums of other weights than 1.
  var isPlain: Bool {
    switch self {
    case .maximum, .euclidean: true
    case .metric: false
    case .rowSums(let sums): sums.weights.allSatisfy { $0 == 1 }
    }
  }

  /// The norm that transformed coordinates are measured in.
  var plain: Norm {
    switch self {
    case .maximum, .euclidean: self
    case .metric: .euclidean
    case .rowSums(let sums): .rowSums(sums.unweighted)
    }
  }

  /// Writes the coordinates in which `plain` measures what this norm measures of `r`, up to rounding; in place is not
  /// allowed for a metric. Cost: m, a metric m²/2.
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
}

extension Problem {
  /// The same problem in coordinates in which its norm is plain, for solvers that search by values which only propose: the max
  /// norm, the Euclidean norm, or row sums of unit weights. The problem itself where it is so already.
  ///
  /// Transformed in Float64, in a fixed order. A subset's error there differs by the rounding of the transformation: claims go through the
  /// checker with the problem as it was given. Cost: n·m, a metric n·m²/2; 8·n·m bytes.
  ///
  /// - Throws: `SubsetSumError.unusableEntry` where a transformed entry goes beyond Float64.
  func plainForm() throws -> Problem {
    if norm.isPlain { return self }
    let (n, m) = (count, dimension)
    let rows = try Matrix<Double>(rows: n, columns: m) { entries in
      guard let base = entries.baseAddress, m > 0 else { return }
      withUnsafeTemporaryAllocation(of: Double.self, capacity: m) { row in
        candidates.withRows { rows in
          for i in 0..<n {
            rows.copy(i, to: row.baseAddress!)
            norm.transform(row.baseAddress!, to: base + i &* m, m)
          }
        }
      }
    }
    var moved = target
    target.withUnsafeBufferPointer { from in
      moved.withUnsafeMutableBufferPointer { to in
        if let from = from.baseAddress, let to = to.baseAddress { norm.transform(from, to: to, m) }
      }
    }
    return try Problem(candidates: Candidates(rows), target: moved, norm: norm.plain, size: size)
  }
}
