import LinearAlgebra
import RunControl

/// A grid on some coordinates of sums. Where a sum of one list lies in the cell opposite to that of
/// another list's sum, the two nearly cancel in those coordinates.
struct CellGrid: Sendable {
  private struct Axis: Sendable {
    let coordinate: Int
    let inverse: Double
    /// The number of cells on each side of 0.
    let reach: Double
    /// Where cell 0 begins, in widths of a cell.
    let shift: Double
  }
  private let axes: [Axis]
  /// The key of sums that lie outside of the grid. No cell has it.
  static let outside = UInt64.max

  /// Cells on the coordinates whose `widths` are finite, moved by the part `shift` of a cell. Sums
  /// further than `reach` from 0 lie outside. Nil where there are too many cells to number.
  init?(widths: [Double], reach: [Double], shift: Double = 0) {
    var axes: [Axis] = []
    var cells = 1.0
    for (j, width) in widths.enumerated() where width.isFinite && width > 0 {
      let side = (reach[j] / width).rounded(.up) + (shift > 0 ? 1 : 0)
      cells *= 2 * side
      guard cells < 0x1p62 else { return nil }
      axes.append(Axis(coordinate: j, inverse: 1 / width, reach: side, shift: side + shift))
    }
    self.axes = axes
  }

  /// The cell of each sum of a list: floor(v / w) in each coordinate, of −v for the `opposite`
  /// side.
  ///
  /// - Throws: `Interruption` when the run must stop; `SubsetSumError.memoryLimit`.
  func keys(
    of list: SumList, opposite: Bool, workers: Int, _ control: RunControl
  ) throws -> LargeBuffer<UInt64> {
    let keys = try LargeBuffer<UInt64>(count: list.count)
    let share = 1 << 15
    let tasks = (list.count + share - 1) / share
    // Tasks write parts that do not overlap.
    nonisolated(unsafe) let (rows, target) = (UnsafePointer(list.rows), keys.base)
    let (m, count) = (list.dimension, list.count)
    try Workers.forEach(count: tasks, workers: max(1, min(workers, tasks))) { task, _ in
      try control.checkInterruption()
      let first = task * share
      write(rows + first * m, min(share, count - first), m, opposite, to: target + first)
    }
    return keys
  }

  /// The cell of each of a few thousand rows of `dimension` entries.
  func keys(
    of rows: UnsafePointer<Double>, count: Int, dimension m: Int
  ) throws(SubsetSumError) -> LargeBuffer<UInt64> {
    let keys = try LargeBuffer<UInt64>(count: count)
    write(rows, count, m, false, to: keys.base)
    return keys
  }

  /// The cell of each of any number of rows, of −v for the `opposite` side.
  ///
  /// - Throws: `Interruption` when the run must stop; `SubsetSumError.memoryLimit`.
  func keys(
    of rows: UnsafePointer<Double>, count: Int, dimension m: Int, opposite: Bool, _ control: RunControl
  ) throws -> LargeBuffer<UInt64> {
    let keys = try LargeBuffer<UInt64>(count: count)
    try control.inPieces(0..<count, of: 1 << 14) {
      write(rows + $0.lowerBound &* m, $0.count, m, opposite, to: keys.base + $0.lowerBound)
    }
    return keys
  }

  private func write(
    _ rows: UnsafePointer<Double>, _ count: Int, _ m: Int, _ opposite: Bool, to keys: UnsafeMutablePointer<UInt64>
  ) {
    for k in 0..<count { keys[k] = 0 }
    for axis in axes {
      let factor = opposite ? -axis.inverse : axis.inverse
      let (limit, scale) = (2 * axis.reach, UInt64(2 * axis.reach))
      let column = rows + axis.coordinate
      for k in 0..<count {
        let place = column[k &* m] * factor + axis.shift
        let key = keys[k]
        if place >= 0 && place < limit && key != Self.outside {
          keys[k] = key &* scale &+ UInt64(place)
        } else {
          keys[k] = Self.outside
        }
      }
    }
  }
}
