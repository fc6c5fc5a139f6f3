import Convolution
import Pruning
import RunControl
import SubsetSum
import Testing
import Tickets
import Verification

/// Errors small enough for a certificate to be linear in them, and what is left of its curvature and rounding.
private let small = 1e-6
private let closeness = 1e-4

/// The objective that a network's certificate adds up.
@Suite struct CertifiedObjectiveTests {
  /// λ·(input's bound) is what an error of one kernel entry adds to the certified errors of all outputs together.
  @Test func weightsAreTheCertificatesSlopes() throws {
    let target = try calibratedTarget()
    let graph = try LayerGraph(of: target)
    let kernels = target.kernels
    let range = try InputRange(low: 0, high: 2)
    let weights = try CertificateWeights(graph: graph, kernels: kernels).layers
    func total(_ collapsed: [CollapsedLayer]) -> Double {
      Certificate(graph: graph, kernels: kernels, biases: target.biases, collapsed: collapsed, inputRange: range)
        .outputErrors.reduce(0, +)
    }
    let exact = kernels.map { CollapsedLayer(positive: $0.map { Double($0) }, negative: nil) }
    let rest = total(exact)
    for layer in graph.layers.indices {
      let outputs = graph.layers[layer].outputChannels
      // One entry for each output, all of the same tap and input channel: their inputs' bound is the same.
      let slopes = (0..<outputs).map { o -> Double in
        var changed = exact
        var values = exact[layer].positive
        values[o] += small
        changed[layer] = CollapsedLayer(positive: values, negative: nil)
        return (total(changed) - rest) / small
      }
      for o in 0..<outputs {
        let (found, wanted) = (slopes[o] * weights[layer][0], slopes[0] * weights[layer][o])
        #expect(abs(found - wanted) <= closeness * (abs(wanted) + abs(found)), "layer \(layer + 1), output \(o)")
      }
    }
    #expect(weights[2] == [1, 1, 1, 1])
  }

  @Test func itLowersTheCertifiedError() throws {
    var certified: [Objective: Double] = [:]
    for objective in Objective.allCases {
      for seed in 1...4 as ClosedRange<UInt64> {
        let search = try TicketSearch(target: calibratedTarget(), width: 300, seed: seed, objective: objective)
        let ticket = try search.run(workers: 1).ticket
        #expect(try search.run(workers: 3).ticket == ticket)
        let claims = try Measurement(ticket: ticket, target: calibratedTarget()).claims(on: nil)
        certified[objective, default: 0] += try #require(claims.certifiedError)
      }
    }
    #expect(certified[.certified]! < certified[.squares]!, "\(certified)")
  }

  @Test func onlyWhereItMeansSomething() throws {
    #expect(throws: TicketError.self) {
      try TicketSearch(target: calibratedTarget(), width: 30, seed: 1, sizePenalty: 1e-4, objective: .certified)
    }
    #expect(throws: TicketError.self) {
      try TicketSearch(
        target: calibratedTarget(), width: 30, seed: 1, objective: .certified,
        calibration: Calibration(images: calibrationImages(5)))
    }
  }
}
