import ArgumentParser
import Experiments
import Foundation
import Outcomes

/// `tombola table`: a store's trials, or what they say of each cell.
struct TableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Print the trials of a result store, or a summary of each cell.",
    discussion: """
      --csv and --jsonl print all trials, sorted by cell and trial; with --cells a row for each cell and ε: the trials within ε, their fraction with its \
      95 % interval (Wilson), how many are undecided because no optimum was proved, the median error, ε* and the number of subsets \
      that theory expects within ε; with --thresholds a row for each curve and ε: n50, the n at which half of the trials succeed, between its neighbours, with its \
      interval, the n that the first moment says, and a fitted line. Without a format the cells, or thresholds, are printed for people.
      """)

  @Argument(help: ArgumentHelp("A store that sweep or merge wrote.", valueName: "STORE")) var store: String
  @Flag(help: "Print CSV.") var csv = false
  @Flag(help: "Print one JSON object a line.") var jsonl = false
  @Flag(help: "Print summaries of the cells instead of trials.") var cells = false
  @Flag(help: "Print where half of the trials succeed.") var thresholds = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Count successes for these errors instead of the specification's.", valueName: "E,E…"))
  var epsilon: String?

  func run() throws {
    if csv && jsonl { throw OptionError(option: "--csv", expected: "no --jsonl beside it", found: "both") }
    if cells && thresholds {
      throw OptionError(option: "--cells", expected: "no --thresholds beside it", found: "both")
    }
    let isSummary = cells || thresholds || !(csv || jsonl)
    if epsilon != nil, !isSummary {
      throw OptionError(option: "--epsilon", expected: "--cells or --thresholds beside it", found: "neither")
    }
    let epsilons = try epsilon.map { try SweepChoice.epsilons($0) }
    let store = try ResultStore(reading: store)
    let write = { (text: String) throws in try StandardOutput.write(text) }
    let format: SweepTable.Format? = csv ? .csv : jsonl ? .jsonLines : nil
    if thresholds {
      guard !(epsilons ?? store.epsilons).isEmpty else {
        throw OptionError(option: "--epsilon", expected: "errors, as the specification has none", found: "none")
      }
      let table = ThresholdTable(try CellSummary.all(of: store, epsilons: epsilons))
      return try write(format.map { table.text($0) } ?? ThresholdReport.text(of: store, table))
    }
    guard let format else { return try write(CellReport.text(of: store, epsilons: epsilons)) }
    let table = SweepTable(store, format: format)
    if cells { try table.writeCells(epsilons: epsilons, write) } else { try table.writeTrials(write) }
  }
}

/// Summaries of cells for people: what all cells share is said once, above.
enum CellReport {
  static func text(of store: ResultStore, epsilons: [Double]?) throws -> String {
    let summaries = try CellSummary.all(of: store, epsilons: epsilons)
    let stored = summaries.reduce(0) { $0 + $1.trials }
    let coordinates: [(name: String, value: (SweepCell) -> String)] = [
      ("m", { "\($0.dimension)" }), ("n", { "\($0.count)" }), ("candidates", { $0.candidates }),
      ("target", { $0.target }), ("norm", { $0.norm }), ("size", { $0.size.map { "\($0)" } ?? "any" }),
      ("solver", { $0.solver }),
    ]
    let isShared = coordinates.map { coordinate in
      !["m", "n"].contains(coordinate.name) && Set(store.cells.map(coordinate.value)).count == 1
    }
    let shared = zip(coordinates, isShared).filter(\.1).map { "\($0.0.name) \($0.0.value(store.cells[0]))" }
    let shown = zip(coordinates, isShared).filter { !$0.1 }.map(\.0)
    var rows = [
      shown.map(\.name) + [
        "trials", "proved", "median error", "ε*", "ε", "within ε", "95 % interval", "expected subsets",
      ]
    ]
    for summary in summaries {
      let head =
        shown.map { $0.value(summary.cell) } + [
          "\(summary.trials)", "\(summary.proved)", short(summary.medianError), short(summary.scale),
        ]
      if summary.outcomes.isEmpty { rows.append(head) }
      for (index, outcome) in summary.outcomes.enumerated() {
        let undecided = outcome.undecided > 0 ? " (\(outcome.undecided) undecided)" : ""
        rows.append(
          (index == 0 ? head : head.map { _ in "" }) + [
            FigureReport.short(outcome.epsilon),
            (outcome.fraction.map { String(format: "%.4f", $0) } ?? "–") + undecided,
            outcome.interval.map { String(format: "%.4f to %.4f", $0.low, $0.high) } ?? "–", short(outcome.expected),
          ])
      }
    }
    let title = "\(store.path): \(stored) of \(store.cells.count * store.trialsPerCell) trials"
    return ([([title] + shared).joined(separator: "; ")] + aligned(rows)).joined(separator: "\n") + "\n"
  }

  private static func short(_ value: Double?) -> String { value.map { FigureReport.short($0) } ?? "–" }

  /// Rows in columns as wide as their widest entry, without blanks at the ends.
  static func aligned(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in
      rows.reduce(0) { max($0, column < $1.count ? $1[column].count : 0) }
    }
    return rows.map { row in
      let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      let line = "  " + cells.joined(separator: "  ")
      return String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)])
    }
  }
}
