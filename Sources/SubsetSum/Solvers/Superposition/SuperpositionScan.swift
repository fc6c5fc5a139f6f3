import LinearAlgebra
import SubsetSumKernels

/// The best children of a beam: subsets with one candidate of a band more.
///
/// A GEMM of a tile of candidates with all residuals gives the errors of all children up to a bound
/// on its rounding. What can be among the best is noted with that bound; the cut falls as more is
/// noted. What is left in the end is summed again in Float64, in a fixed order.
struct SuperpositionScan: Sendable {
  /// A subset with one candidate more, before it is made.
  struct Child: Sendable {
    let error: Double
    let parent: Int
    let row: Int

    /// Better first; which is which does not depend on the order they come in.
    func precedes(_ other: Child) -> Bool { (error, parent, row) < (other.error, other.parent, other.row) }
  }

  /// What may be among the best.
  private struct Note {
    /// The least and the greatest that the error can be, beside what is subtracted from all.
    let least: Float
    let greatest: Float
    let parent: Int32
    let row: Int32
  }

  /// What each subset misses, a row each.
  private let felt: [Double]
  private let errors: [Double]
  private let scales: [Float]
  private let vectors: Matrix<Float>
  /// Residuals in rows, in groups of sixteen; those that are left over are never within a limit.
  private let residuals: Matrix<Float>
  /// Errors of residuals, less the least of them.
  private let excesses: [Float]
  private let longest: Float
  private let count: Int
  private let tileRows: Int
  private let dimension: Int

  /// - Parameters:
  ///   - felt: what each subset misses, a row of m numbers each.
  ///   - errors: the squares of that.
  ///   - count: children that are wanted.
  init(felt: [Double], errors: [Double], band: SuperpositionBand, count: Int, tileRows: Int) throws {
    guard case .factored(let scales, let vectors) = band.candidates.storage else {
      preconditionFailure("a band's candidates are Float32 vectors and scales")
    }
    (self.felt, self.errors, self.scales, self.vectors) = (felt, errors, scales, vectors)
    (self.count, self.tileRows) = (count, tileRows)
    let m = vectors.columns
    dimension = m
    residuals = try Matrix<Float>(rows: (errors.count + 15) / 16 * 16, columns: m) { values in
      values.initialize(repeating: 0)
      for k in felt.indices { values[k] = Float(felt[k]) }
    }
    let least = errors.min() ?? 0
    excesses = errors.map { Float($0 - least) }
    longest = Float((errors.max() ?? 0).squareRoot()).nextUp
  }

  /// The best children by some candidates, best first.
  ///
  /// - Complexity: 2·m operations a subset and candidate in GEMM; memory of a tile's scores.
  func children(of all: Range<Int>) throws -> [Child] {
    let (m, columns) = (dimension, residuals.rows)
    var notes: [Note] = []
    notes.reserveCapacity(7 * count + columns)
    // What a child's least error must be at most, less each subset's own.
    var limits = [Float](repeating: -.infinity, count: columns)
    for s in errors.indices { limits[s] = .infinity }
    /// Keeps what can be among the best.
    func cut() {
      if notes.count <= count { return }
      var greatest = notes.map { OrderedFloat.key($0.greatest) }
      let highest = OrderedFloat.value(OrderedFloat.select(count - 1, from: &greatest))
      notes.removeAll { $0.least > highest }
      for s in errors.indices { limits[s] = (highest - excesses[s]).nextUp }
    }
    // Rounding: the residual, and m products and sums in any order; the excess and two sums.
    let unit = Float(m + 12) * 0x1p-23
    let scores = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(tileRows, all.count) * columns)
    defer { scores.deallocate() }
    let places = UnsafeMutableBufferPointer<Int32>.allocate(capacity: columns)
    defer { places.deallocate() }
    for start in stride(from: all.lowerBound, to: all.upperBound, by: tileRows) {
      let rows = start..<min(all.upperBound, start + tileRows)
      try vectors.withView { vectors in
        try residuals.withView { residuals in
          try multiply(
            vectors.block(rows: rows, columns: 0..<m), residuals.transposed,
            into: MutableMatrixView(scores.baseAddress, rows: rows.count, columns: columns))
        }
      }
      vectors.values.withUnsafeBufferPointer { vectors in
        for row in rows {
          let square = Self.square(vectors.baseAddress.map { $0 + row * m }, m)
          let (twice, length) = (2 * scales[row], scales[row] * square.squareRoot())
          let own = length * length
          let margin = unit * (own + 2 * length * longest)
          let place = (row - rows.lowerBound) * columns
          let passing = limits.withUnsafeBufferPointer {
            tombola_within_limits_f32(
              scores.baseAddress.map { $0 + place }, twice, $0.baseAddress, own - margin, columns, places.baseAddress)
          }
          for s in places[..<passing].lazy.map({ Int($0) }) {
            let error = excesses[s] + (own - twice * scores[place + s])
            let spare = margin + 0x1p-22 * excesses[s]
            notes.append(Note(least: error - spare, greatest: error + spare, parent: Int32(s), row: Int32(row)))
          }
          if notes.count >= 7 * count { cut() }
        }
      }
    }
    cut()
    return vectors.values.withUnsafeBufferPointer { vectors in
      var children = notes.map { note in
        let (parent, row) = (Int(note.parent), Int(note.row))
        return Child(
          error: error(parent, vectors.baseAddress.map { $0 + row * m }, Double(scales[row])),
          parent: parent, row: row)
      }
      children.sort { $0.precedes($1) }
      return Array(children.prefix(count))
    }
  }

  private static func square(_ vector: UnsafePointer<Float>?, _ count: Int) -> Float {
    guard let vector else { return 0 }
    var sums = SIMD16<Float>(repeating: 0)
    var k = 0
    while k + 16 <= count {
      let part = UnsafeRawPointer(vector + k).loadUnaligned(as: SIMD16<Float>.self)
      sums += part * part
      k += 16
    }
    var sum = sums.sum()
    while k < count {
      sum += vector[k] * vector[k]
      k += 1
    }
    return sum
  }

  /// ‖r − u·v‖² in a fixed order.
  private func error(_ parent: Int, _ vector: UnsafePointer<Float>?, _ scale: Double) -> Double {
    felt.withUnsafeBufferPointer { felt in
      guard let vector, let felt = felt.baseAddress else { return 0 }
      return fixedOrderSquaredDistance(vector, scale: scale, felt + parent * dimension, dimension)
    }
  }
}
