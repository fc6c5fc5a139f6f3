import SubsetSum

/// A grid of random subset-sum problems, and how many trials of each are decided how.
///
/// Cells are the product of all lists. They are numbered with the solver slowest, then norm, size,
/// candidates, target, dimension, and the count fastest, each list in its own order. The instances,
/// which are numbered by the last four alone, are the same for all solvers, norms and sizes, so
/// that these are compared on the same problems.
public struct SweepSpecification: Sendable {
  /// Laws of candidates.
  public let candidates: [any CandidateLaw]
  /// Laws of targets.
  public let targets: [any TargetLaw]
  /// What trials are solved with.
  public let methods: [SweepMethod]
  /// `.maximum` and `.euclidean` only.
  public let norms: [Norm]
  /// The same in names and numbers.
  let grid: SweepGrid

  /// m of each cell.
  public var dimensions: [Int] { grid.dimensions }
  /// n of each cell.
  public var counts: [Int] { grid.counts }
  /// The errors that tables count successes for, ascending or not. Trials do not depend on them.
  public var epsilons: [Double] { grid.epsilons }
  /// Sizes that subsets must have; nil for any.
  public var sizes: [SubsetSize] { grid.sizes }
  /// Trials of each cell.
  public var trials: Int { grid.trials }
  /// The seed of all random numbers.
  public var seed: UInt64 { grid.seed }
  /// Units of work that a trial may cost, as its solver counts them; nil for each solver's own
  /// limit.
  public var workLimit: UInt64? { grid.workLimit }

  /// Names of the quantities, as files and errors have them.
  public enum Key {
    /// m, unless `kernel` and `channelsOut` give it.
    public static let dimension = "dimension"
    /// d of d × d kernels.
    public static let kernel = "kernel"
    /// c_out; m = d²·c_out.
    public static let channelsOut = "channels_out"
    /// n.
    public static let count = "count"
    /// Errors that successes are counted for.
    public static let epsilon = "epsilon"
    /// Laws of candidates.
    public static let candidates = "candidates"
    /// Laws of targets.
    public static let target = "target"
    /// Exact searches or solvers.
    public static let solver = "solver"
    /// Norms.
    public static let norm = "norm"
    /// Sizes of subsets.
    public static let size = "size"
    /// Trials of each cell.
    public static let trials = "trials"
    /// The seed.
    public static let seed = "seed"
    /// Units of work of a trial.
    public static let workLimit = "work_limit"
  }

  /// A specification whose every cell can be run: nothing of the grid is refused later.
  ///
  /// - Complexity: O(cells).
  /// - Throws: `ExperimentError.outOfRange`, its quantity one of `Key`: lists must be neither empty
  ///   nor hold anything twice, m ≥ 1, n ≥ 0, n·m at most 2²⁶, sizes from 0 to the least n, ε above
  ///   0, and some where it is decided whether they are met, at least one trial and at most 10⁸
  ///   altogether, at most 10⁵ cells and 10⁶ pairs of a cell and an ε, laws that fit memory, exact
  ///   cells small enough for an exact search, and others such that their solver takes them.
  public init(
    dimensions: [Int], counts: [Int], epsilons: [Double] = [],
    candidates: [any CandidateLaw] = [StandardCandidates.nsn],
    targets: [any TargetLaw] = [StandardTarget.uniform(halfWidth: 0.5)], methods: [SweepMethod] = [.exact],
    norms: [Norm] = [.maximum], sizes: [SubsetSize] = [.any], trials: Int, seed: UInt64,
    workLimit: UInt64? = nil
  ) throws(ExperimentError) {
    (self.candidates, self.targets, self.methods, self.norms) = (candidates, targets, methods, norms)
    grid = try SweepGrid(
      dimensions: dimensions, counts: counts, epsilons: epsilons, candidates: candidates.map(\.name),
      targets: targets.map(\.name), solvers: methods.map(\.name), norms: norms.map(\.name), sizes: sizes,
      trials: trials, seed: seed, workLimit: workLimit)
    try requireRoom()
    for method in methods {
      if case .existence = method, epsilons.isEmpty {
        throw .outOfRange(quantity: Key.epsilon, expected: "at least one value", found: "none")
      }
      let range = method.range(epsilons)
      for m in dimensions {
        for n in counts {
          for size in sizes {
            for norm in norms { try method.require(m, n, norm, size: size.size(of: n), range: range) }
          }
        }
      }
    }
  }

  /// Checks that what laws need beside the candidates fits memory as well.
  private func requireRoom() throws(ExperimentError) {
    let (n, m) = (counts.max() ?? 0, dimensions.max() ?? 0)
    func require(_ numbers: Int, _ key: String, _ name: String) throws(ExperimentError) {
      guard numbers <= SweepGrid.largestInstance else {
        throw .outOfRange(
          quantity: key, expected: "at most \(SweepGrid.largestInstance) numbers to draw a trial of '\(name)' from",
          found: "\(numbers)")
      }
    }
    for law in candidates { try require(law.workingNumbers(count: n, dimension: m), Key.candidates, law.name) }
    for law in targets { try require(law.workingNumbers(dimension: m), Key.target, law.name) }
  }
}

extension SweepSpecification {
  /// Cells of the grid.
  public var cellCount: Int { grid.cellCount }

  /// - Precondition: a cell's number.
  func position(_ cell: Int) -> SweepGrid.Position { grid.position(cell) }

  /// A cell by its number.
  ///
  /// - Precondition: 0 ..< `cellCount`.
  public func cell(_ number: Int) -> SweepCell {
    precondition((0..<cellCount).contains(number), "a cell of the grid")
    return grid.cell(number, deviation: candidates[grid.position(number).candidates].deviation)
  }

  /// All that trials and tables depend on, a line a quantity: two files that say the same have the
  /// same text.
  public var canonicalText: String { grid.canonicalText }

  /// SHA-256 of `canonicalText`, in hexadecimal.
  public var digest: String { grid.digest }
}
