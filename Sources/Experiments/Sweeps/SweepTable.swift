import Foundation

/// A store's trials, or summaries of its cells, as text for other programs.
///
/// Columns of trials: `cell`, `trial`, the cell's coordinates `dimension`, `count`, `candidates`, `target`, `norm`, `subset_size` (empty for any),
/// `solver`, then `error`, `size`, `optimal` (0 or 1; true or false in JSON), `lower_bound` (proved: no subset has a smaller error), `work`. Rows are sorted by (cell, trial), so that stores with the same
/// results give the same bytes. Columns of cells: `cell`, its coordinates, `trials`, `proved`, `median_error`, `median_size`,
/// `epsilon_star`, then for each ε a row with `epsilon`, `successes`, `undecided`, `fraction`, `low`, `high`, `expected_subsets`; where there is no ε, one row
/// without these. Numbers are the shortest that read back to the same bits; what there is not is empty, or null.
public struct SweepTable: Sendable {
  public enum Format: Sendable {
    /// RFC 4180 with a line of names, lines ended by a newline.
    case csv
    /// One JSON object a line.
    case jsonLines
  }

  public let store: ResultStore
  public let format: Format

  public init(_ store: ResultStore, format: Format) {
    self.store = store
    self.format = format
  }

  private static let coordinates = ["dimension", "count", "candidates", "target", "norm", "subset_size", "solver"]

  /// Writes all trials, in pieces of some 64 KiB.
  ///
  /// - Throws: `StoreError`, and what `write` throws.
  public func writeTrials(_ write: (String) throws -> Void) throws {
    let names = ["cell", "trial"] + Self.coordinates + ["error", "size", "optimal", "lower_bound", "work"]
    let cells = store.cells.map { line(Self.fields(of: $0), names: Self.coordinates, isWhole: false) }
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
          "{\"cell\":\(result.cell),\"trial\":\(result.trial),\(cells[result.cell]),\"error\":\(Field.number(result.error).json),\"size\":\(result.size),\"optimal\":\(result.isOptimal),\"lower_bound\":\(result.lowerBound),\"work\":\(result.work)}\n"
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
  /// - Parameter epsilons: Other errors than the specification's to count successes for.
  /// - Throws: `StoreError`, and what `write` throws.
  public func writeCells(epsilons: [Double]? = nil, _ write: (String) throws -> Void) throws {
    let ofCell = ["trials", "proved", "median_error", "median_size", "epsilon_star"]
    let ofOutcome = ["epsilon", "successes", "undecided", "fraction", "low", "high", "expected_subsets"]
    let names = ["cell"] + Self.coordinates + ofCell + ofOutcome
    var text = format == .csv ? names.joined(separator: ",") + "\n" : ""
    for summary in try CellSummary.all(of: store, epsilons: epsilons) {
      let head =
        [.integer(summary.cell.number)] + Self.fields(of: summary.cell) + [
          .integer(summary.trials), .integer(summary.proved), .number(summary.medianError),
          .integer(summary.medianSize), .number(summary.scale),
        ]
      let rows: [[Field]] = summary.outcomes.map { outcome in
        [
          .number(outcome.epsilon), .integer(outcome.successes), .integer(outcome.undecided),
          .number(outcome.fraction), .number(outcome.interval?.low), .number(outcome.interval?.high),
          .number(outcome.expected),
        ]
      }
      for row in rows.isEmpty ? [[Field](repeating: .number(nil), count: ofOutcome.count)] : rows {
        text += line(head + row, names: names, isWhole: true) + "\n"
      }
    }
    try write(text)
  }

  private static func fields(of cell: SweepCell) -> [Field] {
    [
      .integer(cell.dimension), .integer(cell.count), .text(cell.candidates), .text(cell.target), .text(cell.norm),
      .integer(cell.size), .text(cell.solver),
    ]
  }

  private func line(_ fields: [Field], names: [String], isWhole: Bool) -> String {
    switch format {
    case .csv: return fields.map(\.csv).joined(separator: ",")
    case .jsonLines:
      let members = zip(names, fields).map { "\"\($0)\":\($1.json)" }.joined(separator: ",")
      return isWhole ? "{\(members)}" : members
    }
  }
}

/// A value of a table.
private enum Field {
  case integer(Int?)
  case number(Double?)
  case text(String)

  var csv: String {
    switch self {
    case .integer(let value): value.map { "\($0)" } ?? ""
    case .number(let value): value.map { "\($0)" } ?? ""
    case .text(let value):
      value.contains { ",\"\r\n".contains($0) } ? "\"\(value.replacing("\"", with: "\"\""))\"" : value
    }
  }

  var json: String {
    switch self {
    case .integer(let value): value.map { "\($0)" } ?? "null"
    // JSON has no number that is not finite.
    case .number(let value): value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null"
    case .text(let value):
      String(decoding: (try? JSONEncoder().encode(value)) ?? Data("null".utf8), as: UTF8.self)
    }
  }
}
