import LinearAlgebra

/// The products v·y of all candidates with the residual, carried from flip to flip.
///
/// When candidate j is flipped, y changes by x_j, and every product by s_j·(v·v_j). So the products
/// of some candidates with all others, a column each, are enough to follow the flips of those
/// candidates at n steps each instead of n·m. Columns are made `together` at a time by one GEMM:
/// that of the candidate just flipped and those whose flips promise most, since a descent takes
/// most of its next steps among them. They depend on no residual and are kept.
///
/// Products and their changes are sums of m numbers in `Scalar`, so with κ of `FlipScreen` each is
/// off by at most κ·‖v‖ times ‖y‖ or ‖x_j‖, and those that are carried by κ·‖v‖·S, where S =
/// ‖y₀‖ + Σ‖x_j‖ is a length that grows until products are computed anew. Adding up in Float64 is
/// off by less than 2⁻⁵²·‖v‖·S each time.
final class FlipProducts<Scalar: BLASScalar> {
  /// Columns that one GEMM makes.
  private static var together: Int { 16 }
  /// Products are computed anew when their bound has grown to so many times what it was.
  private static var patience: Double { 64 }
  /// Bytes of columns, at most.
  private static var mostBytes: Int { 1 << 25 }
  /// Coordinates from which on a product is dear enough to carry it.
  private static var leastDimension: Int { 32 }

  private let state: FlipState
  private let vectors: UnsafePointer<Scalar>
  private let m: Int
  private let capacity: Int
  private let workers: Int
  /// v·y of candidates 0..<`covered`.
  let values: UnsafeMutablePointer<Double>
  private var covered = 0
  /// Whether every flip since the products were computed has been followed.
  private var isCurrent = false
  /// S, and the flips in it.
  private var length = 0.0
  private var followed = 0
  /// Column c holds v·v_j for candidates 0..<`shortest` at least.
  private let columns: UnsafeMutablePointer<Scalar>
  private var places: [Int: Int] = [:]
  private var shortest = Int.max
  private let chosenVectors: UnsafeMutablePointer<Scalar>
  private var promising: [(bound: Double, index: Int)] = []

  /// Nil where products are not worth carrying, or columns might overflow.
  ///
  /// - Parameters:
  ///   - norms: the least and the largest ‖v‖ of the candidates whose scale is not 0.
  init?(_ state: FlipState, vectors: UnsafePointer<Scalar>, norms: ClosedRange<Double>, workers: Int) {
    (self.state, self.vectors, self.workers) = (state, vectors, workers)
    m = state.dimension
    let columnBytes = state.count * MemoryLayout<Scalar>.stride
    capacity = min(2 * m, Self.mostBytes / max(1, columnBytes))
    guard m >= Self.leastDimension, capacity >= 2 * Self.together, state.count >= 8 * Self.together,
      norms.lowerBound > 0x1p-40, norms.upperBound < 0x1p40
    else { return nil }
    values = .allocate(capacity: state.count)
    columns = .allocate(capacity: capacity * state.count)
    chosenVectors = .allocate(capacity: Self.together * m)
    promising.reserveCapacity(Self.together + 1)
  }

  deinit {
    values.deallocate()
    columns.deallocate()
    chosenVectors.deallocate()
  }

  /// Goes on with candidates 0..<`window` alone, where their products with a residual of this norm
  /// are good enough. False where the caller must write them to `values`.
  func covers(_ window: Int, norm: Double) -> Bool {
    let isUsable = isCurrent && window <= covered && length <= Self.patience * norm
    if window > shortest { removeColumns() }
    covered = window
    if !isUsable { (isCurrent, length, followed) = (true, norm, 0) }
    return isUsable
  }

  private func removeColumns() {
    places.removeAll(keepingCapacity: true)
    shortest = .max
  }

  /// What 2·‖y‖·κ is for products that were not carried.
  func slack(kappa: Double) -> Double {
    2 * (kappa + Double(followed + 4) * 0x1p-51) * length * (1 + 0x1p-20)
  }

  /// Follows the flip of candidate i, whose scale, negative where it was chosen, is `slope`.
  ///
  /// - Parameter bound: a lower bound on what flipping a candidate does, by which those to make
  ///   columns of are chosen; nil where more flips of the kind are not to be expected, and i is
  ///   followed only where its column is there.
  func flipped(_ i: Int, slope: Double, bound: ((_ candidate: Int) -> Double)?) throws {
    guard isCurrent else { return }
    if places[i] == nil {
      guard let bound else { return isCurrent = false }
      try makeColumns(for: i, bound)
    }
    guard let place = places[i] else { return isCurrent = false }
    let column = columns + place &* state.count
    for k in 0..<covered { values[k] -= slope * Double(column[k]) }
    length += state.rows.squaredNorm(i).squareRoot()
    followed += 1
  }

  private func makeColumns(for i: Int, _ bound: (_ candidate: Int) -> Double) throws {
    if places.count + Self.together > capacity { removeColumns() }
    promising.removeAll(keepingCapacity: true)
    promising.append((-.infinity, i))
    for candidate in 0..<covered where candidate != i {
      let least = bound(candidate)
      if promising.count == Self.together, !(least < promising[promising.count - 1].bound) { continue }
      if places[candidate] != nil { continue }
      if promising.count == Self.together { promising.removeLast() }
      let position = partitionPoint(0..<promising.count) { !(promising[$0].bound <= least) }
      promising.insert((least, candidate), at: position)
    }
    let first = places.count
    for (k, (_, candidate)) in promising.enumerated() {
      (chosenVectors + k &* m).update(from: vectors + candidate &* m, count: m)
      places[candidate] = first + k
    }
    shortest = min(shortest, covered)
    let (made, rows) = (promising.count, max(1, (covered + workers - 1) / workers))
    nonisolated(unsafe) let (products, target) = (self, columns + first &* state.count)
    try Workers.forEach(count: (covered + rows - 1) / rows, workers: workers) { part, _ in
      let (start, end) = (part * rows, min(products.covered, part * rows + rows))
      try multiply(
        MatrixView(products.chosenVectors, rows: made, columns: products.m),
        MatrixView(products.vectors + start &* products.m, rows: end - start, columns: products.m).transposed,
        into: MutableMatrixView(
          target + start, rows: made, columns: end - start, leadingDimension: products.state.count))
    }
  }
}
