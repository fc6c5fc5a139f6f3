import LinearAlgebra
import RunControl
import SubsetSumKernels

/// Rows converted to `Scalar`, scaled by a power of two, each with room for one more entry, and the
/// extreme norms of groups of rows: an operand of the GEMM of `PairScreen`.
final class PackedRows<Scalar: BLASScalar> {
  /// Rows in a group, whose least and largest norm are known.
  static var group: Int { 64 }

  private let m: Int
  private let entries: UnsafeMutablePointer<Scalar>
  /// ‖row‖² of each row.
  let squares: UnsafeMutablePointer<Double>
  private var extremes: [(least: Double, most: Double)] = []
  private(set) var count = 0
  /// Entries have been divided by 2 to this power.
  private(set) var exponent = 0

  init(capacity: Int, dimension: Int) {
    m = dimension
    entries = .allocate(capacity: max(1, capacity * (dimension + 1)))
    squares = .allocate(capacity: max(1, capacity))
  }

  deinit {
    entries.deallocate()
    squares.deallocate()
  }

  /// Reads `rows` rows twice: for their norms, then to pack them. `row` gives m Float64 entries.
  @inline(__always) func load(_ rows: Int, _ row: (Int) -> UnsafePointer<Double>) {
    count = rows
    extremes.removeAll(keepingCapacity: true)
    measure(0..<rows, row)
    exponent = Self.exponent(of: largestEntry(rows, row))
    pack(0..<rows, row)
  }

  /// Loads so many rows that the run may have to stop meanwhile. The last entry of each is
  /// −‖row‖²/2, of the scaled row.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func loadWithHalfSquares(
    _ rows: Int, _ control: RunControl, _ row: (Int) -> UnsafePointer<Double>
  ) throws(Interruption) {
    let piece = Self.group * max(1, (1 << 16) / (Self.group * max(1, m)))
    count = rows
    extremes.removeAll(keepingCapacity: true)
    try control.inPieces(0..<rows, of: piece) { measure($0, row) }
    exponent = Self.exponent(of: largestEntry(rows, row))
    try control.inPieces(0..<rows, of: piece) {
      pack($0, row)
      extendWithHalfSquares($0)
    }
  }

  /// Notes the norms of some rows, from the start of a group on.
  @inline(__always) private func measure(_ range: Range<Int>, _ row: (Int) -> UnsafePointer<Double>) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, (start / Self.group + 1) * Self.group)
      var (least, most) = (Double.infinity, 0.0)
      for i in start..<end {
        let source = row(i)
        let square = fixedOrderDot(source, source, m)
        squares[i] = square
        least = square < least ? square : least
        if !(square <= most) { most = square }
      }
      if start % Self.group == 0 { extremes.append((.infinity, 0)) }
      let last = extremes.count - 1
      extremes[last].least = min(extremes[last].least, least.squareRoot())
      if !(most.squareRoot() <= extremes[last].most) { extremes[last].most = most.squareRoot() }
      start = end
    }
  }

  /// Loads rows of m entries, one after another. The last entry of each is −‖row‖²/2, of the scaled
  /// row.
  func loadWithHalfSquares(_ rows: UnsafePointer<Double>, count rowCount: Int) {
    count = rowCount
    extremes.removeAll(keepingCapacity: true)
    measure(0..<rowCount) { rows + $0 &* m }
    exponent = Self.exponent(of: largestEntry(rowCount) { rows + $0 &* m })
    if let entries = entries as? UnsafeMutablePointer<Float> {
      tombola_pack_f32(rows, rowCount, m, powerOfTwo(max(-1000, min(1000, -exponent))), entries)
    } else {
      pack(0..<rowCount) { rows + $0 &* m }
    }
    extendWithHalfSquares(0..<rowCount)
  }

  @inline(__always) private func pack(_ range: Range<Int>, _ row: (Int) -> UnsafePointer<Double>) {
    let shrink = powerOfTwo(max(-1000, min(1000, -exponent)))
    for i in range {
      let (source, packed) = (row(i), entries + i &* (m &+ 1))
      for j in 0..<m { packed[j] = Scalar(source[j] * shrink) }
    }
  }

  private static func exponent(of value: Double) -> Int { value > 0 && value.isFinite ? Int(value.exponent) : 0 }

  /// A number that no entry exceeds: the largest norm, or the largest entry where squares of
  /// entries are no longer normal numbers.
  private func largestEntry(_ rows: Int, _ row: (Int) -> UnsafePointer<Double>) -> Double {
    let norm = norms(of: 0..<rows).most
    if norm > 0x1p-450 || norm.isNaN { return norm }
    return (0..<rows).reduce(0) { max($0, largestMagnitude(row($1), m)) }
  }

  func extend(with value: Double) {
    let entry = Scalar(value)
    for i in 0..<count { entries[i &* (m &+ 1) &+ m] = entry }
  }

  private func extendWithHalfSquares(_ range: Range<Int>) {
    let shrink = powerOfTwo(max(-1000, min(1000, -exponent)))
    for i in range { entries[i &* (m &+ 1) &+ m] = Scalar(-(squares[i] * shrink * shrink) / 2) }
  }

  /// The extreme norms of the groups that hold these rows; NaN where a row's norm is.
  func norms(of rows: Range<Int>) -> (least: Double, most: Double) {
    var (least, most) = (Double.infinity, 0.0)
    if rows.isEmpty { return (0, 0) }
    for group in rows.lowerBound / Self.group...(rows.upperBound - 1) / Self.group {
      least = min(least, extremes[group].least)
      if !(extremes[group].most <= most) { most = extremes[group].most }
    }
    return (least, most)
  }

  func view(_ start: Int, _ rows: Int) -> MatrixView<Scalar> {
    MatrixView(entries + start &* (m &+ 1), rows: rows, columns: m + 1)
  }
}
