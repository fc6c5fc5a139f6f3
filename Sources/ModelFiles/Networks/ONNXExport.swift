import Convolution
import Files
import LinearAlgebra

extension ONNXModel {
  /// A network as an ONNX model, operator set 17 (19 for a dilated average), any batch size.
  ///
  /// A blocked 1×1 layer becomes Gather (the channel that each hidden filter reads) and a depthwise
  /// 1×1 Conv; removed filters are not there, and no zeros stand for them. Only where a layer kept
  /// no filter at all, which ONNX cannot say, one kernel of zeros over the layer's input does.
  /// Initialisers are named and laid out as `NetworkExport` names them. An output of one pixel is
  /// written as a row (N, K).
  ///
  /// - Throws: `FileError` for sizes that the format cannot hold.
  public static func document(of network: Network<Float>, name: String) throws -> ONNXDocument {
    var writer = try ONNXGraphWriter(network)
    return try writer.document(name: name)
  }
}

/// Walks a network's nodes in order and writes each as one or two of ONNX's.
private struct ONNXGraphWriter {
  /// Nodes up to the output; each name occurs once.
  let network: Network<Float>
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor]
  /// The value that stands for each node's.
  var values: [String] = []
  /// Whether that value has rank 2, (N, K).
  var isFlat: [Bool] = []
  /// For a layer of removed filters alone: the value that its blocked layer would have read, and
  /// its channels.
  var unfiltered: [Int: (value: String, channels: Int)] = [:]
  var operatorSet = 17

  init(_ network: Network<Float>) throws {
    var taken: Set<String> = []
    let nodes = network.nodes.prefix(network.output + 1).enumerated().map { index, node in
      var name = node.name.isEmpty ? "node\(index)" : node.name
      while !taken.insert(name).inserted { name += "." + String(index) }
      return Network<Float>.Node(name: name, operation: node.operation, inputs: node.inputs)
    }
    self.network = try Network(inputShape: network.inputShape, nodes: nodes, output: network.output)
    initializers = try NetworkExport.tensors(of: self.network)
  }

  mutating func document(name: String) throws -> ONNXDocument {
    for index in network.nodes.indices { try write(index) }
    let shape = network.outputShape
    guard unfiltered[network.output] == nil else { throw Self.emptyLayer(network.nodes[network.output].name) }
    let output = shape.pixels == 1 ? row(network.output) : values[network.output]
    var dimensions: [ONNXDimension] = [.named("batch"), .fixed(shape.channels)]
    if shape.pixels > 1 { dimensions += [.fixed(shape.height), .fixed(shape.width)] }
    let input = network.inputShape
    return ONNXDocument(
      graphName: name,
      inputs: [
        ONNXValue(
          name: values[0],
          shape: [.named("batch"), .fixed(input.channels), .fixed(input.height), .fixed(input.width)])
      ],
      outputs: [ONNXValue(name: output, shape: dimensions)], nodes: nodes, initializers: initializers,
      operatorSets: [ONNXOperatorSet(version: operatorSet)], formatVersion: operatorSet > 17 ? 9 : 8)
  }

  /// The value of a node with rank 2, (N, K).
  private mutating func row(_ index: Int) -> String {
    if isFlat[index] { return values[index] }
    let name = values[index] + ".row"
    if !nodes.contains(where: { $0.name == name }) {
      nodes.append(ONNXNode(operatorType: "Flatten", name: name, inputs: [values[index]], outputs: [name]))
    }
    return name
  }

  /// The value of a node with rank 4, (N, C, H, W).
  private mutating func image(_ index: Int) throws -> String {
    if !isFlat[index] { return values[index] }
    let name = values[index] + ".image"
    if !nodes.contains(where: { $0.name == name }) {
      let axes = name + ".axes"
      initializers.append(try ONNXTensor(name: axes, shape: [2], values: .int64([2, 3])))
      nodes.append(ONNXNode(operatorType: "Unsqueeze", name: name, inputs: [values[index], axes], outputs: [name]))
    }
    return name
  }

  private static func emptyLayer(_ name: String) -> FileError {
    FileError(
      .unsupported, source: "ONNX export", at: [.key(name)],
      expected: "a blocked layer without filters before a ReLU and a convolution", found: "before something else")
  }

  private mutating func write(_ index: Int) throws {
    let node = network.nodes[index]
    func append(_ type: String, _ inputs: [String], _ attributes: [ONNXAttribute] = [], isFlat flat: Bool = false) {
      nodes.append(
        ONNXNode(operatorType: type, name: node.name, inputs: inputs, outputs: [node.name], attributes: attributes))
      values.append(node.name)
      isFlat.append(flat)
    }
    guard let first = node.inputs.first else {
      values.append(node.name)
      return isFlat.append(false)
    }
    switch node.operation {
    case .plain(.rectifier), .convolution: break
    default: if node.inputs.contains(where: { unfiltered[$0] != nil }) { throw Self.emptyLayer(node.name) }
    }
    switch node.operation {
    case .input: preconditionFailure("the input reads nothing")
    case .plain(.rectifier):
      if let source = unfiltered[first] {
        unfiltered[index] = source
        values.append(source.value)
        return isFlat.append(false)
      }
      append("Relu", [values[first]], isFlat: isFlat[first])
    case .plain(.leakyRectifier(let layer)):
      append(
        "LeakyRelu", [values[first]], [ONNXAttribute("alpha", .float(layer.slope))], isFlat: isFlat[first])
    case .plain(.addition):
      // Of one shape; where that is one pixel, one of them may be a row.
      let areRows = isFlat[first] && isFlat[node.inputs[1]]
      let summands = try node.inputs.map { areRows ? row($0) : try image($0) }
      append("Add", summands, isFlat: areRows)
    case .plain(.flatten): append("Flatten", [values[first]], [ONNXAttribute("axis", .int(1))], isFlat: true)
    case .plain(.globalAveragePooling): append("GlobalAveragePool", [try image(first)])
    case .plain(.channelMap(let layer)):
      append(
        "Conv", [try image(first), node.name + ".weight", node.name + ".bias"],
        [ONNXAttribute("kernel_shape", .ints([1, 1])), ONNXAttribute("group", .int(Int64(layer.factors.count)))])
    case .plain(.channelSelection(let layer)):
      var source = try image(first)
      if layer.sources.contains(where: { $0 == nil }) {
        // A channel of zeros behind the others, which stands for all of them.
        let padded = node.name + ".zeros"
        initializers.append(
          try ONNXTensor(name: padded + ".pads", shape: [8], values: .int64([0, 0, 0, 0, 0, 1, 0, 0])))
        nodes.append(
          ONNXNode(operatorType: "Pad", name: padded, inputs: [source, padded + ".pads"], outputs: [padded]))
        source = padded
      }
      append("Gather", [source, node.name + ".sources"], [ONNXAttribute("axis", .int(1))])
    case .plain(.pooling(let pooling)):
      append(pooling.kind == .maximum ? "MaxPool" : "AveragePool", [try image(first)], attributes(pooling))
    case .blockedPointwise(let layer):
      if layer.sources.isEmpty {
        unfiltered[index] = (try image(first), layer.inputChannels)
        initializers.removeAll { $0.name == node.name + ".weight" || $0.name == node.name + ".sources" }
        values.append(values[first])
        return isFlat.append(false)
      }
      let gathered = node.name + ".gathered"
      nodes.append(
        ONNXNode(
          operatorType: "Gather", name: gathered, inputs: [try image(first), node.name + ".sources"],
          outputs: [gathered], attributes: [ONNXAttribute("axis", .int(1))]))
      append(
        "Conv", [gathered, node.name + ".weight"],
        [ONNXAttribute("kernel_shape", .ints([1, 1])), ONNXAttribute("group", .int(Int64(layer.sources.count)))])
    case .convolution(let layer):
      if layer.inputChannels == 0 { try writeZeros(for: layer, node.name, reading: first) }
      append(
        "Conv",
        [try unfiltered[first]?.value ?? image(first), node.name + ".weight"]
          + (layer.bias == nil ? [] : [node.name + ".bias"]),
        attributes(layer.window, isPool: false) + [ONNXAttribute("group", .int(Int64(layer.groups)))])
    }
  }

  /// Puts a kernel of zeros in the place of an empty one.
  private mutating func writeZeros(for layer: Convolution<Float>, _ name: String, reading input: Int) throws {
    guard let unfiltered = unfiltered[input],
      let place = initializers.firstIndex(where: { $0.name == name + ".weight" })
    else { throw Self.emptyLayer(name) }
    let shape = [layer.outputChannels, unfiltered.channels, layer.window.height, layer.window.width]
    initializers[place] = try ONNXTensor(
      name: name + ".weight", shape: shape,
      values: .float32([Float](repeating: 0, count: shape.reduce(1, *))))
  }

  private mutating func attributes(_ pooling: Pooling) -> [ONNXAttribute] {
    var attributes = attributes(pooling.window, isPool: true)
    let isDilated = pooling.window.dilationHeight != 1 || pooling.window.dilationWidth != 1
    if pooling.kind != .maximum && isDilated { operatorSet = 19 }
    if !isDilated { attributes.removeAll { $0.name == "dilations" } }
    if pooling.kind != .maximum {
      attributes.append(ONNXAttribute("count_include_pad", .int(pooling.kind == .averageCountingPadding ? 1 : 0)))
    }
    return attributes
  }

  private func attributes(_ window: SlidingWindow, isPool: Bool) -> [ONNXAttribute] {
    func numbers(_ values: Int...) -> ONNXAttribute.Value { .ints(values.map { Int64($0) }) }
    let padding = window.padding
    let common = [
      ONNXAttribute("kernel_shape", numbers(window.height, window.width)),
      ONNXAttribute("strides", numbers(window.strideHeight, window.strideWidth)),
      ONNXAttribute("dilations", numbers(window.dilationHeight, window.dilationWidth)),
      ONNXAttribute("pads", numbers(padding.top, padding.left, padding.bottom, padding.right)),
    ]
    return isPool ? common + [ONNXAttribute("ceil_mode", .int(window.roundsUp ? 1 : 0))] : common
  }
}
