/// One statement about how wide a random network must be, or need not be, with its value for a
/// question.
public struct WidthBound: Sendable, Hashable {
  /// How the statement is known.
  public enum Standing: String, Sendable, CaseIterable {
    /// A published theorem, in the form in which its abstract states it.
    case proved
    /// A published theorem whose exponents are quoted from memory and were not compared with the
    /// paper.
    case recalled
    /// Derived here; the derivation is in the documentation of the function that computes it.
    case derived
    /// Counted over random trials of a store.
    case measured
  }

  /// Which way the statement goes.
  public enum Direction: String, Sendable, CaseIterable {
    /// This much is enough, with the probability that the theorem states.
    case sufficient
    /// With less it cannot be done.
    case necessary
    /// Where the expected number of solutions is 1: a scale about which instances scatter.
    case scale
  }

  /// What the statement is about.
  public enum Subject: String, Sendable, CaseIterable {
    /// Whole filters are removed.
    case structured
    /// Single weights are removed.
    case unstructured
    /// Random subset sums of numbers.
    case oneDimension = "one dimension"
    /// Multidimensional random subset sums.
    case subsetSums = "MRSS"
  }

  /// What the value counts.
  public enum Counted: String, Sendable, CaseIterable {
    /// N: the expected number of random filters per input channel and sign.
    case width
    /// Candidates of one subset-sum problem. One channel and sign is such a problem, so this
    /// compares with N.
    case candidates
    /// The factor by which the random network is wider than its target.
    case factor = "width factor"
    /// Random filters of a layer altogether.
    case filters
  }

  /// The row's name.
  public let name: String
  /// Who stated it, or `first moment` or `counting`.
  public let source: String
  /// The year of publication; nil for what is derived or measured.
  public let year: Int?
  /// How the statement is known.
  public let standing: Standing
  /// Which way it goes.
  public let direction: Direction
  /// What it is about.
  public let subject: Subject
  /// What `value` counts.
  public let counted: Counted
  /// In words and symbols; C is a constant that the source does not give, logarithms are as written
  /// there.
  public let formula: String
  /// Whether the formula has no unknown constant. Where it has one, `value` is that for C = 1.
  public let isConstantKnown: Bool
  /// What the formula gives; nil where the question is outside its conditions, which `condition`
  /// then says.
  public let value: LargeNumber?
  /// The subset's size k where the formula names one.
  public let size: LargeNumber?
  /// What must hold for the formula to speak.
  public let condition: String?
  /// What the value would mean for the question's layer.
  public let meaning: String

  init(
    _ name: String, source: String, year: Int? = nil, _ standing: Standing, _ direction: Direction, _ subject: Subject,
    counting counted: Counted, formula: String, isConstantKnown: Bool, value: LargeNumber?, size: LargeNumber? = nil,
    condition: String? = nil, meaning: String
  ) {
    (self.name, self.source, self.year, self.standing, self.direction) = (name, source, year, standing, direction)
    (self.subject, self.counted, self.formula, self.isConstantKnown) = (subject, counted, formula, isConstantKnown)
    (self.value, self.size, self.condition, self.meaning) = (value, size, condition, meaning)
  }
}
