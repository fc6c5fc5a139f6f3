import Experiments
import Foundation

/// A table of bounds: JSON for machines, text for people; the JSON keys are a contract.
package struct BoundsReport: Encodable {
  package let table: BoundTable

  package init(table: BoundTable) { self.table = table }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case kernel, channels_in, channels_out, layers, epsilon, delta, dimension, bounds, at_count
  }

  package func encode(to encoder: any Encoder) throws {
    let question = table.question
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(question.kernel, forKey: .kernel)
    try json.encode(question.channelsIn, forKey: .channels_in)
    try json.encode(question.channelsOut, forKey: .channels_out)
    try json.encode(question.layers, forKey: .layers)
    try json.encode(question.epsilon, forKey: .epsilon)
    try json.encode(question.delta, forKey: .delta)
    try json.encode(question.dimension, forKey: .dimension)
    try json.encode(table.bounds.map(BoundRow.init), forKey: .bounds)
    try json.encodeIfPresent(table.atCount.map(AtCountRow.init), forKey: .at_count)
  }

  package var text: String {
    let question = table.question
    var lines = [
      "bounds for kernels \(question.kernel)×\(question.kernel), channels \(question.channelsIn) to \(question.channelsOut), "
        + "\(question.layers) layers, ε = \(question.epsilon), δ = \(question.delta); m = d²·c_out = \(question.dimension)",
      Self.columns("bound", "value", "of", "", "about", "known as", "constant", "source"),
    ]
    for bound in table.bounds {
      lines.append(
        Self.columns(
          bound.name, bound.value?.description ?? "none", bound.counted.rawValue, bound.direction.rawValue,
          bound.subject.rawValue, bound.standing.rawValue, bound.isConstantKnown ? "known" : "unknown",
          bound.source + (bound.year.map { " \($0)" } ?? "")))
    }
    if let figures = table.atCount { lines += Self.lines(figures, question) }
    lines.append("formulas; an unknown constant C, or that of O(…), is taken as 1")
    for bound in table.bounds {
      lines += ["  \(bound.name): \(bound.formula)"]
      if let condition = bound.condition { lines.append("      for   \(condition)") }
      lines.append("      here  \(bound.meaning)")
    }
    return lines.joined(separator: "\n")
  }

  private static func lines(_ figures: BoundTable.AtCount, _ question: BoundsQuestion) -> [String] {
    var lines = ["at N = \(figures.count) candidates a channel and sign", "  ε* of all subsets: \(figures.scale)"]
    if let size = figures.bestSize, let hits = figures.expectedHits, let scale = figures.fixedSizeScale {
      lines.append("  best size: k = \(size), with \(hits) expected hits within ε; one is expected within \(scale)")
    } else {
      lines.append("  of one size: nothing, the formula needs N > m = \(question.dimension)")
    }
    return lines
  }

  private static func columns(_ texts: String...) -> String {
    zip(texts, [33, 12, 14, 12, 15, 10, 10, 0]).reduce("  ") { line, column in
      line + column.0.padding(toLength: max(column.1, column.0.count), withPad: " ", startingAt: 0)
    }
  }
}

/// One bound as JSON.
private struct BoundRow: Encodable {
  package let bound: WidthBound

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case name, source, year, standing, direction, about, counted, formula, constant_known, value, log10, size
    case condition, meaning
  }

  package func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(bound.name, forKey: .name)
    try json.encode(bound.source, forKey: .source)
    try json.encode(bound.year, forKey: .year)
    try json.encode(bound.standing.rawValue, forKey: .standing)
    try json.encode(bound.direction.rawValue, forKey: .direction)
    try json.encode(bound.subject.rawValue, forKey: .about)
    try json.encode(bound.counted.rawValue, forKey: .counted)
    try json.encode(bound.formula, forKey: .formula)
    try json.encode(bound.isConstantKnown, forKey: .constant_known)
    try json.encode(bound.value?.value, forKey: .value)
    try json.encode(bound.value?.log10, forKey: .log10)
    try json.encode(bound.size?.value, forKey: .size)
    try json.encode(bound.condition, forKey: .condition)
    try json.encode(bound.meaning, forKey: .meaning)
  }
}

/// Figures for a given width as JSON; beyond 1e±300 only logarithms are numbers.
private struct AtCountRow: Encodable {
  package let figures: BoundTable.AtCount

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case count, epsilon_star, log10_epsilon_star, best_size, expected_hits, log10_expected_hits
    case best_size_epsilon, log10_best_size_epsilon
  }

  package func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(figures.count, forKey: .count)
    try json.encode(figures.scale.value, forKey: .epsilon_star)
    try json.encode(figures.scale.log10, forKey: .log10_epsilon_star)
    try json.encode(figures.bestSize, forKey: .best_size)
    try json.encode(figures.expectedHits?.value, forKey: .expected_hits)
    try json.encode(figures.expectedHits?.log10, forKey: .log10_expected_hits)
    try json.encode(figures.fixedSizeScale?.value, forKey: .best_size_epsilon)
    try json.encode(figures.fixedSizeScale?.log10, forKey: .log10_best_size_epsilon)
  }
}
