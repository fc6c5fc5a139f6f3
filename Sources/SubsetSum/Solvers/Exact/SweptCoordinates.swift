/// The coordinates that a `CellSweep` works on: the problem's in plain form. A fixed size adds one
/// more, which is 1 for each candidate, in a unit so wide that no other size lies within reach.
final class SweptCoordinates {
  /// The number of coordinates, with that of the size where there is one.
  let columnCount: Int
  /// Coordinate j of candidate i at i·columnCount + j.
  let rows: UnsafeMutablePointer<Double>
  let target: UnsafeMutablePointer<Double>
  /// The coordinate of each column: that of the ranges first, the others by descending spread, and
  /// the size's third.
  let order: [Int]
  /// The column of sizes, and their unit.
  let sizes: (column: Int, unit: Double)?
  /// The radius in which two subsets are expected, if sums were independent normals in each
  /// coordinate.
  let expectedRadius: Double

  /// - Parameter reach: no coordinate that is further off is of interest.
  init(_ instance: SmallInstance, reach: Double) {
    let (n, m) = (instance.count, instance.dimension)
    columnCount = m + (instance.size == nil ? 0 : 1)
    rows = .allocate(capacity: max(1, n * columnCount))
    target = .allocate(capacity: columnCount)
    var spreads = [Double](repeating: 0, count: m)
    for i in 0..<n {
      for j in 0..<m {
        let value = instance.rows[i * m + j]
        rows[i * columnCount + j] = value
        spreads[j] += value * value
      }
    }
    for j in 0..<m { target[j] = instance.target[j] }
    var order = (0..<m).sorted { (spreads[$1], $0) < (spreads[$0], $1) }
    if let size = instance.size {
      // The unit is a power of two, so that sums of it are exact.
      let unit = exponential2(max(-900, min(900, logarithm2(max(reach, .leastNormalMagnitude)).rounded(.up))) + 3)
      for i in 0..<n { rows[i * columnCount + m] = unit }
      target[m] = unit * Double(size)
      order.insert(m, at: min(2, m))
      sizes = (min(2, m), unit)
    } else {
      sizes = nil
    }
    self.order = order
    expectedRadius = Self.expectedRadius(instance)
  }

  deinit {
    rows.deallocate()
    target.deallocate()
  }

  private static func expectedRadius(_ instance: SmallInstance) -> Double {
    let (n, m) = (instance.count, instance.dimension)
    var share = 0.5
    var logCount = Double(n)
    if let k = instance.size {
      share = Double(k) / Double(n)
      logCount = logBinomial(Double(n), Double(k)) / naturalLogarithm(2)
    }
    var logDensity = logCount - 1
    for j in 0..<m {
      var (sum, squares) = (0.0, 0.0)
      for i in 0..<n {
        sum += instance.rows[i * m + j]
        squares += instance.rows[i * m + j] * instance.rows[i * m + j]
      }
      if instance.size != nil { squares -= sum * sum / Double(n) }
      let variance = share * (1 - share) * squares
      let gap = share * sum - instance.target[j]
      if variance > 0 {
        logDensity +=
          1 - logarithm2(2 * Double.pi * variance) / 2 - gap * gap / variance * (logarithm2(2.718281828459045) / 2)
      }
    }
    // Passes multiply the radius by a factor, so it may neither be 0 nor NaN, which overflowing
    // squares make.
    let radius = exponential2(-logDensity / Double(m))
    return radius.isNaN ? .infinity : max(radius, .leastNormalMagnitude)
  }
}
