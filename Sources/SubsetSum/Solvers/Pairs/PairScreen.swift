import LinearAlgebra
import SubsetSumKernels

/// What a `PairScreen` shows its pairs to.
protocol PairVisitor {
  /// Pairs at a squared distance above this need not be shown. Read again after each pair.
  var cut: Double { get }
  /// Row `left` of the left side and `right` of the right side may be close.
  mutating func visit(_ left: Int, _ right: Int)
  /// Rows of the right side that row `left` need not meet, ascending.
  func excluded(_ left: Int) -> UnsafeBufferPointer<UInt32>
  /// Asked before each tile of `pairs` pairs; true ends the screen.
  mutating func shouldStop(before pairs: Int) -> Bool
}

extension PairVisitor {
  func excluded(_ left: Int) -> UnsafeBufferPointer<UInt32> { UnsafeBufferPointer(start: nil, count: 0) }
}

/// Finds pairs of rows close to each other, ‖a − b‖² ≤ cut: BLAS proposes, the visitor decides in fixed-order Float64.
///
/// With ‖a − b‖² = ‖a‖² − 2·d and d = a·b − ‖b‖²/2, one GEMM of rows a, extended by a 1, and rows b, extended by −‖b‖²/2, gives
/// d̂ for a tile of pairs; the tile is compared with (‖a‖² − cut)/2, a number for each row, and never stored whole. Rows are scaled
/// by powers of two to below 2. With u the unit roundoff of `Scalar`, γ_k = ku/(1 − ku), and any order of summation, with or without fma:
///
///     |d̂ − d|  ≤  (γ_(m+1)(1+2u) + 2u)·(‖a‖‖b‖ + ‖b‖²/2) + (2m+4)η  ≤  κ·(‖a‖ + ‖b‖)²/2 + (2m+4)η
///
/// (Cauchy–Schwarz; η the smallest positive number, for underflow), and κ also holds the rounding of ‖a‖² and of the comparison in Float64.
/// So no pair within the cut is missed, whatever BLAS's bits, tiles or threads. NaN and overflow lead to a visit, never past it.
///
/// Tiles whose norms alone keep them apart, | ‖a‖ − ‖b‖ | > √cut, are skipped: sides in ascending order of norms gain most.
/// Cost: 2·(m+1) operations a pair in BLAS; memory: m+1 scalars a row.
final class PairScreen<Scalar: BLASScalar> {
  private let m: Int
  private let right: PackedRows<Scalar>
  private let left: PackedRows<Scalar>
  private let products: UnsafeMutablePointer<Scalar>
  private let kappa: Double
  private let tileRows: Int
  private let tileColumns: Int
  /// How many of each left row's excluded rows lie before the tile.
  private let passed: UnsafeMutablePointer<Int>
  /// A tile of products and its panels stay in a second-level cache of 1 MB.
  static var defaultTile: (rows: Int, columns: Int) { (192, 512) }

  /// The right rows are packed now; left ones come tile by tile. Any tile gives the same visits up to their order.
  init(right rows: CandidateRows, count: Int, tile: (rows: Int, columns: Int)? = nil) {
    m = rows.dimension
    let tile = tile ?? Self.defaultTile
    (tileRows, tileColumns) = (max(1, tile.rows), max(1, tile.columns))
    right = PackedRows(capacity: count, dimension: m, group: tileColumns)
    left = PackedRows(capacity: tileRows, dimension: m, group: tileRows)
    passed = .allocate(capacity: tileRows)
    products = .allocate(capacity: tileRows * tileColumns)
    let mu = Double(m + 3) * Scalar.unitRoundoff
    kappa = mu < 0.01 ? mu * 1.02 + 3 * Scalar.unitRoundoff + Double(m + 16) * 0x1p-50 : .infinity
    right.load(count) { rows.copy($0, to: $1) }
    right.extendWithHalfSquares()
  }

  deinit {
    products.deallocate()
    passed.deallocate()
  }

  /// Shows every pair within the visitor's cut, and some beyond. False when the visitor stopped it.
  ///
  /// `fill` writes left row i, m Float64 entries.
  func run(
    leftCount: Int, fill: (Int, UnsafeMutablePointer<Double>) -> Void, _ visitor: inout some PairVisitor
  ) throws(LinearAlgebraError) -> Bool {
    var start = 0
    while start < leftCount {
      let rows = min(tileRows, leftCount - start)
      left.load(rows) { fill(start + $0, $1) }
      left.extend(
        with: Double(sign: .plus, exponent: max(-1000, min(1000, right.exponent - left.exponent)), significand: 1))
      passed.update(repeating: 0, count: rows)
      var column = 0
      while column < right.count {
        let columns = min(tileColumns, right.count - column)
        if reaches(column, visitor.cut) {
          if visitor.shouldStop(before: rows * columns) { return false }
          try multiply(
            left.view(0, rows), right.view(column, columns).transposed,
            into: MutableMatrixView(products, rows: rows, columns: columns, leadingDimension: tileColumns))
          scan(start, rows, column, columns, &visitor)
        }
        column += columns
      }
      start += rows
    }
    return true
  }

  /// Whether norms allow a pair of a tile within the cut.
  private func reaches(_ column: Int, _ cut: Double) -> Bool {
    let a = left.norms(of: 0)
    let b = right.norms(of: column / tileColumns)
    let gap = max(a.least - b.most, b.least - a.most) - 0x1p-40 * (a.most + b.most)
    return !(gap > 0 && gap * gap > cut * (1 + 0x1p-40))
  }

  private func scan(_ start: Int, _ rows: Int, _ column: Int, _ columns: Int, _ visitor: inout some PairVisitor) {
    let exponent = left.exponent + right.exponent
    // Squares of smaller entries are no longer normal numbers: everything is shown then.
    let isTiny = min(left.exponent, right.exponent) < -450
    let unit = isTiny ? -.infinity : Double(sign: .plus, exponent: max(-1020, min(1020, -exponent)), significand: 1)
    let most = right.norms(of: column / tileColumns).most
    let tiny = Double(2 * m + 8) * Double(Scalar.leastNonzeroMagnitude)
    for i in 0..<rows {
      let square = left.squares[i]
      let reach = square.squareRoot() + most
      let slack = kappa * reach * reach
      var cut = visitor.cut
      var limit = threshold(square, cut, slack, unit, tiny)
      let row = products + i &* tileColumns
      let excluded = visitor.excluded(start &+ i)
      while passed[i] < excluded.count, Int(excluded[passed[i]]) < column &+ columns {
        let place = Int(excluded[passed[i]]) &- column
        if place >= 0 { row[place] = -.infinity }
        passed[i] &+= 1
      }
      var k = firstReaching(row, 0, columns, limit)
      while k < columns {
        visitor.visit(start &+ i, column &+ k)
        if visitor.cut != cut {
          cut = visitor.cut
          limit = threshold(square, cut, slack, unit, tiny)
        }
        k = firstReaching(row, k &+ 1, columns, limit)
      }
    }
  }

  /// The first of a row's products from `start` on that is not below the limit.
  @inline(__always)
  private func firstReaching(_ row: UnsafePointer<Scalar>, _ start: Int, _ count: Int, _ limit: Scalar) -> Int {
    if let row = row as? UnsafePointer<Float>, let limit = limit as? Float {
      return tombola_first_reaching_f32(row, start, count, limit)
    }
    if let row = row as? UnsafePointer<Double>, let limit = limit as? Double {
      return tombola_first_reaching_f64(row, start, count, limit)
    }
    preconditionFailure("a BLAS scalar is a Float or a Double")
  }

  /// What d̂ must reach, rounded down.
  @inline(__always) private func threshold(
    _ square: Double, _ cut: Double, _ slack: Double, _ unit: Double, _ tiny: Double
  ) -> Scalar {
    let limit = ((square - cut * (1 + 0x1p-40)) / 2 - slack) * unit - tiny
    return limit.isFinite ? Scalar(limit).nextDown : -.infinity
  }
}

/// Rows in `Scalar`, scaled by a power of two, each with room for one more entry; their norms by groups.
private final class PackedRows<Scalar: BLASScalar> {
  private let m: Int
  private let group: Int
  private let entries: UnsafeMutablePointer<Scalar>
  private let row: UnsafeMutablePointer<Double>
  /// ‖row‖².
  let squares: UnsafeMutablePointer<Double>
  private var extremes: [(least: Double, most: Double)] = []
  private(set) var count = 0
  /// Entries are divided by 2 to this.
  private(set) var exponent = 0

  init(capacity: Int, dimension: Int, group: Int) {
    m = dimension
    self.group = group
    entries = .allocate(capacity: max(1, capacity * (dimension + 1)))
    row = .allocate(capacity: max(1, dimension))
    squares = .allocate(capacity: max(1, capacity))
  }

  deinit {
    entries.deallocate()
    row.deallocate()
    squares.deallocate()
  }

  /// Reads `rows` rows twice: for the largest entry, then to pack them.
  func load(_ rows: Int, _ fill: (Int, UnsafeMutablePointer<Double>) -> Void) {
    count = rows
    var largest = 0.0
    extremes.removeAll(keepingCapacity: true)
    for i in 0..<rows {
      fill(i, row)
      largest = max(largest, largestMagnitude(row, m))
      squares[i] = fixedOrderDot(row, row, m)
      let norm = squares[i].squareRoot()
      if i % group == 0 { extremes.append((norm, norm)) }
      let last = extremes.count - 1
      if norm < extremes[last].least { extremes[last].least = norm }
      if !(norm <= extremes[last].most) { extremes[last].most = norm }
    }
    exponent = largest > 0 && largest.isFinite ? Int(largest.exponent) : 0
    let shrink = Double(sign: .plus, exponent: max(-1000, min(1000, -exponent)), significand: 1)
    for i in 0..<rows {
      fill(i, row)
      let packed = entries + i &* (m &+ 1)
      for j in 0..<m { packed[j] = Scalar(row[j] * shrink) }
    }
  }

  func extend(with value: Double) {
    let entry = Scalar(value)
    for i in 0..<count { entries[i &* (m &+ 1) &+ m] = entry }
  }

  /// −‖row‖²/2, of the scaled row.
  func extendWithHalfSquares() {
    let shrink = Double(sign: .plus, exponent: max(-1000, min(1000, -exponent)), significand: 1)
    for i in 0..<count { entries[i &* (m &+ 1) &+ m] = Scalar(-(squares[i] * shrink * shrink) / 2) }
  }

  func norms(of group: Int) -> (least: Double, most: Double) { extremes[group] }

  func view(_ start: Int, _ rows: Int) -> MatrixView<Scalar> {
    MatrixView(entries + start &* (m &+ 1), rows: rows, columns: m + 1)
  }
}
