import CTombola
import Experiments
import ModelFiles
import Outcomes
import RunControl
import SubsetSum

/// Exact optima of many problems; tombola.h says how.
@_cdecl("tombola_solve_batch") public func tombolaSolveBatch(
  _ problem: UnsafePointer<tombola_problem>?, _ run: UnsafePointer<tombola_run>?,
  _ errors: UnsafeMutablePointer<Double>?, _ subsets: UnsafeMutablePointer<UInt64>?,
  _ batch: UnsafeMutablePointer<tombola_batch>?
) -> Int32 {
  status {
    let (errors, subsets) = (try required(errors, "errors"), try required(subsets, "subsets"))
    let result = try required(batch, "batch")
    let call = try CallRun(run)
    let given = try required(problem, "problem").pointee
    guard let targets = try LentArray(given.target, "targets") else { throw ProblemArrays.missing("targets") }
    if given.fixes_size != 0 {
      throw OptionError(option: "size", expected: "none, as optima of any size are found", found: "\(given.size)")
    }
    let began = ContinuousClock.now
    let found: BatchFigures
    switch targets.shape.count {
    case 1: found = try call.watched { try BatchFigures(line: given, targets, call, errors, subsets) }
    case 2: found = try call.watched { try BatchFigures(vectors: given, targets, call, errors, subsets) }
    default:
      throw OptionError(option: "targets", expected: "shape (t) or (t, m)", found: LentArray.text(targets.shape))
    }
    result.pointee = tombola_batch(
      solved: Int64(found.solved), proved: Int64(found.proved), seconds: (ContinuousClock.now - began) / .seconds(1),
      work: found.work, stop: found.stop.number)
    return found.stop.map { ToolExit($0) } ?? .done
  }
}

/// What a batch came to, its errors and subsets written where the caller wants them.
private struct BatchFigures {
  let solved: Int
  let proved: Int
  let work: UInt64
  let stop: StopReason?

  /// Problems in one dimension: candidates (n) that all share, or (t, n).
  init(
    line problem: tombola_problem, _ targets: LentArray, _ call: CallRun, _ errors: UnsafeMutablePointer<Double>,
    _ subsets: UnsafeMutablePointer<UInt64>
  ) throws {
    guard let candidates = try LentArray(problem.candidates, "candidates") else {
      throw ProblemArrays.missing("candidates")
    }
    let count = targets.shape[0]
    let shape = candidates.shape
    try candidates.require(
      shape.count == 1 || shape.count == 2 && shape[0] == count, "(n), or (\(count), n) for candidates of their own")
    let norm = try NormChoice(named: text(problem.norm) ?? NormChoice.max.rawValue)
    guard norm == .max, problem.scales.type == 0 else {
      throw OptionError(option: "norm", expected: "max, and no scales, in one dimension", found: norm.rawValue)
    }
    let (values, wanted) = (try candidates.doubles(), try targets.doubles())
    let result =
      shape.count == 1
      ? try SharedHalves(candidates: values).solve(targets: wanted, workers: call.workers, control: call.control)
      : try ExactBatch(count: shape[1]).solve(
        candidates: values, targets: wanted, workers: call.workers, control: call.control)
    for (place, optimum) in result.optima.enumerated() {
      errors[place] = optimum.error
      subsets[place] = optimum.mask
    }
    (solved, proved, work, stop) = (result.optima.count, result.optima.count, result.work, result.stop)
  }

  /// Problems in more dimensions over the same candidates.
  init(
    vectors problem: tombola_problem, _ targets: LentArray, _ call: CallRun, _ errors: UnsafeMutablePointer<Double>,
    _ subsets: UnsafeMutablePointer<UInt64>
  ) throws {
    let given = ProblemArrays(problem)
    let candidates = try given.candidates()
    let m = candidates.dimension
    try targets.require(targets.shape[1] == m, "(t, \(m))")
    let values = try targets.doubles()
    let rows = (0..<targets.shape[0]).map { Array(values[$0 * m..<($0 + 1) * m]) }
    let result = try BatchSource.vectors(candidates: candidates, targets: rows, norm: try given.norm(dimension: m))
      .solve(workers: call.workers, control: call.control)
    for (place, solution) in (result.solutions ?? []).enumerated() {
      errors[place] = solution.error
      subsets[place] = solution.subset.reduce(0) { $0 | 1 << UInt64($1) }
    }
    (solved, proved, work, stop) = (result.errors.count, result.proved, result.work, result.stop)
  }
}

/// The problem of a dimension, count and seed; tombola.h says how.
@_cdecl("tombola_make_instance") public func tombolaMakeInstance(
  _ dimension: Int64, _ count: Int64, _ seed: UInt64, _ scales: UnsafeMutablePointer<Float>?,
  _ vectors: UnsafeMutablePointer<Float>?, _ target: UnsafeMutablePointer<Double>?
) -> Int32 {
  status {
    let (scales, vectors) = (try required(scales, "scales"), try required(vectors, "vectors"))
    let target = try required(target, "target")
    let problem = try GeneratedInstance.problem(
      dimension: Int(dimension), count: Int(count), seed: seed, norm: .maximum)
    guard case .factored(let factors, let rows) = problem.candidates.storage else {
      throw OptionError(option: "instance", expected: "factored candidates", found: "others")
    }
    scales.update(from: factors, count: factors.count)
    vectors.update(from: rows.values, count: rows.values.count)
    target.update(from: problem.target, count: problem.target.count)
    return .done
  }
}

/// The scale of the best reachable error; tombola.h says how.
@_cdecl("tombola_reachable_error") public func tombolaReachableError(
  _ count: Int64, _ dimension: Int64, _ size: Int64, _ norm: UnsafePointer<CChar>?,
  _ error: UnsafeMutablePointer<Double>?
) -> Int32 {
  status {
    let error = try required(error, "error")
    let (n, m) = try sizes(count, dimension)
    let norm = try NormChoice(named: text(norm) ?? NormChoice.max.rawValue).normOfGenerated()
    let scale =
      size < 0
      ? TheoreticalLimit.scale(count: n, dimension: m, norm: norm)
      : TheoreticalLimit.scale(count: n, size: Int(size), dimension: m, norm: norm)
    error.pointee = scale ?? .nan
    return .done
  }
}

/// The number of subsets expected within epsilon; tombola.h says how.
@_cdecl("tombola_expected_subsets") public func tombolaExpectedSubsets(
  _ count: Int64, _ dimension: Int64, _ size: Int64, _ epsilon: Double, _ logarithm: UnsafeMutablePointer<Double>?
) -> Int32 {
  status {
    let logarithm = try required(logarithm, "logarithm")
    let (n, m) = try sizes(count, dimension)
    guard epsilon > 0, epsilon.isFinite else {
      throw OptionError(option: "epsilon", expected: "a number above 0", found: "\(epsilon)")
    }
    guard size < 0 || size > dimension && size <= count else {
      throw OptionError(option: "size", expected: "\(m + 1) to \(n), or none", found: "\(size)")
    }
    logarithm.pointee =
      size < 0
      ? FirstMoment.logExpected(count: Double(n), dimension: m, epsilon: epsilon)
      : FirstMoment.logExpected(count: n, size: Int(size), dimension: m, epsilon: epsilon)
    return .done
  }
}

/// n and m, both at least 1.
private func sizes(_ count: Int64, _ dimension: Int64) throws(OptionError) -> (Int, Int) {
  for (name, value) in [("count", count), ("dimension", dimension)] where !(1...1 << 40).contains(value) {
    throw OptionError(option: name, expected: "1 to 2^40", found: "\(value)")
  }
  return (Int(count), Int(dimension))
}

/// Tabulates bounds on widths; tombola.h says how.
@_cdecl("tombola_bounds") public func tombolaBounds(
  _ options: UnsafePointer<CChar>?, _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let place = try required(report, "report")
    var options = try CallOptions(options)
    func integer(_ name: String) throws -> Int {
      guard let value = try options.integer(name) else {
        throw OptionError(option: name, expected: "a whole number", found: "none")
      }
      return value
    }
    let sizes = try ["kernel", "channels_in", "channels_out", "layers"].map { try integer($0) }
    guard let epsilon = try options.number("epsilon") else {
      throw OptionError(option: "epsilon", expected: "a number between 0 and 1", found: "none")
    }
    let question = try BoundsQuestion(
      kernel: sizes[0], channelsIn: sizes[1], channelsOut: sizes[2], layers: sizes[3], epsilon: epsilon,
      delta: try options.number("delta"), count: try options.integer("count"))
    try options.finish()
    place.pointee = copied(try JSONReport.text(of: BoundsReport(table: BoundTable(question, measured: []))))
    return .done
  }
}
