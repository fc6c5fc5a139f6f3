import SubsetSum

/// Solvers by their command-line names.
struct SolverChoice {
  let all: [any Solver]

  /// Those that a search over blocks of thousands of candidates can use.
  static let prunes = SolverChoice(all: [
    GreedyFlips(), IteratedGreedy(), Exchange(improving: GreedyFlips()), FractionalRounding(), BeamSearch(),
  ])
  /// What a search is compared with, by `--method`.
  static let baselines = SolverChoice(all: [RandomSubset(), LongestCandidates(), ForwardGreedy()])
  /// Those of `solve`; the first is the default.
  static let solves = SolverChoice(all: [
    Portfolio(), Exhaustive(), MeetInTheMiddle(), FourLists(), CellSweep(), PairwiseSearch(), KList(), BeamSearch(),
    GreedyFlips(), IteratedGreedy(), FractionalRounding(), Exchange(), ForwardGreedy(),
  ])

  var names: String {
    let names = all.map(\.name)
    return names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
  }

  func solver(named name: String) throws -> any Solver {
    guard let solver = all.first(where: { $0.name == name }) else {
      throw OptionError(option: "--solver", expected: names, found: "'\(name)'")
    }
    return solver
  }
}

extension Solver {
  /// The same solver on so many cores, where it can use them.
  func spread(over workers: Int) -> any Solver {
    guard var solver = self as? any MultipleWorkers else { return self }
    solver.workers = workers
    return solver
  }
}
