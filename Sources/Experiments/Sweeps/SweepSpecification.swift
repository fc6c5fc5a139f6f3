import SubsetSum
import Tickets

/// A grid of random subset-sum problems, and how many trials of each are decided how.
///
/// Cells are the product of all lists. They are numbered with the solver slowest, then norm, size, candidates, target, dimension, and
/// the count fastest, each list in its own order. The instances, which are numbered by the last four alone, are the same for all
/// solvers, norms and sizes, so that these are compared on the same problems.
public struct SweepSpecification: Sendable {
  /// m of each cell.
  public let dimensions: [Int]
  /// n of each cell.
  public let counts: [Int]
  /// The errors that tables count successes for, ascending or not. Trials do not depend on them.
  public let epsilons: [Double]
  public let candidates: [any CandidateLaw]
  public let targets: [any TargetLaw]
  public let methods: [SweepMethod]
  /// `.maximum` and `.euclidean` only.
  public let norms: [Norm]
  /// Sizes that subsets must have; nil for any.
  public let sizes: [SubsetSize]
  /// Trials of each cell.
  public let trials: Int
  public let seed: UInt64
  /// Units of work that a trial may cost, as its solver counts them; nil for each solver's own limit.
  public let workLimit: UInt64?

  /// Names of the quantities, as files and errors have them.
  public enum Key {
    public static let dimension = "dimension"
    public static let kernel = "kernel"
    public static let channelsOut = "channels_out"
    public static let count = "count"
    public static let epsilon = "epsilon"
    public static let candidates = "candidates"
    public static let target = "target"
    public static let solver = "solver"
    public static let norm = "norm"
    public static let size = "size"
    public static let trials = "trials"
    public static let seed = "seed"
    public static let workLimit = "work_limit"
  }

  /// The most trials of a sweep.
  public static let largestTotal = 100_000_000

  /// - Throws: `ExperimentError.outOfRange`, its quantity one of `Key`: lists must be neither empty nor hold anything twice, m ≥ 1, n ≥ 0,
  ///   sizes from 0 to the least n, ε above 0, and some where it is decided whether they are met, at least one trial and at most 10⁸ altogether, and exact cells small enough for an exact search.
  public init(
    dimensions: [Int], counts: [Int], epsilons: [Double] = [],
    candidates: [any CandidateLaw] = [StandardCandidates.nsn],
    targets: [any TargetLaw] = [StandardTarget.uniform(halfWidth: 0.5)], methods: [SweepMethod] = [.exact],
    norms: [Norm] = [.maximum], sizes: [SubsetSize] = [.any], trials: Int, seed: UInt64,
    workLimit: UInt64? = nil
  ) throws(ExperimentError) {
    (self.dimensions, self.counts, self.epsilons, self.candidates) = (dimensions, counts, epsilons, candidates)
    (self.targets, self.methods, self.norms, self.sizes) = (targets, methods, norms, sizes)
    (self.trials, self.seed, self.workLimit) = (trials, seed, workLimit)
    try Self.requireDistinct(dimensions.map(String.init), Key.dimension)
    try Self.requireDistinct(counts.map(String.init), Key.count)
    try Self.requireDistinct(epsilons.map { "\($0)" }, Key.epsilon, least: 0)
    try Self.requireDistinct(candidates.map(\.name), Key.candidates)
    try Self.requireDistinct(targets.map(\.name), Key.target)
    try Self.requireDistinct(methods.map(\.name), Key.solver)
    try Self.requireDistinct(norms.map(\.name), Key.norm)
    try Self.requireDistinct(sizes.map(\.name), Key.size)
    func require<Value>(
      _ values: [Value], _ key: String, _ expected: String, _ holds: (Value) -> Bool
    ) throws(ExperimentError) {
      for value in values where !holds(value) {
        throw .outOfRange(quantity: key, expected: expected, found: "\(value)")
      }
    }
    try require(dimensions, Key.dimension, "1 to 1048576") { (1...1 << 20).contains($0) }
    try require(counts, Key.count, "0 to 2^31 - 1") { (0...Int(Int32.max)).contains($0) }
    try require(epsilons, Key.epsilon, "a number above 0") { $0 > 0 && $0.isFinite }
    try require(norms.filter { $0 != .maximum && $0 != .euclidean }.map(\.name), Key.norm, "max or l2") { _ in false }
    let least = counts.min() ?? 0
    try require(sizes.map { $0.size(of: least) ?? 0 }, Key.size, "0 to \(least), the least count") {
      (0...least).contains($0)
    }
    try require([trials], Key.trials, "at least 1") { $0 >= 1 }
    let cells = [
      dimensions.count, counts.count, candidates.count, targets.count, methods.count, norms.count, sizes.count,
    ]
    let (total, overflow) = cells.reduce((trials, false)) { product, factor in
      let (value, overflow) = product.0.multipliedReportingOverflow(by: factor)
      return (value, product.1 || overflow)
    }
    guard !overflow, total <= Self.largestTotal else {
      throw .outOfRange(
        quantity: Key.trials, expected: "at most \(Self.largestTotal) in all cells together",
        found: overflow ? "far more" : "\(total)")
    }
    for method in methods {
      if case .solver = method { continue }
      if case .existence = method { try Self.requireDistinct(epsilons.map { "\($0)" }, Key.epsilon) }
      for m in dimensions {
        for n in counts {
          for norm in norms {
            for size in sizes {
              _ = try ExactMethod(
                dimension: m, count: n, norm: norm, size: size.size(of: n),
                range: method.range(epsilons))
            }
          }
        }
      }
    }
  }

  private static func requireDistinct(_ names: [String], _ key: String, least: Int = 1) throws(ExperimentError) {
    guard names.count >= least else {
      throw .outOfRange(quantity: key, expected: "at least one value", found: "none")
    }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw .outOfRange(quantity: key, expected: "values that differ", found: "\(name) twice")
    }
  }
}

extension SweepSpecification {
  /// Cells that share all but solver, norm and size.
  var instanceCount: Int { candidates.count * targets.count * dimensions.count * counts.count }
  /// Cells of the grid.
  public var cellCount: Int { instanceCount * methods.count * norms.count * sizes.count }

  /// Positions in the lists of a cell.
  struct Position: Sendable, Hashable {
    let instance: Int
    let method: Int
    let norm: Int
    let size: Int
    let candidates: Int
    let target: Int
    let dimension: Int
    let count: Int
  }

  /// - Precondition: a cell's number.
  func position(_ cell: Int) -> Position {
    var rest = cell
    func next(_ count: Int) -> Int {
      defer { rest /= count }
      return rest % count
    }
    let count = next(counts.count)
    let dimension = next(dimensions.count)
    let target = next(targets.count)
    let candidates = next(self.candidates.count)
    let size = next(sizes.count)
    let norm = next(norms.count)
    return Position(
      instance: cell % instanceCount, method: rest, norm: norm, size: size, candidates: candidates, target: target,
      dimension: dimension, count: count)
  }

  /// A cell by its number.
  ///
  /// - Precondition: 0 ..< `cellCount`.
  public func cell(_ number: Int) -> SweepCell {
    precondition((0..<cellCount).contains(number), "a cell of the grid")
    let at = position(number)
    return SweepCell(
      number: number, instance: at.instance, dimension: dimensions[at.dimension], count: counts[at.count],
      candidates: candidates[at.candidates].name, target: targets[at.target].name, norm: norms[at.norm].name,
      size: sizes[at.size].size(of: counts[at.count]), sizeRule: sizes[at.size].name, solver: methods[at.method].name,
      deviation: candidates[at.candidates].deviation)
  }

  /// All that trials and tables depend on, a line a quantity: two files that say the same have the same text.
  public var canonicalText: String {
    func line(_ key: String, _ values: [String]) -> String { "\(key) = \(values.joined(separator: ", "))\n" }
    return line(Key.seed, ["\(seed)"]) + line(Key.trials, ["\(trials)"])
      + line(Key.solver, methods.map(\.name)) + line(Key.norm, norms.map(\.name))
      + line(Key.size, sizes.map(\.name))
      + line(Key.candidates, candidates.map(\.name)) + line(Key.target, targets.map(\.name))
      + line(Key.dimension, dimensions.map(String.init)) + line(Key.count, counts.map(String.init))
      + line(Key.epsilon, epsilons.map { "\($0)" }) + line(Key.workLimit, workLimit.map { ["\($0)"] } ?? ["default"])
  }

  /// SHA-256 of `canonicalText`, in hexadecimal.
  public var digest: String {
    var digest = SHA256Digest()
    digest.update(canonicalText)
    return digest.hexadecimal()
  }
}
