import Convolution
import LinearAlgebra

/// Maps a·x + b per channel that stand alone, and convolutions of several groups, in a form that
/// every part of this project reads: convolutions of one group.
///
/// A map joins all convolutions that read it where they see it everywhere: those without padding,
/// or, when b is 0, any. Elsewhere it becomes a 1×1 convolution with zeros off its diagonal.
/// Networks with blocked 1×1 layers, which are pruned already, stay as they are.
enum ONNXPointwiseLayers {
  /// The most weights that all layers may get by being written with one group.
  static let greatestWeightCount = 1 << 22

  static func simplified(_ network: Network<Float>) throws -> Network<Float> {
    let nodes = network.nodes
    let isPruned = nodes.contains { if case .blockedPointwise = $0.operation { true } else { false } }
    let hasGroups = nodes.contains {
      if case .convolution(let layer) = $0.operation { layer.groups > 1 } else { false }
    }
    if isPruned || !hasGroups { return network }
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() { for input in node.inputs { readers[input].append(index) } }
    var layers: [Int: Convolution<Float>] = [:]
    for (index, node) in nodes.enumerated() {
      if case .convolution(let layer) = node.operation { layers[index] = layer }
    }
    var removed: Set<Int> = []
    for (index, node) in nodes.enumerated() {
      guard let map = layers[index], isMap(map), index != network.output, !readers[index].isEmpty else { continue }
      let shifts = map.bias ?? []
      let hasShift = shifts.contains { $0 != 0 }
      let joins = readers[index].allSatisfy { reader in
        guard let layer = layers[reader], layer.groups == 1 else { return false }
        return !hasShift || layer.window.padding == Padding()
      }
      guard joins, node.inputs.count == 1 else { continue }
      for reader in readers[index] { layers[reader] = try layers[reader].map { try joined(map, $0) } }
      removed.insert(index)
    }
    var room = greatestWeightCount
    for index in layers.keys.sorted() where !removed.contains(index) {
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
      return [(node.name, layers[place].map { .convolution($0) } ?? node.operation)]
    }
    return Network(graph)
  }

  private static func isMap(_ layer: Convolution<Float>) -> Bool {
    layer.groups == layer.inputChannels && layer.groups == layer.outputChannels && layer.groups > 1
      && layer.window == SlidingWindow(height: 1, width: 1)
  }

  /// The layer over x that is `layer` over the map's value.
  private static func joined(_ map: Convolution<Float>, _ layer: Convolution<Float>) throws -> Convolution<Float> {
    let outputs = layer.outputChannels
    var kernel = layer.kernel
    var sums = [Double](repeating: 0, count: outputs)
    for row in 0..<kernel.count / outputs {
      let channel = row % layer.inputChannels
      let shift = Double(map.bias?[channel] ?? 0)
      for o in 0..<outputs {
        let weight = Double(layer.kernel[row * outputs + o])
        kernel[row * outputs + o] = Float(weight * Double(map.kernel[channel]))
        sums[o] += weight * shift
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
