import CTombola
import CommandLineTool
import Convolution
import ModelFiles
import Outcomes
import Pruning
import RunControl
import Tickets
import Verification

/// Draws a ticket; tombola.h says how.
@_cdecl("tombola_prune") public func tombolaPrune(
  _ target: OpaquePointer?, _ options: UnsafePointer<CChar>?, _ data: UnsafePointer<tombola_images>?,
  _ calibration: UnsafePointer<tombola_images>?, _ run: UnsafePointer<tombola_run>?,
  _ ticket: UnsafeMutablePointer<OpaquePointer?>?, _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let start = ContinuousClock.now
    let (place, report) = (try required(ticket, "ticket"), try required(report, "report"))
    let target = try handle(target, NetworkHandle.self, "target")
    let call = try CallRun(run)
    let images = try ImageSet(calibration, "calibration", labelled: false)
    let search = try PruneCall(options, target, call, images: images, data: ImageSet(data, "data", labelled: true))
    let drawn = try call.watched { try search.run(target, call, since: start) }
    report.pointee = copied(try JSONReport.text(of: drawn.report))
    place.pointee = OpaquePointer(keeping: TicketHandle(drawn.file))
    if call.control.cancellation.isCancelled { return .interrupted }
    return drawn.isStopped ? .limit : drawn.isReached ? .done : .failed
  }
}

/// What a call of tombola_prune asks for.
private struct PruneCall {
  /// A ticket with its figures.
  struct Drawn {
    let file: TicketFile
    let report: FigureReport
    var isStopped: Bool
    var isReached = true
  }

  let goal: PruneGoal
  /// The search for a file's size; nil for one of a width or an error.
  let budget: BudgetSearch?
  let source: SearchSource
  let convolution: ConvolutionWay

  /// Everything that can be wrong is found before any search.
  init(
    _ text: UnsafePointer<CChar>?, _ target: NetworkHandle, _ call: CallRun, images: ImageSet?, data: ImageSet?
  ) throws {
    var options = try CallOptions(text)
    goal = try options.goal()
    guard let seed = try options.seed("seed") else {
      throw OptionError(option: "seed", expected: "a whole number ≥ 0", found: "none")
    }
    let choice = try options.searchChoice(calibration: images?.name)
    let (bits, beam) = (try options.number("bits"), try options.integer("beam"))
    let range = try options.inputRange()
    convolution = try options.convolution()
    try options.finish()
    source = try SearchSource(
      try target.target(), choice, seed: seed, range: range, calibration: images, data: data,
      workLimit: call.control.limits.work)
    try Measurement.requireMemory(for: source.target.graph, within: call.control.limits)
    if let bits {
      budget = try Self.budget(source, choice, goal, call, bits: bits, beam: beam)
      return
    }
    if let beam { throw OptionError(option: "beam", expected: "bits beside it", found: "\(beam) alone") }
    budget = nil
    let first = try source.search(width: goal.firstWidth)
    try first.requireMemory(call.control.limits)
    if case .error(let epsilon, let largest) = goal {
      try WidthSearch.requireUsable(epsilon: epsilon, largest: largest)
    }
    if let data = source.data { try Measurement.requireUsable(data, by: source.target.network, in: source.inputRange) }
  }

  /// The search for a file's size.
  private static func budget(
    _ source: SearchSource, _ choice: SearchChoice, _ goal: PruneGoal, _ call: CallRun, bits: Double, beam: Int?
  ) throws -> BudgetSearch {
    guard case .width(let width) = goal else {
      throw OptionError(option: "epsilon", expected: "no bits beside it", found: "bits \(bits)")
    }
    if let option = choice.optionNotBesideBits {
      throw OptionError(option: option, expected: "no bits beside it", found: "bits \(bits)")
    }
    try call.requireNoWorkLimit()
    return try BudgetSearch(source, width: width, bits: bits, beam: beam)
  }

  func run(_ target: NetworkHandle, _ call: CallRun, since start: ContinuousClock.Instant) throws -> Drawn {
    if let budget {
      let drawn = try budget.run(workers: call.workers, control: call.control)
      let report = try drawn.report(
        target: target.name, workers: call.workers, convolution: convolution, control: call.control
      ) { (ContinuousClock.now - start) / .seconds(1) }
      return Drawn(file: drawn.file, report: report, isStopped: drawn.stop != nil || report.shortfall != nil)
    }
    // A limit of work is the plan's.
    let control = call.control.withWork(nil)
    let found = try PruneOutcome(
      source, goal, targetFileDigest: target.digest, workers: call.workers, control: control)
    var measured = try MeasuredTicket(
      source, found, on: source.data, target: target.name, workers: call.workers, convolution: convolution,
      control: control
    ) { (ContinuousClock.now - start) / .seconds(1) }
    measured.report.fileBitsPerWeight = measured.file.bitsPerWeight(ofBytes: try measured.file.serialized().count)
    return Drawn(
      file: measured.file, report: measured.report, isStopped: measured.isStopped, isReached: found.isReached)
  }
}

/// Measures a ticket's claims again; tombola.h says how.
@_cdecl("tombola_verify") public func tombolaVerify(
  _ ticket: OpaquePointer?, _ target: OpaquePointer?, _ options: UnsafePointer<CChar>?,
  _ data: UnsafePointer<tombola_images>?, _ calibration: UnsafePointer<tombola_images>?,
  _ run: UnsafePointer<tombola_run>?, _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let start = ContinuousClock.now
    let report = try required(report, "report")
    report.pointee = nil
    let file = try handle(ticket, TicketHandle.self, "ticket").file
    let target = try handle(target, NetworkHandle.self, "target")
    let call = try CallRun(run)
    var options = try CallOptions(options)
    let (replays, way) = (try options.flag("replay"), try options.convolution())
    try options.finish()
    let check = try TicketCheck(
      file, of: try target.target(), images: ImageSet(data, "data", labelled: true), replays: replays,
      calibration: ImageSet(calibration, "calibration", labelled: false))
    let figures = try call.watched {
      try check.run(
        target: target.name, targetFileDigest: target.digest, convolution: way, workers: call.workers,
        control: call.control
      ) { (ContinuousClock.now - start) / .seconds(1) }
    }
    report.pointee = copied(try JSONReport.text(of: figures))
    return figures.disagreements?.isEmpty ?? true ? .done : .failed
  }
}

/// Sets a ticket beside its target; tombola.h says how.
@_cdecl("tombola_compare") public func tombolaCompare(
  _ ticket: OpaquePointer?, _ target: OpaquePointer?, _ options: UnsafePointer<CChar>?,
  _ data: UnsafePointer<tombola_images>?, _ run: UnsafePointer<tombola_run>?,
  _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let start = ContinuousClock.now
    let report = try required(report, "report")
    let file = try handle(ticket, TicketHandle.self, "ticket").file
    let target = try handle(target, NetworkHandle.self, "target")
    let call = try CallRun(run)
    var options = try CallOptions(options)
    let way = try options.convolution()
    try options.finish()
    let images = try ImageSet(data, "data", labelled: true)
    let model = try target.target()
    let text = try call.watched {
      try comparisonText(
        file, model, images: images, memoryBytes: call.control.limits.memoryBytes, workers: call.workers,
        convolution: way, control: call.control
      ) { (ContinuousClock.now - start) / .seconds(1) }
    }
    report.pointee = copied(text)
    return .done
  }
}
