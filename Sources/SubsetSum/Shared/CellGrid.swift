import LinearAlgebra
import RunControl
import SubsetSumKernels

/// A grid on some coordinates of sums. Where a sum of one list lies in the cell opposite to that of
/// another list's sum, the two nearly cancel in those coordinates.
struct CellGrid: Sendable {
  private let axes: [tombola_cell_axis]
  /// The key of sums that lie outside of the grid. No cell has it.
  static let outside = UInt64.max

  /// Cells on the coordinates whose `widths` are finite, moved by the part `shift` of a cell. Sums
  /// further than `reach` from 0 lie outside. Nil where there are too many cells to number.
  init?(widths: [Double], reach: [Double], shift: Double = 0) {
    var axes: [tombola_cell_axis] = []
    var cells = 1.0
    for (j, width) in widths.enumerated() where width.isFinite && width > 0 {
      let side = (reach[j] / width).rounded(.up) + (shift > 0 ? 1 : 0)
      cells *= 2 * side
      guard cells < 0x1p62 else { return nil }
      axes.append(tombola_cell_axis(coordinate: j, inverse: 1 / width, shift: side + shift, cells: 2 * side))
    }
    self.axes = axes
  }

  /// The cell of each sum of a list: floor(v / w) in each coordinate, of −v for the `opposite`
  /// side.
  ///
  /// - Throws: `Interruption` when the run must stop; `SubsetSumError.memoryLimit`.
  func keys<Number: ListNumber>(
    of list: SumList<Number>, opposite: Bool, workers: Int, memory: LargeMemory, _ control: RunControl
  ) throws -> LargeBuffer<UInt64> {
    let keys = try LargeBuffer<UInt64>(count: list.count, memory: memory)
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

  private func write<Number: ListNumber>(
    _ rows: UnsafePointer<Number>, _ count: Int, _ m: Int, _ opposite: Bool, to keys: UnsafeMutablePointer<UInt64>
  ) {
    Number.writeKeys(rows, count, m, axes, sign: opposite ? -1 : 1, to: keys)
  }
}
