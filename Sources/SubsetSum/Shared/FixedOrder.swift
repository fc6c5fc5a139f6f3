import SubsetSumKernels

// Reductions in Float64 whose order is part of their definition: 8 lanes, then one fixed tree, then
// the tail in order of the index, without fma and without BLAS. The loops are written in C, in
// variants for several CPUs that give the same bits.

/// Σ x_j·y_j.
@inline(__always)
func fixedOrderDot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
  tombola_dot_f64(x, y, count)
}

/// Σ x_j·y_j, the entries of x widened exactly.
@inline(__always)
func fixedOrderDot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
  tombola_dot_f32(x, y, count)
}

/// Eight entries from `p` on.
@inline(__always) func lanes(at p: UnsafePointer<Double>) -> SIMD8<Double> {
  UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Double>.self)
}

/// Writes eight entries from `p` on.
@inline(__always) func store(_ lanes: SIMD8<Double>, to p: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(p).storeBytes(of: lanes, as: SIMD8<Double>.self)
}

/// The sum of eight lanes, in the order in which all reductions here combine them.
@inline(__always) func combined(_ lanes: SIMD8<Double>) -> Double {
  ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// Σ x_j², the entries of x widened exactly.
func fixedOrderSquares(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
  var lanes = SIMD8<Double>.zero
  var j = 0
  while j &+ 8 <= count {
    let entries = SIMD8<Double>(UnsafeRawPointer(x + j).loadUnaligned(as: SIMD8<Float>.self))
    lanes += entries * entries
    j &+= 8
  }
  var sum = combined(lanes)
  while j < count {
    sum += Double(x[j]) * Double(x[j])
    j &+= 1
  }
  return sum
}

/// max |x_j|, 0 for no entries; infinite when an entry is NaN.
func largestMagnitude(_ x: UnsafePointer<Double>, _ count: Int) -> Double { tombola_largest_f64(x, count) }

/// √Σ x_j², computed in other units where squares would overflow or lose digits to underflow.
/// Infinite or NaN when an entry is.
func euclideanNorm(_ x: UnsafePointer<Double>, _ count: Int) -> Double {
  let squares = fixedOrderDot(x, x, count)
  if squares >= 0x1p-900 && squares < .infinity { return squares.squareRoot() }
  let largest = largestMagnitude(x, count)
  guard largest > 0, largest < .infinity else { return largest }
  return withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { moderate in
    let exponent = Int(largest.exponent)
    for j in 0..<count { moderate[j] = scaled(x[j], by: -exponent) }
    return scaled(fixedOrderDot(moderate.baseAddress!, moderate.baseAddress!, count).squareRoot(), by: exponent)
  }
}

/// Σ (y_j − x_j)².
@inline(__always)
func fixedOrderSquaredDistance(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
  tombola_squared_distance_f64(x, y, count)
}

/// Σ (y_j − scale·x_j)², the entries of x widened exactly.
@inline(__always)
func fixedOrderSquaredDistance(
  _ x: UnsafePointer<Float>, scale: Double, _ y: UnsafePointer<Double>, _ count: Int
) -> Double {
  tombola_squared_distance_f32(x, scale, y, count)
}

/// target_j = y_j − scale·x_j, the entries of x widened exactly.
@inline(__always)
func fixedOrderDifference(
  _ y: UnsafePointer<Double>, _ x: UnsafePointer<Float>, scale: Double, into target: UnsafeMutablePointer<Double>,
  _ count: Int
) {
  tombola_difference_f32(y, x, scale, target, count)
}
