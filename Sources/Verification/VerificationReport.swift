import Tickets

/// A ticket's figures measured afresh, beside what the ticket claims.
public struct VerificationReport: Sendable {
  /// The figures as they were measured afresh.
  public let measured: Claims
  /// Each figure that differs, in words; empty when all agree.
  public let disagreements: [String]
  /// What could be neither confirmed nor refuted here, with the reason: figures claimed of data
  /// that was not given, figures that the ticket does not claim, and what the caller adds.
  public let unchecked: [String]

  /// Whether nothing disagrees. What is `unchecked` is no disagreement.
  public var agrees: Bool { disagreements.isEmpty }

  /// True where every figure was measured again and found, false where something disagrees, nil
  /// where nothing does and something is `unchecked`: never agreement by absence.
  public var verdict: Bool? { agrees ? (unchecked.isEmpty ? true : nil) : false }

  /// Compares. Indices, counts and Float64 figures must be equal; accuracies too when the data is
  /// the same.
  ///
  /// - Parameters:
  ///   - measured: the figures measured now.
  ///   - stated: the ticket's claims; nil where it has none.
  ///   - isFoundAgain: whether the search that the ticket names found it again; nil where it was
  ///     not run.
  ///   - unconfirmed: further lines for `unchecked`.
  /// - Complexity: O(blocks).
  public init(
    measured: Claims, stated: Claims?, isFoundAgain: Bool? = nil, unconfirmed: [String] = []
  ) {
    self.measured = measured
    var comparison = ClaimComparison()
    if let stated {
      comparison.compare(stated, measured)
    } else {
      comparison.unchecked.append("claims: the ticket has none")
    }
    if isFoundAgain == false {
      comparison.disagreements.append("replay: the search that the ticket names found another")
    }
    disagreements = comparison.disagreements
    unchecked = comparison.unchecked + unconfirmed
  }
}

/// The lines that comparing claims gives.
private struct ClaimComparison {
  var disagreements: [String] = []
  var unchecked: [String] = []

  mutating func compare(_ stated: Claims, _ measured: Claims) {
    compare("kept_filters", stated.keptFilters, measured.keptFilters)
    compare("total_filters", stated.totalFilters, measured.totalFilters)
    compare("max_weight_error", stated.maxWeightError, measured.maxWeightError)
    compare("empty_set_error", stated.emptySetError, measured.emptySetError)
    compare("certified_error", stated.certifiedError, measured.certifiedError)
    compare("certificate_reason", stated.certificateReason, measured.certificateReason)
    compare("empty_set_certified_error", stated.emptySetCertifiedError, measured.emptySetCertifiedError)
    compare("error_lower_bound", stated.errorLowerBound, measured.errorLowerBound)
    compare("bits_per_weight", stated.bitsPerWeight, measured.bitsPerWeight)
    compare("block_errors", stated.blockErrors, measured.blockErrors)
    for (name, error) in [
      ("error_lower_bound", measured.errorLowerBound), ("error_on_data", measured.errorOnData),
    ] {
      if let error, let certified = measured.certifiedError, !(error <= certified) {
        disagreements.append("certified_error: \(certified) is no bound, \(name) is \(error)")
      }
    }
    compareOnData(stated, measured)
  }

  private mutating func compareOnData(_ stated: Claims, _ measured: Claims) {
    let figures: [(String, Double?, Double?)] = [
      ("error_on_data", stated.errorOnData, measured.errorOnData),
      ("target_accuracy", stated.targetAccuracy, measured.targetAccuracy),
      ("ticket_accuracy", stated.ticketAccuracy, measured.ticketAccuracy),
      ("unpruned_accuracy", stated.unprunedAccuracy, measured.unprunedAccuracy),
    ]
    guard let digest = stated.dataDigest else {
      // Figures of no data that anybody could give.
      for (name, claim, _) in figures {
        if let claim { disagreements.append("\(name): claimed \(claim), on data that has no digest") }
      }
      if let images = stated.images {
        disagreements.append("images: claimed \(images), of data that has no digest")
      }
      return
    }
    guard digest == measured.dataDigest else {
      unchecked.append(
        "images, accuracies and error_on_data: "
          + (measured.dataDigest == nil ? "no data given" : "claimed on other data than given"))
      return
    }
    compare("images", stated.images, measured.images)
    for (name, claim, value) in figures {
      if claim == nil, let value {
        unchecked.append("\(name): measured \(value), nothing claimed")
      } else {
        compare(name, claim, value)
      }
    }
  }

  private mutating func compare<Value: Equatable>(_ name: String, _ claim: Value?, _ value: Value?) {
    if claim == value { return }
    func inWords(_ value: Value?) -> String { value.map { "\($0)" } ?? "nothing" }
    disagreements.append("\(name): claimed \(inWords(claim)), measured \(inWords(value))")
  }
}
