import Pruning
import SubsetSum

/// Solvers by their command-line names.
package struct SolverChoice {
  package let all: [any Solver]

  /// Those that a search over blocks of thousands of candidates can use.
  package static let prunes = SolverChoice(all: PruningSolvers.searching)
  /// What a search is compared with, by `--method`.
  package static let baselines = SolverChoice(all: PruningSolvers.baselines)
  /// Those of `solve`; the first is the default.
  package static let solves = SolverChoice(all: [
    Portfolio(), Exhaustive(), MeetInTheMiddle(), FourLists(), CellSweep(), PairwiseSearch(), KList(), BeamSearch(),
    GreedyFlips(), IteratedGreedy(), FractionalRounding(), Exchange(), PopulationSearch(), ForwardGreedy(),
  ])

  package var names: String { Self.list(all.map(\.name)) }
  /// Those that take problems of a fixed size, and those that do not.
  package var namesTakingSize: String { Self.list(all.filter(\.takesFixedSize).map(\.name)) }
  package var namesTakingNoSize: String { Self.list(all.filter { !$0.takesFixedSize }.map(\.name)) }
  /// Those that can be told what a chosen candidate costs.
  package var namesTakingPenalty: String { Self.list(all.filter(\.takesSizePenalty).map(\.name)) }

  private static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "none" }
    return names.dropLast().joined(separator: ", ") + " or " + last
  }

  package func solver(named name: String) throws -> any Solver {
    guard let solver = all.first(where: { $0.name == name }) else {
      throw OptionError(option: "--solver", expected: names, found: "'\(name)'")
    }
    return solver
  }
}

extension Solver {
  /// The same solver on so many cores, where it can use them.
  package func spread(over workers: Int) -> any Solver {
    guard var solver = self as? any MultipleWorkers else { return self }
    solver.workers = workers
    return solver
  }
}
