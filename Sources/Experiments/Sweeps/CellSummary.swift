import Foundation
import SubsetSum

/// What the stored trials of a cell say, beside what theory expects.
public struct CellSummary: Sendable, Hashable {
  /// How many trials came within one ε.
  public struct Outcome: Sendable, Hashable {
    /// ε.
    public let epsilon: Double
    /// Trials with an error of at most ε.
    public let successes: Int
    /// Trials above ε without a proof that no subset lies within it: in an exact cell these may be
    /// successes or not. 0 for other solvers, where finding is what counts.
    public let undecided: Int
    /// successes / trials; nil without trials.
    public let fraction: Double?
    /// 95 %, for `fraction`.
    public let interval: WilsonInterval?
    /// The same if every undecided trial were a success.
    public let possible: WilsonInterval?
    /// The expected number of subsets within ε (first moment), as `Theory` says, which the fraction
    /// of trials does not exceed but by chance; nil where there is no formula.
    public let expected: Double?
  }

  /// The cell that the trials are of.
  public let cell: SweepCell
  /// Trials stored.
  public let trials: Int
  /// Trials whose result is proved optimal.
  public let proved: Int
  /// Of the errors, which are not the optimum's where only existence was decided; the mean of the
  /// middle two where their number is even. Nil without trials.
  public let medianError: Double?
  /// Values that enclose the median of the distribution of errors with 95 % confidence
  /// (`RankInterval`); nil below six trials.
  public let medianInterval: ClosedRange<Double>?
  /// Of the errors, which heavy tails can make far larger than the median. Nil without trials.
  public let meanError: Double?
  /// The mean number of candidates in a subset.
  public let meanSize: Double?
  /// The median number of candidates in a subset, the lower of the middle two.
  public let medianSize: Int?
  /// ε*, the error within which one subset is expected; nil where there is no formula.
  public let scale: Double?
  /// One for each ε, in the order given.
  public let outcomes: [Outcome]

  /// A summary of a cell's trials. Cost: a sort.
  ///
  /// - Parameters:
  ///   - cell: The cell.
  ///   - results: All stored trials of the cell, in any order.
  ///   - epsilons: Errors to count successes for.
  public init(_ cell: SweepCell, results: [TrialResult], epsilons: [Double]) {
    self.cell = cell
    let errors = results.map(\.error).sorted()
    trials = errors.count
    proved = results.count { $0.isOptimal }
    medianError = errors.isEmpty ? nil : (errors[(errors.count - 1) / 2] + errors[errors.count / 2]) / 2
    medianInterval = RankInterval(count: errors.count).map { errors[$0.low]...errors[$0.high] }
    let sizes = results.map(\.size).sorted()
    medianSize = sizes.isEmpty ? nil : sizes[(sizes.count - 1) / 2]
    let count = Double(results.count)
    meanError = results.isEmpty ? nil : errors.reduce(0, +) / count
    meanSize = results.isEmpty ? nil : Double(sizes.reduce(0, +)) / count
    let theory = Theory(cell)
    scale = theory?.scale
    outcomes = epsilons.map { epsilon in
      let successes = results.count { $0.error <= epsilon }
      let undecided = cell.isExact ? results.count { !$0.decides(epsilon) } : 0
      return Outcome(
        epsilon: epsilon, successes: successes, undecided: undecided,
        fraction: results.isEmpty ? nil : Double(successes) / Double(results.count),
        interval: WilsonInterval(successes: successes, trials: results.count),
        possible: WilsonInterval(successes: successes + undecided, trials: results.count),
        expected: theory?.expected(within: epsilon))
    }
  }

  /// The summaries of all cells of a store, by number. Memory: a cell's trials at a time.
  ///
  /// - Parameters:
  ///   - store: The store, whose trials are read.
  ///   - epsilons: Other errors than the specification's to count successes for; trials do not
  ///     depend on them.
  /// - Throws: `StoreError`; `ExperimentError.outOfRange` for more errors than a million over the
  ///   number of cells.
  public static func all(of store: ResultStore, epsilons: [Double]? = nil) throws -> [CellSummary] {
    if let epsilons, epsilons.count > SweepGrid.largestOutcomes / store.cells.count {
      throw ExperimentError.outOfRange(
        quantity: SweepSpecification.Key.epsilon,
        expected: "at most \(SweepGrid.largestOutcomes / store.cells.count) for \(store.cells.count) cells",
        found: "\(epsilons.count)")
    }
    var summaries: [CellSummary] = []
    var results: [TrialResult] = []
    func close(upTo cell: Int) {
      while summaries.count < cell {
        summaries.append(
          CellSummary(store.cells[summaries.count], results: results, epsilons: epsilons ?? store.epsilons))
        results.removeAll(keepingCapacity: true)
      }
    }
    try store.forEachTrial { result in
      guard store.cells.indices.contains(result.cell) else {
        throw StoreError.notAStore(path: store.path, found: "a trial of cell \(result.cell), which there is not")
      }
      close(upTo: result.cell)
      results.append(result)
    }
    close(upTo: store.cells.count)
    return summaries
  }
}
