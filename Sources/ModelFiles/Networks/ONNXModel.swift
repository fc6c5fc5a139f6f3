import Files
import LinearAlgebra
import Convolution
import Foundation

/// Reads ONNX models as networks.
///
/// Understood: Conv, Relu, LeakyRelu, MaxPool, AveragePool, GlobalAveragePool, Flatten, Gemm, and what exporters put around
/// them: Identity, Dropout (inference), Constant, Reshape to a flat row, ReduceMean over the pixels, MatMul, Add of
/// a bias or of two values of one shape, and BatchNormalization in inference, which joins the convolution or dense
/// layer before it (in Float64, then rounded) or becomes a 1×1 convolution per channel; and Gather of channels and
/// Unsqueeze of a row to an image, which exported tickets have. One image input (N, C, H, W) with fixed C, H, W and any N; one output.
public struct ONNXModel: Sendable {
  public let network: Network<Float>
  /// What was read otherwise than it stands in the document, a sentence each.
  public let notes: [String]

  /// Reads the file at `path`.
  ///
  /// - Throws: as `network(fromFile:)`.
  public init(contentsOf path: String) throws { try self.init(ONNXDocument(path: path)) }

  /// Reads a document.
  ///
  /// - Throws: as `network(fromFile:)`.
  public init(_ document: ONNXDocument) throws {
    var reader = try ONNXGraphReader(document)
    network = try reader.network()
    notes = []
  }

  /// The network in an ONNX file. Nodes that do not reach the output are left out.
  ///
  /// - Throws: `FileError` that names the file and the node.
  public static func network(fromFile path: String) throws -> Network<Float> {
    try network(from: ONNXDocument(path: path))
  }

  /// The network in a document.
  ///
  /// - Throws: as `network(fromFile:)`.
  public static func network(from document: ONNXDocument) throws -> Network<Float> {
    try ONNXModel(document).network
  }
}

/// Walks a document's nodes in order and builds a network.
struct ONNXGraphReader {
  let document: ONNXDocument
  /// Initialisers and constants by the name of their value.
  var constants: [String: ONNXTensor]
  /// Each computed value.
  var values: [String: NetworkBuilder<Float>.Value] = [:]
  /// Whether a computed value has rank 2 in the document: (N, K).
  var flat: [String: Bool] = [:]
  var builder: NetworkBuilder<Float>
  /// Values that have other readers than those of the name at hand.
  private var shared: Set<NetworkBuilder<Float>.Value> = []
  /// How many live nodes read each value; the output counts as a reader.
  var readers: [String: Int] = [:]
  let outputName: String
  /// The fixed number of images, or nil for any.
  let fixedBatch: Int?
  /// Weights and biases that layers may hold, counted once a layer, and those that they do hold.
  let greatestWeightCount: Int
  var weightCount = 0

  init(_ document: ONNXDocument) throws {
    self.document = document
    let constants = Dictionary(document.initializers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.constants = constants
    let inputs = document.inputs.filter { constants[$0.name] == nil }
    guard inputs.count == 1, document.outputs.count == 1 else {
      throw FileError(
        .unsupported, source: document.source, at: [.key("graph")], expected: "one input and one output",
        found: "\(inputs.count) and \(document.outputs.count)")
    }
    let shape = try Self.imageShape(inputs[0], document.source)
    if case .fixed(let size)? = inputs[0].shape?.first { fixedBatch = size } else { fixedBatch = nil }
    // Layers may share an initialiser, but each holds its own copy.
    let stored = document.initializers.reduce(0) { $0 + $1.values.count }
    greatestWeightCount = max(1 << 24, 4 * stored)
    outputName = document.outputs[0].name
    builder = NetworkBuilder(inputShape: shape, inputName: inputs[0].name)
    values[inputs[0].name] = builder.input
    flat[inputs[0].name] = false
  }

  mutating func network() throws -> Network<Float> {
    try requireDistinctOutputs()
    let live = liveNodes()
    readers[outputName] = 1
    for index in live { for input in document.nodes[index].inputs { readers[input, default: 0] += 1 } }
    for index in live {
      let node = document.nodes[index]
      do { try read(node, index) } catch let error as ConvolutionError {
        throw problem(node, index, expected: "sizes that fit", found: error.description)
      }
    }
    guard let output = values[outputName] else {
      throw FileError(
        .malformed, source: document.source, at: [.key("graph output")], expected: "a value that a node computes",
        found: "'\(outputName)'")
    }
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

  /// Indices of the nodes that the output depends on, in file order.
  private func liveNodes() -> [Int] {
    var needed: Set<String> = [outputName]
    var live: [Int] = []
    for (index, node) in document.nodes.enumerated().reversed()
    where node.outputs.contains(where: { needed.contains($0) }) {
      live.append(index)
      needed.formUnion(node.inputs)
    }
    return live.reversed()
  }

  private static func imageShape(_ value: ONNXValue, _ source: String) throws -> ImageShape {
    var sizes: [Int] = []
    for dimension in (value.shape ?? []).dropFirst() {
      if case .fixed(let size) = dimension, size > 0, size <= 1 << 20 { sizes.append(size) }
    }
    guard value.elementType == .float32, value.shape?.count == 4, sizes.count == 3 else {
      throw FileError(
        .unsupported, source: source, at: [.key("graph input")],
        expected: "FLOAT of shape (N, C, H, W) with fixed C, H and W",
        found: "\(value.elementType) of shape \(value.shape.map { "\($0)" } ?? "unknown")")
    }
    return ImageShape(height: sizes[1], width: sizes[2], channels: sizes[0])
  }

  private mutating func read(_ node: ONNXNode, _ index: Int) throws {
    guard node.domain.isEmpty || node.domain == "ai.onnx" else {
      throw unsupported(node, index)
    }
    switch node.operatorType {
    case "Constant": constants[node.outputs[0]] = try constant(node, index)
    case "Identity", "Dropout":
      if node.operatorType == "Dropout" { try requireInference(node, index) }
      if let value = constants[try input(node, 0, index)] {
        constants[node.outputs[0]] = value
      } else {
        try alias(node, index)
      }
    case "Conv": try append(node, index, .convolution(try convolution(node, index)), needsImage: true)
    case "Relu": try append(node, index, .rectifier)
    case "LeakyRelu":
      let slope = try float(node, "alpha", default: 0.01, index)
      try append(node, index, .plain(.leakyRectifier(LeakyRectifier(slope: slope))))
    case "MaxPool", "AveragePool": try append(node, index, .pooling(try pooling(node, index)), needsImage: true)
    case "GlobalAveragePool": try append(node, index, .globalAveragePooling, needsImage: true)
    case "ReduceMean": try reduceMean(node, index)
    case "Flatten": try flatten(node, index)
    case "Unsqueeze": try unsqueeze(node, index)
    case "Reshape": try reshape(node, index)
    case "Gemm": try appendDense(node, index, try gemm(node, index))
    case "MatMul": try appendDense(node, index, try matrixProduct(node, index))
    case "Add": try add(node, index)
    case "Gather": try append(node, index, .blockedPointwise(try gather(node, index)), needsImage: true)
    case "BatchNormalization": try batchNormalization(node, index)
    default: throw unsupported(node, index)
    }
  }

  /// Appends an operation on the node's first inputs.
  mutating func append(
    _ node: ONNXNode, _ index: Int, _ operation: Network<Float>.Operation, needsImage: Bool = false,
    isFlat: Bool? = nil
  ) throws {
    var inputs: [NetworkBuilder<Float>.Value] = []
    var inputIsFlat = false
    for position in 0..<operation.arity {
      let (value, isFlat) = try computed(node, position, index)
      if position > 0 && isFlat != inputIsFlat {
        throw problem(node, index, expected: "two values of one shape", found: "(N, C, H, W) and (N, K)")
      }
      inputIsFlat = isFlat
      inputs.append(value)
    }
    if needsImage && inputIsFlat {
      throw problem(node, index, expected: "an input of shape (N, C, H, W)", found: "(N, K)")
    }
    try charge(operation, node, index)
    values[node.outputs[0]] = try builder.append(layerName(node), operation, to: inputs)
    flat[node.outputs[0]] = isFlat ?? inputIsFlat
  }

  /// Appends a fully connected layer on the node's first input.
  mutating func appendDense(_ node: ONNXNode, _ index: Int, _ layer: ONNXDense) throws {
    let (value, _) = try computed(node, 0, index)
    try charge(weights: layer.weights.count + (layer.bias?.count ?? 0), node, index)
    values[node.outputs[0]] = try builder.dense(
      layerName(node), weights: layer.weights, outputs: layer.outputs, bias: layer.bias, to: value)
    flat[node.outputs[0]] = true
  }

  /// Gives the value of the node's first input the name of its output.
  mutating func alias(_ node: ONNXNode, _ index: Int, isFlat: Bool? = nil) throws {
    let (value, inputIsFlat) = try computed(node, 0, index)
    if readers[node.inputs[0]] != 1 { shared.insert(value) }
    values[node.outputs[0]] = value
    flat[node.outputs[0]] = isFlat ?? inputIsFlat
  }

  /// The convolution that makes a value, where nothing but one reader of this name reads it.
  func convolution(behind name: String) -> (value: NetworkBuilder<Float>.Value, layer: Convolution<Float>)? {
    guard let value = values[name], readers[name] == 1, !shared.contains(value),
      case .convolution(let layer)? = builder.operation(of: value)
    else { return nil }
    return (value, layer)
  }

  private func layerName(_ node: ONNXNode) -> String {
    node.name.isEmpty ? node.outputs[0] : node.name
  }

  // MARK: - What nodes are read with

  /// The computed value behind input `position`, and whether it has rank 2.
  func computed(
    _ node: ONNXNode, _ position: Int, _ index: Int
  ) throws -> (value: NetworkBuilder<Float>.Value, isFlat: Bool) {
    let name = try input(node, position, index)
    guard let value = values[name], let isFlat = flat[name] else {
      throw problem(node, index, expected: "an input that an earlier node computes", found: "'\(name)'")
    }
    return (value, isFlat)
  }

  /// The name of input `position`.
  func input(_ node: ONNXNode, _ position: Int, _ index: Int) throws -> String {
    guard node.inputs.count > position, !node.inputs[position].isEmpty, !node.outputs.isEmpty else {
      throw problem(
        node, index, expected: "at least \(position + 1) input(s) and an output",
        found: "\(node.inputs.count) and \(node.outputs.count)")
    }
    return node.inputs[position]
  }

  /// The constant behind input `position`; nil when the input is absent.
  func constantInput(_ node: ONNXNode, _ position: Int, _ index: Int) throws -> ONNXTensor? {
    guard node.inputs.count > position, !node.inputs[position].isEmpty else { return nil }
    guard let tensor = constants[node.inputs[position]] else {
      throw problem(
        node, index, expected: "a constant as input \(position)", found: "the computed '\(node.inputs[position])'")
    }
    return tensor
  }

  /// Finite weights behind input `position`.
  func weights(_ node: ONNXNode, _ position: Int, _ index: Int) throws -> (shape: [Int], values: [Float]) {
    guard let tensor = try constantInput(node, position, index) else {
      throw problem(node, index, expected: "weights as input \(position)", found: "none")
    }
    let values = try tensor.floats()
    if let wrong = values.firstIndex(where: { !$0.isFinite }) {
      throw problem(
        node, index, expected: "finite weights", found: "\(values[wrong]) at index \(wrong) of '\(tensor.name)'")
    }
    return (tensor.shape, values)
  }

  func integer(_ node: ONNXNode, _ name: String, default value: Int, _ index: Int) throws -> Int {
    switch node.attribute(name) {
    case nil: return value
    case .int(let number)?: return Int(number)
    case let other?: throw problem(node, index, expected: "attribute \(name) INT", found: other.typeName)
    }
  }

  func float(_ node: ONNXNode, _ name: String, default value: Float, _ index: Int) throws -> Float {
    switch node.attribute(name) {
    case nil: return value
    case .float(let number)?: return number
    case let other?: throw problem(node, index, expected: "attribute \(name) FLOAT", found: other.typeName)
    }
  }

  /// Sizes in an attribute: `count` of them, each in 0..<2³⁰.
  func integers(_ node: ONNXNode, _ name: String, count: Int, _ index: Int) throws -> [Int]? {
    switch node.attribute(name) {
    case nil: return nil
    case .ints(let numbers)?:
      guard numbers.count == count, numbers.allSatisfy({ $0 >= 0 && $0 < 1 << 30 }) else {
        throw problem(
          node, index, expected: "attribute \(name) with \(count) numbers in 0..<2^30", found: "\(numbers)")
      }
      return numbers.map { Int($0) }
    case let other?: throw problem(node, index, expected: "attribute \(name) INTS", found: other.typeName)
    }
  }

  func problem(_ node: ONNXNode, _ index: Int, expected: String, found: String) -> FileError {
    FileError(
      .unsupported, source: document.source, at: [.node(index, "\(node.operatorType) \(node.name)")],
      expected: expected, found: found)
  }

  private func unsupported(_ node: ONNXNode, _ index: Int) -> FileError {
    problem(
      node, index,
      expected:
        "one of Conv, Relu, LeakyRelu, MaxPool, AveragePool, GlobalAveragePool, Flatten, Gemm, Identity, Dropout, "
        + "Constant, Reshape, ReduceMean, MatMul, Add, BatchNormalization, Gather, Unsqueeze",
      found: "the operator \(node.domain.isEmpty ? "" : node.domain + ".")\(node.operatorType)")
  }

  private func constant(_ node: ONNXNode, _ index: Int) throws -> ONNXTensor {
    guard let attribute = node.attributes.first, !node.outputs.isEmpty else {
      throw problem(node, index, expected: "a value", found: "none")
    }
    let name = node.outputs[0]
    let source = document.source
    switch attribute.value {
    case .tensor(let tensor):
      return try ONNXTensor(name: name, shape: tensor.shape, values: tensor.values, source: source)
    case .float(let value): return try ONNXTensor(name: name, shape: [], values: .float32([value]), source: source)
    case .floats(let values):
      return try ONNXTensor(name: name, shape: [values.count], values: .float32(values), source: source)
    case .int(let value): return try ONNXTensor(name: name, shape: [], values: .int64([value]), source: source)
    case .ints(let values):
      return try ONNXTensor(name: name, shape: [values.count], values: .int64(values), source: source)
    default: throw problem(node, index, expected: "a tensor or numbers", found: attribute.value.typeName)
    }
  }
}
