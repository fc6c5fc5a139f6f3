import Experiments
import Foundation
import Outcomes

/// Thresholds for people.
enum ThresholdReport {
  static func text(of store: ResultStore, _ table: ThresholdTable) throws -> String {
    let told = SweepCoordinate.allCases.filter { $0 != .count }
    let cells = table.rows.map(\.cell)
    let shown = told.filter { coordinate in
      coordinate == .dimension || Set(cells.map { coordinate.value(of: $0) }).count > 1
    }
    let shared = told.filter { !shown.contains($0) }.compactMap { coordinate in
      cells.first.map { "\(coordinate.rawValue) \(coordinate.value(of: $0))" }
    }
    let names = shown.map { $0 == .dimension ? "m" : $0.rawValue }
    var rows = [names + ["ε", "n tried", "n50", "95 % interval", "first moment"]]
    for row in table.rows {
      let interval = "\(end(row.threshold.low)) to \(end(row.threshold.high))"
      rows.append(
        shown.map { $0.value(of: row.cell) } + [
          FigureReport.short(row.epsilon), row.range.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "–",
          ThresholdTable.words(row.threshold) + (row.isDecided ? "" : " (undecided trials)"), interval,
          end(row.firstMoment),
        ])
    }
    let title = "\(store.path): n50, the candidates with which half of the trials come within ε"
    let lines = [([title] + shared).joined(separator: "; ")] + CellReport.aligned(rows) + table.lines.map(text)
    return lines.joined(separator: "\n") + "\n"
  }

  /// A fitted line.
  static func text(_ line: ThresholdTable.Line) -> String {
    "  fit: n50 = \(line.fit), \(line.fit.points) thresholds, off by \(String(format: "%.2f", line.fit.deviation)) (\(line.name))"
  }

  private static func end(_ value: Double?) -> String { value.map { FigureReport.short($0) } ?? "–" }
}
