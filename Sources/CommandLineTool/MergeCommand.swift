import ArgumentParser
import Experiments
import Files
import Foundation
import ModelFiles
import Outcomes
import Pruning
import RunControl
import Tickets

/// `tombola merge`: one store of several, or one ticket of its parts.
struct MergeCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Make one result store of several, or the ticket of its parts.",
    discussion: """
      Stores are of the same specification. Trials that several have must agree to the last bit; runs and timings of \
      all are kept once, so merging again changes nothing. With --target the files are parts that prune --shard made; \
      the ticket is byte for byte that of a prune without --shard, given the same --data, and a part that is missing, \
      damaged or of another search is refused.
      """)

  @Argument(help: ArgumentHelp("The store or ticket to write.", valueName: "OUT")) var output: String
  @Argument(help: ArgumentHelp("The stores or parts to merge.", valueName: "IN")) var inputs: [String]
  @Option(help: ArgumentHelp("The network that parts of a ticket are of.", valueName: "TARGET.onnx"))
  var target: String?
  @OptionGroup var data: DataOptions
  @OptionGroup var pace: PaceOptions
  @OptionGroup var convolutions: ConvolutionOptions
  @OptionGroup var model: ModelOptions
  @Flag(help: "Replace an existing output.") var force = false
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let start = ContinuousClock.now
    try OutputFiles.requireDistinct(
      [.file("OUT", output)],
      from: [.files("IN", inputs), .file("--target", target), .images("--data", data.data)])
    if let target { return try mergeParts(target, start) }
    try requireStores()
    let outcome = try StoreMerge.merge(inputs, into: output, force: force)
    let report = StoreMergeReport(outcome: outcome, stores: inputs.count, output: output)
    if json { try printJSON(report) } else { print(report.text) }
  }

  /// Refuses what only parts of a ticket have a use for.
  private func requireStores() throws {
    let given: [(String, Bool)] = [
      ("--data", data.data != nil), ("--scale", data.scaling.scale != nil), ("--threads", pace.threads != nil),
      ("--time-limit", pace.timeLimit != nil), ("--convolution", convolutions.convolution != nil),
      ("--input-shape", model.inputShape != nil), ("--output-name", model.outputName != nil),
    ]
    if let (option, _) = given.first(where: \.1) {
      throw OptionError(option: option, expected: "--target beside it, as it is for parts of a ticket", found: "none")
    }
    if let part = inputs.first(where: { (try? CheckpointFile.read($0)) != nil }) {
      throw OptionError(
        option: "--target", expected: "the network that parts of a ticket are of", found: "none beside '\(part)'")
    }
  }

  private func mergeParts(_ target: String, _ start: ContinuousClock.Instant) throws {
    try AtomicFile.check(output, force: force)
    let images = try data.load()
    var checkpoint = try CheckpointFile.read(inputs[0])
    for input in inputs.dropFirst() { try checkpoint.add(try CheckpointFile.read(input), named: "'\(input)'") }
    let model = try ONNXModel(contentsOf: target, model.choices(images: images))
    let identity = checkpoint.identity
    let search = try TicketSearch(
      Target(model.network), plan: identity.plan, seed: identity.seed, width: identity.width,
      inputRange: identity.inputRange)
    let arranged = try images.map { try model.arranged($0) }
    if let arranged { try identity.inputRange.requireHolds(arranged, "that of the parts is fixed") }
    let found = PruneOutcome(
      result: try search.joined(checkpoint), targetFileDigest: try TicketFile.digest(ofFile: target))
    blas.warnIfSlow(json: json)
    let signals = Signals(ofJob: true)
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(
      limits: Limits(seconds: try pace.seconds()), cancellation: signals.cancellation
    ) { progress.show($0) }
    let measured = try MeasuredTicket(
      of: search, found, on: arranged, target: target, workers: try pace.workers(), convolution: convolutions.way,
      control: control
    ) { (ContinuousClock.now - start) / .seconds(1) }
    progress.clear()
    let destination = TicketDestination(path: output, force: force, json: json)
    try finish(try destination.take(measured, isReached: found.isReached, signals))
  }
}

/// What a merge of stores came to; the JSON keys are a contract.
private struct StoreMergeReport: Encodable {
  let outcome: StoreMerge.Outcome
  let stores: Int
  let output: String

  private enum CodingKeys: String, CodingKey { case trials, stored, complete, duplicates, stores, output }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: CodingKeys.self)
    try json.encode(outcome.total, forKey: .trials)
    try json.encode(outcome.trials, forKey: .stored)
    try json.encode(outcome.trials == outcome.total, forKey: .complete)
    try json.encode(outcome.duplicates, forKey: .duplicates)
    try json.encode(stores, forKey: .stores)
    try json.encode(output, forKey: .output)
  }

  var text: String {
    let twice = outcome.duplicates == 0 ? "" : ", \(outcome.duplicates) in more than one store"
    return
      "\(output): \(outcome.trials) of \(outcome.total) trials, from \(stores) store\(stores == 1 ? "" : "s")\(twice)"
  }
}
