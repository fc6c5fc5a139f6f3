import CTombola
import LinearAlgebra
import ModelFiles
import Outcomes
import RunControl
import SubsetSum

/// Solves one problem; tombola.h says how.
@_cdecl("tombola_solve") public func tombolaSolve(
  _ problem: UnsafePointer<tombola_problem>?, _ solver: UnsafePointer<CChar>?, _ run: UnsafePointer<tombola_run>?,
  _ subset: UnsafeMutablePointer<Int64>?, _ solution: UnsafeMutablePointer<tombola_solution>?
) -> Int32 {
  status {
    let (indices, result) = (try required(subset, "subset"), try required(solution, "solution"))
    let call = try CallRun(run)
    let choice = SolverChoice.solves
    let named = try choice.solver(named: text(solver) ?? choice.all[0].name)
    let solver = named is any MultipleWorkers ? named.spread(over: call.workers) : named
    let problem = try Problem(required(problem, "problem"))
    let report = try call.watched { try SolveTask.solve(problem, solver, call.control) }
    let found = report.solution
    for (place, index) in found.subset.enumerated() { indices[place] = Int64(index) }
    result.pointee = tombola_solution(report)
    if found.stop == .cancelled { return .interrupted }
    return call.isLimited && found.stop != nil ? .limit : .done
  }
}

/// Solves one problem as the command does; tombola.h says how.
@_cdecl("tombola_solve_report") public func tombolaSolveReport(
  _ problem: UnsafePointer<tombola_problem>?, _ options: UnsafePointer<CChar>?, _ run: UnsafePointer<tombola_run>?,
  _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let report = try required(report, "report")
    let call = try CallRun(run)
    let problem = try Problem(required(problem, "problem"))
    var options = try CallOptions(options)
    let epsilon = try options.number("epsilon")
    if let epsilon, !(epsilon >= 0 && epsilon.isFinite) {
      throw OptionError(option: "epsilon", expected: "an error ≥ 0", found: "\(epsilon)")
    }
    let task = try SolveTask(
      solver: try options.text("solver"), epsilon: epsilon, size: problem.size, decides: try options.flag("decide"),
      listsAll: try options.flag("all"), cap: try options.integer("max_subsets"),
      showsSizes: try options.flag("by_size"))
    try options.finish()
    let (found, end) = try call.watched { try task.run(problem, epsilon, call) }
    report.pointee = copied(try JSONReport.text(of: found))
    return end
  }
}

extension SolveTask {
  /// Does the task, and says how the call ends by the command's rules.
  fileprivate func run(
    _ problem: Problem, _ epsilon: Double?, _ call: CallRun
  ) throws -> (any SolveOutcome, ToolExit) {
    let report: SolveReport
    switch self {
    case .all(let epsilon, let cap):
      let list = try Self.list(problem, epsilon, cap, call.control)
      return (list, list.listing.stop == .cancelled ? .interrupted : SubsetListReport.exit([list]))
    case .decide(let epsilon):
      report = try Self.decide(problem, epsilon, call.control)
      if report.solution.stop == .cancelled { return (report, .interrupted) }
      if report.solution.error <= epsilon { return (report, .done) }
      return (report, report.solution.lowerBound < epsilon ? .limit : .infeasible)
    case .best(let solver):
      report = try Self.solve(problem, solver.spread(over: call.workers), call.control)
    case .sizes(var beam):
      beam.workers = call.workers
      report = try Self.solve(problem, bySize: beam, call.control)
    }
    if report.solution.stop == .cancelled { return (report, .interrupted) }
    if let epsilon { return (report, report.solution.error <= epsilon ? .done : .failed) }
    return (report, call.isLimited && report.solution.stop != nil ? .limit : .done)
  }
}

extension Problem {
  /// The problem that C describes.
  ///
  /// - Throws: `OptionError` for arrays of other types or shapes, `SubsetSumError` for what they
  ///   hold.
  init(_ problem: UnsafePointer<tombola_problem>) throws {
    let given = ProblemArrays(problem.pointee)
    let candidates = try given.candidates()
    guard let target = try LentArray(problem.pointee.target, "target") else { throw ProblemArrays.missing("target") }
    try target.require(target.count == candidates.dimension && target.shape.count == 1, "(\(candidates.dimension))")
    try self.init(
      candidates: candidates, target: try target.doubles(), norm: try given.norm(dimension: candidates.dimension),
      size: try given.size())
  }
}

/// The parts of a problem that C describes.
struct ProblemArrays {
  let problem: tombola_problem

  init(_ problem: tombola_problem) { self.problem = problem }

  static func missing(_ name: String) -> OptionError {
    OptionError(option: name, expected: "an array", found: "none")
  }

  func size() throws(OptionError) -> Int? {
    guard problem.fixes_size != 0 else { return nil }
    guard let size = Int(exactly: problem.size) else {
      throw OptionError(option: "size", expected: "a number of candidates", found: "\(problem.size)")
    }
    return size
  }

  /// - Throws: `OptionError` unless they are (n, m) with m > 0, or (n).
  func candidates() throws -> Candidates {
    guard let rows = try LentArray(problem.candidates, "candidates") else { throw Self.missing("candidates") }
    try rows.require(
      rows.shape.count == 1 || rows.shape.count == 2 && rows.shape[1] > 0, "(n, m) with m above 0, or (n)")
    let (n, m) = (rows.shape[0], rows.shape.count == 2 ? rows.shape[1] : 1)
    let scales = try LentArray(problem.scales, "scales")
    if let scales { try scales.require(scales.shape == [n], "(\(n)), one a candidate") }
    guard rows.isSingle else {
      if scales != nil {
        throw OptionError(option: "candidates", expected: "float32, as there are scales", found: "another type")
      }
      return Candidates(try Matrix(rows: n, columns: m, values: try rows.doubles()))
    }
    let vectors = try Matrix(rows: n, columns: m, values: try rows.floats())
    return try scales.map { try Candidates(scales: try $0.floats(), vectors: vectors) } ?? Candidates(vectors)
  }

  /// The norm by its name, with what it is made of.
  func norm(dimension m: Int) throws -> Norm {
    let choice = try NormChoice(named: text(problem.norm) ?? NormChoice.max.rawValue)
    switch choice {
    case .max, .l2: return try choice.normOfGenerated()
    case .metric:
      guard let factor = try LentArray(problem.factor, "factor") else { throw Self.missing("factor") }
      try factor.require(factor.shape == [m, m], "(\(m), \(m))")
      return .metric(try Metric(choleskyFactor: Matrix(rows: m, columns: m, values: try factor.doubles())))
    case .rowSums, .rowSumsLarger:
      guard let blocks = try LentArray(problem.blocks, "blocks") else { throw Self.missing("blocks") }
      try blocks.require(blocks.shape == [m], "(\(m))")
      let weights = try LentArray(problem.weights, "weights")
      try weights?.require(weights?.shape == [m], "(\(m))")
      return .rowSums(
        try RowSums(
          blocks: try blocks.integers(), weights: try weights?.doubles() ?? [Double](repeating: 1, count: m),
          sides: choice == .rowSums ? .both : .larger))
    }
  }
}

extension tombola_solution {
  fileprivate init(_ report: SolveReport) {
    let found = report.solution
    self.init()
    error = found.error
    maximum_error = found.maximumError
    euclidean_error = found.euclideanError
    lower_bound = found.lowerBound
    limit = found.limit ?? .nan
    empty_set_error = found.emptySetError
    seconds = report.seconds
    work = found.work
    evaluations = found.evaluations
    size = Int64(found.subset.count)
    is_optimal = found.isOptimal ? 1 : 0
    stop = found.stop.number
    withUnsafeMutableBytes(of: &solver) { bytes in
      for (place, byte) in found.solver.utf8.prefix(bytes.count - 1).enumerated() { bytes[place] = byte }
    }
  }
}
