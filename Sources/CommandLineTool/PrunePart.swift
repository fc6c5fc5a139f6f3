import Convolution
import Foundation
import ModelFiles
import Outcomes
import Pruning
import RunControl
import Tickets
import Verification

extension PruneCommand {
  /// Searches the blocks of one part into a file that `merge` joins with those of the others. The
  /// file grows as blocks are found and is its own checkpoint.
  func drawPart(_ shard: SearchShard, _ start: ContinuousClock.Instant) throws {
    guard let width else {
      throw OptionError(option: "--shard", expected: "--width N beside it", found: "--epsilon")
    }
    if let checkpoint {
      throw OptionError(
        option: "--checkpoint", expected: "no --shard beside it, as a part's file is its own checkpoint",
        found: "'\(checkpoint)'")
    }
    guard input.mode == PruningMode.weights.rawValue else {
      throw OptionError(
        option: "--shard", expected: "--mode weights, whose blocks are independent", found: "--mode \(input.mode)")
    }
    try OutputFiles.requireDistinct(
      [.file("--output", output)], from: input.files + [.images("--data", data.data)])
    let file = try CheckpointOutput(output, resumes: resume, force: force)
    let source = try input.source(scale: data.scaling.scale, data: data.load(), workLimit: workLimit)
    let search = try source.search(width: width)
    var limits = try bounds.limits()
    try search.requireMemory(limits)
    let workers = try bounds.workers()
    if let images = source.data {
      try Measurement.requireUsable(images, by: source.target.network, in: source.inputRange)
    }
    blas.warnIfSlow(json: json)
    limits.seconds = limits.seconds.map { max(0, $0 - (ContinuousClock.now - start) / .seconds(1)) }
    let signals = Signals(ofJob: true)
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let part = try search.run(part: shard, workers: workers, control: control, resuming: file.known) {
      file.take($0)
    }
    try file.keep(part.checkpoint)
    progress.clear()
    let report = PartReport(
      part: part, shard: shard, target: input.target, output: output,
      seconds: (ContinuousClock.now - start) / .seconds(1))
    if json { try printJSON(report) } else { print(report.text) }
    if part.stop != nil { try finish(signals.exit ?? .limit) }
  }
}

/// What a part came to; the JSON keys are a contract.
private struct PartReport: Encodable {
  let part: SearchPart
  let shard: SearchShard
  let target: String
  let output: String
  let seconds: Double

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case shard, blocks, found, added, limited, complete, stop, seconds, target, output
  }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(shard.description, forKey: .shard)
    try json.encode(part.total, forKey: .blocks)
    try json.encode(part.checkpoint.blocks.count, forKey: .found)
    try json.encode(part.added, forKey: .added)
    try json.encode(part.checkpoint.limited.count, forKey: .limited)
    try json.encode(part.stop == nil, forKey: .complete)
    try json.encode(part.stop?.rawValue, forKey: .stop)
    try json.encode(seconds, forKey: .seconds)
    try json.encode(target, forKey: .target)
    try json.encode(output, forKey: .output)
  }

  var text: String {
    let identity = part.checkpoint.identity
    let limited = part.checkpoint.limited.count
    let stopped = part.stop.map { "\n  stopped by  \($0.rawValue); go on with --resume" } ?? ""
    return """
      part \(shard) of a ticket for \(target): width \(identity.width), seed \(identity.seed), in \(output)
        blocks      \(part.checkpoint.blocks.count) of \(part.total)     \(part.added) by this run\(limited == 0 ? "" : ", \(limited) at the work limit")
        seconds     \(String(format: "%.3f", seconds))\(stopped)
      """
  }
}
