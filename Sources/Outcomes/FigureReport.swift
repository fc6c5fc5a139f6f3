import Foundation
import ModelFiles
import Pruning
import RunControl
import Tickets
import Verification

/// The figures of a ticket as `--json` prints them; the keys are a contract, absent figures are
/// null.
package struct FigureReport: Encodable {
  package struct BlockRow: Encodable {
    let layer: Int
    let channel: Int
    let half: String
    let candidates: Int
    let kept: Int
    let error: Double
    let emptySetError: Double

    // swift-format-ignore: AlwaysUseLowerCamelCase
    private enum CodingKeys: String, CodingKey {
      case layer, channel, half, candidates, kept, error
      case emptySetError = "empty_set_error"
    }
  }

  package let claims: Claims
  package let ticket: Ticket
  /// The target's file, as it was named.
  package let target: String
  /// How the ticket was searched for, where it says so.
  package let search: SearchPlan?
  /// Of each block, in the ticket's order.
  package let emptySetErrors: [Double]
  /// What the theorem does not speak of.
  package let notes: [String]
  package var seconds: Double
  package var agrees: Bool??
  package var disagreements: [String]?
  package var unchecked: [String]?
  package var output: String?
  /// Bits of the ticket's file for each weight of the target.
  package var fileBitsPerWeight: Double?
  /// Whether the search found the same blocks again.
  package var replay: Bool?
  /// The certified error that was asked for, and the widths tried for it.
  package var epsilon: Double?
  package var trials: [WidthSearch.Trial]?
  /// Whether the input range is that of the images, since none was named.
  package var isRangeFromData: Bool?
  /// What a run could not measure of what it was asked for.
  package var shortfall: MeasuredFigures.Shortfall?

  /// - Parameter claims: what `measurement` found.
  package init(
    claims: Claims, of measurement: Verification.Measurement, target: String, search: SearchPlan?, seconds: Double
  ) {
    self.claims = claims
    ticket = measurement.ticket
    self.target = target
    self.search = search
    emptySetErrors = measurement.emptySetErrors()
    notes = ticket.notes(for: measurement.target)
    self.seconds = seconds
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case target_accuracy, ticket_accuracy, unpruned_accuracy, images, kept_filters, total_filters, max_weight_error
    case empty_set_error, certified_error, certificate_reason, empty_set_certified_error, bits_per_weight, seconds
    case peak_memory_bytes, complete, seed, width, mode, input_range, scales, blocks, agrees, disagreements
    case unchecked, output, epsilon, widths_tried, replay, certificate_notes, scalars_taken, error_lower_bound
    case error_on_data, measured_error, target, solver, size, size_penalty, damping
    case count_bits_per_weight, file_bits_per_weight, missing, missing_reason, input_range_from_data, layers
  }

  package func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(claims.targetAccuracy, forKey: .target_accuracy)
    try json.encode(claims.ticketAccuracy, forKey: .ticket_accuracy)
    try json.encode(claims.unprunedAccuracy, forKey: .unpruned_accuracy)
    try json.encode(claims.images, forKey: .images)
    try json.encode(claims.keptFilters, forKey: .kept_filters)
    try json.encode(claims.totalFilters, forKey: .total_filters)
    try json.encode(claims.maxWeightError, forKey: .max_weight_error)
    try json.encode(claims.emptySetError, forKey: .empty_set_error)
    try json.encode(claims.certifiedError, forKey: .certified_error)
    try json.encode(claims.emptySetCertifiedError, forKey: .empty_set_certified_error)
    try json.encode(claims.errorLowerBound, forKey: .error_lower_bound)
    try json.encode(claims.errorOnData, forKey: .error_on_data)
    try json.encode(measuredError, forKey: .measured_error)
    try json.encode(claims.certificateReason, forKey: .certificate_reason)
    try json.encode(claims.bitsPerWeight, forKey: .bits_per_weight)
    try json.encode(countBitsPerWeight, forKey: .count_bits_per_weight)
    try json.encodeIfPresent(fileBitsPerWeight, forKey: .file_bits_per_weight)
    try json.encode(seconds, forKey: .seconds)
    try json.encode(peakMemoryBytes(), forKey: .peak_memory_bytes)
    try json.encode(isComplete, forKey: .complete)
    try json.encodeIfPresent(shortfall?.figures, forKey: .missing)
    try json.encodeIfPresent(shortfall?.reason, forKey: .missing_reason)
    try json.encode(target, forKey: .target)
    try json.encode(search?.solver, forKey: .solver)
    try json.encode(search?.fixedSize, forKey: .size)
    try json.encode(search?.sizePenalty, forKey: .size_penalty)
    try json.encodeIfPresent(search?.calibration?.damping, forKey: .damping)
    try json.encode(String(ticket.seed), forKey: .seed)
    try json.encode(ticket.width, forKey: .width)
    try json.encode(ticket.mode.rawValue, forKey: .mode)
    try json.encode([ticket.inputRange.low, ticket.inputRange.high], forKey: .input_range)
    try json.encodeIfPresent(isRangeFromData, forKey: .input_range_from_data)
    try json.encode(ticket.scales, forKey: .scales)
    try json.encode(DescribedLayer.list(of: ticket.graph), forKey: .layers)
    try json.encode(ticket.scalarsTaken, forKey: .scalars_taken)
    try json.encode(notes, forKey: .certificate_notes)
    let rows = ticket.blocks.enumerated().map { index, block in
      BlockRow(
        layer: block.address.layer, channel: block.address.channel, half: block.address.half.rawValue,
        candidates: block.candidates, kept: block.kept.count, error: claims.blockErrors[index],
        emptySetError: emptySetErrors[index])
    }
    try json.encode(rows, forKey: .blocks)
    if let agrees { try json.encode(agrees, forKey: .agrees) }
    try json.encodeIfPresent(disagreements, forKey: .disagreements)
    try json.encodeIfPresent(unchecked, forKey: .unchecked)
    try json.encodeIfPresent(output, forKey: .output)
    try json.encodeIfPresent(replay, forKey: .replay)
    try json.encodeIfPresent(epsilon, forKey: .epsilon)
    try json.encodeIfPresent(trials, forKey: .widths_tried)
  }

  /// The largest error of a logit met anywhere: on the data's images and at the witness.
  private var measuredError: Double? { [claims.errorLowerBound, claims.errorOnData].compactMap { $0 }.max() }

  /// Whether the search ended by itself and all figures were had.
  private var isComplete: Bool { ticket.isComplete && shortfall == nil }

  private var countBitsPerWeight: Double { ticket.countBits / Double(ticket.graph.weightCount) }

  /// The table that people read.
  package var table: String {
    func percent(_ value: Double?) -> String { value.map { String(format: "%6.2f %%", 100 * $0) } ?? "   not measured" }
    func grouped(_ value: Int) -> String {
      let digits = String(value)
      var text = ""
      for (index, digit) in digits.enumerated() {
        if index > 0 && (digits.count - index) % 3 == 0 { text += " " }
        text.append(digit)
      }
      return text
    }
    let range = "[\(Self.short(ticket.inputRange.low)), \(Self.short(ticket.inputRange.high))]"
    var rows: [(String, String, String)] = [
      (
        "target accuracy", percent(claims.targetAccuracy),
        claims.images.map { "\(grouped($0)) images" } ?? (shortfall == nil ? "no labelled data" : "not reached")
      ),
      (
        "unpruned random network", percent(claims.unprunedAccuracy),
        "all filters kept behind the blocked mask\(ticket.biasesTaken > 0 ? ", biases in" : ""), exactly collapsed"
      ),
      ("ticket accuracy", percent(claims.ticketAccuracy), "the pruned network, run as a network"),
      ("filters kept", grouped(claims.keptFilters), "of \(grouped(claims.totalFilters))"),
      ("max weight error", Self.short(claims.maxWeightError), "empty set: \(Self.short(claims.emptySetError))"),
    ]
    if let certified = claims.certifiedError {
      let empty = claims.emptySetCertifiedError.map { "; empty set: \(Self.short($0))" } ?? ""
      rows.append(("certified error", Self.short(certified), "on every logit, inputs in \(range)\(empty)"))
    } else {
      rows.append(("certified error", "none", claims.certificateReason ?? ""))
    }
    if isRangeFromData == true {
      rows.append(("input range", "", "\(range): what the images hold; --input-range names another"))
    }
    if let met = claims.errorLowerBound {
      let onData = claims.errorOnData.map { "; on the images: \(Self.short($0))" } ?? ""
      rows.append(("error met", Self.short(met), "on a logit, by gradient ascent over that box\(onData)"))
    }
    if let epsilon, let trials {
      let reached = claims.certifiedError.map { $0 <= epsilon } ?? false
      rows.append(
        (
          "asked for", Self.short(epsilon),
          (reached ? "reached; widths tried: " : "not reached; widths tried: ")
            + trials.map { String($0.width) }.joined(separator: " ")
        ))
    }
    rows.append(
      (
        "bits per weight", String(format: "%.1f", claims.bitsPerWeight),
        String(format: "a float weight has 32; the blocks' counts of kept filters add %.2f", countBitsPerWeight)
      ))
    rows.append(
      ("seconds", String(format: "%.1f", seconds), "peak memory \(grouped(peakMemoryBytes() >> 20)) MiB"))
    if !ticket.isComplete { rows.append(("complete", "no", "stopped before the search had ended")) }
    if let shortfall {
      rows.append(("missing", shortfall.reason, shortfall.figures.joined(separator: ", ")))
    }
    for (index, note) in notes.enumerated() { rows.append((index == 0 ? "beyond the theorem" : "", "", note)) }
    return rows.map { name, value, note in
      "  " + name.padding(toLength: 25, withPad: " ", startingAt: 0)
        + value.padding(toLength: max(12, value.count + 1), withPad: " ", startingAt: 0) + note
    }.joined(separator: "\n")
  }

  package static func short(_ value: Double) -> String { String(format: "%.4g", value) }
}

extension MeasuredFigures.Shortfall {
  /// Why figures are missing, in words.
  fileprivate var reason: String { (cause as? InterruptedError)?.reason.rawValue ?? "\(cause)" }
}
