import Foundation
import SubsetSum

/// What the stored trials of a cell say, beside what theory expects.
public struct CellSummary: Sendable, Hashable {
  /// How many trials came within one ε.
  public struct Outcome: Sendable, Hashable {
    public let epsilon: Double
    /// Trials with an error of at most ε.
    public let successes: Int
    /// Trials above ε without a proof that no subset lies within it: in an exact cell these may be successes or not. 0 for other solvers, where
    /// finding is what counts.
    public let undecided: Int
    /// successes / trials; nil without trials.
    public let fraction: Double?
    /// 95 %, for `fraction`.
    public let interval: WilsonInterval?
    /// The expected number of subsets within ε (first moment), as `Theory` says, which the fraction of trials does not exceed but by chance; nil
    /// where there is no formula.
    public let expected: Double?
  }

  public let cell: SweepCell
  /// Trials stored, and how many of them are proved optimal.
  public let trials: Int
  public let proved: Int
  /// Of the errors, which are not the optimum's where only existence was decided; the mean of the middle two where their number is even. Nil without trials.
  public let medianError: Double?
  /// The median number of candidates in a subset, the lower of the middle two.
  public let medianSize: Int?
  /// ε*, the error within which one subset is expected; nil where there is no formula.
  public let scale: Double?
  /// One for each ε, in the order given.
  public let outcomes: [Outcome]

  /// - Parameter results: All stored trials of the cell, in any order. Cost: a sort.
  public init(_ cell: SweepCell, results: [TrialResult], epsilons: [Double]) {
    self.cell = cell
    let errors = results.map(\.error).sorted()
    trials = errors.count
    proved = results.count { $0.isOptimal }
    medianError = errors.isEmpty ? nil : (errors[(errors.count - 1) / 2] + errors[errors.count / 2]) / 2
    let sizes = results.map(\.size).sorted()
    medianSize = sizes.isEmpty ? nil : sizes[(sizes.count - 1) / 2]
    let theory = Theory(cell)
    scale = theory?.scale
    outcomes = epsilons.map { epsilon in
      let successes = results.count { $0.error <= epsilon }
      return Outcome(
        epsilon: epsilon, successes: successes,
        undecided: cell.isExact ? results.count { !$0.decides(epsilon) } : 0,
        fraction: results.isEmpty ? nil : Double(successes) / Double(results.count),
        interval: WilsonInterval(successes: successes, trials: results.count),
        expected: theory?.expected(within: epsilon))
    }
  }

  /// The summaries of all cells of a store, by number. Memory: a cell's trials at a time.
  ///
  /// - Parameter epsilons: Other errors than the specification's to count successes for; trials do not depend on them.
  /// - Throws: `StoreError`.
  public static func all(of store: ResultStore, epsilons: [Double]? = nil) throws -> [CellSummary] {
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

  /// The first moment for a cell's law: candidates of coordinate deviation σ scale it by σ.
  ///
  /// Of any size: ε* is that of `TheoreticalLimit` for σ = 1, and `E T = (ε/ε*)^m`. Of a fixed size k the same for NSN candidates and k > m; for
  /// other laws from the density of a normal sum of k, (2πkσ²)^(−m/2) at 0: `E T_k = C(n,k)·v·ε^m·(2πkσ²)^(−m/2)`, v the volume of the
  /// norm's unit ball, exact for normals and an approximation for others. All are for targets that are small beside √n·σ: optimistic otherwise.
  ///
  /// Up to n = 256, in the max norm and for `StandardTarget`s, E T is that of `ExpectedHits`, without these limits; exact for NSN and normal candidates.
  public struct Theory: Sendable, Hashable {
    /// ε*, by the formula.
    public let scale: Double
    private let dimension: Int
    private let count: Int
    private let size: Int?
    private let hits: ExpectedHits?

    /// Nil where there is no formula.
    public init?(_ cell: SweepCell) {
      let (n, m) = (cell.count, cell.dimension)
      guard let deviation = cell.deviation,
        let norm = [Norm.maximum, .euclidean].first(where: { $0.name == cell.norm })
      else { return nil }
      let unit: Double?
      if let k = cell.size, cell.candidates != StandardCandidates.nsn.name {
        guard k > 0, n > 0, let free = TheoreticalLimit.scale(count: n, dimension: m, norm: norm) else { return nil }
        // The free scale has 2ⁿ subsets of variance n/2; these are C(n, k) of variance k.
        let subsets =
          FirstMoment.logGamma(Double(n) + 1) - FirstMoment.logGamma(Double(k) + 1)
          - FirstMoment.logGamma(Double(n - k) + 1)
        unit =
          free * exp((Double(n) * log(2) - subsets) / Double(m)) * (2 * Double(k) / Double(n)).squareRoot()
      } else if let k = cell.size {
        unit = TheoreticalLimit.scale(count: n, size: k, dimension: m, norm: norm)
      } else {
        unit = TheoreticalLimit.scale(count: n, dimension: m, norm: norm)
      }
      guard let unit else { return nil }
      (scale, dimension) = (deviation * unit, m)
      (count, size) = (n, cell.size)
      let lengths: ExpectedHits.Lengths =
        cell.candidates == StandardCandidates.nsn.name ? .chiSquared : .fixed(deviation: deviation)
      let target = n <= Self.largestCount && norm == .maximum ? StandardTarget(name: cell.target) : nil
      hits = target.map { ExpectedHits(lengths, target: $0, dimension: m) }
    }

    /// The most candidates that sizes are summed over for.
    private static let largestCount = 256

    /// The expected number of subsets within ε; infinite where it leaves the range of Double.
    public func expected(within epsilon: Double) -> Double {
      exp(
        hits?.logarithm(count: count, size: size, within: epsilon)
          ?? Double(dimension) * (log(epsilon) - log(scale)))
    }
  }
}
