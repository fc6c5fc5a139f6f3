import Files
import Foundation
import RunControl
import SubsetSum

/// The TOML file that names a sweep.
///
/// - `dimension`: m, as an integer, a list or a range; or `kernel` and `channels_out`, d and c_out,
///   lists or not, for every m = d²·c_out, the channels fastest.
/// - `count`: n, as an integer, a list or a range. Required.
/// - `epsilon`: errors that successes are counted for, a number or a list. Without it none.
/// - `candidates`: `nsn`, `normal`, `uniform`, `product`, `{ features = C }`,
///   `{ masked_features = C }`, or a list. Without it `nsn`.
/// - `target`: `"zero"`, `{ uniform = HALF_WIDTH }`, `{ normal = DEVIATION }`, `{ linear = C }`
///   beside features, or a list. Without it `{ uniform = 0.5 }`.
/// - `solver`: `exact` for the optimum, `exists` for whether it lies within each `epsilon`, or
///   names of solvers for what they find; `{ first_hit = EPSILON, largest_size = K }` for
///   `FirstHitBySize`. Without it `exact`.
/// - `norm`: `max`, `l2`, or both. Without it `max`.
/// - `size`: sizes that subsets must have, as numbers, `n/2` (or another divisor) or `sqrt(n)`,
///   rounded down; `any` for no such demand. Without it `any`.
/// - `trials`: of each cell. Required.
/// - `seed`: an integer ≥ 0, or its digits as a text up to 2⁶⁴ − 1. Required.
/// - `work_limit`: units of work that a trial may cost. Without it each solver's own limit.
///
/// A range is `{ from = A, to = B, step = C }`, both ends in it, the step 1 if left out. Other keys
/// are errors.
public struct SweepFile: Sendable {
  /// The grid that the file names.
  public let specification: SweepSpecification
  /// The file's text.
  public let text: String

  private static let keys = [
    SweepSpecification.Key.dimension, SweepSpecification.Key.kernel, SweepSpecification.Key.channelsOut,
    SweepSpecification.Key.count, SweepSpecification.Key.epsilon, SweepSpecification.Key.candidates,
    SweepSpecification.Key.target, SweepSpecification.Key.solver, SweepSpecification.Key.norm,
    SweepSpecification.Key.size, SweepSpecification.Key.trials, SweepSpecification.Key.seed,
    SweepSpecification.Key.workLimit,
  ]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - solvers: Those that the file may name.
  ///   - candidates: Laws that the file may name.
  /// - Throws: `FileError` with line, key, what was expected and what was found.
  public init(
    contentsOf path: String, solvers: [any Solver],
    candidates: [any CandidateLaw] = StandardCandidates.allCases
  ) throws(FileError) {
    let data = try SmallFile.read(path: path, atMost: TOMLNode.largestDocument)
    guard let text = String(data: data, encoding: .utf8) else {
      throw FileError(.malformed, source: path, expected: "TOML, a text in UTF-8", found: "other bytes")
    }
    try self.init(text, source: path, solvers: solvers, candidates: candidates)
  }

  /// From the text of such a file, named `source` in errors.
  public init(
    _ text: String, source: String, solvers: [any Solver],
    candidates: [any CandidateLaw] = StandardCandidates.allCases
  ) throws(FileError) {
    self.text = text
    let document = try TOMLNode(text, source: source)
    let fields = try document.fields(of: Self.keys, expected: "a table")
    func required(_ key: String) throws(FileError) -> TOMLNode {
      guard let node = fields[key] else {
        throw FileError(.missing, source: source, at: [.key(key)], expected: "a value", found: "none")
      }
      return node
    }
    let count = try Self.integers(try required(SweepSpecification.Key.count))
    let trials = try required(SweepSpecification.Key.trials).integer("an integer")
    let seed = try Self.unsigned(try required(SweepSpecification.Key.seed))
    let dimensions = try Self.dimensions(fields, source: source)
    var epsilons: [Double] = []
    for node in fields[SweepSpecification.Key.epsilon]?.elements ?? [] {
      epsilons.append(try node.number("a number above 0"))
    }
    let laws = try Self.laws(fields[SweepSpecification.Key.candidates], candidates)
    let chosen = try Self.methods(fields[SweepSpecification.Key.solver], solvers)
    let norms = try Self.chosen(
      fields[SweepSpecification.Key.norm], Norm.maximum.name, [Norm.maximum, .euclidean].map { ($0.name, $0) })
    var targets: [any TargetLaw] = []
    for node in fields[SweepSpecification.Key.target]?.elements ?? [] { targets.append(try Self.target(node)) }
    if targets.isEmpty, fields[SweepSpecification.Key.target] == nil {
      targets = [StandardTarget.uniform(halfWidth: 0.5)]
    }
    var sizes: [SubsetSize] = []
    for node in fields[SweepSpecification.Key.size]?.elements ?? [] { sizes.append(try Self.size(node)) }
    if sizes.isEmpty, fields[SweepSpecification.Key.size] == nil { sizes = [.any] }
    var limit: UInt64?
    if let node = fields[SweepSpecification.Key.workLimit] { limit = try Self.unsigned(node) }
    do {
      specification = try SweepSpecification(
        dimensions: dimensions, counts: count, epsilons: epsilons, candidates: laws, targets: targets,
        methods: chosen, norms: norms, sizes: sizes, trials: trials, seed: seed,
        workLimit: limit)
    } catch {
      guard case .outOfRange(let key, let expected, let found) = error else {
        throw FileError(.malformed, source: source, expected: "a sweep", found: "\(error)")
      }
      let node = fields[key] ?? fields[SweepSpecification.Key.kernel] ?? document
      throw node.error(expected, found: found, kind: .unsupported)
    }
  }

  private static func dimensions(_ fields: [String: TOMLNode], source: String) throws(FileError) -> [Int] {
    let (d, c) = (fields[SweepSpecification.Key.kernel], fields[SweepSpecification.Key.channelsOut])
    switch (fields[SweepSpecification.Key.dimension], d, c) {
    case (let dimension?, nil, nil): return try integers(dimension)
    case (nil, let kernel?, let channels?):
      var dimensions: [Int] = []
      let (sides, counts) = (try integers(kernel), try integers(channels))
      guard sides.count <= mostValues / max(1, counts.count) else {
        throw kernel.error(
          "at most \(mostValues) pairs of kernel and channels_out", found: "\(sides.count) times \(counts.count)",
          kind: .tooLarge)
      }
      for d in sides {
        for c in counts {
          guard (1...1 << 10).contains(d) else { throw kernel.error("1 to 1024", found: "\(d)") }
          guard (1...1 << 20).contains(c) else { throw channels.error("1 to 1048576", found: "\(c)") }
          dimensions.append(d * d * c)
        }
      }
      return dimensions
    case (.some, let other?, _), (.some, nil, let other?):
      throw other.error("no dimension beside it", found: "one", kind: .malformed)
    case (nil, _, _):
      throw FileError(
        .missing, source: source, at: [.key(SweepSpecification.Key.dimension)],
        expected: "a value, or both kernel and channels_out", found: "none")
    }
  }

  /// The most values of a list or a range.
  private static let mostValues = 100_000

  /// An integer, a list of them, or a range.
  private static func integers(_ node: TOMLNode) throws(FileError) -> [Int] {
    let expected = "an integer, a list of them, or a range { from, to, step }"
    guard case .table = node.value else {
      guard node.elements.count <= mostValues else {
        throw node.error("at most \(mostValues) values", found: "\(node.elements.count)", kind: .tooLarge)
      }
      var values: [Int] = []
      for element in node.elements { values.append(try element.integer(expected)) }
      return values
    }
    let fields = try node.fields(of: ["from", "to", "step"], expected: expected)
    guard let from = fields["from"], let to = fields["to"] else { throw node.error(expected, kind: .missing) }
    let (low, high) = (try from.integer("an integer"), try to.integer("an integer"))
    var step = 1
    if let node = fields["step"] {
      step = try node.integer("an integer")
      guard step >= 1 else { throw node.error("an integer of at least 1") }
    }
    let (width, overflow) = high.subtractingReportingOverflow(low)
    guard !overflow, width >= 0, width / step < mostValues else {
      throw node.error("from ≤ to, and at most \(mostValues) values", found: "\(low) to \(high)")
    }
    return Array(stride(from: low, through: high, by: step))
  }

  private static func unsigned(_ node: TOMLNode) throws(FileError) -> UInt64 {
    let expected = "an integer from 0 to 2^64 - 1, as a text above 2^63 - 1"
    switch node.value {
    case .integer(let value) where value >= 0: return UInt64(value)
    case .text(let text):
      guard let value = UInt64(text) else { throw node.error(expected) }
      return value
    default: throw node.error(expected)
    }
  }

  private static func chosen<Choice>(
    _ node: TOMLNode?, _ standard: String, _ choices: [(name: String, choice: Choice)]
  ) throws(FileError) -> [Choice] {
    guard let node else { return choices.filter { $0.name == standard }.map(\.choice) }
    let expected = "\(choices.map(\.name).joined(separator: ", ")), or a list of these"
    var chosen: [Choice] = []
    for element in node.elements {
      let name = try element.text(expected)
      guard let choice = choices.first(where: { $0.name == name }) else { throw element.error(expected) }
      chosen.append(choice.choice)
    }
    return chosen
  }

  private static func methods(_ node: TOMLNode?, _ solvers: [any Solver]) throws(FileError) -> [SweepMethod] {
    guard let node else { return [.exact] }
    let named = [SweepMethod.exact, .existence] + solvers.map { .solver($0) }
    let keys = ["first_hit", "largest_size"]
    let names = named.map(\.name) + ["{ \(keys[0]) = EPSILON, \(keys[1]) = K }"]
    let expected = "\(names.joined(separator: ", ")), or a list of these"
    var methods: [SweepMethod] = []
    for element in node.elements {
      if case .table = element.value {
        let fields = try element.fields(of: keys, expected: expected)
        guard let epsilon = fields[keys[0]], let size = fields[keys[1]] else { throw element.error(expected) }
        let tolerance = try epsilon.number("a number of at least 0")
        let largest = try size.integer("an integer of at least 0")
        guard tolerance >= 0 else { throw epsilon.error("a number of at least 0") }
        guard largest >= 0 else { throw size.error("an integer of at least 0") }
        methods.append(.solver(FirstHit(search: FirstHitBySize(tolerance: tolerance, maximumSize: largest))))
      } else {
        let name = try element.text(expected)
        guard let method = named.first(where: { $0.name == name }) else { throw element.error(expected) }
        methods.append(method)
      }
    }
    return methods
  }

  private static func laws(
    _ node: TOMLNode?, _ named: [any CandidateLaw]
  ) throws(FileError) -> [any CandidateLaw] {
    guard let node else { return named.filter { $0.name == StandardCandidates.nsn.name } }
    let tables = ["features", "masked_features"]
    let names = named.map(\.name) + tables.map { "{ \($0) = C }" }
    let expected = "\(names.joined(separator: ", ")), or a list of these"
    var laws: [any CandidateLaw] = []
    for element in node.elements {
      if case .table = element.value {
        let fields = try element.fields(of: tables, expected: expected)
        guard fields.count == 1, let (key, value) = fields.first else { throw element.error(expected) }
        laws.append(FeatureCandidates(channels: try channels(value), isMasked: key == tables[1]))
      } else {
        let name = try element.text(expected)
        guard let law = named.first(where: { $0.name == name }) else { throw element.error(expected) }
        laws.append(law)
      }
    }
    return laws
  }

  private static func channels(_ node: TOMLNode) throws(FileError) -> Int {
    let channels = try node.integer("an integer from 1 to 65536")
    guard (1...1 << 16).contains(channels) else { throw node.error("an integer from 1 to 65536") }
    return channels
  }

  /// Targets whose coordinates are larger by orders of magnitude could not be squared and added up.
  private static let largestTarget = 1e100

  private static func target(_ node: TOMLNode) throws(FileError) -> any TargetLaw {
    let expected = "\"zero\", { uniform = HALF_WIDTH }, { normal = DEVIATION } or { linear = C }, or a list of these"
    switch node.value {
    case .text("zero"): return StandardTarget.zero
    case .table:
      let fields = try node.fields(of: ["uniform", "normal", "linear"], expected: expected)
      guard fields.count == 1, let field = fields.first?.value else { throw node.error(expected) }
      if fields["linear"] != nil { return LinearTarget(channels: try channels(field)) }
      let expected = "a number above 0 and at most \(largestTarget)"
      let value = try field.number(expected)
      guard value > 0, value <= largestTarget else { throw field.error(expected) }
      return fields["uniform"] != nil
        ? StandardTarget.uniform(halfWidth: value) : StandardTarget.normal(deviation: value)
    default: throw node.error(expected)
    }
  }

  private static func size(_ node: TOMLNode) throws(FileError) -> SubsetSize {
    let expected = "an integer of at least 0, \"any\", \"n/2\" or another share, \"sqrt(n)\", or a list of these"
    if case .text(let name) = node.value {
      guard let size = SubsetSize(name: name) else { throw node.error(expected) }
      return size
    }
    return .exactly(try node.integer(expected))
  }
}

/// A search by size, whose name says its parameters.
private struct FirstHit: Solver {
  let search: FirstHitBySize
  var name: String { "\(search.name) \(search.tolerance) \(search.maximumSize)" }

  func requireSolvable(_ shape: ProblemShape) throws(SubsetSumError) { try search.requireSolvable(shape) }

  func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    try search.solve(problem, control: control)
  }
}
