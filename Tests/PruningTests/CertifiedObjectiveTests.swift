import Convolution
import Pruning
import RunControl
import SubsetSum
import Testing
import Tickets
import Verification

/// Errors small enough for a certificate to be linear in them, and what is left of its curvature
/// and rounding.
private let small = 1e-6
private let closeness = 1e-4

/// The objective that a network's certificate adds up.
@Suite struct CertifiedObjectiveTests {
  /// λ·(input's bound) is what an error of one kernel entry adds to the certified errors of all
  /// outputs together.
  @Test func weightsAreTheCertificatesSlopes() throws {
    let target = try Target(calibratedTarget())
    let graph = target.graph
    let range = try InputRange(low: 0, high: 2)
    let weights = CertificateWeights(of: target).layers
    func total(_ collapsed: [CollapsedLayer]) -> Double {
      Certificate(of: collapsed, target, inputRange: range).outputErrors.reduce(0, +)
    }
    func layer(_ values: [Double], of layer: LayerGraph.Layer) -> CollapsedLayer {
      CollapsedLayer(positive: Kernel(values, of: layer), negative: nil)
    }
    let exact = target.kernels.map { layer($0.values.map { Double($0) }, of: $0.layer) }
    let rest = total(exact)
    for index in graph.layers.indices {
      let outputs = graph.layers[index].outputChannels
      // One entry for each output, all of the same tap and input channel: their inputs' bound is
      // the same.
      let slopes = (0..<outputs).map { o -> Double in
        var changed = exact
        var values = exact[index].positive.values
        values[o] += small
        changed[index] = layer(values, of: graph.layers[index])
        return (total(changed) - rest) / small
      }
      for o in 0..<outputs {
        let (found, wanted) = (slopes[o] * weights[index][0], slopes[0] * weights[index][o])
        #expect(abs(found - wanted) <= closeness * (abs(wanted) + abs(found)), "layer \(index + 1), output \(o)")
      }
    }
    #expect(weights[2] == [1, 1, 1, 1])
  }

  @Test func itLowersTheCertifiedError() throws {
    let target = try Target(calibratedTarget())
    var certified: [SearchPlan.Objective: Double] = [:]
    for objective in SearchPlan.Objective.allCases {
      for seed in 1...4 as ClosedRange<UInt64> {
        let plan = SearchPlan(mode: .weights(objective))
        let search = try TicketSearch(target, plan: plan, seed: seed, width: 300)
        let ticket = try search.run(workers: 1).ticket
        #expect(try search.run(workers: 3).ticket == ticket)
        let claims = try Measurement(ticket: ticket, target: target).claims(on: nil)
        certified[objective, default: 0] += try #require(claims.certifiedError)
      }
    }
    #expect(certified[.certified]! < certified[.squares]!, "\(certified)")
  }

  @Test func onlyWhereItMeansSomething() throws {
    let plan = SearchPlan(mode: .weights(.certified), size: .penalised(1e-4))
    #expect(throws: TicketError.self) {
      try TicketSearch(Target(calibratedTarget()), plan: plan, seed: 1, width: 30)
    }
  }
}
