import Foundation

/// The thresholds of a sweep: one for each curve and ε, with the lines through them.
public struct ThresholdTable: Sendable, Hashable {
  /// One curve's threshold for one ε.
  public struct Row: Sendable, Hashable {
    /// The curve's cell with the least n, for all coordinates but n.
    public let cell: SweepCell
    /// ε.
    public let epsilon: Double
    /// Counts that have trials.
    public let counts: Int
    /// The least and largest count with trials; nil without any.
    public let range: ClosedRange<Int>?
    /// n50 and its interval.
    public let threshold: Threshold
    /// Whether all trials of an exact curve are decided; else its n50 is an upper bound.
    public let isDecided: Bool
    /// The count at which 1 − exp(−E T) is 1/2, that is, ln 2 subsets are expected; nil where there
    /// is no formula or ε is large.
    public let firstMoment: Double?
  }

  /// The line through the thresholds of all m and ε that share everything else.
  public struct Line: Sendable, Hashable {
    /// One of its curves' cells, for all coordinates but m and n.
    public let cell: SweepCell
    /// The line.
    public let fit: ThresholdFit
  }

  /// By curve in the order of the cells, then by ε as in the summaries.
  public let rows: [Row]
  /// In the order of their first rows.
  public let lines: [Line]

  /// What the curves of a line share.
  private static let shared = SweepCurve.coordinates.filter { $0 != .dimension }

  /// The thresholds of all curves among `summaries`.
  ///
  /// - Complexity: a pass over them, and a first moment a row.
  public init(_ summaries: [CellSummary]) {
    var rows: [Row] = []
    for curve in SweepCurve.all(of: summaries) {
      for index in curve.cells[0].outcomes.indices { rows.append(Row(curve, index)) }
    }
    self.rows = rows
    var lines: [Line] = []
    for members in SweepCoordinate.groups(rows, sharing: Self.shared, of: \.cell) {
      if let fit = ThresholdFit(members.compactMap(\.point)) { lines.append(Line(cell: members[0].cell, fit: fit)) }
    }
    self.lines = lines
  }

  /// The line that a row belongs to, if there is one.
  public func line(of row: Row) -> Line? {
    lines.first { line in Self.shared.allSatisfy { $0.value(of: line.cell) == $0.value(of: row.cell) } }
  }

  /// As text for other programs: the coordinates of `SweepTable` without `count`, then `epsilon`,
  /// `counts`, `least_count`, `largest_count`, `position` (of `Threshold.Position`), `n50`, `low`,
  /// `high`, `decided`, `first_moment_count`, `fit_slope`, `fit_intercept`. What there is not is
  /// empty, or null.
  public func text(_ format: SweepTable.Format) -> String {
    let names =
      ["dimension", "candidates", "target", "norm", "subset_size", "solver", "epsilon", "counts", "least_count"]
      + ["largest_count", "position", "n50", "low", "high", "decided", "first_moment_count", "fit_slope"]
      + ["fit_intercept"]
    var text = format == .csv ? names.joined(separator: ",") + "\n" : ""
    for row in rows {
      let (cell, fit) = (row.cell, line(of: row)?.fit)
      let fields: [TableField] = [
        .integer(cell.dimension), .text(cell.candidates), .text(cell.target), .text(cell.norm), .integer(cell.size),
        .text(cell.solver), .number(row.epsilon), .integer(row.counts), .integer(row.range?.lowerBound),
        .integer(row.range?.upperBound), .text(row.threshold.position.rawValue), .number(row.threshold.count),
        .number(row.threshold.low), .number(row.threshold.high), .flag(row.isDecided),
        .number(row.firstMoment), .number(fit?.slope), .number(fit?.intercept),
      ]
      text += TableField.line(fields, names: names, format) + "\n"
    }
    return text
  }
}

extension ThresholdTable.Row {
  fileprivate init(_ curve: SweepCurve, _ index: Int) {
    let tried = curve.cells.filter { $0.trials > 0 }
    cell = curve.cell
    epsilon = curve.cells[0].outcomes[index].epsilon
    counts = tried.count
    range = tried.isEmpty ? nil : tried[0].cell.count...tried[tried.count - 1].cell.count
    threshold = Threshold(
      tried.compactMap { cell in
        let outcome = cell.outcomes[index]
        return Threshold.Observation(
          count: cell.cell.count, successes: outcome.successes, undecided: outcome.undecided, trials: cell.trials)
      })
    isDecided = tried.allSatisfy { $0.outcomes[index].undecided == 0 }
    firstMoment = ThresholdTable.firstMoment(of: curve, within: epsilon)
  }

  /// For a fit; nil where there is no n50.
  var point: ThresholdFit.Point? {
    threshold.count.map { ThresholdFit.Point(dimension: cell.dimension, epsilon: epsilon, count: $0) }
  }
}

extension ThresholdTable {
  /// ln 2 expected subsets: the first cell of the curve that has a formula has it for all counts.
  fileprivate static func firstMoment(of curve: SweepCurve, within epsilon: Double) -> Double? {
    curve.cells.lazy.compactMap { CellSummary.Theory($0.cell) }.first?.count(expecting: log(2), within: epsilon)
  }
}

extension ThresholdTable {
  /// n50 to four digits, or on which side of the counts that were tried it lies.
  public static func words(_ threshold: Threshold) -> String {
    switch threshold.position {
    case .within: String(format: "%.4g", threshold.count ?? .nan)
    case .below: "below"
    case .above: "above"
    case .unknown: "–"
    }
  }
}

extension ThresholdTable.Line {
  /// What the line is of: what exists, or what a solver finds, with the laws.
  public var name: String {
    let laws: [SweepCoordinate] = [.candidates, .target, .norm, .size]
    return ([SweepNames.success(cell)] + laws.map { $0.words(for: cell) }).joined(separator: ", ")
  }
}
