import Foundation

/// A store's trials, or summaries of its cells, as text for other programs.
///
/// Columns of trials: `cell`, `trial`, the cell's coordinates `dimension`, `count`, `candidates`,
/// `target`, `norm`, `subset_size` (empty for any), `solver`, then `error`, `size`, `optimal` (0 or
/// 1; true or false in JSON), `lower_bound` (proved: no subset has a smaller error), `work`. Rows
/// are sorted by (cell, trial), so that stores with the same results give the same bytes. Columns
/// of cells: `cell`, its coordinates, `trials`, `proved`, `median_error`, `median_low`,
/// `median_high` (95 %), `median_size`, `mean_error`, `mean_size`, `epsilon_star`, then for each ε
/// a row with `epsilon`, `successes`, `undecided`, `fraction`, `low`, `high`, `expected_subsets`;
/// where there is no ε, one row without these. Numbers are the shortest that read back to the same
/// bits; what there is not is empty, or null.
public struct SweepTable: Sendable {
  /// How rows are written.
  public enum Format: Sendable {
    /// RFC 4180 with a line of names, lines ended by a newline.
    case csv
    /// One JSON object a line.
    case jsonLines
  }

  /// The store that the table is of.
  public let store: ResultStore
  /// How rows are written.
  public let format: Format

  /// A table of `store`, whose trials are read when it is written.
  public init(_ store: ResultStore, format: Format) {
    self.store = store
    self.format = format
  }

  static let coordinates = ["dimension", "count", "candidates", "target", "norm", "subset_size", "solver"]

  /// Writes all trials, in pieces of some 64 KiB.
  ///
  /// - Throws: `StoreError`, and what `write` throws.
  /// - Complexity: O(trials) of time, and memory for one piece.
  public func writeTrials(_ write: (String) throws -> Void) throws {
    let names = ["cell", "trial"] + Self.coordinates + ["error", "size", "optimal", "lower_bound", "work"]
    let cells = store.cells.map { TableField.members(Self.fields(of: $0), names: Self.coordinates, format) }
    var text = format == .csv ? names.joined(separator: ",") + "\n" : ""
    try store.forEachTrial { result in
      guard cells.indices.contains(result.cell) else {
        throw StoreError.notAStore(path: store.path, found: "a trial of cell \(result.cell), which there is not")
      }
      switch format {
      case .csv:
        text +=
          "\(result.cell),\(result.trial),\(cells[result.cell]),\(result.error),\(result.size),\(result.isOptimal ? 1 : 0),\(result.lowerBound),\(result.work)\n"
      case .jsonLines:
        text +=
          "{\"cell\":\(result.cell),\"trial\":\(result.trial),\(cells[result.cell]),\"error\":\(TableField.number(result.error).json),\"size\":\(result.size),\"optimal\":\(result.isOptimal),\"lower_bound\":\(result.lowerBound),\"work\":\(result.work)}\n"
      }
      if text.utf8.count >= 1 << 16 {
        try write(text)
        text.removeAll(keepingCapacity: true)
      }
    }
    try write(text)
  }

  /// Writes the summaries of all cells.
  ///
  /// - Parameters:
  ///   - epsilons: Other errors than the specification's to count successes for.
  ///   - write: Called with the text, piece by piece.
  /// - Throws: `StoreError`, and what `write` throws.
  public func writeCells(epsilons: [Double]? = nil, _ write: (String) throws -> Void) throws {
    let ofCell = [
      "trials", "proved", "median_error", "median_low", "median_high", "median_size", "mean_error", "mean_size",
      "epsilon_star",
    ]
    let ofOutcome = ["epsilon", "successes", "undecided", "fraction", "low", "high", "expected_subsets"]
    let names = ["cell"] + Self.coordinates + ofCell + ofOutcome
    var text = format == .csv ? names.joined(separator: ",") + "\n" : ""
    for summary in try CellSummary.all(of: store, epsilons: epsilons) {
      let head =
        [.integer(summary.cell.number)] + Self.fields(of: summary.cell) + [
          .integer(summary.trials), .integer(summary.proved), .number(summary.medianError),
          .number(summary.medianInterval?.lowerBound), .number(summary.medianInterval?.upperBound),
          .integer(summary.medianSize), .number(summary.meanError), .number(summary.meanSize), .number(summary.scale),
        ]
      let rows: [[TableField]] = summary.outcomes.map { outcome in
        [
          .number(outcome.epsilon), .integer(outcome.successes), .integer(outcome.undecided),
          .number(outcome.fraction), .number(outcome.interval?.low), .number(outcome.interval?.high),
          .number(outcome.expected),
        ]
      }
      for row in rows.isEmpty ? [[TableField](repeating: .number(nil), count: ofOutcome.count)] : rows {
        text += TableField.line(head + row, names: names, format) + "\n"
      }
    }
    try write(text)
  }

  static func fields(of cell: SweepCell) -> [TableField] {
    [
      .integer(cell.dimension), .integer(cell.count), .text(cell.candidates), .text(cell.target), .text(cell.norm),
      .integer(cell.size), .text(cell.solver),
    ]
  }
}
