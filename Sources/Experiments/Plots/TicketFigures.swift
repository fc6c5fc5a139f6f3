import Files
import Foundation
import Tickets

/// The figures of one ticket, as `tombola prune --json` and `verify --json` print them; what plots
/// need of them.
public struct TicketFigures: Sendable, Hashable {
  /// One subset-sum problem of the ticket.
  public struct Block: Sendable, Hashable {
    /// The layer's number, from 1.
    public let layer: Int
    /// The layer's input channel, from 0.
    public let channel: Int
    /// The sign of its filters' scalars.
    public let half: Half
    /// Filters of that sign.
    public let candidates: Int
    /// How many of them stay.
    public let kept: Int
    /// Largest error of a kernel entry, in the target's units.
    public let error: Double
    /// What the empty subset has there; nil where the file does not say.
    public let emptySetError: Double?
  }

  /// The file's name.
  public let source: String
  /// N.
  public let width: Int
  /// The seed, in digits.
  public let seed: String
  /// `weights` or `calibrated`.
  public let mode: String
  /// The solver's name; nil where the figures do not say.
  public let solver: String?
  /// The target's file; nil where the figures do not say.
  public let target: String?
  /// The target's fraction of images; nil where none were measured.
  public let targetAccuracy: Double?
  /// The pruned network's fraction of images; nil where none were measured.
  public let ticketAccuracy: Double?
  let unprunedAccuracy: Double?
  /// Whether the search ended by itself.
  public let isComplete: Bool
  /// Kept filters, where the file says so.
  public let keptFilters: Int?
  let totalFilters: Int?
  /// In the target's units; nil where the file does not say.
  let maxWeightError: Double?
  /// A bound on every logit's error, nil where there is none, then with the reason.
  public let certifiedError: Double?
  let certificateReason: String?
  /// The largest error of a logit that was met.
  let measuredError: Double?
  let bitsPerWeight: Double?
  /// What the search took, where the file says so.
  public let seconds: Double?
  let peakMemoryBytes: Double?
  /// ‖K‖_max of the target's largest layer.
  public let emptySetError: Double
  /// At least one, in the file's order.
  public let blocks: [Block]
  /// The target's layers, where the file has them.
  let layers: [GraphPicture.Node]

  /// - Throws: `FileError` for a file that cannot be read, is no JSON, lacks a key or has another
  ///   type of value there. All that is optional here may be absent or null.
  public init(contentsOf path: String) throws(FileError) {
    try self.init(try SmallFile.read(path: path, atMost: JSONText.largestText), source: path)
  }

  /// From the bytes of such a file, named `source` in errors.
  public init(_ data: Data, source: String) throws(FileError) {
    let json = try JSONFields(data, source: source)
    self.source = source
    width = try json.integer("width", least: 1)
    seed = try json.text("seed")
    mode = try json.text("mode")
    solver = try json.optionalText("solver")
    target = try json.optionalText("target")
    targetAccuracy = try json.optionalFraction("target_accuracy")
    ticketAccuracy = try json.optionalFraction("ticket_accuracy")
    unprunedAccuracy = try json.optionalFraction("unpruned_accuracy")
    isComplete = try json.bool("complete")
    keptFilters = try json.optionalNumber("kept_filters") == nil ? nil : json.integer("kept_filters", least: 0)
    totalFilters = try json.optionalNumber("total_filters") == nil ? nil : json.integer("total_filters", least: 0)
    maxWeightError = try json.optionalNumber("max_weight_error")
    certifiedError = try json.optionalNumber("certified_error")
    certificateReason = try json.optionalText("certificate_reason")
    measuredError = try json.optionalNumber("measured_error")
    bitsPerWeight = try json.optionalNumber("bits_per_weight")
    seconds = try json.optionalNumber("seconds")
    peakMemoryBytes = try json.optionalNumber("peak_memory_bytes")
    emptySetError = try json.number("empty_set_error")
    var blocks: [Block] = []
    for row in try json.objects("blocks") {
      let emptySet = try row.optionalNumber("empty_set_error")
      blocks.append(
        Block(
          layer: try row.integer("layer", least: 0), channel: try row.integer("channel", least: 0),
          half: try row.choice("half", Half.self), candidates: try row.integer("candidates", least: 0),
          kept: try row.integer("kept", least: 0), error: try row.number("error"), emptySetError: emptySet))
    }
    guard !blocks.isEmpty else {
      throw FileError(.missing, source: source, at: [.key("blocks")], expected: "at least one block", found: "none")
    }
    self.blocks = blocks
    var layers: [GraphPicture.Node] = []
    for row in try json.optionalObjects("layers") {
      layers.append(
        GraphPicture.Node(
          name: try row.text("name"), summary: try row.text("summary"), shape: try row.integers("shape"),
          inputs: try row.integers("inputs")))
    }
    self.layers = layers
  }

  /// The target's name without folders and ending, or its accuracy, or nothing.
  var targetName: String? {
    if let target { return ((target as NSString).lastPathComponent as NSString).deletingPathExtension }
    return targetAccuracy.map { String(format: "target of %.2f %%", 100 * $0) }
  }
}
