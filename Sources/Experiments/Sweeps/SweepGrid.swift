import SubsetSum

/// A sweep's grid in names and numbers: all that stores and tables know of a specification.
///
/// Cells are numbered as `SweepSpecification` says. Whatever has passed `init` fits memory, and no
/// sum or product of its sizes overflows.
struct SweepGrid: Sendable, Hashable {
  let dimensions: [Int]
  let counts: [Int]
  let epsilons: [Double]
  let candidates: [String]
  let targets: [String]
  let solvers: [String]
  let norms: [String]
  let sizes: [SubsetSize]
  /// Trials of each cell.
  let trials: Int
  let seed: UInt64
  let workLimit: UInt64?

  /// The most trials of a sweep.
  static let largestTotal = 100_000_000
  /// The most cells of a sweep, and the most pairs of a cell and an ε.
  static let largestCells = 100_000
  static let largestOutcomes = 1_000_000
  /// The most coordinates that the candidates of a trial have together: half a GiB.
  static let largestInstance = 1 << 26
  /// The longest name of a law or a solver, in bytes.
  static let longestName = 200

  private typealias Key = SweepSpecification.Key

  /// - Throws: `ExperimentError.outOfRange`, its quantity one of `SweepSpecification.Key`.
  init(
    dimensions: [Int], counts: [Int], epsilons: [Double], candidates: [String], targets: [String], solvers: [String],
    norms: [String], sizes: [SubsetSize], trials: Int, seed: UInt64, workLimit: UInt64?
  ) throws(ExperimentError) {
    (self.dimensions, self.counts, self.epsilons, self.candidates) = (dimensions, counts, epsilons, candidates)
    (self.targets, self.solvers, self.norms, self.sizes) = (targets, solvers, norms, sizes)
    (self.trials, self.seed, self.workLimit) = (trials, seed, workLimit)
    try requireProducts()
    try Self.requireDistinct(dimensions, Key.dimension)
    try Self.requireDistinct(counts, Key.count)
    try Self.requireDistinct(epsilons, Key.epsilon)
    try Self.requireDistinct(candidates, Key.candidates)
    try Self.requireDistinct(targets, Key.target)
    try Self.requireDistinct(solvers, Key.solver)
    try Self.requireDistinct(norms, Key.norm)
    try Self.requireDistinct(sizes.map(\.name), Key.size)
    let known = [Norm.maximum.name, Norm.euclidean.name]
    try Self.require(norms, Key.norm, "max or l2") { known.contains($0) }
    let name = "a name of 1 to \(Self.longestName) bytes without commas and control characters"
    for (key, names) in [(Key.candidates, candidates), (Key.target, targets), (Key.solver, solvers)] {
      try Self.require(names, key, name, Self.isName)
    }
    try Self.require(dimensions, Key.dimension, "1 to 1048576") { (1...1 << 20).contains($0) }
    try Self.require(counts, Key.count, "0 to 2^31 - 1") { (0...Int(Int32.max)).contains($0) }
    try Self.require(epsilons, Key.epsilon, "a number above 0") { $0 > 0 && $0.isFinite }
    let least = counts.min() ?? 0
    try Self.require(sizes.map { $0.size(of: least) ?? 0 }, Key.size, "0 to \(least), the least count") {
      (0...least).contains($0)
    }
    // Both factors are below 2³¹, so the product does not overflow.
    let coordinates = (dimensions.max() ?? 0) * (counts.max() ?? 0)
    guard coordinates <= Self.largestInstance else {
      throw .outOfRange(
        quantity: Key.count, expected: "at most \(Self.largestInstance) coordinates in a trial, count times dimension",
        found: "\(coordinates)")
    }
  }

  /// Checks lengths before anything is made of the lists' product.
  private func requireProducts() throws(ExperimentError) {
    let lists = [
      (Key.dimension, dimensions.count), (Key.count, counts.count), (Key.candidates, candidates.count),
      (Key.target, targets.count), (Key.solver, solvers.count), (Key.norm, norms.count), (Key.size, sizes.count),
    ]
    for (key, count) in lists where count == 0 {
      throw .outOfRange(quantity: key, expected: "at least one value", found: "none")
    }
    guard trials >= 1 else { throw .outOfRange(quantity: Key.trials, expected: "at least 1", found: "\(trials)") }
    func require(_ factors: [Int], _ key: String, most: Int, _ what: String) throws(ExperimentError) {
      var product = 1
      for factor in factors {
        let (value, overflow) = product.multipliedReportingOverflow(by: factor)
        guard !overflow, value <= most else {
          throw .outOfRange(
            quantity: key, expected: "at most \(most) \(what)", found: overflow ? "far more" : "\(value)")
        }
        product = value
      }
    }
    let longest = lists.max { $0.1 < $1.1 }?.0 ?? Key.count
    try require(lists.map(\.1), longest, most: Self.largestCells, "cells, the product of all lists")
    try require([cellCount, trials], Key.trials, most: Self.largestTotal, "in all cells together")
    try require([cellCount, epsilons.count], Key.epsilon, most: Self.largestOutcomes, "pairs of a cell and an epsilon")
  }

  private static func require<Value>(
    _ values: [Value], _ key: String, _ expected: String, _ holds: (Value) -> Bool
  ) throws(ExperimentError) {
    for value in values where !holds(value) {
      throw .outOfRange(quantity: key, expected: expected, found: "\(value)")
    }
  }

  private static func requireDistinct<Value: Hashable>(_ values: [Value], _ key: String) throws(ExperimentError) {
    var seen: Set<Value> = []
    for value in values where !seen.insert(value).inserted {
      throw .outOfRange(quantity: key, expected: "values that differ", found: "\(value) twice")
    }
  }

  private static func isName(_ text: String) -> Bool {
    (1...longestName).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: scalar != ","
        }
      }
  }
}

extension SweepGrid {
  /// Cells that share all but solver, norm and size.
  var instanceCount: Int { candidates.count * targets.count * dimensions.count * counts.count }
  /// Cells of the grid.
  var cellCount: Int { instanceCount * solvers.count * norms.count * sizes.count }

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

  /// A cell by its number, with what its law says of the deviation.
  ///
  /// - Precondition: 0 ..< `cellCount`.
  func cell(_ number: Int, deviation: Double?) -> SweepCell {
    let at = position(number)
    return SweepCell(
      number: number, instance: at.instance, dimension: dimensions[at.dimension], count: counts[at.count],
      candidates: candidates[at.candidates], target: targets[at.target], norm: norms[at.norm],
      size: sizes[at.size].size(of: counts[at.count]), sizeRule: sizes[at.size].name, solver: solvers[at.method],
      deviation: deviation)
  }
}
