/// One cell of a sweep's grid, in words and numbers: what tables show of it.
public struct SweepCell: Sendable, Hashable {
  /// The cell's number, from 0, in the order of `SweepSpecification`.
  public let number: Int
  /// The number of the random instances that it is run on: cells that differ in solver, norm or
  /// size alone share them.
  public let instance: Int
  /// m.
  public let dimension: Int
  /// n.
  public let count: Int
  /// The name of the candidates' law.
  public let candidates: String
  /// The name of the targets' law.
  public let target: String
  /// `max` or `l2`.
  public let norm: String
  /// The number of candidates that a subset must have; nil for any.
  public let size: Int?
  /// How the grid names that number: `any`, `7`, `n/2`.
  public let sizeRule: String
  /// `exact`, `exists`, or a solver's name.
  public let solver: String
  /// The standard deviation of a candidate's coordinate, where the law says so.
  public let deviation: Double?

  /// A cell; `sizeRule` is by default what `size` says.
  public init(
    number: Int, instance: Int, dimension: Int, count: Int, candidates: String, target: String, norm: String,
    size: Int?, sizeRule: String? = nil, solver: String, deviation: Double?
  ) {
    (self.number, self.instance, self.dimension, self.count) = (number, instance, dimension, count)
    (self.candidates, self.target, self.norm, self.size) = (candidates, target, norm, size)
    self.sizeRule = sizeRule ?? size.map(String.init) ?? SubsetSize.any.name
    (self.solver, self.deviation) = (solver, deviation)
  }

  /// Whether trials say what exists, and not only what a solver finds.
  public var isExact: Bool { solver == SweepMethod.exact.name || solver == SweepMethod.existence.name }
}

/// What one trial came to.
public struct TrialResult: Sendable, Hashable {
  /// The cell's number.
  public let cell: Int
  /// The trial's number within the cell.
  public let trial: Int
  /// ‖z − Σ‖ of the subset in the cell's norm, as `Checker` has it.
  public let error: Double
  /// Candidates in the subset.
  public let size: Int
  /// An error that no subset comes below, by proof: `error` where the subset is optimal, 0 where
  /// nothing is proved.
  public let lowerBound: Double
  /// Units of work spent, as the solver counts them.
  public let work: UInt64

  /// Whether no subset is closer, by proof.
  public var isOptimal: Bool { lowerBound >= error }

  /// Whether a subset within ε is known to exist, or not to.
  public func decides(_ epsilon: Double) -> Bool { error <= epsilon || lowerBound >= epsilon }

  /// A result with what is proved of its cell's optimum; 0 for nothing.
  public init(cell: Int, trial: Int, error: Double, size: Int, lowerBound: Double, work: UInt64) {
    (self.cell, self.trial, self.error, self.size) = (cell, trial, error, size)
    (self.lowerBound, self.work) = (lowerBound, work)
  }

  /// A result that is optimal or of which nothing is proved.
  public init(cell: Int, trial: Int, error: Double, size: Int, isOptimal: Bool, work: UInt64) {
    self.init(cell: cell, trial: trial, error: error, size: size, lowerBound: isOptimal ? error : 0, work: work)
  }
}
