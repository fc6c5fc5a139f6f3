/// The cells of a sweep that differ in n alone.
public struct SweepCurve: Sendable, Hashable {
  /// Ascending in n; at least one.
  public let cells: [CellSummary]

  /// What all cells share beside n.
  public var cell: SweepCell { cells[0].cell }

  /// The coordinates that all cells of a curve share.
  static let coordinates = SweepCoordinate.allCases.filter { $0 != .count }

  /// Cells grouped into curves, in the order in which the first of each comes.
  public static func all(of summaries: [CellSummary]) -> [SweepCurve] {
    SweepCoordinate.groups(summaries, sharing: coordinates, of: \.cell).map {
      SweepCurve(cells: $0.sorted { $0.cell.count < $1.cell.count })
    }
  }

  private init(cells: [CellSummary]) { self.cells = cells }

  /// Whether all stored trials of an exact curve are proved; true for other solvers, of which no
  /// proof is asked.
  var isDecided: Bool { !cell.isExact || cells.allSatisfy { $0.proved == $0.trials } }
}

/// What cells of a chart have in common, and what their names must say.
struct SweepNames {
  private let varying: [SweepCoordinate]
  /// What all cells share beside n and the solver, in words.
  let shared: String

  /// - Parameter hidden: coordinates that no name says, as an axis has them.
  init(_ cells: [SweepCell], hidden: Set<SweepCoordinate> = [.count]) {
    let told = SweepCoordinate.allCases.filter { $0 != .solver && !hidden.contains($0) }
    varying = told.filter { $0.values(of: cells).count > 1 }
    let same = told.filter { $0.values(of: cells).count == 1 }
    shared = cells.first.map { cell in same.map { $0.words(for: cell) }.joined(separator: ", ") } ?? ""
  }

  /// A curve's name: `head`, then what tells it apart.
  func name(_ head: String, _ cell: SweepCell, _ more: String...) -> String {
    ([head] + varying.map { $0.words(for: cell) } + more.filter { !$0.isEmpty }).joined(separator: ", ")
  }

  /// What a success of a cell's trial says: that a subset exists, or that a solver found one.
  static func success(_ cell: SweepCell) -> String { cell.isExact ? "exists" : "found by \(cell.solver)" }
}
