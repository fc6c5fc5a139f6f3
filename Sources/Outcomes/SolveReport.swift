import Foundation
import RunControl
import SubsetSum

/// What solving one problem gave: JSON for machines, text for people, and how the process ends for
/// it.
package protocol SolveOutcome: Encodable, Sendable {
  var text: String { get }
}

/// One problem's result; the JSON keys are a contract.
package struct SolveReport: SolveOutcome {
  package let solution: Solution
  /// The best of each size that was met, where asked for.
  package let bySize: [SizeRow]?
  package let count: Int
  package let dimension: Int
  package let norm: Norm
  package let seconds: Double

  package init(_ solution: Solution, _ problem: Problem, bySize: [SizeRow]? = nil, seconds: Double) {
    (self.solution, self.bySize, self.seconds) = (solution, bySize, seconds)
    (count, dimension, norm) = (problem.count, problem.dimension, problem.norm)
  }

  /// The best of the solutions, of each size one, and all of them.
  package init(sizes: [Solution], _ problem: Problem, seconds: Double) {
    // `min` takes the first, so the smallest, of equal ones.
    let best = sizes.min { $0.error < $1.error }!
    self.init(best, problem, bySize: sizes.map { SizeRow($0, problem) }, seconds: seconds)
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case error, subset, size, optimal, limit, seconds, solver, evaluations, work, stop, count, dimension, norm
    case empty_set_error, max_error, l2_error, by_size, lower_bound
  }

  package func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(solution.error, forKey: .error)
    try json.encode(solution.subset, forKey: .subset)
    try json.encode(solution.subset.count, forKey: .size)
    try json.encode(solution.isOptimal, forKey: .optimal)
    try json.encode(solution.lowerBound, forKey: .lower_bound)
    try json.encode(solution.limit, forKey: .limit)
    try json.encode(solution.emptySetError, forKey: .empty_set_error)
    try json.encode(solution.maximumError, forKey: .max_error)
    try json.encode(solution.euclideanError, forKey: .l2_error)
    try json.encode(solution.stop?.rawValue, forKey: .stop)
    try json.encode(solution.solver, forKey: .solver)
    try json.encode(solution.evaluations, forKey: .evaluations)
    try json.encode(solution.work, forKey: .work)
    try json.encode(seconds, forKey: .seconds)
    try json.encode(count, forKey: .count)
    try json.encode(dimension, forKey: .dimension)
    try json.encode(norm.name, forKey: .norm)
    try json.encodeIfPresent(bySize, forKey: .by_size)
  }

  package var text: String {
    func row(_ name: String, _ value: String, _ note: String = "") -> String {
      let padded = note.isEmpty ? value : value.padding(toLength: max(14, value.count + 2), withPad: " ", startingAt: 0)
      return "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0) + padded + note
    }
    let limit = solution.limit.map { "scale of the best reachable: \(FigureReport.short($0))" } ?? ""
    let proof = solution.lowerBound > 0 ? "proved: no subset within \(FigureReport.short(solution.lowerBound))" : limit
    let chosen = solution.subset.prefix(12).map(String.init).joined(separator: " ")
    let rows = [
      row("error", FigureReport.short(solution.error), solution.isOptimal ? "proved optimal" : proof),
      row("empty set", FigureReport.short(solution.emptySetError)),
      row("subset", "\(solution.subset.count) of \(count)", chosen + (solution.subset.count > 12 ? " …" : "")),
      row("solver", solution.solver, solution.stop.map { "stopped by: \($0.rawValue)" } ?? ""),
      row("seconds", String(format: "%.3f", seconds), "\(solution.work) units of work"),
    ]
    return (rows + (bySize.map(SizeRow.table) ?? [])).joined(separator: "\n")
  }
}

/// The best subset of one size that a search met.
package struct SizeRow: Encodable, Sendable {
  package let size: Int
  package let error: Double
  /// The scale of the best reachable of this size; nil where there is none or it exceeds the empty
  /// set's error.
  package let limit: Double?
  package let subset: [Int]

  package init(_ solution: Solution, _ problem: Problem) {
    (size, error, subset) = (solution.subset.count, solution.error, solution.subset)
    let scale = TheoreticalLimit.scale(
      count: problem.count, size: size, dimension: problem.dimension, norm: problem.norm)
    limit = scale.flatMap { $0 > solution.emptySetError ? nil : $0 }
  }

  private enum Key: String, CodingKey { case size, error, limit, subset }

  package func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(size, forKey: .size)
    try json.encode(error, forKey: .error)
    try json.encode(limit, forKey: .limit)
    try json.encode(subset, forKey: .subset)
  }

  /// A line for each size below a heading.
  package static func table(_ rows: [SizeRow]) -> [String] {
    func line(_ size: String, _ error: String, _ limit: String) -> String {
      "  " + size.padding(toLength: 12, withPad: " ", startingAt: 0)
        + error.padding(toLength: 14, withPad: " ", startingAt: 0) + limit
    }
    return [line("size", "error", "scale of the best reachable of that size")]
      + rows.map { line("\($0.size)", FigureReport.short($0.error), $0.limit.map(FigureReport.short) ?? "–") }
  }
}
