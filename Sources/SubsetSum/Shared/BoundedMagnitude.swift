// The max norm of vectors of which only those below a limit matter. A vector is left at the first
// coordinate that rules it out, so callers look first at the coordinates that are likely to.

/// The largest of `count` magnitudes; nil as soon as one is NaN or not below `limit`. `seen` counts
/// those that were looked at.
@inline(__always)
func largestMagnitude(
  of count: Int, below limit: Double, _ seen: inout Int, _ magnitude: (Int) -> Double
) -> Double? {
  var largest = 0.0
  for k in 0..<count {
    seen &+= 1
    let value = magnitude(k)
    if !(value < limit) { return nil }
    if value > largest { largest = value }
  }
  return largest
}

/// Whether entry i of a vector comes before entry j by descending magnitude, ties by index.
@inline(__always)
func isLarger(_ vector: UnsafePointer<Double>, _ i: Int, _ j: Int) -> Bool {
  abs(vector[i]) != abs(vector[j]) ? abs(vector[i]) > abs(vector[j]) : i < j
}
