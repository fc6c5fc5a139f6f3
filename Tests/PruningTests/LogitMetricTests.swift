import Convolution
import LinearAlgebra
import Pruning
import RunControl
import Testing
import Tickets

/// Difference quotients in Float64 against gradients in Float32, relative to the largest entry.
private let closeness = 1e-4
private let step = 1e-5

/// The metric of the network's outputs.
@Suite struct LogitMetricTests {
  /// The target with another kernel in one layer, in Float64.
  private func changed(_ kernels: [[Double]], _ network: Network<Float>) throws -> Network<Double> {
    let target = try Target(network)
    return try target.graph.network { layer in
      let convolution = try Convolution(
        window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
        kernel: kernels[layer.number - 1],
        bias: target.biases[layer.number - 1].map { $0.map { Double($0) } })
      return [(layer.name, .convolution(convolution))]
    }
  }

  private func moments(layer number: Int, _ network: Network<Float>, wanted: Network<Float>, _ images: Tensor<Float>)
    throws -> LogitMoments
  {
    let graph = try Target(network).graph
    return try LogitMoments(
      of: graph.layers[number - 1], pruned: network, node: graph.node(ofLayer: number), target: wanted,
      isSigned: number == 1, on: images,
      workers: 2
    ) {}
  }

  /// Outputs less their mean.
  private func centred(_ values: [Double], _ count: Int) -> [Double] {
    stride(from: 0, to: values.count, by: count).flatMap { start in
      let row = values[start..<start + count]
      let mean = row.reduce(0, +) / Double(count)
      return row.map { $0 - mean }
    }
  }

  @Test(arguments: [1, 2, 3]) func rowsAreDifferenceQuotients(number: Int) throws {
    let network = try calibratedTarget()
    let wanted = try calibratedTarget(seed: 7)
    let images = try calibrationImages(21)
    let found = try moments(layer: number, network, wanted: wanted, images)
    let target = try Target(network)
    let layer = target.graph.layers[number - 1]
    let kernels = target.kernels.map { $0.values.map { Double($0) } }
    let halves = number == 1 ? 2 : 1
    #expect(found.entries == halves * layer.weightCount)
    let inputs = images.converted(to: Double.self)
    func outputs(_ entry: Int, _ change: Double) throws -> [Double] {
      var other = kernels
      other[number - 1][entry] += change
      return centred(try changed(other, network).evaluatedDirectly(inputs).values, 4)
    }
    let base = try outputs(0, 0)
    let goal = centred(try wanted.converted(to: Double.self).evaluatedDirectly(inputs).values, 4)
    let missed = zip(goal, base).map { $0 - $1 }
    #expect(abs(found.missed - missed.reduce(0) { $0 + $1 * $1 }) < closeness * found.missed)
    let columns = try (0..<layer.weightCount).map { entry in
      zip(try outputs(entry, step), try outputs(entry, -step)).map { ($0 - $1) / (2 * step) }
    }
    let largest = found.gram.reduce(0) { max($0, abs($1)) }
    let largestProduct = found.products.reduce(0) { max($0, abs($1)) }
    // K ∗ x = K ∗ x⁺ − K ∗ x⁻: the two halves' columns differ to the whole one's.
    func gram(_ a: Int, _ b: Int) -> Double {
      let n = layer.weightCount
      func at(_ i: Int, _ j: Int) -> Double { found.gram[i * found.entries + j] }
      return halves == 1 ? at(a, b) : at(a, b) - at(a, b + n) - at(a + n, b) + at(a + n, b + n)
    }
    for a in stride(from: 0, to: layer.weightCount, by: 5) {
      for b in stride(from: 0, to: layer.weightCount, by: 3) {
        let expected = zip(columns[a], columns[b]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(gram(a, b) - expected) <= 4 * closeness * largest, "\(a), \(b)")
      }
      let product = zip(columns[a], missed).reduce(0) { $0 + $1.0 * $1.1 }
      let own = found.products[a] - (halves == 1 ? 0 : found.products[a + layer.weightCount])
      #expect(abs(own - product) <= 4 * closeness * largestProduct)
    }
  }

  /// The last layer is linear: nothing near the wanted kernel misses the outputs by less.
  @Test func theWantedKernelIsTheLeastSquaresOne() throws {
    let network = try calibratedTarget()
    let wanted = try calibratedTarget(seed: 7)
    let images = try calibrationImages(60)
    let target = try Target(network)
    let graph = target.graph
    let logits = try moments(layer: 3, network, wanted: wanted, images)
    let node = graph.node(ofLayer: 3)
    let layer = try LayerMoments(
      of: graph.layers[2],
      inputs: try Network(
        inputShape: network.inputShape, nodes: network.nodes, output: network.nodes[node].inputs[0]),
      wanted: try Network(inputShape: network.inputShape, nodes: network.nodes, output: node), isSigned: false,
      on: images,
      workers: 1
    ) {}
    let addresses = Ticket.addresses(graph: graph, inputRange: .unit).filter { $0.layer == 3 }
    let refit = try LayerRefit(
      logits, layer, of: target.kernels[2], addresses: addresses, scale: 0.5, mix: 1e-9, damping: 1e-9)
    #expect(refit.taps == 4 && refit.outputs == 1 && refit.addresses.count == 3)
    let inputs = images.converted(to: Double.self)
    let goal = centred(try wanted.converted(to: Double.self).evaluatedDirectly(inputs).values, 4)
    var kernels = target.kernels.map { $0.values.map { Double($0) } }
    func missed(_ entries: [Double]) throws -> Double {
      kernels[2] = entries.map { $0 * 0.5 }
      let found = centred(try changed(kernels, network).evaluatedDirectly(inputs).values, 4)
      return zip(goal, found).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let least = try missed(refit.wanted)
    #expect(least < 0.9 * (try missed(target.kernels[2].values.map { Double($0) / 0.5 })))
    for seed in 1...20 as ClosedRange<UInt64> {
      let near = zip(refit.wanted, normals(12, seed: seed)).map { $0 + 0.02 * Double($1) }
      #expect(try missed(near) > least * (1 - 1e-6))
    }
  }

  @Test func ticketsAreTheSameOnAnyCores() throws {
    let images = try calibrationImages(40)
    let plain = try calibratedSearch(images, width: 120).run().ticket
    let search = try calibratedSearch(images, CalibrationPlan(metric: .logits), width: 120)
    let one = try search.run(workers: 1).ticket
    #expect(one.isComplete && one.blocks != plain.blocks && one.calibrationDigest != plain.calibrationDigest)
    for workers in [2, 4] { #expect(try search.run(workers: workers).ticket == one) }
  }
}
