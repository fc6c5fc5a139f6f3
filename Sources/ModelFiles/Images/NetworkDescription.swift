import Convolution
import Files
import LinearAlgebra
import Tickets

/// What an ONNX model holds, read or not: who wrote it, its layers, and what stands in the way of
/// pruning into it.
public struct NetworkDescription: Sendable {
  /// The program that wrote the file, and its version.
  public let producer: String?
  /// The version of ONNX's operators that it is written for.
  public let operatorSet: Int?
  /// Inputs and outputs as the file has them.
  public let inputs: [String]
  /// As `inputs`.
  public let outputs: [String]
  /// How often each operator stands in the file, the commonest first.
  public let operators: [(name: String, count: Int)]
  /// Numbers in the file's constants.
  public let storedParameters: Int
  /// The network as it is read; nil where it is not.
  public let network: Network<Float>?
  /// What was read otherwise than it stands in the file.
  public let notes: [String]
  /// Everything that keeps the model from being read.
  public let obstacles: [String]
  /// Why it is not read, with the file's name; nil where it is.
  public let refusal: String?
  /// Why it cannot be pruned into though it is read; nil where it can.
  public let pruningObstacle: String?
  /// The digest by which tickets know it; nil where it cannot be pruned into.
  public let digest: String?

  /// Whether a random network can be pruned into it.
  public var isPrunable: Bool { digest != nil }

  /// Describes a document.
  public init(_ document: ONNXDocument, _ options: ONNXReadingOptions) {
    let producer = [document.producerName, document.producerVersion].filter { !$0.isEmpty }
    self.producer = producer.isEmpty ? nil : producer.joined(separator: " ")
    operatorSet = document.operatorSetVersion
    let constants = Set(document.initializers.map(\.name))
    func words(_ value: ONNXValue) -> String { "\(value.name) \(value.elementType) \(ONNXInput.text(value.shape))" }
    inputs = document.inputs.filter { !constants.contains($0.name) }.map(words)
    outputs = document.outputs.map(words)
    let counts = Dictionary(grouping: document.nodes, by: \.operatorType).mapValues(\.count)
    operators = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    storedParameters = document.initializers.reduce(0) { sum, tensor in
      if case .float32(let values) = tensor.values { sum + values.count } else { sum }
    }
    do {
      let model = try ONNXModel(document, options)
      (network, notes, obstacles, refusal) = (model.network, model.notes, [], nil)
      do {
        digest = try Target(model.network).digest
        pruningObstacle = nil
      } catch { (digest, pruningObstacle) = (nil, "\(error)") }
    } catch {
      let found = ONNXObstacles(of: document, options).texts
      (network, notes, digest, pruningObstacle) = (nil, [], nil, nil)
      obstacles = found.isEmpty ? [ONNXObstacles.text(error)] : found
      refusal = "\(error)"
    }
  }

  /// The layers, the input first; nil for a model that is not read.
  public var layers: [DescribedLayer]? { network.map { DescribedLayer.list(of: $0) } }

  /// Entries of the network's value where it is a row: the classes of a classifier.
  var classes: Int? { network.flatMap { $0.outputShape.pixels == 1 ? $0.outputShape.channels : nil } }

  private var parameters: Int { network.flatMap { try? $0.cost().parameters } ?? storedParameters }

  /// The description as facts in order.
  var facts: [FileDescription.Fact] {
    func fact(_ name: String, _ value: String) -> FileDescription.Fact { .init(name: name, value: value) }
    var facts = [
      fact("producer", producer ?? "not stated"),
      fact("operator set", operatorSet.map { "\($0)" } ?? "not stated"),
    ]
    facts += inputs.map { fact("input", $0) } + outputs.map { fact("output", $0) }
    facts.append(fact("operators", operators.map { "\($0.name) \($0.count)" }.joined(separator: ", ")))
    for layer in layers ?? [] {
      let shape = layer.shape.map { "\($0)" }.joined(separator: " × ")
      facts.append(fact(layer.name, "\(layer.summary) → \(shape)"))
    }
    facts.append(fact("parameters", "\(parameters)"))
    if let classes { facts.append(fact("classes", "\(classes)")) }
    facts += notes.map { fact("note", $0) }
    facts += obstacles.map { fact("obstacle", $0) }
    if let digest { facts.append(fact("target digest", digest)) }
    let verdict =
      refusal != nil ? "no: it is not read" : pruningObstacle.map { "no: \($0)" } ?? "yes"
    return facts + [fact("can be pruned into", verdict)]
  }
}

extension NetworkDescription: Encodable {
  private enum Key: String, CodingKey {
    case producer, inputs, outputs, operators, parameters, classes, layers, notes, obstacles, readable, prunable
    case reason, digest
    case operatorSet = "operator_set"
  }

  /// Flat JSON; absent things are null.
  public func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(producer, forKey: .producer)
    try json.encode(operatorSet, forKey: .operatorSet)
    try json.encode(inputs, forKey: .inputs)
    try json.encode(outputs, forKey: .outputs)
    let counts = Dictionary(operators.map { ($0.name, $0.count) }, uniquingKeysWith: +)
    try json.encode(counts, forKey: .operators)
    try json.encode(parameters, forKey: .parameters)
    try json.encode(classes, forKey: .classes)
    try json.encode(layers, forKey: .layers)
    try json.encode(notes, forKey: .notes)
    try json.encode(obstacles, forKey: .obstacles)
    try json.encode(refusal == nil, forKey: .readable)
    try json.encode(isPrunable, forKey: .prunable)
    try json.encode(obstacles.first ?? pruningObstacle, forKey: .reason)
    try json.encode(digest, forKey: .digest)
  }
}
