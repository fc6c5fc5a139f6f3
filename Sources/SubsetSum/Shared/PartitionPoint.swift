/// The first index of a range for which a condition holds; the range's end where it holds for none.
/// The condition must hold for all indices after one for which it does.
///
/// Complexity: log₂ of the range's length, in calls of the condition.
@inline(__always)
func partitionPoint(_ range: Range<Int>, where holds: (Int) -> Bool) -> Int {
  var (low, high) = (range.lowerBound, range.upperBound)
  while low < high {
    let middle = (low + high) / 2
    if holds(middle) { high = middle } else { low = middle + 1 }
  }
  return low
}
