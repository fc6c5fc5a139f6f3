import Foundation

/// Axes of sweeps.
enum SweepAxis {
  /// n, logarithmic where the largest is 50 times the least or more.
  static func count(_ curves: [SweepCurve], _ names: SweepNames) -> Chart.Axis {
    let counts = curves.flatMap { $0.cells.map(\.cell.count) }
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    let isWide = least > 0 && most / 50 >= least
    return Chart.Axis("candidates n (\(names.shared))", isLogarithmic: isWide)
  }

  /// Counts along which a formula is drawn: evenly over the cells' own, also by ratio where they
  /// are wide apart.
  static func fineCounts(_ curve: SweepCurve) -> [Double] {
    let counts = curve.cells.map(\.cell.count).filter { $0 > 0 }
    guard let least = counts.first.map(Double.init), let most = counts.last.map(Double.init), most > least else {
      return counts.map(Double.init)
    }
    let steps = 120
    return (0...steps).map { step in
      let part = Double(step) / Double(steps)
      return most / 50 >= least ? least * pow(most / least, part) : least + (most - least) * part
    }
  }

  /// A chart as high as its legend needs.
  static func roomy(_ chart: Chart) -> Chart {
    var chart = chart
    let entries = chart.series.count { !$0.name.isEmpty }
    chart.height += 16 * max(0, entries - 6)
    return chart
  }

  /// A number in a legend.
  static func short(_ value: Double) -> String { String(format: "%.4g", value) }
}

/// Fractions of trials within ε.
struct SuccessChart {
  let chart: Chart

  init(_ curves: [SweepCurve], _ epsilons: [Double]) {
    let names = SweepNames(curves.map(\.cell))
    var series: [Chart.Series] = []
    var moments: [Chart.Series] = []
    for curve in curves {
      for (index, epsilon) in epsilons.enumerated() {
        let isDecided = curve.cells.allSatisfy { $0.outcomes[index].undecided == 0 }
        let points = curve.cells.compactMap { cell -> Chart.Point? in
          let outcome = cell.outcomes[index]
          guard let fraction = outcome.fraction, let sure = outcome.interval, let possible = outcome.possible else {
            return nil
          }
          return Chart.Point(Double(cell.cell.count), fraction, low: sure.low, high: possible.high)
        }
        let name = names.name(
          SweepNames.success(curve.cell), curve.cell, epsilons.count > 1 ? "ε = \(SweepAxis.short(epsilon))" : "",
          isDecided ? "" : "undecided trials counted as none")
        if curve.cell.isExact, let theory = curve.cells.lazy.compactMap({ CellSummary.Theory($0.cell) }).first,
          theory.hasOtherCounts
        {
          let name = moments.isEmpty ? "dashed: 1 − exp(−E T), E T the expected subsets" : ""
          let counts = SweepAxis.fineCounts(curve)
          let line = zip(counts, theory.logExpected(within: epsilon, counts: counts)).map { n, expected in
            Chart.Point(n, -expm1(-exp(expected)))
          }
          moments.append(Chart.Series(name, line, mark: .lines, dash: .dashed, colour: series.count))
        }
        series.append(Chart.Series(name, points, spread: .band))
      }
    }
    let kinds = Set(curves.map(\.cell.isExact))
    let what = kinds.count > 1 ? "exists, or is found" : kinds.contains(true) ? "exists" : "is found"
    let within = epsilons.count == 1 ? "ε = \(SweepAxis.short(epsilons[0]))" : "ε"
    chart = Chart(
      title: "How often a subset within \(within) \(what)", horizontal: SweepAxis.count(curves, names),
      vertical: Chart.Axis("fraction of trials, with 95 % intervals", startsAtZero: true), series: series + moments)
  }
}

/// Median errors.
struct ErrorChart {
  let chart: Chart

  init(_ curves: [SweepCurve]) {
    let names = SweepNames(curves.map(\.cell))
    var series: [Chart.Series] = []
    var scales: [Chart.Series] = []
    // ε* can lie so far below what solvers find that its line would press theirs together. It is
    // drawn down to a thousandth of the least median.
    let medians = curves.flatMap { $0.cells.compactMap(\.medianError) }.filter { $0 > 0 }
    let lowest = max(.leastNormalMagnitude, (medians.min() ?? 0) / 1000)
    for curve in curves {
      let hasBand = curve.cells.allSatisfy { $0.medianInterval != nil }
      let points = curve.cells.compactMap { cell in
        cell.medianError.map { median in
          Chart.Point(
            Double(cell.cell.count), median, low: cell.medianInterval?.lowerBound, high: cell.medianInterval?.upperBound
          )
        }
      }
      // A cell that only decides existence stops at the first subset within ε, whose error need not
      // be the least.
      let isLeast = curve.cell.solver == SweepMethod.exact.name
      let head = isLeast ? "optimum" : curve.cell.isExact ? "error that decides" : SweepNames.success(curve.cell)
      if let theory = curve.cells.lazy.compactMap({ CellSummary.Theory($0.cell) }).first {
        let scale =
          theory.keepsItsSize
          ? SweepAxis.fineCounts(curve).map { Chart.Point($0, exp(theory.logScale(count: $0))) }
          : curve.cells.compactMap { summary in summary.scale.map { Chart.Point(Double(summary.cell.count), $0) } }
        let line = scale.filter { $0.y >= lowest && $0.y.isFinite }
        // Curves of the same instances have the same ε*, which is drawn once.
        if !line.isEmpty, !scales.contains(where: { $0.points == line }) {
          let name = scales.isEmpty ? "dashed: ε*, where one subset is expected" : ""
          scales.append(Chart.Series(name, line, mark: .lines, dash: .dashed, colour: series.count))
        }
      }
      series.append(
        Chart.Series(
          names.name(head, curve.cell, curve.isDecided || !isLeast ? "" : "not all proved"), points,
          spread: hasBand ? .band : .none))
    }
    let values = series.flatMap { $0.points.flatMap { [$0.y, $0.low] } }
    chart = Chart(
      title: "Median error", horizontal: SweepAxis.count(curves, names),
      vertical: Chart.Axis(
        "median error, with its 95 % interval by ranks", isLogarithmic: values.allSatisfy { $0 > 0 }),
      series: series + scales)
  }
}
