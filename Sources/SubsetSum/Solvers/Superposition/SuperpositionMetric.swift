import LinearAlgebra
import SubsetSumKernels

/// How errors are measured: the squares of T·E, E an error's taps × outputs.
package struct SuperpositionMetric: Sendable {
  /// T, taps × taps.
  package let root: Matrix<Double>

  /// The metric of a square T.
  package init(root: Matrix<Double>) { self.root = root }

  /// T·E, in a fixed order.
  package func felt(_ error: [Double]) -> [Double] {
    var squares = 0.0
    return [Double](unsafeUninitializedCapacity: error.count) { values, initialized in
      error.withUnsafeBufferPointer { feel($0, error.count, 0..<1, values.baseAddress, &squares) }
      initialized = error.count
    }
  }

  /// Errors below which another core takes longer to wake, times what each costs.
  private static let shared = 1 << 20
  /// Errors that a core takes at a time, a multiple of the kernel's eight.
  private static let share = 32

  /// T·E of each of some errors, rows of m entries each, and the squares of each, in a fixed order.
  ///
  /// - Parameters:
  ///   - workers: cores for many errors.
  ///   - felt: room for all T·E; nil where only the squares are wanted.
  /// - Throws: nothing for one worker or more.
  package func squares(
    _ rows: [Double], of m: Int, workers: Int, felt: UnsafeMutablePointer<Double>? = nil
  ) throws -> [Double] {
    let count = rows.count / m
    return try [Double](unsafeUninitializedCapacity: count) { squares, initialized in
      nonisolated(unsafe) let (felt, squares) = (felt, squares)
      try rows.withUnsafeBufferPointer { rows in
        nonisolated(unsafe) let rows = rows
        @Sendable func feel(_ range: Range<Int>) {
          guard let first = squares.baseAddress else { return }
          self.feel(rows, m, range, felt, first)
        }
        let parts = (count + Self.share - 1) / Self.share
        if workers == 1 || parts == 1 || count * m * root.rows < Self.shared { return feel(0..<count) }
        try Workers.forEach(count: parts, workers: min(workers, parts)) { part, _ in
          feel(part * Self.share..<min(count, (part + 1) * Self.share))
        }
      }
      initialized = count
    }
  }

  private func feel(
    _ rows: UnsafeBufferPointer<Double>, _ m: Int, _ range: Range<Int>, _ felt: UnsafeMutablePointer<Double>?,
    _ squares: UnsafeMutablePointer<Double>
  ) {
    guard let rows = rows.baseAddress else { return }
    let (start, taps) = (range.lowerBound, root.rows)
    root.values.withUnsafeBufferPointer { root in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 16 * m) { scratch in
        tombola_felt_f64(
          root.baseAddress, taps, m / taps, rows + start * m, range.count, felt.map { $0 + start * m },
          squares + start, scratch.baseAddress)
      }
    }
  }

  /// Tᵀ·E: what a candidate's inner product with an error is taken with.
  func pulled(_ felt: [Double]) -> [Double] {
    let taps = root.rows
    let outputs = felt.count / taps
    var pulled = [Double](repeating: 0, count: felt.count)
    for a in 0..<taps {
      for b in 0..<taps {
        let factor = root[b, a]
        for o in 0..<outputs { pulled[a * outputs + o] += factor * felt[b * outputs + o] }
      }
    }
    return pulled
  }

  /// The squares of a vector of so many standard normal entries, on average.
  func squares(dimension: Int) -> Double {
    root.values.reduce(0) { $0 + $1 * $1 } * Double(dimension / root.rows)
  }
}
