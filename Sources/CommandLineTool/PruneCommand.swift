import ArgumentParser
import Convolution
import Files
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import Pruning
import RunControl
import SubsetSum
import Synchronization
import Tickets
import Verification

/// `tombola prune`: draws a ticket for a target and writes it.
struct PruneCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Draw a ticket: prune a random network into a trained one.",
    discussion: """
      Each input channel of each layer has 2N random hidden filters; the search keeps those whose sum \
      approximates the target's kernel. Without limits it ends by itself: populations after 2^30 units of work \
      a block at most, other solvers at the latest at their documented work limit. With --shard only the blocks \
      of one part are searched; merge makes the ticket of all parts. With --bits the file is what counts: a \
      .tombola file without claims, whose filters are chosen by error and bits together.
      """)

  @Option(number: ArgumentHelp("Width N: 2N random filters per input channel.", valueName: "N")) var width: Int?
  @Option(
    number: ArgumentHelp("Instead of a width: find the smallest whose certified error is at most E.", valueName: "E"))
  var epsilon: Double?
  @Option(number: ArgumentHelp("With --epsilon: try no wider network (default: 262144).", valueName: "N"))
  var largestWidth: Int?
  @Option(
    number: ArgumentHelp(
      "With --width: the ticket of least error whose whole file takes at most B bits for each weight of the target.",
      valueName: "B")) var bits: Double?
  @Option(
    number: ArgumentHelp("With --bits: partial subsets kept (default: \(RateSearch.defaultBeam)).", valueName: "COUNT"))
  var beam: Int?
  @OptionGroup var input: SearchInput
  @OptionGroup var data: DataOptions
  @OptionGroup var part: ShardOptions
  @OptionGroup var bounds: RunOptions
  @OptionGroup var convolutions: ConvolutionOptions
  @Option(number: ArgumentHelp("Units of work (candidate entries scored) for all blocks together.", valueName: "W"))
  var workLimit: UInt64?
  @Option(
    help: ArgumentHelp(
      "Write finished blocks to FILE on the way. A checkpoint that is there needs --resume or --force.",
      valueName: "FILE"))
  var checkpoint: String?
  @Flag(help: "Go on from the checkpoint file, or with --shard from the part's, if it is there.") var resume = false
  @Flag(help: "Replace an existing output.") var force = false
  @Option(name: .shortAndLong, help: ArgumentHelp("The ticket to write, or the part of one.", valueName: "FILE"))
  var output: String
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let start = ContinuousClock.now
    // Wrong options and files are found before any work.
    let goal = try goal()
    try requireBudgetAlone()
    if let part = try part.chosen() { return try drawPart(try SearchShard(part.index, of: part.count), start) }
    guard checkpoint != nil || !resume else {
      throw OptionError(option: "--resume", expected: "--checkpoint FILE beside it", found: "none")
    }
    try OutputFiles.requireDistinct(
      [.file("--output", output), .file("--checkpoint", checkpoint)],
      from: input.files + [.images("--data", data.data)])
    try AtomicFile.check(output, force: force)
    let checkpoint = try checkpoint.map { try CheckpointOutput($0, resumes: resume, force: force) }
    let source = try input.source(
      scale: data.scaling.scale, data: data.load(isScaleUsed: input.calibration != nil), workLimit: workLimit)
    var limits = try bounds.limits()
    try Measurement.requireMemory(for: source.target.graph, within: limits)
    if let bits { return try draw(bits: bits, source, start) }
    let first = try source.search(width: goal.firstWidth)
    // Of the file as it was read: it may be another one, or gone, when the search has ended.
    let digest = try TicketFile.digest(ofFile: input.target)
    try first.requireMemory(limits)
    if case .error(let epsilon, let largest) = goal {
      try WidthSearch.requireUsable(epsilon: epsilon, largest: largest)
    }
    let workers = try bounds.workers()
    let images = source.data
    if let images { try Measurement.requireUsable(images, by: source.target.network, in: source.inputRange) }

    blas.warnIfSlow(json: json)
    // The limit is the whole command's: reading files counts, and figures on inputs do.
    limits.seconds = limits.seconds.map { max(0, $0 - (ContinuousClock.now - start) / .seconds(1)) }
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: limits, cancellation: signals.cancellation) { progress.show($0) }
    let found: PruneOutcome
    do {
      defer { checkpoint?.finish() }
      found = try PruneOutcome(
        source, goal, targetFileDigest: digest, workers: workers, control: control, resuming: checkpoint?.known
      ) { checkpoint?.take($0) }
    }
    let measured = try MeasuredTicket(
      source, found, on: images, target: input.target, workers: workers, convolution: convolutions.way,
      control: control
    ) { (ContinuousClock.now - start) / .seconds(1) }
    progress.clear()
    let destination = TicketDestination(path: output, force: force, json: json)
    try finish(try destination.take(measured, isReached: found.isReached, signals))
  }

  private func goal() throws -> PruneGoal {
    guard (width == nil) != (epsilon == nil) else {
      throw OptionError(
        option: "--width", expected: "either --width N or --epsilon E", found: width == nil ? "neither" : "both")
    }
    if let width {
      if let largestWidth {
        throw OptionError(option: "--largest-width", expected: "--epsilon beside it", found: "\(largestWidth) alone")
      }
      return .width(width)
    }
    if checkpoint != nil {
      throw OptionError(option: "--checkpoint", expected: "--width beside it", found: "--epsilon")
    }
    return .error(epsilon ?? 0, largest: largestWidth ?? PruneGoal.largestWidth)
  }
}
