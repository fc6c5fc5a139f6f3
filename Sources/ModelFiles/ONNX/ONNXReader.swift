import Files
import Foundation

/// Messages of the schema → plain values, checked.
struct ONNXReader {
  let source: String
  /// Where tensors that are kept in other files are looked for; nil refuses them.
  let folder: String?

  /// The model is taken apart on the way, so that tensors are held once.
  func document(_ model: consuming Tombola_Onnx_ModelProto) throws(FileError) -> ONNXDocument {
    guard model.hasGraph else {
      throw FileError(
        .malformed, source: source, at: [.key("graph")], expected: "an ONNX model with a graph", found: "none")
    }
    guard let formatVersion = Int(exactly: model.irVersion), formatVersion > 0 else {
      throw FileError(
        .malformed, source: source, at: [.key("ir_version")], expected: "a version from 1", found: "\(model.irVersion)")
    }
    var graph = model.graph
    model.clearGraph()
    let tensors = graph.initializer
    graph.initializer = []
    if !graph.sparseInitializer.isEmpty {
      throw FileError(
        .unsupported, source: source, at: [.key("sparse_initializer")], expected: "dense initialisers",
        found: "\(graph.sparseInitializer.count) sparse")
    }
    var document = ONNXDocument(
      graphName: graph.name, inputs: try values(graph.input, "input"), outputs: try values(graph.output, "output"),
      nodes: try nodes(graph.node), initializers: try initializers(tensors),
      operatorSets: try operatorSets(model.opsetImport), formatVersion: formatVersion,
      producerName: model.producerName, producerVersion: model.producerVersion,
      metadata: model.metadataProps.map { ($0.key, $0.value) }, source: source)
    for function in model.functions { document.functions.append(try self.function(function)) }
    return document
  }

  private func function(_ message: Tombola_Onnx_FunctionProto) throws(FileError) -> ONNXFunction {
    var function = ONNXFunction(
      domain: message.domain, name: message.name, inputs: message.input, outputs: message.output,
      nodes: try nodes(message.node, inFunction: true))
    function.overload = message.overload
    for attribute in message.attributeProto {
      let place: [FileError.Location] = [.key("function \(message.name)"), .key(attribute.name)]
      function.defaults.append(ONNXAttribute(attribute.name, try value(of: attribute, at: place, inFunction: false)))
    }
    function.operatorSets = try operatorSets(message.opsetImport)
    return function
  }

  private func operatorSets(_ messages: [Tombola_Onnx_OperatorSetIdProto]) throws(FileError) -> [ONNXOperatorSet] {
    var sets: [ONNXOperatorSet] = []
    var domains: Set<String> = []
    for message in messages {
      guard let version = Int(exactly: message.version), version > 0 else {
        throw FileError(
          .malformed, source: source, at: [.key("opset_import"), .key(message.domain)], expected: "a version from 1",
          found: "\(message.version)")
      }
      guard domains.insert(message.domain).inserted else {
        throw FileError(
          .malformed, source: source, at: [.key("opset_import"), .key(message.domain)], expected: "each domain once",
          found: "a second one")
      }
      sets.append(ONNXOperatorSet(domain: message.domain, version: version))
    }
    return sets
  }

  private func values(
    _ messages: [Tombola_Onnx_ValueInfoProto], _ role: String
  ) throws(FileError) -> [ONNXValue] {
    var values: [ONNXValue] = []
    for message in messages {
      let place: [FileError.Location] = [.key(role), .tensor(message.name)]
      guard case .tensorType(let tensor)? = message.type.value else {
        // An output may be a sequence or map that is made of scores; inputs are tensors.
        if role == "output", message.type.value != nil {
          values.append(ONNXValue(name: message.name, shape: nil))
          continue
        }
        throw FileError(
          .unsupported, source: source, at: place, expected: "a dense tensor",
          found: message.type.value.map(kindName) ?? "a value without a type")
      }
      let type = try ONNXElementType.named(tensor.elemType, at: place, source)
      var shape: [ONNXDimension]?
      if tensor.hasShape {
        var dimensions: [ONNXDimension] = []
        for dimension in tensor.shape.dim { dimensions.append(try self.dimension(dimension, at: place)) }
        shape = dimensions
      }
      values.append(ONNXValue(name: message.name, elementType: type, shape: shape))
    }
    return values
  }

  private func dimension(
    _ message: Tombola_Onnx_TensorShapeProto.Dimension, at place: [FileError.Location]
  ) throws(FileError) -> ONNXDimension {
    switch message.value {
    // Some exporters write −1 for a size that is open.
    case .dimValue(-1): return .unknown
    case .dimValue(let value):
      guard let size = Int(exactly: value), size >= 0 else {
        throw FileError(.malformed, source: source, at: place, expected: "dimensions from 0", found: "\(value)")
      }
      return .fixed(size)
    case .dimParam(let name): return name.isEmpty ? .unknown : .named(name)
    case nil: return .unknown
    }
  }

  private func kindName(_ value: Tombola_Onnx_TypeProto.OneOf_Value) -> String {
    switch value {
    case .tensorType: "a dense tensor"
    case .sequenceType: "a sequence"
    case .mapType: "a map"
    case .opaqueType: "an opaque value"
    case .sparseTensorType: "a sparse tensor"
    case .optionalType: "an optional value"
    }
  }

  private func nodes(
    _ messages: [Tombola_Onnx_NodeProto], inFunction: Bool = false
  ) throws(FileError) -> [ONNXNode] {
    var nodes: [ONNXNode] = []
    nodes.reserveCapacity(messages.count)
    for (index, message) in messages.enumerated() {
      let place = FileError.Location.node(index, message.name.isEmpty ? message.opType : message.name)
      guard !message.opType.isEmpty else {
        throw FileError(.malformed, source: source, at: [place], expected: "an operator", found: "none")
      }
      var attributes: [ONNXAttribute] = []
      var names: Set<String> = []
      for attribute in message.attribute {
        guard names.insert(attribute.name).inserted else {
          throw FileError(
            .malformed, source: source, at: [place, .key(attribute.name)], expected: "each attribute once",
            found: "a second one")
        }
        attributes.append(
          ONNXAttribute(
            attribute.name, try value(of: attribute, at: [place, .key(attribute.name)], inFunction: inFunction)))
      }
      var node = ONNXNode(
        operatorType: message.opType, domain: message.domain, name: message.name, inputs: message.input,
        outputs: message.output, attributes: attributes)
      node.overload = message.overload
      nodes.append(node)
    }
    return nodes
  }

  private func value(
    of message: Tombola_Onnx_AttributeProto, at place: [FileError.Location], inFunction: Bool
  ) throws(FileError) -> ONNXAttribute.Value {
    if !message.refAttrName.isEmpty {
      if inFunction { return .reference(message.refAttrName) }
      throw FileError(
        .unsupported, source: source, at: place, expected: "a value",
        found: "a reference to the attribute \(FileError.quoted(message.refAttrName)) of a function")
    }
    switch message.type {
    case .int: return .int(message.i)
    case .ints: return .ints(message.ints)
    case .float: return .float(message.f)
    case .floats: return .floats(message.floats)
    case .string: return .string(try text(message.s, at: place))
    case .strings:
      var strings: [String] = []
      for string in message.strings { strings.append(try text(string, at: place)) }
      return .strings(strings)
    case .tensor:
      guard message.hasT else {
        throw FileError(.malformed, source: source, at: place, expected: "a tensor", found: "none")
      }
      return .tensor(try ONNXTensor(reading: message.t, at: place, source))
    case .undefined:
      throw FileError(.malformed, source: source, at: place, expected: "an attribute with a type", found: "none")
    case .graph:
      return .graph(
        ONNXGraph(
          inputs: message.g.input.map(\.name), outputs: message.g.output.map(\.name),
          nodes: try nodes(message.g.node, inFunction: inFunction),
          initializers: try initializers(message.g.initializer)))
    case .graphs: return .unsupported("GRAPHS")
    case .tensors: return .unsupported("TENSORS")
    case .sparseTensor: return .unsupported("SPARSE_TENSOR")
    case .sparseTensors: return .unsupported("SPARSE_TENSORS")
    case .typeProto: return .unsupported("TYPE_PROTO")
    case .typeProtos: return .unsupported("TYPE_PROTOS")
    case .UNRECOGNIZED(let number): return .unsupported("type \(number)")
    }
  }

  private func text(_ bytes: Data, at place: [FileError.Location]) throws(FileError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FileError(
        .malformed, source: source, at: place, expected: "text in UTF-8", found: "\(bytes.count) bytes that are not")
    }
    return text
  }

  private func initializers(
    _ messages: consuming [Tombola_Onnx_TensorProto]
  ) throws(FileError) -> [ONNXTensor] {
    var messages = messages
    var tensors: [ONNXTensor] = []
    tensors.reserveCapacity(messages.count)
    var names: Set<String> = []
    var outside = ONNXExternalData(folder: folder, source: source)
    for index in messages.indices {
      let message = try outside.filled(messages[index])
      messages[index] = Tombola_Onnx_TensorProto()
      guard !message.name.isEmpty, names.insert(message.name).inserted else {
        throw FileError(
          .malformed, source: source, at: [.key("initializer"), .tensor(message.name)],
          expected: "a name for each initialiser, once", found: "initialiser \(index) without one of its own")
      }
      tensors.append(try ONNXTensor(reading: message, at: [], source))
    }
    return tensors
  }
}
