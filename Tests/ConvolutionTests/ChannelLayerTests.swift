import Convolution
import Foundation
import Testing

/// Maps per channel and selections of channels: values, gradients, bounds, JSON.
@Suite struct ChannelLayerTests {
  private let shape = ImageShape(height: 2, width: 2, channels: 3)

  private func image() throws -> Tensor<Double> {
    try Tensor(batch: 1, shape: shape, values: (0..<12).map { Double($0) - 5 })
  }

  @Test func valuesAreThoseOfTheDefinition() throws {
    let map = try ChannelMap(factors: [2, -1, 0.5], shifts: [1, 0, -3])
    var value = try image()
    try map.apply(to: &value, nil)
    #expect(value.values.prefix(6) == [-9, 4, -4.5, -3, 1, -3])
    let selection = try ChannelSelection(inputChannels: 3, sources: [2, nil, 0, 2])
    value = try image()
    try selection.apply(to: &value, nil)
    #expect(value.shape.channels == 4 && value.values.prefix(8) == [-3, 0, -5, -3, 0, 0, -2, 0])
  }

  @Test func selectionsCompose() throws {
    let first = try ChannelSelection(inputChannels: 3, sources: [2, nil, 0])
    let both = try ChannelSelection(inputChannels: 3, sources: [1, 2, nil, 0]).applied(to: first)
    #expect(both.sources == [nil, 0, nil, 2] && both.inputChannels == 3)
    #expect(try ChannelSelection(placing: 2, at: 1, among: 4).sources == [nil, 0, 1, nil])
  }

  @Test func gradientsEqualDifferences() throws {
    let nodes: [(String, Network<Double>.Operation, [Int])] = [
      ("x", .input, []), ("map", .plain(.channelMap(try ChannelMap(factors: [2, -1, 0.5], shifts: [1, 0, -3]))), [0]),
      ("pick", .plain(.channelSelection(try ChannelSelection(inputChannels: 3, sources: [2, nil, 0, 2]))), [1]),
      ("flat", .flatten, [2]),
    ]
    let network = try Network(
      inputShape: shape, nodes: nodes.map { .init(name: $0.0, operation: $0.1, inputs: $0.2) })
    let image = try image()
    let tape = try ForwardTape(network, image)
    let seed = try Tensor<Double>(
      batch: 1, shape: network.outputShape, values: (0..<16).map { Double(($0 * 7) % 5) - 2 })
    let gradient = try tape.gradient(of: seed)
    for entry in 0..<12 {
      var moved = image
      moved.values[entry] += 1
      let change = zip(try network.evaluatedDirectly(moved).values, tape.output.values).map { $0 - $1 }
      let wanted = zip(change, seed.values).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(gradient.values[entry] - wanted) < 1e-9)
    }
  }

  @Test func boundsHoldAtTheCorners() throws {
    let map = try ChannelMap(factors: [2, -1, 0.5, 0], shifts: [1, 0.25, -3, -1])
    for c in 0..<4 {
      let bounds = map.bounds(ofChannel: c, positive: 3, negative: 4)
      let corners = [3.0, -4].map { $0 * Double(map.factors[c]) + Double(map.shifts[c]) }
      let (above, below) = (corners.map { max(0, $0) }.max() ?? 0, corners.map { max(0, -$0) }.max() ?? 0)
      #expect(bounds.positive >= above && bounds.positive <= above + 1e-9)
      #expect(bounds.negative >= below && bounds.negative <= below + 1e-9)
    }
    #expect(map.isSigned([false]) && map.scalarsTaken == 8)
    #expect(try !ChannelMap(factors: [1, 2]).isSigned([false]))
  }

  @Test func bothAreStoredAndRefused() throws {
    let layers: [PlainLayer] = [
      .channelMap(try ChannelMap(factors: [0.1, -3], shifts: [1e-9, 0])),
      .channelSelection(try ChannelSelection(inputChannels: 2, sources: [1, nil, 0])),
    ]
    for layer in layers {
      #expect(try JSONDecoder().decode(PlainLayer.self, from: JSONEncoder().encode(layer)) == layer)
    }
    #expect(throws: ConvolutionError.self) { try ChannelMap(factors: [1, .nan]) }
    #expect(throws: ConvolutionError.self) { try ChannelMap(factors: [1], shifts: [1, 2]) }
    #expect(throws: ConvolutionError.self) { try ChannelSelection(inputChannels: 2, sources: [2]) }
    #expect(throws: ConvolutionError.self) { try ChannelSelection(placing: 3, at: 2, among: 4) }
  }
}
