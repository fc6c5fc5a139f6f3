import Foundation
import RunControl
import SubsetSum

/// All subsets of one problem within ε, or the closest of them; the JSON keys are a contract.
package struct SubsetListReport: SolveOutcome {
  private struct Row: Encodable {
    let subset: [Int]
    let size: Int
    let error: Double
  }

  package let listing: SubsetListing
  package let epsilon: Double
  /// The most subsets that may be listed.
  package let cap: Int
  package let candidates: Int
  package let dimension: Int
  package let norm: Norm
  package let seconds: Double

  package init(_ listing: SubsetListing, _ problem: Problem, epsilon: Double, cap: Int, seconds: Double) {
    (self.listing, self.epsilon, self.cap, self.seconds) = (listing, epsilon, cap, seconds)
    (candidates, dimension, norm) = (problem.count, problem.dimension, problem.norm)
  }

  /// How the process ends: a list that is not complete counts as stopped by a limit, a complete one
  /// without subsets as infeasible.
  package static func exit(_ reports: [SubsetListReport]) -> ToolExit {
    if !reports.allSatisfy(\.listing.isComplete) { return .limit }
    return reports.contains { $0.listing.solutions.isEmpty } ? .infeasible : .done
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case subsets, count, complete, epsilon, max_subsets, candidates, dimension, norm, solver, stop, work, seconds
  }

  package func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    let rows = listing.solutions.map { Row(subset: $0.subset, size: $0.subset.count, error: $0.error) }
    try json.encode(rows, forKey: .subsets)
    try json.encode(rows.count, forKey: .count)
    try json.encode(listing.isComplete, forKey: .complete)
    try json.encode(epsilon, forKey: .epsilon)
    try json.encode(cap, forKey: .max_subsets)
    try json.encode(candidates, forKey: .candidates)
    try json.encode(dimension, forKey: .dimension)
    try json.encode(norm.name, forKey: .norm)
    try json.encode(MeetInTheMiddle().name, forKey: .solver)
    try json.encode(listing.stop?.rawValue, forKey: .stop)
    try json.encode(listing.work, forKey: .work)
    try json.encode(seconds, forKey: .seconds)
  }

  package var text: String {
    func padded(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
    let found = listing.solutions
    let capped = "the closest; --max-subsets ends the list"
    let state =
      listing.isComplete ? "all there are" : listing.stop.map { "stopped by: \($0.rawValue)" } ?? capped
    var lines = [
      "  " + padded("subsets", 12) + "\(found.count) within \(FigureReport.short(epsilon)): \(state)",
      "  " + padded("seconds", 12) + padded(String(format: "%.3f", seconds), 14) + "\(listing.work) units of work",
    ]
    if !found.isEmpty { lines.append("  " + padded("error", 12) + padded("size", 6) + "subset of \(candidates)") }
    for solution in found {
      lines.append(
        "  " + padded(FigureReport.short(solution.error), 12) + padded("\(solution.subset.count)", 6)
          + solution.subset.map(String.init).joined(separator: " "))
    }
    return lines.joined(separator: "\n")
  }
}
