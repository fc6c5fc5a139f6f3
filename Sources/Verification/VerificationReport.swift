import Convolution
import RunControl
import Tickets

/// A ticket's figures measured afresh, beside what the ticket claims.
public struct VerificationReport: Sendable {
  public let measured: Claims
  /// Each figure that differs, in words; empty when all agree.
  public let disagreements: [String]

  /// Whether every claimed figure was measured again and found.
  ///
  /// A claimed accuracy that could not be measured for want of data is not compared: its figure is null in
  /// `measured`, and `unchecked` names it.
  public var agrees: Bool { disagreements.isEmpty }

  /// Claimed figures that could not be measured here, with the reason.
  public let unchecked: [String]

  /// Compares. Indices, counts and Float64 figures must be equal; accuracies too when the data is the same.
  public init(measured: Claims, stated: Claims?) {
    self.measured = measured
    guard let stated else {
      disagreements = ["the ticket claims nothing"]
      unchecked = []
      return
    }
    var found: [String] = []
    var unchecked: [String] = []
    func compare<Value: Equatable>(_ name: String, _ claim: Value, _ value: Value) {
      if claim != value { found.append("\(name): claimed \(claim), measured \(value)") }
    }
    compare("kept_filters", stated.keptFilters, measured.keptFilters)
    compare("total_filters", stated.totalFilters, measured.totalFilters)
    compare("max_weight_error", stated.maxWeightError, measured.maxWeightError)
    compare("empty_set_error", stated.emptySetError, measured.emptySetError)
    compare("certified_error", stated.certifiedError, measured.certifiedError)
    compare("empty_set_certified_error", stated.emptySetCertifiedError, measured.emptySetCertifiedError)
    compare("error_lower_bound", stated.errorLowerBound, measured.errorLowerBound)
    for (name, error) in [("error_lower_bound", measured.errorLowerBound), ("error_on_data", measured.errorOnData)] {
      if let error, let certified = measured.certifiedError, !(error <= certified) {
        found.append("certified_error: \(certified) is no bound, \(name) is \(error)")
      }
    }
    compare("bits_per_weight", stated.bitsPerWeight, measured.bitsPerWeight)
    compare("block_errors", stated.blockErrors, measured.blockErrors)
    if stated.dataDigest == nil {
      // Nothing was claimed of data.
    } else if measured.dataDigest == nil {
      unchecked.append("accuracies and error_on_data: no data given")
    } else if stated.dataDigest != measured.dataDigest {
      unchecked.append("accuracies and error_on_data: claimed on other data than given")
    } else {
      if stated.errorOnData != nil { compare("error_on_data", stated.errorOnData, measured.errorOnData) }
      compare("target_accuracy", stated.targetAccuracy, measured.targetAccuracy)
      compare("ticket_accuracy", stated.ticketAccuracy, measured.ticketAccuracy)
      compare("unpruned_accuracy", stated.unprunedAccuracy, measured.unprunedAccuracy)
    }
    disagreements = found
    self.unchecked = unchecked
  }
}
