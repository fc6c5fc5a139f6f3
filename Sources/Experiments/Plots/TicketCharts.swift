import Files
import Foundation

/// What is drawn of tickets' figures.
public enum TicketPlot: String, Sendable, Hashable, CaseIterable {
  /// Accuracy against width, with the median and the range over seeds.
  case accuracy
  /// Accuracy against the number of kept filters, a point a ticket.
  case size
  /// The largest error of each layer.
  case layers
  /// How many filters each channel and half keeps.
  case filters

  /// What is drawn where nobody says: the layers of one ticket, the accuracies of several.
  public static func standard(count: Int) -> TicketPlot { count == 1 ? .layers : .accuracy }

  /// The chart of one or more tickets.
  ///
  /// - Throws: `FileError` where a file lacks what this plot needs, `ExperimentError.unplottable`
  ///   for tickets that cannot stand in one chart.
  public func chart(of tickets: [TicketFigures]) throws -> Chart {
    guard !tickets.isEmpty else {
      throw ExperimentError.unplottable(kind: rawValue, expected: "at least one file", found: "none")
    }
    switch self {
    case .accuracy: return try AccuracyChart(tickets).chart
    case .size: return try AccuracyChart(bySize: tickets).chart
    case .layers: return LayerChart(tickets).chart
    case .filters:
      guard tickets.count == 1 else {
        throw ExperimentError.unplottable(kind: rawValue, expected: "one file", found: "\(tickets.count)")
      }
      return FilterChart(tickets[0]).chart
    }
  }
}

/// What tells tickets apart besides width and seed, with a name that says no more than it must.
private struct Setting: Hashable {
  let mode: String
  let solver: String?
  let target: String?
  let isComplete: Bool

  init(_ ticket: TicketFigures) {
    (mode, solver, target) = (ticket.mode, ticket.solver, ticket.targetName)
    isComplete = ticket.isComplete
  }

  /// The name among others: what all have in common is left out, except the mode.
  func name(among all: Set<Setting>) -> String {
    var parts = [mode]
    if Set(all.map(\.solver)).count > 1, let solver { parts.append(solver) }
    if Set(all.map(\.target)).count > 1, let target { parts.append(target) }
    if !isComplete { parts.append("stopped early") }
    return parts.joined(separator: ", ")
  }
}

private struct AccuracyChart {
  let chart: Chart

  init(_ tickets: [TicketFigures]) throws {
    let settings = Set(tickets.map(Setting.init))
    var series: [Chart.Series] = []
    var seen: [Setting] = []
    for setting in tickets.map(Setting.init) where !seen.contains(setting) {
      seen.append(setting)
      let members = tickets.filter { Setting($0) == setting }
      try Self.requireDistinct(members)
      let points = try Dictionary(grouping: members, by: \.width).sorted { $0.key < $1.key }.map { width, group in
        let accuracies = try group.map { 100 * (try Self.number($0.ticketAccuracy, "ticket_accuracy", $0)) }.sorted()
        return Chart.Point(
          Double(width), median(accuracies), low: accuracies.first, high: accuracies.last)
      }
      let hasSpread = Set(members.map(\.width)).count < members.count
      series.append(
        Chart.Series(setting.name(among: settings), points, spread: hasSpread ? .bars : .none))
    }
    let hasSpread = series.contains { $0.spread == .bars }
    chart = Chart(
      title: hasSpread ? "Accuracy against width: median, least and most over seeds" : "Accuracy against width",
      horizontal: Chart.Axis(
        "width N (2N random filters per input channel)", isLogarithmic: true, ticks: Self.ticks(tickets.map(\.width))),
      vertical: Chart.Axis("test accuracy (%)"), series: series, levels: try Self.levels(tickets))
  }

  /// Points by kept filters, one a ticket, in ascending order.
  init(bySize tickets: [TicketFigures]) throws {
    let settings = Set(tickets.map(Setting.init))
    var series: [Chart.Series] = []
    var seen: [Setting] = []
    for setting in tickets.map(Setting.init) where !seen.contains(setting) {
      seen.append(setting)
      let points = try tickets.filter { Setting($0) == setting }.map { ticket -> Chart.Point in
        let kept = ticket.blocks.reduce(0) { $0 + $1.kept }
        guard kept > 0 else {
          throw ExperimentError.unplottable(
            kind: "size", expected: "tickets that keep filters", found: "none in '\(ticket.source)'")
        }
        return Chart.Point(Double(kept), 100 * (try Self.number(ticket.ticketAccuracy, "ticket_accuracy", ticket)))
      }
      series.append(
        Chart.Series(setting.name(among: settings), points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }))
    }
    chart = Chart(
      title: "Accuracy against kept filters", horizontal: Chart.Axis("kept filters", isLogarithmic: true),
      vertical: Chart.Axis("test accuracy (%)"), series: series, levels: try Self.levels(tickets))
  }

  /// The targets' accuracies.
  private static func levels(_ tickets: [TicketFigures]) throws -> [Chart.Level] {
    var levels: [Chart.Level] = []
    let names = Set(tickets.map(\.targetName))
    for ticket in tickets {
      let accuracy = 100 * (try number(ticket.targetAccuracy, "target_accuracy", ticket))
      let figure = String(format: "%.2f %%", accuracy)
      let level = Chart.Level(
        names.count > 1
          ? "\(ticket.target == nil ? "target" : ticket.targetName ?? "target"): \(figure)" : "target: \(figure)",
        accuracy)
      if !levels.contains(level) { levels.append(level) }
    }
    return levels
  }

  private static func number(_ value: Double?, _ key: String, _ ticket: TicketFigures) throws(FileError) -> Double {
    guard let value else {
      throw FileError(
        .missing, source: ticket.source, at: [.key(key)], expected: "a number: give prune --data D", found: "none")
    }
    return value
  }

  /// The same seed twice would count one ticket as two.
  private static func requireDistinct(_ members: [TicketFigures]) throws {
    struct Draw: Hashable {
      let width: Int
      let seed: String
    }
    var sources: [Draw: String] = [:]
    for ticket in members {
      if let other = sources.updateValue(ticket.source, forKey: Draw(width: ticket.width, seed: ticket.seed)) {
        throw ExperimentError.unplottable(
          kind: "accuracy", expected: "each seed once a width, mode, solver and target",
          found: "width \(ticket.width), seed \(ticket.seed) in both '\(other)' and '\(ticket.source)'")
      }
    }
  }

  /// A label at each width, unless there are many or two of them lie too near each other.
  private static func ticks(_ widths: [Int]) -> [Chart.Tick] {
    let places = Set(widths).sorted()
    guard places.count <= 10, let least = places.first, let most = places.last else { return [] }
    let span = log(Double(most) / Double(least))
    let isRoomy = zip(places, places.dropFirst()).allSatisfy { log(Double($1) / Double($0)) >= 0.07 * span }
    return isRoomy ? places.map { Chart.Tick(Double($0), "\($0)") } : []
  }
}

private struct LayerChart {
  let chart: Chart

  init(_ tickets: [TicketFigures]) {
    let settings = Set(tickets.map(Setting.init))
    var series: [Chart.Series] = []
    for ticket in tickets {
      var name = "\(Setting(ticket).name(among: settings)), width \(ticket.width), seed \(ticket.seed)"
      if series.contains(where: { $0.name == name }) { name += ", \(ticket.source)" }
      series.append(Chart.Series(name, Self.worst(ticket) { $0.error }))
    }
    // The empty set's error is the target's alone, so tickets of one target share it.
    let targets = Set(tickets.map(\.targetName))
    var emptySets: [Chart.Series] = []
    var levels: [Chart.Level] = []
    for ticket in tickets {
      let suffix = targets.count > 1 ? ticket.targetName.map { ", \($0)" } ?? "" : ""
      if ticket.blocks.allSatisfy({ $0.emptySetError != nil }) {
        let line = Chart.Series("empty set\(suffix)", Self.worst(ticket) { $0.emptySetError ?? 0 })
        if !emptySets.contains(line) { emptySets.append(line) }
      } else {
        let level = Chart.Level("empty set, largest layer\(suffix)", ticket.emptySetError)
        if !levels.contains(level) { levels.append(level) }
      }
    }
    series += emptySets
    let layers = Set(tickets.flatMap { $0.blocks.map(\.layer) }).sorted()
    let step = max(1, (layers.count + 19) / 20)
    let values = series.flatMap { $0.points.map(\.y) } + levels.map(\.y)
    chart = Chart(
      title: "Largest weight error by layer",
      horizontal: Chart.Axis(
        "layer",
        ticks: stride(from: 0, to: layers.count, by: step).map { Chart.Tick(Double(layers[$0]), "\(layers[$0])") }),
      vertical: Chart.Axis(
        "largest error of a kernel entry, in the target's units", isLogarithmic: values.allSatisfy { $0 > 0 }),
      series: series, levels: levels)
  }

  private static func worst(_ ticket: TicketFigures, _ error: (TicketFigures.Block) -> Double) -> [Chart.Point] {
    Dictionary(grouping: ticket.blocks, by: \.layer).sorted { $0.key < $1.key }.map { layer, blocks in
      Chart.Point(Double(layer), blocks.map(error).max() ?? 0)
    }
  }
}

private struct FilterChart {
  let chart: Chart

  init(_ ticket: TicketFigures) {
    // Channels of all layers in a row, each layer's label in the middle of its own.
    var starts: [Int: Int] = [:]
    var middles: [Chart.Tick] = []
    var dividers: [Double] = []
    var next = 0
    for (layer, blocks) in Dictionary(grouping: ticket.blocks, by: \.layer).sorted(by: { $0.key < $1.key }) {
      let count = (blocks.map(\.channel).max() ?? 0) + 1
      if next > 0 { dividers.append(Double(next) - 0.5) }
      starts[layer] = next
      middles.append(Chart.Tick(Double(next) + Double(count - 1) / 2, "layer \(layer)"))
      next += count
    }
    // Labels that would touch are left out.
    var ticks: [Chart.Tick] = []
    for tick in middles where ticks.last.map({ tick.position - $0.position > 0.07 * Double(next) }) ?? true {
      ticks.append(tick)
    }
    let halves = Dictionary(grouping: ticket.blocks, by: \.half).sorted { $0.key < $1.key }
    let series = halves.map { half, blocks in
      Chart.Series(
        "\(half.rawValue) half",
        blocks.map { Chart.Point(Double((starts[$0.layer] ?? 0) + $0.channel), Double($0.kept)) }
          .sorted { $0.x < $1.x },
        mark: .points)
    }
    chart = Chart(
      title: "Kept filters by channel: \(ticket.mode), width \(ticket.width), seed \(ticket.seed)",
      horizontal: Chart.Axis("input channel, layer after layer", ticks: ticks, dividers: dividers),
      vertical: Chart.Axis("filters kept", startsAtZero: true), series: series)
  }
}

/// The middle of sorted values, or the mean of the two in the middle.
private func median(_ sorted: [Double]) -> Double {
  (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
