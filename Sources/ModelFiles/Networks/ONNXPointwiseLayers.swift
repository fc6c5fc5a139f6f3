import Convolution
import LinearAlgebra

/// Maps a·x + b per channel that stand alone and convolutions of several groups, in a form that
/// every part of this project reads: convolutions of one group, and layers whose numbers are taken
/// as they are.
///
/// A map joins all convolutions that read it where they see it everywhere: those without padding,
/// or, when b is 0, any. Elsewhere it stays a map; a 1×1 convolution of one channel a group is one
/// too. Other convolutions of several groups get one group with zeros. Networks with blocked 1×1
/// layers, which are pruned already, stay as they are.
enum ONNXPointwiseLayers {
  /// The most weights that all layers may get by being written with one group.
  static let greatestWeightCount = 1 << 22

  static func simplified(_ network: Network<Float>) throws -> Network<Float> {
    let nodes = network.nodes
    let isPruned = nodes.contains { if case .blockedPointwise = $0.operation { true } else { false } }
    if isPruned { return network }
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() { for input in node.inputs { readers[input].append(index) } }
    var layers: [Int: Convolution<Float>] = [:]
    var maps: [Int: ChannelMap] = [:]
    for (index, node) in nodes.enumerated() {
      switch node.operation {
      case .convolution(let layer):
        if let map = try Self.map(layer) { maps[index] = map } else { layers[index] = layer }
      case .plain(.channelMap(let map)): maps[index] = map
      default: break
      }
    }
    if maps.isEmpty && layers.values.allSatisfy({ $0.groups == 1 }) { return network }
    var removed: Set<Int> = []
    for (index, map) in maps.sorted(by: { $0.key < $1.key }) where index != network.output && !readers[index].isEmpty {
      let hasShift = map.shifts.contains { $0 != 0 }
      let joins = readers[index].allSatisfy { reader in
        guard let layer = layers[reader] else { return false }
        return !hasShift || layer.window.padding == Padding()
      }
      guard joins else { continue }
      for reader in readers[index] { layers[reader] = try layers[reader].map { try joined(map, $0) } }
      removed.insert(index)
    }
    var room = greatestWeightCount
    for index in layers.keys.sorted() {
      guard let layer = layers[index], layer.groups > 1 else { continue }
      let count = layer.kernel.count.multipliedReportingOverflow(by: layer.groups)
      guard !count.overflow, count.partialValue <= room else { continue }
      room -= count.partialValue
      layers[index] = try withOneGroup(layer)
    }
    var place = 0
    let graph: Graph<Network<Float>.Operation> = try network.graph.replacing { node in
      // Asked for each node behind the input, in order.
      place += 1
      if removed.contains(place) { return [] }
      if let map = maps[place] { return [(node.name, .plain(.channelMap(map)))] }
      return [(node.name, layers[place].map { .convolution($0) } ?? node.operation)]
    }
    return Network(graph)
  }

  /// The map that a convolution is, if each of its several outputs is one input times a number.
  private static func map(_ layer: Convolution<Float>) throws -> ChannelMap? {
    guard layer.groups == layer.inputChannels, layer.groups == layer.outputChannels, layer.groups > 1,
      layer.window == SlidingWindow(height: 1, width: 1)
    else { return nil }
    return try ChannelMap(factors: layer.kernel, shifts: layer.bias)
  }

  /// The layer over x that is `layer` over the map's value.
  private static func joined(_ map: ChannelMap, _ layer: Convolution<Float>) throws -> Convolution<Float> {
    let outputs = layer.outputChannels
    let (perGroup, filters) = (layer.inputChannels / layer.groups, outputs / layer.groups)
    var kernel = layer.kernel
    var sums = [Double](repeating: 0, count: outputs)
    for row in 0..<kernel.count / outputs {
      for o in 0..<outputs {
        let channel = o / filters * perGroup + row % perGroup
        let weight = Double(layer.kernel[row * outputs + o])
        kernel[row * outputs + o] = Float(weight * Double(map.factors[channel]))
        sums[o] += weight * Double(map.shifts[channel])
      }
    }
    guard sums.contains(where: { $0 != 0 }) else { return try layer.with(kernel: kernel, bias: layer.bias) }
    let bias = sums.enumerated().map { Float(Double(layer.bias?[$0] ?? 0) + $1) }
    return try layer.with(kernel: kernel, bias: bias)
  }

  private static func withOneGroup(_ layer: Convolution<Float>) throws -> Convolution<Float> {
    let (inputs, outputs) = (layer.inputChannels / layer.groups, layer.outputChannels)
    let perGroup = outputs / layer.groups
    let taps = layer.window.height * layer.window.width
    var kernel = [Float](repeating: 0, count: taps * layer.inputChannels * outputs)
    for tap in 0..<taps {
      for c in 0..<inputs {
        for o in 0..<outputs {
          kernel[(tap * layer.inputChannels + o / perGroup * inputs + c) * outputs + o] =
            layer.kernel[(tap * inputs + c) * outputs + o]
        }
      }
    }
    return try Convolution(
      window: layer.window, inputChannels: layer.inputChannels, outputChannels: outputs, kernel: kernel,
      bias: layer.bias)
  }
}
