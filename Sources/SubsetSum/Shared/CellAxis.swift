/// Cells of equal width along one coordinate, numbered from 0. The outermost two hold all values
/// that lie beyond them.
struct CellAxis {
  /// Where cell 0 begins.
  let low: Double
  /// The reciprocal of a cell's width; 0 where all values fall into cell 0.
  let inverse: Double
  /// The number of the last cell.
  let last: Double

  /// - Precondition: at least one cell.
  init(low: Double, inverse: Double, count: Int) {
    self.low = low
    self.inverse = inverse
    last = Double(count - 1)
  }

  /// The cell of a value, which never falls as the value rises; cell 0 for NaN.
  @inline(__always) func place(_ value: Double) -> Int {
    let place = (value - low) * inverse
    return place > 0 ? place < last ? Int(place) : Int(last) : 0
  }
}
