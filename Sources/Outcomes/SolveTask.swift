import RunControl
import SubsetSum

/// What `solve` is asked to do with each problem.
package enum SolveTask {
  /// One subset.
  case best(any Solver)
  /// One subset, and the best of each size.
  case sizes(BeamSearch)
  /// Whether a subset within ε exists.
  case decide(epsilon: Double)
  /// All subsets within ε, at most `cap`.
  case all(epsilon: Double, cap: Int)

  /// Subsets that `--all` lists without `--max-subsets`.
  package static let defaultCap = 10_000
  package static let caps = 1...1_000_000

  /// - Throws: `OptionError` for options that do not go together.
  package init(
    solver: String?, epsilon: Double?, size: Int?, decides: Bool, listsAll: Bool, cap: Int?, showsSizes: Bool
  ) throws {
    let chosen = try SolverChoice.solves.solver(named: solver ?? SolverChoice.solves.all[0].name)
    if let cap {
      guard listsAll else { throw OptionError(option: "--max-subsets", expected: "--all beside it", found: "none") }
      guard Self.caps.contains(cap) else {
        throw OptionError(
          option: "--max-subsets", expected: "\(Self.caps.lowerBound) to \(Self.caps.upperBound)", found: "\(cap)")
      }
    }
    if decides {
      guard !listsAll, !showsSizes, solver == nil else {
        throw OptionError(
          option: "--decide", expected: "no --solver, --all or --by-size beside it",
          found: solver.map { "--solver \($0)" } ?? (listsAll ? "--all" : "--by-size"))
      }
      guard let epsilon, epsilon > 0 else {
        throw OptionError(
          option: "--decide", expected: "--epsilon above 0 beside it",
          found: epsilon.map { "--epsilon \($0)" } ?? "none")
      }
      self = .decide(epsilon: epsilon)
      return
    }
    switch (listsAll, showsSizes) {
    case (true, true): throw OptionError(option: "--by-size", expected: "no --all beside it", found: "both")
    case (true, false):
      guard let epsilon else { throw OptionError(option: "--all", expected: "--epsilon beside it", found: "none") }
      let lister = MeetInTheMiddle().name
      guard solver == nil || solver == lister else {
        throw OptionError(
          option: "--all", expected: "no --solver, or --solver \(lister)", found: "--solver \(chosen.name)")
      }
      self = .all(epsilon: epsilon, cap: cap ?? Self.defaultCap)
    case (false, true):
      guard let beam = chosen as? BeamSearch else {
        throw OptionError(
          option: "--by-size", expected: "--solver \(BeamSearch().name) beside it",
          found: solver == nil ? "none" : "--solver \(chosen.name)")
      }
      if let size { throw OptionError(option: "--by-size", expected: "no --size beside it", found: "--size \(size)") }
      self = .sizes(beam)
    case (false, false): self = .best(chosen)
    }
  }

  /// The subset that a solver finds.
  package static func solve(_ problem: Problem, _ solver: any Solver, _ control: RunControl) throws -> SolveReport {
    let (solution, seconds) = try timed { try solver.solve(problem, control: control) }
    return SolveReport(solution, problem, seconds: seconds)
  }

  /// The optimum where it lies within ε, or a proof that it does not.
  package static func decide(_ problem: Problem, _ epsilon: Double, _ control: RunControl) throws -> SolveReport {
    let exact: any Solver
    switch (problem.dimension, problem.count) {
    case (2..., 8...): exact = CellSweep(radius: epsilon)
    case (1, 8...): exact = FourLists()
    default: exact = MeetInTheMiddle()
    }
    return try solve(problem, exact, control)
  }

  /// The best subset of each size that a beam meets.
  package static func solve(_ problem: Problem, bySize beam: BeamSearch, _ control: RunControl) throws -> SolveReport {
    let (sizes, seconds) = try timed { try beam.bestBySize(problem, control: control) }
    return SolveReport(sizes: sizes, problem, seconds: seconds)
  }

  /// All subsets within ε.
  package static func list(
    _ problem: Problem, _ epsilon: Double, _ cap: Int, _ control: RunControl
  ) throws -> SubsetListReport {
    let (listing, seconds) = try timed {
      try MeetInTheMiddle().allSubsets(of: problem, within: epsilon, limit: cap, control: control)
    }
    return SubsetListReport(listing, problem, epsilon: epsilon, cap: cap, seconds: seconds)
  }

  private static func timed<Value>(_ body: () throws -> Value) rethrows -> (Value, seconds: Double) {
    let began = ContinuousClock.now
    let value = try body()
    return (value, (ContinuousClock.now - began) / .seconds(1))
  }
}
