import SubsetSum
import Tickets

/// The solvers that a search over blocks of thousands of candidates can use, by name.
public enum PruningSolvers {
  /// Those that search. `SearchPlan.defaultSolver(for:)` says which is the default.
  public static let searching: [any Solver] = [
    PopulationSearch.forBlocks, GreedyFlips(), IteratedGreedy(), Exchange(improving: GreedyFlips()),
    FractionalRounding(), BeamSearch(),
  ]
  /// What a search is compared with.
  public static let baselines: [any Solver] = [RandomSubset(), LongestCandidates(), ForwardGreedy()]

  /// - Throws: `TicketError.invalidParameter` for a name of none of them.
  public static func named(_ name: String) throws(TicketError) -> any Solver {
    let all = searching + baselines
    guard let solver = all.first(where: { $0.name == name }) else {
      throw .invalidParameter(
        name: "solver", expected: all.map(\.name).joined(separator: ", "), found: "'\(name)'")
    }
    return solver
  }
}
