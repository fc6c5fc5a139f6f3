/// One cell of a sweep's grid, in words and numbers: what tables show of it.
public struct SweepCell: Sendable, Hashable {
  /// The cell's number, from 0, in the order of `SweepSpecification`.
  public let number: Int
  /// The number of the random instances that it is run on: cells that differ in solver, norm or size alone share them.
  public let instance: Int
  /// m.
  public let dimension: Int
  /// n.
  public let count: Int
  /// Names of the laws.
  public let candidates: String
  public let target: String
  /// `max` or `l2`.
  public let norm: String
  /// The number of candidates that a subset must have; nil for any.
  public let size: Int?
  /// `exact`, or a solver's name.
  public let solver: String
  /// The standard deviation of a candidate's coordinate, where the law says so.
  public let deviation: Double?

  public init(
    number: Int, instance: Int, dimension: Int, count: Int, candidates: String, target: String, norm: String,
    size: Int?, solver: String, deviation: Double?
  ) {
    (self.number, self.instance, self.dimension, self.count) = (number, instance, dimension, count)
    (self.candidates, self.target, self.norm, self.size) = (candidates, target, norm, size)
    (self.solver, self.deviation) = (solver, deviation)
  }

  /// Whether a trial's error is the optimum: what exists.
  public var isExact: Bool { solver == SweepMethod.exact.name }
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
  /// Whether no subset is closer, by proof.
  public let isOptimal: Bool
  /// Units of work spent, as the solver counts them.
  public let work: UInt64

  public init(cell: Int, trial: Int, error: Double, size: Int, isOptimal: Bool, work: UInt64) {
    (self.cell, self.trial, self.error, self.size) = (cell, trial, error, size)
    (self.isOptimal, self.work) = (isOptimal, work)
  }
}
