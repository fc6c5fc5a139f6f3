import LinearAlgebra

/// Weights in the order in which the implicit GEMM reads them: panels of a few dozen output
/// channels, each with one row a tap, zeros beyond its last channel.
struct KernelPanels: Sendable {
  struct Panel: Sendable {
    /// First output channel of the layer, and how many.
    let first: Int
    let columns: Int
    let group: Int
    /// Stored columns: the width of the kernel that runs it.
    let width: Int
    /// First entry among all panels'.
    let offset: Int
  }

  let panels: [Panel]
  /// Rows of each panel: taps of one group.
  let rows: Int
  /// Entries of all panels.
  let count: Int
  private let outputChannels: Int

  init<Scalar: BLASScalar>(rows: Int, outputChannels: Int, groups: Int, of type: Scalar.Type) {
    let filters = outputChannels / groups
    var panels: [Panel] = []
    var offset = 0
    for group in 0..<groups {
      var column = 0
      while column < filters {
        let width = VectorKernels.panelWidth(filters - column, type)
        panels.append(
          Panel(
            first: group * filters + column, columns: min(width, filters - column), group: group, width: width,
            offset: offset))
        offset += width * rows
        column += width
      }
    }
    self.panels = panels
    self.rows = rows
    self.outputChannels = outputChannels
    count = offset
  }

  /// Writes panels `range`, the first at `memory`. The kernel has `rows` rows of all output
  /// channels.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func pack<Scalar: BLASScalar>(
    _ range: Range<Int>, of kernel: UnsafePointer<Scalar>, into memory: UnsafeMutablePointer<Scalar>
  ) {
    for panel in panels[range] {
      var target = memory + panel.offset - panels[range.lowerBound].offset
      for row in 0..<rows {
        let source = kernel + row * outputChannels + panel.first
        for column in 0..<panel.columns { target[column] = source[column] }
        for column in panel.columns..<panel.width { target[column] = 0 }
        target += panel.width
      }
    }
  }

  /// The most panels from `start` on whose entries number at most `limit`; one at least.
  func group(from start: Int, limit: Int) -> Range<Int> {
    var end = start + 1
    while end < panels.count {
      let last = panels[end]
      if last.offset + last.width * rows - panels[start].offset > limit { break }
      end += 1
    }
    return start..<end
  }
}
