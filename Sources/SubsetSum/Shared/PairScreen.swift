import LinearAlgebra
import RunControl
import SubsetSumKernels
import Synchronization

/// What a `PairScreen` shows its pairs to. Each worker has a visitor of its own, which need not be
/// safe to share.
protocol PairVisitor: SendableMetatype {
  /// Pairs at a squared distance above this need not be shown. It is read again before each row of
  /// a tile.
  var cut: Double { get }
  /// Takes a pair of rows, `left` and `right`, that may be close.
  mutating func visit(_ left: Int, _ right: Int)
  /// The rows of the right side that row `left` does not meet, ascending.
  func excluded(_ left: Int) -> UnsafeBufferPointer<UInt32>
  /// Asked before each tile of so many pairs; true ends the screen.
  mutating func shouldStop(before pairs: Int) -> Bool
}

extension PairVisitor {
  func excluded(_ left: Int) -> UnsafeBufferPointer<UInt32> { UnsafeBufferPointer(start: nil, count: 0) }
}

/// Finds pairs of rows close to each other, ‖a − b‖² ≤ cut: BLAS proposes, the visitor decides in
/// fixed-order Float64.
///
/// With ‖a − b‖² = ‖a‖² − 2·d and d = a·b − ‖b‖²/2, one GEMM of rows a, extended by a 1, with rows
/// b, extended by −‖b‖²/2, gives d̂ for a tile of pairs. The tile is compared with (‖a‖² − cut)/2,
/// a number for each row, and products are never stored whole. Rows are scaled by powers of two to
/// below 2. With u the unit roundoff of `Scalar`, γ_k = ku/(1 − ku), and any order of summation,
/// with or without fma:
///
///     |d̂ − d|  ≤  (γ_(m+1)(1+2u) + 2u)·(‖a‖‖b‖ + ‖b‖²/2) + (2m+4)η
///               ≤  κ·(‖a‖ + ‖b‖)²/2 + (2m+4)η
///
/// by Cauchy and Schwarz, where η, the smallest positive number, stands for underflow. κ also holds
/// the rounding of ‖a‖² and of the comparison in Float64. So no pair within the cut is missed,
/// whatever BLAS's bits, tiles or threads. NaN and overflow lead to a visit, never past one.
///
/// Groups of right rows whose norms alone keep them apart from a tile, | ‖a‖ − ‖b‖ | > √cut, are
/// left out of its product, so sides in ascending order of norms gain most.
///
/// Cost: 2·(m+1) operations a pair in BLAS. Memory: m + 1 scalars a right row, and a tile for each
/// worker.
final class PairScreen<Scalar: BLASScalar> {
  /// Multiplications that make another worker worth while.
  private static var leastEach: Int { 1 << 22 }
  fileprivate let m: Int
  fileprivate let right: PackedRows<Scalar>
  fileprivate let kappa: Double
  private var tiles: [ScreenTile<Scalar>] = []

  /// Room for `capacity` right rows, none of them yet.
  init(capacity: Int, dimension: Int) {
    m = dimension
    right = PackedRows(capacity: capacity, dimension: m)
    let mu = Double(m + 3) * Scalar.unitRoundoff
    kappa = mu < 0.01 ? mu * 1.02 + 3 * Scalar.unitRoundoff + Double(m + 16) * 0x1p-50 : .infinity
  }

  /// Packs rows one after another as the right rows, in the place of those before. There may be no
  /// more than a run can do between two questions whether to go on.
  func load(_ rows: UnsafePointer<Double>, count: Int) { right.loadWithHalfSquares(rows, count: count) }

  /// Packs the right rows; left rows come tile by tile.
  ///
  /// - Throws: `Interruption` when the run must stop.
  convenience init(right rows: CandidateRows, count: Int, _ control: RunControl) throws(Interruption) {
    self.init(capacity: count, dimension: rows.dimension)
    if let doubles = rows.doubles {
      try right.loadWithHalfSquares(count, control) { doubles + $0 &* rows.dimension }
    } else {
      let row = OwnedBuffer<Double>(count: m)
      try right.loadWithHalfSquares(count, control) {
        rows.copy($0, to: row.base)
        return UnsafePointer(row.base)
      }
    }
  }

  /// Shows every pair within its visitor's cut, and some beyond. False when a visitor stopped it.
  ///
  /// Tiles of left rows are dealt to as many workers as there are visitors, or fewer where the
  /// product is small. Which worker sees a pair is not defined. `left` gives left row i, m Float64
  /// entries. Right rows before `firstRight` meet none.
  func run<Visitor: PairVisitor>(
    leftCount: Int, firstRight: Int = 0, left: (Int) -> UnsafePointer<Double>, _ visitors: inout [Visitor]
  ) throws -> Bool {
    let tileRows = ScreenTile<Scalar>.rows
    while tiles.count < visitors.count { tiles.append(ScreenTile(dimension: m)) }
    let isStopped = Atomic<Bool>(false)
    let tiles = tiles
    let workers = max(1, min(visitors.count, leftCount * (right.count - firstRight) * (m + 1) / Self.leastEach))
    try visitors.withUnsafeMutableBufferPointer { visitors in
      // Each worker has a visitor and a tile of its own.
      nonisolated(unsafe) let visitor = visitors.baseAddress!
      try withoutActuallyEscaping(left) { left in
        nonisolated(unsafe) let left = left
        nonisolated(unsafe) let screen = self
        nonisolated(unsafe) let tiles = tiles
        try Workers.forEach(count: (leftCount + tileRows - 1) / tileRows, workers: workers) { task, worker in
          if isStopped.load(ordering: .relaxed) { return }
          let start = task * tileRows
          let range = start..<min(leftCount, start + tileRows)
          if try !tiles[worker].run(screen, range, firstRight, left, &visitor[worker]) {
            isStopped.store(true, ordering: .relaxed)
          }
        }
      }
    }
    return !isStopped.load(ordering: .relaxed)
  }
}

extension PairScreen {
  /// Shows every pair within the visitor's cut, and some beyond, to one visitor on this thread.
  /// False when the visitor stopped it. Several threads may do so at a time, each with a tile of
  /// its own.
  func run(
    leftCount: Int, left: (Int) -> UnsafePointer<Double>, tile: ScreenTile<Scalar>, _ visitor: inout some PairVisitor
  ) throws(LinearAlgebraError) -> Bool {
    for start in stride(from: 0, to: leftCount, by: ScreenTile<Scalar>.rows) {
      let range = start..<min(leftCount, start + ScreenTile<Scalar>.rows)
      if try !tile.run(self, range, 0, left, &visitor) { return false }
    }
    return true
  }
}

/// The memory in which one worker multiplies and compares.
final class ScreenTile<Scalar: BLASScalar> {
  /// A tile of products and its panels stay in a second-level cache of 1 MB.
  static var rows: Int { 192 }
  static var columns: Int { 512 }

  private let m: Int
  private let left: PackedRows<Scalar>
  /// Zeros between products, in Float32: these are added to what is there, as the scan writes zeros
  /// anyway where it reads.
  private let products: UnsafeMutablePointer<Scalar>
  /// How many of each left row's excluded rows lie before the tile.
  private let passed: UnsafeMutablePointer<Int>
  /// The places of a row's products that reach their limit.
  private let places: UnsafeMutablePointer<Int32>

  init(dimension: Int) {
    m = dimension
    left = PackedRows(capacity: Self.rows, dimension: dimension)
    products = .allocate(capacity: Self.rows * Self.columns)
    products.initialize(repeating: 0, count: Self.rows * Self.columns)
    passed = .allocate(capacity: Self.rows)
    places = .allocate(capacity: Self.columns)
  }

  deinit {
    products.deallocate()
    passed.deallocate()
    places.deallocate()
  }

  /// Shows the pairs of some left rows. False when the visitor stopped it.
  fileprivate func run(
    _ screen: PairScreen<Scalar>, _ range: Range<Int>, _ firstRight: Int, _ row: (Int) -> UnsafePointer<Double>,
    _ visitor: inout some PairVisitor
  ) throws(LinearAlgebraError) -> Bool {
    let (right, group) = (screen.right, PackedRows<Scalar>.group)
    left.load(range.count) { row(range.lowerBound &+ $0) }
    left.extend(with: powerOfTwo(max(-1000, min(1000, right.exponent - left.exponent))))
    passed.update(repeating: 0, count: range.count)
    let norms = left.norms(of: 0..<range.count)
    func reaches(_ columns: Range<Int>, _ cut: Double) -> Bool {
      let other = right.norms(of: columns)
      let gap = max(norms.least - other.most, other.least - norms.most) - 0x1p-40 * (norms.most + other.most)
      return !(gap > 0 && gap * gap > cut * (1 + 0x1p-40))
    }
    var column = firstRight
    while column < right.count {
      let cut = visitor.cut
      guard reaches(column..<min(right.count, column + group), cut) else {
        column += group
        continue
      }
      var end = min(right.count, column + Self.columns)
      while end - column > group, !reaches((end - 1) / group * group..<end, cut) { end = (end - 1) / group * group }
      if visitor.shouldStop(before: range.count * (end - column)) { return false }
      try multiply(
        left.view(0, range.count), right.view(column, end - column).transposed,
        into: MutableMatrixView(products, rows: range.count, columns: end - column, leadingDimension: Self.columns),
        beta: Scalar.self == Float.self ? 1 : 0)
      scan(screen, range, column..<end, &visitor)
      column = end
    }
    return true
  }

  private func scan(
    _ screen: PairScreen<Scalar>, _ range: Range<Int>, _ columns: Range<Int>, _ visitor: inout some PairVisitor
  ) {
    let exponent = left.exponent + screen.right.exponent
    // Squares of smaller entries are no longer normal numbers: then all pairs are shown.
    let isTiny = min(left.exponent, screen.right.exponent) < -450
    let unit = isTiny ? -.infinity : powerOfTwo(max(-1020, min(1020, -exponent)))
    let most = screen.right.norms(of: columns).most
    let tiny = Double(2 * m + 8) * Double(Scalar.leastNonzeroMagnitude)
    for i in 0..<range.count {
      let square = left.squares[i]
      let reach = square.squareRoot() + most
      let limit = threshold(square, visitor.cut, screen.kappa * reach * reach, unit, tiny)
      let row = products + i &* Self.columns
      let excluded = visitor.excluded(range.lowerBound &+ i)
      while passed[i] < excluded.count, Int(excluded[passed[i]]) < columns.upperBound {
        let place = Int(excluded[passed[i]]) &- columns.lowerBound
        if place >= 0 { row[place] = -.infinity }
        passed[i] &+= 1
      }
      let met = reaching(row, columns.count, limit)
      for k in 0..<met {
        let place = columns.lowerBound &+ Int(places[k])
        // A limit of −∞ lets excluded rows pass too, as their products were set to −∞.
        if limit == -.infinity, excluded.contains(UInt32(truncatingIfNeeded: place)) { continue }
        visitor.visit(range.lowerBound &+ i, place)
      }
    }
  }

  /// Leaves in `places` the products of a row that are not below the limit, and returns their
  /// number.
  @inline(__always) private func reaching(_ row: UnsafeMutablePointer<Scalar>, _ count: Int, _ limit: Scalar) -> Int {
    if let row = row as? UnsafeMutablePointer<Float>, let limit = limit as? Float {
      return tombola_take_reaching_f32(row, count, limit, places)
    }
    if let row = row as? UnsafeMutablePointer<Double>, let limit = limit as? Double {
      return tombola_reaching_f64(row, count, limit, places)
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
