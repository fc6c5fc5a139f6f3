import Convolution
import Foundation
import LinearAlgebra
import RunControl
import Testing
import Tickets
import Verification

/// Figures that cannot be had are missing with a reason, and claims that cannot be checked are no
/// agreement.
@Suite struct MeasuredFiguresTests {
  private static let shape = ImageShape(height: 1, width: 1, channels: 2)

  /// y = K x, two numbers each, and the ticket of width 6 that keeps all filters.
  private func measurement(_ kernel: [Float]) throws -> Verification.Measurement {
    let convolution = try Convolution(window: .same(1), inputChannels: 2, outputChannels: 2, kernel: kernel)
    let target = try Target(
      Network(
        inputShape: Self.shape,
        nodes: [
          Network<Float>.Node(name: "x", operation: .input, inputs: []),
          Network<Float>.Node(name: "y", operation: .convolution(convolution), inputs: [0]),
        ]))
    let graph = target.graph
    let network = try RandomNetwork(seed: 1, width: 6, layers: graph.layers)
    let blocks = Ticket.addresses(graph: graph, inputRange: .unit).map { address in
      let scalars = network.scalars(layer: 1, channel: address.channel)
      let half = scalars.indices.filter { address.half.contains(scalars[$0]) }
      return Block(address: address, candidates: half.count, kept: half.map { UInt32($0) })
    }
    let ticket = try Ticket(
      seed: 1, width: 6, mode: .weights, inputRange: .unit, graph: graph, scales: [0.5], blocks: blocks,
      targetDigest: target.digest, isComplete: true)
    return try Verification.Measurement(ticket: ticket, target: target, workers: 1)
  }

  /// Image i is (i, i)/8.
  private func images(_ count: Int, labels: Bool = true) throws -> ImageSet {
    try ImageSet(
      name: "data", images: Tensor(batch: count, shape: Self.shape, values: (0..<2 * count).map { Float($0 / 2) / 8 }),
      labels: labels ? (0..<count).map { $0 % 2 } : nil)
  }

  /// One round of many starts or a round of each batch: the same input is found. A batch of 16
  /// starts holds 26 numbers of each: 10 of the input's size, the output, and two gradients.
  @Test func memoryDecidesHowManyClimbAtOnceAndNothingElse() throws {
    let measurement = try measurement([1, 0.5, -0.25, 2])
    let wide = try Verification.Measurement(ticket: measurement.ticket, target: measurement.target, workers: 4)
    let bytes = 16 * (10 * 2 + 2 + 2 * 2) * 4
    let narrow = Limits(memoryBytes: bytes)
    let found = try wide.findWitness()
    #expect(try wide.findWitness(control: RunControl(limits: narrow)) == found)
    #expect(try measurement.findWitness() == found)
    let less = Limits(memoryBytes: bytes - 1)
    let graph = measurement.ticket.graph
    #expect(throws: Never.self) { try Verification.Measurement.requireMemory(for: graph, within: narrow) }
    #expect(throws: TicketError.self) { try Verification.Measurement.requireMemory(for: graph, within: less) }
    #expect(throws: TicketError.self) { try wide.findWitness(control: RunControl(limits: less)) }
  }

  @Test func aLimitLeavesTheFiguresThatNeedNoInput() throws {
    let measurement = try measurement([1, 0.5, -0.25, 2])
    let data = try images(5)
    let control = RunControl(limits: Limits(seconds: 0))
    let figures = try measurement.figures(on: data, control: control)
    let exact = try measurement.claims(on: nil)
    let whole = try measurement.figures(on: data, control: RunControl())
    #expect(figures.claims == exact && figures.witness == nil && exact.certifiedError != nil)
    #expect((figures.shortfall?.cause as? InterruptedError)?.reason == .timeLimit)
    #expect(
      figures.shortfall?.figures
        == [
          "images", "target_accuracy", "ticket_accuracy", "unpruned_accuracy", "error_on_data", "error_lower_bound",
        ])
    #expect(throws: InterruptedError.self) { try measurement.claims(on: data, control: control) }
    // Without a limit nothing is missing, and measuring again at the witness is the same.
    #expect(
      whole.shortfall == nil && whole.claims.images == 5 && whole.claims.ticketAccuracy != nil
        && whole.claims.errorLowerBound != nil)
    #expect(try measurement.claims(on: data, witness: whole.witness) == whole.claims)
    let bare = try measurement.figures(on: nil, control: control)
    #expect(bare.shortfall?.figures == ["error_lower_bound"] && bare.claims == exact)
  }

  /// 3e38 · (1/8 + …) stays finite; at image 5 the sum of both channels overflows Float32.
  @Test func outputsThatAreNoNumbersNameImageAndNetwork() throws {
    let measurement = try measurement([3e38, 1, 3e38, 1])
    let data = try images(8)
    let error = #expect(throws: ConvolutionError.self) { try measurement.claims(on: data) }
    #expect(
      "\(error!)" == "data, image 5, outputs of the target: expected finite numbers, found NaN or infinity at index 0")
    let figures = try measurement.figures(on: data, control: RunControl())
    #expect(figures.shortfall?.figures.first == "target_accuracy" && figures.shortfall?.cause is ConvolutionError)
    #expect(figures.claims.certifiedError?.isFinite == true && figures.claims.targetAccuracy == nil)
    let unlabelled = try images(8, labels: false)
    let onData = #expect(throws: ConvolutionError.self) { try measurement.claims(on: unlabelled) }
    #expect("\(onData!)".hasPrefix("data, image 5, outputs of the target"))
  }

  @Test func noImageAndImagesThatAreNoNumbersAreRefused() throws {
    let measurement = try measurement([1, 0.5, -0.25, 2])
    let none = #expect(throws: ConvolutionError.self) { try measurement.claims(on: images(0)) }
    #expect("\(none!)" == "data, images: expected at least one, found none")
    let wrong = #expect(throws: ConvolutionError.self) {
      try ImageSet(
        name: "data", images: Tensor(batch: 2, shape: Self.shape, values: [0, 0, 1, .nan]), labels: nil)
    }
    #expect("\(wrong!)" == "data, image 1: expected finite numbers, found NaN or infinity at index 1")
    let outside = #expect(throws: TicketError.self) { try measurement.claims(on: images(10)) }
    #expect("\(outside!)".hasPrefix("data, image 9, row 0, column 0, channel 0: expected a number in -1.0…1.0"))
  }

  @Test func nothingAgreesByAbsence() throws {
    let measured = try measurement([1, 0.5, -0.25, 2]).figures(on: images(5), control: RunControl()).claims
    func verdict(_ change: (inout Claims) -> Void) -> Bool? {
      var stated = measured
      change(&stated)
      return VerificationReport(measured: measured, stated: stated).verdict
    }
    #expect(verdict { _ in } == true)
    #expect(verdict { $0.images = 4 } == false)
    #expect(verdict { $0.images = nil } == false)
    #expect(verdict { $0.certificateReason = "none" } == false)
    #expect(verdict { $0.dataDigest = nil } == false)
    #expect(verdict { $0.dataDigest = "other" } == nil)
    #expect(verdict { $0.ticketAccuracy = nil } == nil)
    #expect(verdict { $0.errorLowerBound = nil } == false)
    #expect(VerificationReport(measured: measured, stated: nil).verdict == nil)
    #expect(VerificationReport(measured: measured, stated: measured, isFoundAgain: false).verdict == false)
    #expect(VerificationReport(measured: measured, stated: measured, isFoundAgain: true).verdict == true)
    #expect(VerificationReport(measured: measured, stated: measured, unconfirmed: ["file"]).verdict == nil)
  }

  /// Four blocks of m candidates each say a number from 0 to m.
  @Test func countsTakeLogarithmsOfHowManyThereAre() throws {
    let ticket = try measurement([1, 0.5, -0.25, 2]).ticket
    var choices = 1.0
    for block in ticket.blocks { choices *= Double(block.candidates + 1) }
    #expect(abs(exp2(ticket.countBits) - choices) < 1e-9 * choices)
    // All filters are kept: the seed and the scale are all there is.
    #expect(abs(ticket.bits - 96) < 1e-9)
  }
}
