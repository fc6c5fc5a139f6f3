import Foundation
import Testing
import Tombola

/// What is said of a ticket must be what it holds: each field of a ticket's file is changed in turn
/// and the file signed again. Either the file is refused, or verification says no or names what it
/// could not check, or the pruned network is the same function as before.
@Suite struct ForgedTicketTests {
  /// A ticket of every kind of node, with all claims, and what checks files that pretend to be it.
  private final class Checker {
    let target: Target
    let data: ImageSet
    let original: TicketFile
    let outputs: [UInt32]
    private let path: String
    private var measured: [Ticket: [[Float]?: Result<Claims, any Error>]] = [:]

    enum Outcome: Equatable {
      case refused
      case disagrees
      /// Nothing disagrees, and what could not be checked keeps the verdict open.
      case open
      case agrees
    }

    init(calibrated: Bool) throws {
      target = try Target(ForgedTicketTests.target())
      let data = try ForgedTicketTests.images(12)
      self.data = data
      let plan =
        calibrated
        ? SearchPlan(mode: .calibrated(CalibrationPlan(sweeps: 2)), solver: "greedy")
        : SearchPlan(
          solver: "greedy", scaleRule: ScaleRule(largestEntry: 256, largestNormPerWidth: 0.25), workLimit: 1 << 40)
      let images = calibrated ? data : nil
      let result = try TicketSearch(target, plan: plan, seed: 9, width: 40, images: images).run()
      let figures = try Measurement(ticket: result.ticket, target: target).figures(on: data, control: RunControl())
      original = TicketFile(
        ticket: result.ticket, claims: figures.claims, witness: figures.witness,
        targetFileDigest: ForgedTicketTests.fileDigest,
        search: plan)
      path = NSTemporaryDirectory() + "tombola-forged-" + UUID().uuidString
      outputs = try Self.outputs(of: result.ticket, on: data)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var forgery: TicketForgery {
      get throws {
        TicketForgery(original: try SafetensorsFile(bytes: try original.serialized(), source: "original"))
      }
    }

    static func outputs(of ticket: Ticket, on data: ImageSet) throws -> [UInt32] {
      try ticket.prunedNetwork(workers: 1).packed()(data.images).values.map(\.bitPattern)
    }

    /// What `tombola verify` says of a file; nil and a recorded issue for an error that it does not
    /// expect.
    func outcome(of file: SafetensorsFile) throws -> Outcome? {
      try file.serialized().write(to: URL(fileURLWithPath: path))
      do {
        let read = try TicketFile(contentsOf: path)
        try read.requireIntact()
        let claims = try claims(of: read)
        let other = read.otherTargetFile(than: ForgedTicketTests.fileDigest)
        let report = VerificationReport(
          measured: claims, stated: read.claims, unconfirmed: [other].compactMap { $0 })
        if !report.agrees { return .disagrees }
        #expect(try Self.outputs(of: read.ticket, on: data) == outputs, "another function")
        return report.verdict == true ? .agrees : .open
      } catch is FileError { return .refused } catch is TicketError { return .refused }
    }

    /// Measuring anew gives the same for the same ticket and witness.
    private func claims(of file: TicketFile) throws -> Claims {
      if let known = measured[file.ticket]?[file.witness] { return try known.get() }
      let found = Result<Claims, any Error> {
        try Measurement(ticket: file.ticket, target: target, workers: 1).claims(on: data, witness: file.witness)
      }
      measured[file.ticket, default: [:]][file.witness] = found
      return try found.get()
    }
  }

  private static let fileDigest = String(repeating: "0a", count: 32)

  private static func values(_ count: Int, _ seed: UInt64) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
    return values.map { 0.3 * $0 }
  }

  /// Convolutions with and without bias, a residual addition, three kinds of pooling, a fully
  /// connected layer.
  private static func target() throws -> Network<Float> {
    func convolution(_ seed: UInt64, _ size: Int, bias: Bool) throws -> Network<Float>.Operation {
      .convolution(
        try Convolution(
          window: .same(size), inputChannels: 2, outputChannels: 2,
          kernel: values(4 * size * size, seed), bias: bias ? values(2, seed + 50) : nil))
    }
    func fullyConnected(_ seed: UInt64) throws -> Convolution<Float> {
      try Convolution(window: .same(1), inputChannels: 2, outputChannels: 2, kernel: values(4, seed))
    }
    func pool(_ kind: Pooling.Kind, _ size: Int, stride: Int, roundsUp: Bool = false) -> Network<Float>.Operation {
      .pooling(
        Pooling(
          kind,
          window: SlidingWindow(
            height: size, width: size, strideHeight: stride, strideWidth: stride,
            padding: Padding(top: 1, left: 1, bottom: 0, right: 0), roundsUp: roundsUp)))
    }
    let nodes: [(String, Network<Float>.Operation, [Int])] = [
      ("image", .input, []), ("first", try convolution(1, 3, bias: true), [0]), ("relu", .rectifier, [1]),
      ("second", try convolution(2, 1, bias: false), [2]), ("sum", .addition, [3, 2]),
      ("largest", pool(.maximum, 2, stride: 1), [4]), ("mean", pool(.average, 2, stride: 1), [5]),
      ("all", pool(.averageCountingPadding, 3, stride: 2, roundsUp: true), [6]),
      ("third", try convolution(3, 3, bias: false), [7]), ("global", .globalAveragePooling, [8]),
      ("flat", .flatten, [9]), ("fc", .convolution(try fullyConnected(4)), [10]),
    ]
    return try Network(
      inputShape: ImageShape(height: 5, width: 4, channels: 2),
      nodes: nodes.map { .init(name: $0.0, operation: $0.1, inputs: $0.2) })
  }

  private static func images(_ count: Int) throws -> ImageSet {
    var pixels = [Double](repeating: 0, count: count * 40)
    pixels.withUnsafeMutableBufferPointer { UniformStream.fillSymmetric($0, at: StreamAddress(seed: 77)) }
    return try ImageSet(
      name: "data",
      images: Tensor(
        batch: count, shape: ImageShape(height: 5, width: 4, channels: 2), values: pixels.map { Float($0) }),
      labels: (0..<count).map { $0 % 2 })
  }

  @Test(arguments: [false, true]) func everyChangedFieldIsFoundOrChangesNothing(calibrated: Bool) throws {
    let checker = try Checker(calibrated: calibrated)
    let forgery = try checker.forgery
    #expect(try checker.outcome(of: forgery.original) == .agrees)
    #expect(try checker.outcome(of: forgery.rewritten) == .agrees)
    var silent: Set<String> = []
    for forged in try forgery.ofMetadata {
      let outcome = try checker.outcome(of: forged.file)
      if forged.path.hasPrefix("claims") {
        #expect(outcome != .agrees, "\(forged.path): \(forged.file.metadata["claims"] ?? "none")")
      } else if forged.path == "target_file_digest" {
        // A file of the target may go unnamed; one that is named must be the one given.
        #expect(outcome == (forged.file.metadata[forged.path] == nil ? .agrees : .open))
      } else if outcome == .agrees || outcome == .open {
        silent.insert(forged.path)
      }
    }
    // What passes decides nothing: names of nodes and layers, and what only a replay could check,
    // which is said.
    let said = try #require(checker.original.uncheckedStatements(isReplayed: false).first)
    for path in silent where !(path.hasPrefix("layer_graph") && path.hasSuffix(".name")) {
      let key = path.prefix { $0 != "." && $0 != "[" }
      #expect(said.contains(key), "\(path) passes, and nothing says so")
    }
    #expect(silent.contains("generator") && silent.contains("layer_graph.nodes[1].name"))
    #expect(!silent.contains { $0.hasPrefix("seed") || $0.hasPrefix("scales") || $0.hasPrefix("candidates") })
  }

  @Test func everyChangedTensorIsFoundOrChangesNothing() throws {
    let checker = try Checker(calibrated: false)
    for forged in try checker.forgery.ofTensors {
      let outcome = try checker.outcome(of: forged.file)
      // A witness is any input of the box; with another one the claimed error is another, or the
      // same.
      if forged.path != "tensor witness" {
        #expect(outcome == .refused || outcome == .disagrees, "\(forged.path)")
      }
    }
  }

  /// A mode and images to go with it, which are stated only, pass and are named as such.
  @Test func aModeIsStatedOnly() throws {
    let checker = try Checker(calibrated: false)
    var file = try checker.forgery.original
    file.metadata["mode"] = "calibrated"
    #expect(try checker.outcome(of: TicketForgery.signed(file)) == .refused)
    file.metadata["calibration_digest"] = Self.fileDigest
    #expect(try checker.outcome(of: TicketForgery.signed(file)) == .agrees)
    #expect(checker.original.uncheckedStatements(isReplayed: false)[0].contains("mode"))
    #expect(checker.original.uncheckedStatements(isReplayed: true).isEmpty)
  }
}
