/// What is said of a ticket, measured when it was drawn and again whenever it is verified.
///
/// Figures that could not be had are nil; the JSON keys are the command line's.
public struct Claims: Sendable, Hashable, Codable {
  /// Fraction of the data's images that the target classifies as labelled; nil without labelled
  /// data.
  public var targetAccuracy: Double?
  /// The pruned network's, run as a network.
  public var ticketAccuracy: Double?
  /// With all filters kept, through the exact collapse.
  public var unprunedAccuracy: Double?
  /// Images behind the accuracies, and a digest of them and their labels.
  public var images: Int?
  /// SHA-256 of the images and their labels; nil without data.
  public var dataDigest: String?
  /// Filters that stay.
  public var keptFilters: Int
  /// Filters of the random network, 2N·Σ c_in.
  public var totalFilters: Int
  /// max over kernel entries of |collapsed − original|, in the target's units.
  public var maxWeightError: Double
  /// max over kernel entries of |original|: what the empty subset reaches.
  public var emptySetError: Double
  /// A bound on every logit's error over the input box, in real arithmetic; nil where there is
  /// none.
  public var certifiedError: Double?
  /// The same bound for the empty subset, to compare with.
  public var emptySetCertifiedError: Double?
  /// A lower bound on the same error: what the ticket's witness, an input of the box, attains; nil
  /// without a witness.
  public var errorLowerBound: Double?
  /// The largest error of a logit on the data's images, computed in Float64; nil without data.
  public var errorOnData: Double?
  /// Why there is no bound, if there is none.
  public var certificateReason: String?
  /// (64 + Σ log2 C(candidates, kept) + 32 · scalars taken) / target weights.
  public var bitsPerWeight: Double
  /// max error of each block in the target's units, in the ticket's order.
  public var blockErrors: [Double]

  /// The figures that every ticket has; the others are nil until they are set.
  public init(
    keptFilters: Int, totalFilters: Int, maxWeightError: Double, emptySetError: Double, bitsPerWeight: Double,
    blockErrors: [Double]
  ) {
    self.keptFilters = keptFilters
    self.totalFilters = totalFilters
    self.maxWeightError = maxWeightError
    self.emptySetError = emptySetError
    self.bitsPerWeight = bitsPerWeight
    self.blockErrors = blockErrors
  }
}
