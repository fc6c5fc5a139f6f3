import RunControl

/// P = (Σ x·xᵀ + μI)⁻¹ over the first rows of a `ShortCandidates`, up to a factor: what rounding
/// weighs residuals with.
///
/// μ is the mean squared norm of those rows. The loops are its own, in Float64 and a fixed order,
/// so the bits depend on the rows alone. Memory: two matrices of m × stride.
final class RoundingWeights {
  let dimension: Int
  let stride: Int
  /// P, row by row at `stride`, and zero beyond `dimension`.
  private let inverse: UnsafeMutablePointer<Double>
  private let gram: UnsafeMutablePointer<Double>
  /// The factor by which the Gram matrix was multiplied before it was inverted, the reciprocal of
  /// its trace: (Σ x·xᵀ + μI)⁻¹ is `unit` times P.
  private(set) var unit = 1.0

  init(_ rows: ShortCandidates) {
    (dimension, stride) = (rows.dimension, rows.stride)
    inverse = .allocate(capacity: max(1, dimension * stride))
    gram = .allocate(capacity: max(1, dimension * stride))
    inverse.initialize(repeating: 0, count: dimension * stride)
  }

  deinit {
    inverse.deallocate()
    gram.deallocate()
  }

  /// The multiplications of `prepare` over `count` rows.
  func work(_ count: Int) -> UInt64 { UInt64(dimension * stride) * UInt64(count / 2 + dimension) }

  /// Makes P for the first `count` rows. False where they are all zero, or beyond Float64; P is 0
  /// then.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func prepare(_ rows: ShortCandidates, count: Int, _ control: RunControl) throws(Interruption) -> Bool {
    gram.update(repeating: 0, count: dimension * stride)
    try control.forEach(0..<count, askingEvery: max(1, (1 << 17) / max(1, dimension * stride))) { add(rows[$0]) }
    var trace = 0.0
    for j in 0..<dimension { trace += gram[j &* stride &+ j] }
    inverse.update(repeating: 0, count: dimension * stride)
    let ridge = trace / Double(max(1, count))
    guard ridge > 0, trace.isFinite else { return false }
    // The units of P do not matter, and a matrix of trace 1 neither overflows nor underflows.
    unit = 1 / trace
    guard unit.isFinite else { return false }
    for j in 0..<dimension {
      for k in 0...j {
        let value = gram[j &* stride &+ k] * unit
        gram[j &* stride &+ k] = value
        gram[k &* stride &+ j] = value
      }
      gram[j &* stride &+ j] += ridge * unit
    }
    try invert(control)
    return true
  }

  /// Adds x·xᵀ to the lower triangle of the Gram matrix, in whole groups of lanes.
  private func add(_ x: UnsafePointer<Double>) {
    for j in 0..<dimension {
      let factor = x[j]
      if factor == 0 { continue }
      let row = gram + j &* stride
      var k = 0
      while k <= j {
        store(lanes(at: row + k) + lanes(at: x + k) * factor, to: row + k)
        k &+= 8
      }
    }
  }

  /// inverse ← gram⁻¹ by Gauss and Jordan without pivoting, which a positive-definite matrix does
  /// not need. Cost: m³.
  private func invert(_ control: RunControl) throws(Interruption) {
    let m = dimension
    for j in 0..<m { inverse[j &* stride &+ j] = 1 }
    try control.forEach(0..<m, askingEvery: max(1, (1 << 16) / max(1, m * m))) { pivot in
      let (source, image) = (gram + pivot &* stride, inverse + pivot &* stride)
      let factor = 1 / source[pivot]
      scale(source, factor)
      scale(image, factor)
      for j in 0..<m where j != pivot {
        let multiple = gram[j &* stride &+ pivot]
        if multiple == 0 { continue }
        subtract(source, multiple, from: gram + j &* stride)
        subtract(image, multiple, from: inverse + j &* stride)
      }
    }
  }

  private func scale(_ row: UnsafeMutablePointer<Double>, _ factor: Double) {
    for k in 0..<dimension { row[k] *= factor }
  }

  private func subtract(_ x: UnsafePointer<Double>, _ multiple: Double, from y: UnsafeMutablePointer<Double>) {
    var k = 0
    while k < dimension {
      store(lanes(at: y + k) - lanes(at: x + k) * multiple, to: y + k)
      k &+= 8
    }
  }

  /// y = P·x. Cost: m².
  func apply(_ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>) {
    for j in 0..<dimension { y[j] = fixedOrderDot(inverse + j &* stride, x, stride) }
  }
}
