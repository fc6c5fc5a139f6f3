import Foundation
import LinearAlgebra
import RunControl
import SubsetSum

/// Where a batch's instances come from.
package enum BatchSource {
  /// One dimension, shared candidates.
  case shared(candidates: [Double], targets: [Double])
  /// One dimension, instances made as they are needed.
  case generated(count: Int, instances: Int, seed: UInt64, law: InstanceLaw)
  /// More dimensions, shared candidates.
  case vectors(candidates: Candidates, targets: [[Double]], norm: Norm)
  /// Problems with candidates of their own, of one shape and norm.
  case separate([Problem])

  package var count: Int {
    switch self {
    case .shared(let candidates, _): candidates.count
    case .generated(let count, _, _, _): count
    case .vectors(let candidates, _, _): candidates.count
    case .separate(let problems): problems.first?.count ?? 0
    }
  }

  package func solve(workers: Int, control: RunControl) throws -> BatchOutcome {
    switch self {
    case .shared(let candidates, let targets):
      return BatchOutcome(
        try SharedHalves(candidates: candidates).solve(targets: targets, workers: workers, control: control))
    case .generated(let count, let instances, let seed, let law):
      return BatchOutcome(
        try ExactBatch(count: count).solve(instances: instances, workers: workers, control: control) {
          law.fill(instance: $0, seed: seed, candidates: $1)
        })
    case .vectors(let candidates, let targets, let norm):
      let memory = control.limits.allowedBytes(default: SharedVectorHalves.defaultMemoryLimit)
      let halves = try SharedVectorHalves(
        candidates: candidates, norm: norm, memoryBytes: memory, control: control)
      return BatchOutcome(try halves.solve(targets: targets, workers: workers, control: control))
    case .separate(let problems):
      // As `solve` takes several: one a core, a single one on all.
      let shares = TimeShares(control, tasks: problems.count, workers: workers)
      let solver = Portfolio(workers: max(1, workers / max(1, problems.count)))
      return BatchOutcome(
        try Workers.map(count: problems.count, workers: workers) {
          try solver.solve(problems[$0], control: shares.next())
        }, isLimited: control.limits.work != nil || control.limits.seconds != nil)
    }
  }
}

/// What a batch found, in any number of dimensions.
package struct BatchOutcome {
  package let errors: [Double]
  package let sizes: [Int]
  /// Instances whose optimum was proved.
  package let proved: Int
  /// Each instance's solution, in more than one dimension.
  package let solutions: [Solution]?
  package let stop: StopReason?
  package let work: UInt64

  package init(_ result: BatchResult) {
    (errors, sizes) = (result.optima.map(\.error), result.optima.map(\.size))
    (proved, solutions, stop, work) = (result.optima.count, nil, result.stop, result.work)
  }

  /// - Parameter isLimited: whether a limit was given; a solver's own is how it ends.
  init(_ solutions: [Solution], isLimited: Bool) {
    (errors, sizes) = (solutions.map(\.error), solutions.map(\.subset.count))
    (proved, self.solutions) = (solutions.count { $0.isOptimal }, solutions)
    stop = solutions.lazy.compactMap(\.stop).first { isLimited || $0 != .workLimit }
    work = solutions.reduce(0) { $0 &+ $1.work }
  }

  package init(_ result: VectorBatchResult) {
    (errors, sizes) = (result.solutions.map(\.error), result.solutions.map(\.subset.count))
    (proved, solutions) = (result.solutions.count { $0.isOptimal }, result.solutions)
    (stop, work) = (result.stop, result.work)
  }
}

/// A batch's figures; the JSON keys are a contract.
package struct BatchReport: Encodable {
  package let instances: Int
  package let count: Int
  package let dimension: Int
  package let norm: String?
  package let law: InstanceLaw?
  package let median: Double?
  package let mean: Double?
  package let largest: Double?
  package let meanSize: Double?
  /// Instances above ε.
  package let failures: Int?
  package let proved: Int
  package let solutions: [Solution]?
  package let workers: Int
  package let seconds: Double
  package let work: UInt64
  package let stop: StopReason?
  private let isShared: Bool

  package init(_ result: BatchOutcome, _ source: BatchSource, epsilon: Double?, workers: Int, seconds: Double) {
    let errors = result.errors.sorted()
    let total = Double(errors.count)
    instances = errors.count
    count = source.count
    if case .generated(_, _, _, let law) = source { self.law = law } else { law = nil }
    median = errors.isEmpty ? nil : (errors[(errors.count - 1) / 2] + errors[errors.count / 2]) / 2
    mean = errors.isEmpty ? nil : errors.reduce(0, +) / total
    largest = errors.last
    meanSize = errors.isEmpty ? nil : Double(result.sizes.reduce(0, +)) / total
    failures = epsilon.map { limit in errors.count { $0 > limit } }
    (proved, solutions) = (result.proved, result.solutions)
    if case .vectors(let candidates, _, let norm) = source {
      (dimension, self.norm) = (candidates.dimension, norm.name)
    } else if case .separate(let problems) = source {
      (dimension, self.norm) = (problems.first?.dimension ?? 0, problems.first?.norm.name)
    } else {
      (dimension, self.norm) = (1, nil)
    }
    (self.workers, self.seconds, work, stop) = (workers, seconds, result.work, result.stop)
    if case .separate = source { isShared = false } else { isShared = true }
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case instances, count, law, median_error, mean_error, max_error, mean_size, failures, threads, seconds
    case instances_per_second, optimal, proved, work, stop, dimension, norm, solutions
  }

  package func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(instances, forKey: .instances)
    try json.encode(count, forKey: .count)
    try json.encode(law?.rawValue, forKey: .law)
    try json.encode(median, forKey: .median_error)
    try json.encode(mean, forKey: .mean_error)
    try json.encode(largest, forKey: .max_error)
    try json.encode(meanSize, forKey: .mean_size)
    try json.encode(failures, forKey: .failures)
    try json.encode(workers, forKey: .threads)
    try json.encode(seconds, forKey: .seconds)
    try json.encode(Double(instances) / seconds, forKey: .instances_per_second)
    try json.encode(proved == instances, forKey: .optimal)
    try json.encode(proved, forKey: .proved)
    try json.encode(dimension, forKey: .dimension)
    try json.encodeIfPresent(norm, forKey: .norm)
    try json.encodeIfPresent(solutions?.map(Entry.init), forKey: .solutions)
    try json.encode(work, forKey: .work)
    try json.encode(stop?.rawValue, forKey: .stop)
  }

  /// One instance's result.
  private struct Entry: Encodable {
    let error: Double
    let subset: [Int]
    let optimal: Bool

    init(_ solution: Solution) { (error, subset, optimal) = (solution.error, solution.subset, solution.isOptimal) }
  }

  package var text: String {
    func row(_ name: String, _ value: String) -> String {
      "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0) + value
    }
    func short(_ value: Double?) -> String { value.map { FigureReport.short($0) } ?? "–" }
    let whose = isShared ? ", shared" : ", others for each"
    let shared = whose + (norm.map { "; dimension \(dimension), norm \($0)" } ?? "")
    let kind = law.map { ": \($0.summary)" } ?? shared
    let proof = proved == instances ? "proved optimal" : "\(proved) proved optimal"
    var rows = [
      row("instances", "\(instances) of \(count) candidates" + kind),
      row("error", "median \(short(median)), mean \(short(mean)), largest \(short(largest)); \(proof)"),
      row("size", "mean " + (meanSize.map { String(format: "%.3f", $0) } ?? "–")),
    ]
    if let failures { rows.append(row("above ε", "\(failures)")) }
    let rate = String(format: "%.0f", Double(instances) / seconds)
    rows.append(row("seconds", String(format: "%.3f", seconds) + ", \(rate) instances a second on \(workers) threads"))
    if let stop { rows.append(row("stopped by", stop.rawValue)) }
    return rows.joined(separator: "\n")
  }
}
