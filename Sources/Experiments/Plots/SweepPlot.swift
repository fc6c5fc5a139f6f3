/// What is drawn of a sweep.
public enum SweepPlot: String, Sendable, Hashable, CaseIterable {
  /// The fraction of trials within ε against n, with Wilson intervals, beside 1 − exp(−E T) where
  /// fractions are of what exists.
  case success
  /// The median error against n, with its 95 % interval by ranks, beside ε*.
  case error
  /// n50 against ε or m, beside the first moment and a fitted line.
  case threshold

  /// What is drawn where nobody says: successes where there is an ε to count them for, else errors.
  public static func standard(for summaries: [CellSummary]) -> SweepPlot {
    summaries.contains { !$0.outcomes.isEmpty } ? .success : .error
  }

  /// The most curves of one chart.
  static let mostCurves = 12

  /// The chart of some cells of one store.
  ///
  /// - Parameters:
  ///   - summaries: The cells; those without trials are left out.
  ///   - axis: What thresholds stand against; by default m where there are more of them than ε.
  ///     Nothing for other kinds.
  /// - Throws: `ExperimentError.unplottable` for more than twelve curves, cells without
  ///   trials, a kind that needs an ε where there is none, and thresholds of which the counts show
  ///   none.
  public func chart(
    of summaries: [CellSummary], against axis: ThresholdAxis? = nil
  ) throws(ExperimentError) -> Chart {
    let curves = SweepCurve.all(of: summaries.filter { $0.trials > 0 })
    guard let first = curves.first else {
      throw .unplottable(kind: rawValue, expected: "cells with trials", found: "none")
    }
    let epsilons = first.cells[0].outcomes.map(\.epsilon)
    if self != .error, epsilons.isEmpty {
      throw .unplottable(kind: rawValue, expected: "at least one epsilon", found: "none")
    }
    if self == .threshold {
      return SweepAxis.roomy(try ThresholdChart(ThresholdTable(curves.flatMap(\.cells)), against: axis).chart)
    }
    let count = self == .error ? curves.count : curves.count * epsilons.count
    guard count <= Self.mostCurves else {
      throw Self.tooMany(count, of: curves.map(\.cell), epsilons: self == .error ? [] : epsilons, in: self)
    }
    return SweepAxis.roomy(self == .error ? ErrorChart(curves).chart : SuccessChart(curves, epsilons).chart)
  }

  /// The error for too many curves, with what they differ in.
  static func tooMany(
    _ count: Int, of cells: [SweepCell], epsilons: [Double], in plot: SweepPlot
  ) -> ExperimentError {
    var lists = SweepCurve.coordinates.map { ($0.rawValue, $0.values(of: cells)) }
    lists.append(("epsilon", epsilons.map { "\($0)" }))
    let varying = lists.filter { $0.1.count > 1 }.map { name, values in
      "\(name) \(values.prefix(8).joined(separator: ", "))\(values.count > 8 ? " …" : "")"
    }
    return .unplottable(
      kind: plot.rawValue, expected: "at most \(mostCurves) curves: choose some of what they differ in",
      found: "\(count) (\(varying.joined(separator: "; ")))")
  }

  /// As many charts as it takes to show all cells, none with too many curves: they are parted by
  /// one coordinate after another. What cannot be drawn is left out.
  public func charts(of summaries: [CellSummary]) -> [Chart] {
    do { return [try chart(of: summaries)] } catch {
      let parting: [SweepCoordinate] = [.candidates, .target, .norm, .dimension, .size, .solver]
      for coordinate in parting {
        let values = coordinate.values(of: summaries.lazy.map(\.cell))
        if values.count > 1 {
          return values.flatMap { value in
            charts(of: summaries.filter { coordinate.value(of: $0.cell) == value })
          }
        }
      }
      return []
    }
  }
}
