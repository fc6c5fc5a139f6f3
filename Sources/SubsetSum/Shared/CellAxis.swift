/// Cells of equal width along one coordinate, numbered from 0; the outermost two hold all that lies
/// beyond them.
struct CellAxis {
  /// Where cell 0 begins.
  let low: Double
  /// 1 / the width of a cell; 0 for cells that all values fall into the first of.
  let inverse: Double
  /// The number of the last cell.
  let last: Double

  /// - Precondition: one cell at least.
  init(low: Double, inverse: Double, count: Int) {
    self.low = low
    self.inverse = inverse
    last = Double(count - 1)
  }

  /// The cell of a value, a function that never falls; cell 0 for NaN.
  @inline(__always) func place(_ value: Double) -> Int {
    let place = (value - low) * inverse
    return place > 0 ? place < last ? Int(place) : Int(last) : 0
  }
}
