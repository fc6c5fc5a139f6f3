import Convolution
import Files
import LinearAlgebra

/// Walks a document's nodes in order and builds a network.
///
/// What each operator becomes is in the files beside `ONNXOperators.table`, which read a node's
/// inputs by what `ONNXNodeInputs.swift` offers and hand on what they make with the methods below.
struct ONNXGraphReader {
  let document: ONNXDocument
  /// Initialisers, constants, and what was computed from them, by the name of their value.
  var constants: [String: ONNXTensor]
  /// Integers that the number of images is a factor of: shapes, and what was computed from them.
  var openSizes: [String: ONNXArray] = [:]
  /// Each computed value.
  var values: [String: ONNXComputed] = [:]
  var builder: NetworkBuilder<Float>
  /// Values that have other readers than those of the name at hand.
  private var shared: Set<NetworkBuilder<Float>.Value> = []
  /// How many live nodes read each value, shapes of it aside; the output counts as a reader.
  var readers: [String: Int] = [:]
  let outputName: String
  /// The fixed number of images, or nil for any.
  let fixedBatch: Int?
  /// Weights and biases that layers may hold, counted once a layer, and those that they do hold.
  let greatestWeightCount: Int
  var weightCount = 0
  /// Elements of all constants that were computed.
  var foldedCount = 0
  var notes: [String]
  /// Whether the output is an image with its dimensions in another order than channels first.
  private(set) var givesChannelsLast = false
  /// The node at hand.
  private(set) var place = -1

  init(_ document: ONNXDocument, _ input: ONNXInput) throws {
    self.document = document
    constants = Dictionary(document.initializers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    // Layers may share an initialiser, but each holds its own copy.
    let stored = document.initializers.reduce(0) { $0 + $1.values.count }
    greatestWeightCount = max(1 << 24, 4 * stored)
    outputName = document.outputs[0].name
    fixedBatch = input.batch
    notes = input.notes
    builder = NetworkBuilder(inputShape: input.shape, inputName: input.name)
    values[input.name] = ONNXComputed(value: builder.input, layout: input.layout)
  }

  mutating func network() throws -> Network<Float> {
    try requireDistinctOutputs()
    countReaders()
    for index in document.liveNodes() {
      let node = document.nodes[index]
      place = index
      do { try read(node, index) } catch let error as ConvolutionError {
        throw problem(node, index, expected: "sizes that fit", found: error.description)
      }
    }
    place = document.nodes.count
    let output = try self.output()
    do {
      let network = try builder.network(output: output)
      try network.requireAffordable()
      return network
    } catch {
      throw FileError(
        .tooLarge, source: document.source, at: [.key("graph")], expected: "a network that fits",
        found: error.description)
    }
  }

  mutating func countReaders() {
    readers[outputName] = 1
    for index in document.liveNodes() where document.nodes[index].operatorType != "Shape" {
      for input in document.nodes[index].reads { readers[input, default: 0] += 1 }
    }
  }

  /// The value of the document's output, in the order that networks give.
  private mutating func output() throws -> NetworkBuilder<Float>.Value {
    func refused(_ expected: String, _ found: String) -> FileError {
      FileError(.unsupported, source: document.source, at: [.key("graph output")], expected: expected, found: found)
    }
    guard var output = values[outputName] else {
      throw FileError(
        .malformed, source: document.source, at: [.key("graph output")], expected: "a value that a node computes",
        found: "'\(outputName)'")
    }
    if output.scale != 1 { output = try scaled(output, named: outputName) }
    guard output.padding == nil else { throw refused("a layer behind Pad", "none") }
    guard output.split == nil else { throw refused("an image, or a flat row, as the output", "split channels") }
    guard output.part == nil else { throw refused("a whole softmax", "a part of one") }
    let shape = builder.shape(of: output.value)
    if output.layout.spatial(in: shape) != nil || shape.pixels == 1 { return output.value }
    if output.layout.dimensions.joined().elementsEqual(ONNXLayout.row(shape).dimensions[0]) {
      return try builder.append(output.rowName ?? outputName, .flatten, to: [output.value])
    }
    if output.layout.dimensions.count(where: { !$0.isEmpty }) == 1 {
      let node = ONNXNode(operatorType: "Flatten", name: outputName, inputs: [], outputs: [outputName])
      return try row(output, node, document.nodes.count).value
    }
    guard output.layout.dimensions.count == 3 else {
      throw refused("an image, or a flat row, as the output", output.layout.text(in: shape))
    }
    givesChannelsLast = true
    notes.append("the output has channels last in the file, (N, H, W, C); here it is (N, C, H, W)")
    return output.value
  }

  mutating func read(_ node: ONNXNode, _ index: Int) throws {
    guard node.domain.isEmpty || node.domain == "ai.onnx" else {
      guard let operation = ONNXOperators.classical[node.operatorType], node.domain == "ai.onnx.ml" else {
        throw unsupported(node, index)
      }
      return try operation(&self, node, index)
    }
    if node.operatorType == "Constant" {
      guard let output = node.outputs.first else {
        throw problem(node, index, expected: "an output", found: "none")
      }
      constants[output] = try constant(node, index)
      return
    }
    if try shuffle(node, index) { return }
    if try fold(node, index) { return }
    if try partOfHead(node, index) { return }
    guard let operation = ONNXOperators.table[node.operatorType] else { throw unsupported(node, index) }
    try operation(&self, node, index)
  }

  // MARK: - What operators hand on

  /// Appends an operation that works entry by entry on the node's first inputs, which lie alike.
  mutating func append(_ node: ONNXNode, _ index: Int, _ operation: Network<Float>.Operation) throws {
    var inputs: [ONNXComputed] = []
    for position in 0..<operation.arity { inputs.append(try computed(node, position, index)) }
    try append(node, index, operation, to: inputs)
  }

  mutating func append(
    _ node: ONNXNode, _ index: Int, _ operation: Network<Float>.Operation, to inputs: [ONNXComputed]
  ) throws {
    var inputs = inputs
    let (first, shape) = (inputs[0], builder.shape(of: inputs[0].value))
    let areAlike = inputs.allSatisfy {
      $0.layout == first.layout && (builder.shape(of: $0.value) == shape || first.layout.spatial(in: shape) != nil)
    }
    if !areAlike {
      guard inputs.allSatisfy({ $0.layout.dimensions.count == 1 }) else {
        let texts = inputs.map { $0.layout.text(in: builder.shape(of: $0.value)) }
        throw problem(node, index, expected: "two values of one shape", found: texts.joined(separator: " and "))
      }
      for place in inputs.indices { inputs[place] = try row(inputs[place], node, index) }
    }
    try charge(operation, node, index)
    var result = inputs[0]
    result.value = try builder.append(layerName(node), operation, to: inputs.map(\.value))
    values[node.outputs[0]] = result
  }

  /// Appends an operation on images.
  mutating func append(
    _ node: ONNXNode, _ index: Int, _ operation: Network<Float>.Operation, toImage input: ONNXComputed
  ) throws {
    let spatial = input.layout.spatial(in: builder.shape(of: input.value)) ?? 2
    try charge(operation, node, index)
    let value = try builder.append(layerName(node), operation, to: [input.value])
    values[node.outputs[0]] = ONNXComputed(
      value: value, layout: .image(builder.shape(of: value), spatial: spatial))
  }

  /// Gives the node's first input the name of its output.
  mutating func alias(
    _ node: ONNXNode, _ index: Int, _ change: (inout ONNXComputed) throws -> Void = { _ in }
  ) throws {
    var input = try raw(node, 0, index)
    if readers[node.inputs[0]] != 1 { markShared(input.value) }
    try change(&input)
    values[node.outputs[0]] = input
  }

  /// Remembers that a value has readers under several names.
  mutating func markShared(_ value: NetworkBuilder<Float>.Value) { shared.insert(value) }

  /// A value as a flat row whose entries are channels of one pixel, in the document's order.
  mutating func row(_ input: ONNXComputed, _ node: ONNXNode, _ index: Int) throws -> ONNXComputed {
    let shape = builder.shape(of: input.value)
    if shape.pixels == 1 { return input }
    guard let order = input.layout.dimensions.first(where: { !$0.isEmpty }),
      order.count == input.layout.dimensions.joined().count
    else {
      throw problem(node, index, expected: "a flat row (N, K)", found: input.layout.text(in: shape))
    }
    var input = input
    let name = input.rowName ?? layerName(node)
    input.value = try builder.append(name, .flatten, to: [input.value])
    if order != ONNXLayout.row(shape).dimensions[0] {
      let axes: [ONNXLayout.Axis] = [.channel, .row, .column]
      let sizes = axes.map { $0.size(in: shape) }
      let steps = Dictionary(uniqueKeysWithValues: zip(axes, [sizes[1] * sizes[2], sizes[2], 1]))
      let places = ONNXArray.indices(
        order.map { $0.size(in: shape) }, strides: order.map { steps[$0] ?? 0 })
      let selection = try ChannelSelection(inputChannels: shape.count, sources: places)
      input.value = try builder.append(name + ".order", .plain(.channelSelection(selection)), to: [input.value])
    }
    input.layout = ONNXLayout(
      input.layout.dimensions.map { $0.isEmpty ? [] : [.channel] }, of: builder.shape(of: input.value))
    return input
  }

  /// A value multiplied by what it is yet to be multiplied by.
  mutating func scaled(_ input: ONNXComputed, named name: String) throws -> ONNXComputed {
    var input = input
    let channels = builder.shape(of: input.value).channels
    let map = try ChannelMap(factors: [Float](repeating: Float(input.scale), count: channels))
    input.value = try builder.append(name + ".scale", .plain(.channelMap(map)), to: [input.value])
    input.scale = 1
    return input
  }

  /// The layer that makes a value, where nothing but one reader of this name reads it.
  func layer(behind name: String) -> Network<Float>.Operation? {
    guard let value = values[name]?.value, readers[name] == 1, !shared.contains(value) else { return nil }
    return builder.operation(of: value)
  }

  func layerName(_ node: ONNXNode) -> String { node.name.isEmpty ? node.outputs[0] : node.name }

  func problem(_ node: ONNXNode, _ index: Int, expected: String, found: String) -> FileError {
    FileError(
      .unsupported, source: document.source, at: [.node(index, "\(node.operatorType) \(node.name)")],
      expected: expected, found: found)
  }
}
