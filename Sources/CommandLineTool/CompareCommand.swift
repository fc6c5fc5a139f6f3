import ArgumentParser
import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import RunControl
import Tickets
import Verification

/// `tombola compare`: sets a ticket beside its target and beside the target quantised.
struct CompareCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Set a ticket beside its target, plainly quantised too: size, cost, accuracy.",
    discussion: """
      One row per network: the target in Float32 and with weights of 8, 6 and 4 bits, the random network with all its \
      filters, the pruned and the collapsed network, and the target again, rounded to steps and entropy coded in the \
      bits that the ticket takes. Latency is that of one image on one thread, the networks taking \
      turns; quantised networks compute in Float32 here, so theirs says nothing of integer arithmetic. Accuracies are \
      measured when --data names labelled images.
      """)

  @Argument(help: "The ticket, in either form.") var ticket: String
  @Option(help: ArgumentHelp("The trained network it was drawn for.", valueName: "TARGET.onnx")) var target: String
  @OptionGroup var data: DataOptions
  @OptionGroup var convolutions: ConvolutionOptions
  @OptionGroup var model: ModelOptions
  @Option(
    number: ArgumentHelp(
      "Tasks at a time, one a core, for all but latencies (default: all cores).", valueName: "T"))
  var threads: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Make and time the unpruned random network if that takes at most this (default: 2G); suffixes K, M, G are powers of 1024.",
      valueName: "BYTES"))
  var memoryLimit: String?
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let start = ContinuousClock.now
    var runOptions = RunOptions()
    runOptions.threads = threads
    let workers = try runOptions.workers()
    let memory = try memoryLimit.map { try RunOptions.bytes($0) } ?? Comparison.defaultMemoryBytes
    let file = try TicketFile(contentsOf: ticket)
    try file.requireIntact()
    let model = try ONNXModel(contentsOf: target, model.choices(ticket: file.ticket))
    let network = try Target(model.network)
    let images = try data.load().map { try model.arranged($0) }
    let comparison = try Comparison(
      ticket: file.ticket, target: network, memoryBytes: memory, workers: workers,
      convolution: convolutions.way)
    blas.warnIfSlow(json: json)
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let rows: [Comparison.Row]
    do {
      let control = RunControl(cancellation: signals.cancellation) { progress.show($0) }
      rows = try comparison.rows(on: images, control: control)
    } catch let error as InterruptedError {
      progress.clear()
      complain("tombola: \(error)")
      return try finish(signals.exit ?? .failed)
    }
    progress.clear()
    let report = ComparisonReport(
      rows: rows, ticket: file.ticket, fileBitsPerWeight: file.byteCount.map { file.bitsPerWeight(ofBytes: $0) },
      images: images?.labels == nil ? nil : images?.images.batch, memoryLimit: memory,
      convolution: convolutions.way, seconds: (ContinuousClock.now - start) / .seconds(1))
    if json { return try printJSON(report) }
    print("\(ticket) (width \(file.ticket.width), seed \(file.ticket.seed)) beside \(target)")
    print(report.table)
  }
}

/// The figures of a comparison as `--json` prints them; the keys are a contract, absent figures are
/// null.
struct ComparisonReport: Encodable {
  let rows: [Comparison.Row]
  let ticket: Ticket
  /// Bits of the ticket's file for each weight of the target.
  let fileBitsPerWeight: Double?
  /// Labelled images behind the accuracies, or nil.
  let images: Int?
  let memoryLimit: Int
  /// How the networks' convolutions were computed.
  let convolution: ConvolutionWay
  let seconds: Double

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case networks, images, seed, width, mode, target_weights, file_bits_per_weight, memory_limit_bytes, seconds
    case peak_memory_bytes, blas_core, convolution
  }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(rows.map(RowReport.init), forKey: .networks)
    try json.encode(images, forKey: .images)
    try json.encode(String(ticket.seed), forKey: .seed)
    try json.encode(ticket.width, forKey: .width)
    try json.encode(ticket.mode.rawValue, forKey: .mode)
    try json.encode(ticket.graph.weightCount, forKey: .target_weights)
    try json.encodeIfPresent(fileBitsPerWeight, forKey: .file_bits_per_weight)
    try json.encode(memoryLimit, forKey: .memory_limit_bytes)
    try json.encode(seconds, forKey: .seconds)
    try json.encode(peakMemoryBytes(), forKey: .peak_memory_bytes)
    try json.encode(BLASLibrary.coreName, forKey: .blas_core)
    try json.encode(convolution.rawValue, forKey: .convolution)
  }

  private struct RowReport: Encodable {
    let row: Comparison.Row

    // swift-format-ignore: AlwaysUseLowerCamelCase
    private enum Key: String, CodingKey {
      case network, parameters, weights, biases, flops, latency_milliseconds, latency_passes, latency_reason
      case bits_per_weight, entropy_bits_per_weight, count_bits_per_weight, max_weight_error, accuracy
    }

    func encode(to encoder: any Encoder) throws {
      var json = encoder.container(keyedBy: Key.self)
      try json.encode(row.contestant.key, forKey: .network)
      try json.encode(row.cost.parameters, forKey: .parameters)
      try json.encode(row.cost.weights, forKey: .weights)
      try json.encode(row.cost.biases, forKey: .biases)
      try json.encode(row.cost.operations, forKey: .flops)
      try json.encode(row.latency.map { 1e3 * $0.medianSeconds }, forKey: .latency_milliseconds)
      try json.encode(row.latency?.passes, forKey: .latency_passes)
      try json.encode(row.latencyReason, forKey: .latency_reason)
      try json.encode(row.bitsPerWeight, forKey: .bits_per_weight)
      try json.encode(row.entropyBitsPerWeight, forKey: .entropy_bits_per_weight)
      try json.encode(row.countBitsPerWeight, forKey: .count_bits_per_weight)
      try json.encode(row.maxWeightError, forKey: .max_weight_error)
      try json.encode(row.accuracy, forKey: .accuracy)
    }
  }

  /// The table that people read.
  var table: String {
    var lines = [
      [
        "network", "parameters", "FLOPs an image", "one image", "bits per weight", "entropy coded",
        "max weight error", "accuracy",
      ]
    ]
    for row in rows {
      lines.append([
        "\(row.contestant)", Self.grouped(row.cost.parameters), Self.grouped(row.cost.operations),
        row.latency.map { Self.milliseconds($0) } ?? "not timed", String(format: "%.1f", row.bitsPerWeight),
        row.entropyBitsPerWeight.map { String(format: "%.1f", $0) } ?? "–", FigureReport.short(row.maxWeightError),
        row.accuracy.map { String(format: "%.2f %%", 100 * $0) } ?? "–",
      ])
    }
    let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max()! }
    var text = lines.map { cells in
      "  "
        + zip(cells, widths).enumerated().map { column, cell in
          let space = String(repeating: " ", count: cell.1 - cell.0.count)
          return column == 0 ? cell.0 + space : space + cell.0
        }.joined(separator: "  ")
    }
    for row in rows {
      if let reason = row.latencyReason { text.append("  \(row.contestant): not timed: \(reason)") }
    }
    text.append(
      "  one image: median on one thread; parameters: random and pruned network without what the blocked mask hides")
    text.append(
      "  random, all filters: behind its blocked mask, with the ticket's scales\(ticket.biasesTaken > 0 ? " and biases" : "")"
    )
    text.append(
      "  bits per weight: of the target's \(Self.grouped(ticket.graph.weightCount)); accuracy: "
        + (images.map { "on \(Self.grouped($0)) images" } ?? "no labelled data"))
    let counts = String(format: "%.2f", ticket.countBits / Double(ticket.graph.weightCount))
    text.append("  of pruned and collapsed without the blocks' counts of kept filters, which add \(counts)")
    text.append("  target, coded: multiples of a step a layer, entropy coded in at most the ticket's bits and these")
    return text.joined(separator: "\n")
  }

  private static func milliseconds(_ latency: Latency) -> String {
    let value = 1e3 * latency.medianSeconds
    return String(format: value < 1 ? "%.3f ms" : value < 100 ? "%.2f ms" : "%.0f ms", value)
  }

  /// Digits in groups of three.
  private static func grouped(_ value: Int) -> String {
    let digits = String(value)
    return digits.enumerated().reduce(into: "") { text, digit in
      if digit.offset > 0 && (digits.count - digit.offset) % 3 == 0 { text += " " }
      text.append(digit.element)
    }
  }
}

extension Comparison.Contestant {
  /// The network's name in JSON.
  fileprivate var key: String {
    switch self {
    case .target: "target"
    case .quantised(let bits): "target_\(bits)_bits"
    case .unpruned: "random"
    case .pruned: "pruned"
    case .collapsed: "collapsed"
    case .coded: "target_coded"
    }
  }
}
