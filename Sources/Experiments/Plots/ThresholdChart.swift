import Foundation

/// What thresholds are drawn against.
public enum ThresholdAxis: String, Sendable, Hashable, CaseIterable {
  case epsilon, dimension

  func place(_ row: ThresholdTable.Row) -> Double {
    self == .epsilon ? row.epsilon : Double(row.cell.dimension)
  }
}

/// n50 against ε or m.
struct ThresholdChart {
  let chart: Chart

  /// - Parameter axis: What stands on the horizontal axis; by default m where there are more of
  ///   them than ε.
  /// - Throws: `ExperimentError.unplottable` where no row has an n50, and for too many curves.
  init(_ table: ThresholdTable, against axis: ThresholdAxis? = nil) throws(ExperimentError) {
    let rows = table.rows.filter { $0.threshold.count != nil }
    guard !rows.isEmpty else {
      let found = table.rows.prefix(4).map { row in
        "\(row.threshold.position.rawValue) for m = \(row.cell.dimension), ε = \(SweepAxis.short(row.epsilon))"
      }
      throw .unplottable(
        kind: SweepPlot.threshold.rawValue, expected: "counts on both sides of a success fraction of 1/2",
        found: "n50 \(found.joined(separator: ", "))\(table.rows.count > 4 ? " …" : "")")
    }
    let epsilons = Set(rows.map(\.epsilon)).count
    let across = axis ?? (Set(rows.map(\.cell.dimension)).count > epsilons ? .dimension : .epsilon)
    let groups = Self.groups(rows, across)
    guard groups.count <= SweepPlot.mostCurves else {
      throw SweepPlot.tooMany(
        groups.count, of: rows.map(\.cell), epsilons: Set(rows.map(\.epsilon)).sorted(), in: .threshold)
    }

    let names = SweepNames(rows.map(\.cell), hidden: across == .dimension ? [.count, .dimension] : [.count])
    var series: [Chart.Series] = []
    var moments: [Chart.Series] = []
    var fits: [Chart.Series] = []
    var said: Set<SweepCell> = []
    for members in groups {
      let row = members[0]
      let number = series.count
      let epsilon = across == .dimension && epsilons > 1 ? "ε = \(SweepAxis.short(row.epsilon))" : ""
      let name = names.name(
        SweepNames.success(row.cell), row.cell, epsilon,
        members.allSatisfy(\.isDecided) ? "" : "undecided trials counted as none")
      let points = members.compactMap { row -> Chart.Point? in
        guard let count = row.threshold.count, let range = row.range else { return nil }
        return Chart.Point(
          across.place(row), count, low: row.threshold.low ?? Double(range.lowerBound),
          high: row.threshold.high ?? Double(range.upperBound))
      }
      series.append(Chart.Series(name, points, spread: .bars))

      let places = Self.finePlaces(points.map(\.x), across)
      let expected = places.compactMap { place in
        Self.firstMoment(row, across, place).map { Chart.Point(place, $0) }
      }
      if !expected.isEmpty, !moments.contains(where: { $0.points == expected }) {
        let name = moments.isEmpty ? "dashed: 1 − exp(−E T) = 1/2, E T the expected subsets" : ""
        moments.append(Chart.Series(name, expected, mark: .lines, dash: .dashed, colour: number))
      }
      if let line = table.line(of: row), places.count > 1 {
        let isNew = said.insert(line.cell).inserted
        let points = places.map { place in
          Chart.Point(
            place,
            across == .epsilon
              ? line.fit.count(dimension: row.cell.dimension, epsilon: place)
              : line.fit.count(dimension: Int(place), epsilon: row.epsilon))
        }
        let head = table.lines.count > 1 ? "\(SweepNames.success(line.cell)), " : ""
        fits.append(
          Chart.Series(isNew ? "\(head)dotted: \(line.fit)" : "", points, mark: .lines, dash: .dotted, colour: number))
      }
    }
    let isOpen = rows.contains { $0.threshold.low == nil || $0.threshold.high == nil }
    let bars = isOpen ? "; open intervals end at the grid's edge" : ""
    let dimensions = rows.map(\.cell.dimension)
    let isWide =
      across == .dimension && (dimensions.max() ?? 0) / 20 >= dimensions.min() ?? 1
      && (series + moments + fits).allSatisfy { $0.points.allSatisfy { $0.low > 0 } }
    let within = epsilons == 1 ? "ε = \(SweepAxis.short(rows[0].epsilon))" : "ε"
    let ticks =
      across == .epsilon || Set(dimensions).count > 12
      ? [] : Set(dimensions).sorted().map { Chart.Tick(Double($0), "\($0)") }
    let title = across == .epsilon ? "error ε (\(names.shared))" : "dimension m (\(names.shared))"
    chart = Chart(
      title: "Candidates n50 with which half of the trials come within \(within)\(bars)",
      horizontal: Chart.Axis(title, isLogarithmic: across == .epsilon || isWide, ticks: ticks),
      vertical: Chart.Axis("n50, with 95 % intervals", isLogarithmic: isWide), series: series + moments + fits)
  }

  /// Rows that one curve joins, ascending along the axis.
  private static func groups(_ rows: [ThresholdTable.Row], _ across: ThresholdAxis) -> [[ThresholdTable.Row]] {
    var places: [[String]: Int] = [:]
    var groups: [[ThresholdTable.Row]] = []
    for row in rows {
      let coordinates = SweepCurve.coordinates.filter { across == .epsilon || $0 != .dimension }
      let key = coordinates.map { $0.value(of: row.cell) } + (across == .dimension ? ["\(row.epsilon)"] : [])
      if let place = places[key] {
        groups[place].append(row)
      } else {
        places[key] = groups.count
        groups.append([row])
      }
    }
    return groups.map { $0.sorted { across.place($0) < across.place($1) } }
  }

  /// Places along which a formula is drawn: by ratio for ε, whole numbers for m.
  private static func finePlaces(_ places: [Double], _ across: ThresholdAxis) -> [Double] {
    guard let least = places.first, let most = places.last, most > least else { return places }
    switch across {
    case .epsilon: return (0...80).map { least * pow(most / least, Double($0) / 80) }
    case .dimension:
      let step = max(1, Int(most - least) / 100)
      return stride(from: Int(least), through: Int(most), by: step).map { Double($0) }
    }
  }

  private static func firstMoment(_ row: ThresholdTable.Row, _ across: ThresholdAxis, _ place: Double) -> Double? {
    guard across == .dimension else {
      return CellSummary.Theory(row.cell)?.count(expecting: log(2), within: place)
    }
    let cell = row.cell
    let other = SweepCell(
      number: cell.number, instance: cell.instance, dimension: Int(place), count: max(cell.count, 1),
      candidates: cell.candidates, target: cell.target, norm: cell.norm, size: cell.size, solver: cell.solver,
      deviation: cell.deviation)
    return CellSummary.Theory(other)?.count(expecting: log(2), within: row.epsilon)
  }
}
