import ArgumentParser
import Foundation
import LinearAlgebra
import ModelFiles
import RunControl
import SubsetSum

/// `tombola solve-batch`: exact optima of thousands of problems in one dimension.
struct SolveBatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solve-batch", abstract: "Solve thousands of one-dimensional problems to optimality.",
    discussion: """
      Generated instances: --count, --instances, --seed and a --law (\(InstanceLaw.allCases.map { "\($0.rawValue): \($0.summary)" }.joined(separator: "; "))). \
      A file: PROBLEM.npz with candidates (n, 1) and targets (t, 1), all over the same candidates. Every optimum is proved. Exit code 0: done; 1: \
      some error is above --epsilon; 3: stopped by a limit. The search of 397 000 weights with 21 candidates each \
      of Pensia et al. 2020, on surrogate targets: --count 21 --instances 397000 --seed 1 --law weights --epsilon 0.01.
      """)

  @Argument(help: ArgumentHelp("Arrays candidates and target.", valueName: "PROBLEM.npz")) var problem: String?
  @Option(help: ArgumentHelp("Candidates of each instance, up to \(ExactBatch.largestCount).", valueName: "N"))
  var count: Int?
  @Option(help: ArgumentHelp("Generated instances.", valueName: "T")) var instances: Int?
  @Option(help: ArgumentHelp("Seed of generated instances.", valueName: "S")) var seed: UInt64?
  @Option(help: ArgumentHelp("Law of generated instances: \(Self.laws).", valueName: "LAW")) var law: String?
  @OptionGroup var reach: ReachOptions
  @OptionGroup var bounds: RunOptions
  @Option(help: ArgumentHelp("Units of work: steps over half sums.", valueName: "W")) var workLimit: UInt64?
  @Flag(help: "Print the figures as JSON.") var json = false

  private static let laws = InstanceLaw.allCases.map(\.rawValue).joined(separator: ", ")

  func run() throws {
    let epsilon = try reach.checked()
    let workers = try bounds.workers()
    let limits = try bounds.limits(work: workLimit)
    let source = try source()
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let began = ContinuousClock.now
    let result = try source.solve(workers: workers, control: control)
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    progress.clear()
    let report = BatchReport(result, source, epsilon: epsilon, workers: workers, seconds: seconds)
    if json { try printJSON(report) } else { print(report.text) }
    if let exit = signals.exit { return try finish(exit) }
    if result.stop != nil { return try finish(.limit) }
    try finish(report.failures ?? 0 > 0 ? .failed : .done)
  }

  private func source() throws -> BatchSource {
    let isAnyGiven = count != nil || instances != nil || seed != nil || law != nil
    var generated: (count: Int, instances: Int, seed: UInt64, law: String)?
    if let count, let instances, let seed, let law { generated = (count, instances, seed, law) }
    switch try ProblemOrigin(
      path: problem, options: "--count, --instances, --seed and --law", isAnyGiven: isAnyGiven, generated: generated)
    {
    case .file(let path): return try Self.source(path: path)
    case .generated(let made):
      return try Self.source(count: made.count, instances: made.instances, seed: made.seed, law: made.law)
    }
  }

  private static func source(path: String) throws -> BatchSource {
    let file = try ProblemFile(contentsOf: path)
    let candidates = try Candidates(file)
    guard candidates.dimension == 1 else {
      throw OptionError(
        option: "PROBLEM.npz", expected: "candidates in one dimension", found: "dimension \(candidates.dimension)")
    }
    return .shared(
      candidates: (0..<candidates.count).map { candidates.coordinate($0, 0) }, targets: file.targets.map { $0[0] })
  }

  private static func source(count: Int, instances: Int, seed: UInt64, law: String) throws -> BatchSource {
    guard let chosen = InstanceLaw(rawValue: law) else {
      throw OptionError(option: "--law", expected: laws, found: "'\(law)'")
    }
    guard (1...1 << 32).contains(instances) else {
      throw OptionError(option: "--instances", expected: "1 to 2^32", found: "\(instances)")
    }
    return .generated(count: count, instances: instances, seed: seed, law: chosen)
  }
}

/// Where a batch's instances come from.
private enum BatchSource {
  case shared(candidates: [Double], targets: [Double])
  case generated(count: Int, instances: Int, seed: UInt64, law: InstanceLaw)

  var count: Int {
    switch self {
    case .shared(let candidates, _): candidates.count
    case .generated(let count, _, _, _): count
    }
  }

  func solve(workers: Int, control: RunControl) throws -> BatchResult {
    switch self {
    case .shared(let candidates, let targets):
      return try SharedHalves(candidates: candidates).solve(targets: targets, workers: workers, control: control)
    case .generated(let count, let instances, let seed, let law):
      return try ExactBatch(count: count).solve(instances: instances, workers: workers, control: control) {
        law.fill(instance: $0, seed: seed, candidates: $1)
      }
    }
  }
}

/// A batch's figures; the JSON keys are a contract.
private struct BatchReport: Encodable {
  let instances: Int
  let count: Int
  let law: InstanceLaw?
  let median: Double?
  let mean: Double?
  let largest: Double?
  let meanSize: Double?
  /// Instances above ε.
  let failures: Int?
  let workers: Int
  let seconds: Double
  let work: UInt64
  let stop: StopReason?

  init(_ result: BatchResult, _ source: BatchSource, epsilon: Double?, workers: Int, seconds: Double) {
    let errors = result.optima.map(\.error).sorted()
    let total = Double(errors.count)
    instances = errors.count
    count = source.count
    if case .generated(_, _, _, let law) = source { self.law = law } else { law = nil }
    median = errors.isEmpty ? nil : (errors[(errors.count - 1) / 2] + errors[errors.count / 2]) / 2
    mean = errors.isEmpty ? nil : errors.reduce(0, +) / total
    largest = errors.last
    meanSize = errors.isEmpty ? nil : Double(result.optima.reduce(0) { $0 + $1.size }) / total
    failures = epsilon.map { limit in errors.count { $0 > limit } }
    (self.workers, self.seconds, work, stop) = (workers, seconds, result.work, result.stop)
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case instances, count, law, median_error, mean_error, max_error, mean_size, failures, threads, seconds
    case instances_per_second, optimal, work, stop
  }

  func encode(to encoder: any Encoder) throws {
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
    try json.encode(true, forKey: .optimal)
    try json.encode(work, forKey: .work)
    try json.encode(stop?.rawValue, forKey: .stop)
  }

  var text: String {
    func row(_ name: String, _ value: String) -> String {
      "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0) + value
    }
    func short(_ value: Double?) -> String { value.map { FigureReport.short($0) } ?? "–" }
    var rows = [
      row("instances", "\(instances) of \(count) candidates" + (law.map { ": \($0.summary)" } ?? ", shared")),
      row("error", "median \(short(median)), mean \(short(mean)), largest \(short(largest)); proved optimal"),
      row("size", "mean " + (meanSize.map { String(format: "%.3f", $0) } ?? "–")),
    ]
    if let failures { rows.append(row("above ε", "\(failures)")) }
    let rate = String(format: "%.0f", Double(instances) / seconds)
    rows.append(row("seconds", String(format: "%.3f", seconds) + ", \(rate) instances a second on \(workers) threads"))
    if let stop { rows.append(row("stopped by", stop.rawValue)) }
    return rows.joined(separator: "\n")
  }
}
