import Files
import Foundation

/// Plain values → messages of the schema, checked.
struct ONNXWriter {
  let source: String

  func message(_ document: ONNXDocument) throws(FileError) -> Tombola_Onnx_ModelProto {
    var graph = Tombola_Onnx_GraphProto()
    graph.name = document.graphName
    try require(!document.graphName.isEmpty, at: [.key("graph")], "a name for the graph", "an empty one")
    graph.input = try values(document.inputs, "input")
    graph.output = try values(document.outputs, "output")
    for (index, node) in document.nodes.enumerated() { graph.node.append(try self.node(node, index)) }
    var names: Set<String> = []
    for tensor in document.initializers {
      try require(
        !tensor.name.isEmpty && names.insert(tensor.name).inserted, at: [.tensor(tensor.name)],
        "a name for each initialiser, once", "an empty or repeated one")
      graph.initializer.append(tensor.message)
    }

    var model = Tombola_Onnx_ModelProto()
    try require(
      document.formatVersion > 0, at: [.key("ir_version")], "a version from 1", "\(document.formatVersion)")
    model.irVersion = Int64(document.formatVersion)
    model.producerName = document.producerName
    model.producerVersion = document.producerVersion
    model.graph = graph
    for set in document.operatorSets {
      try require(
        set.version > 0, at: [.key("opset_import"), .key(set.domain)], "a version from 1", "\(set.version)")
      var message = Tombola_Onnx_OperatorSetIdProto()
      message.domain = set.domain
      message.version = Int64(set.version)
      model.opsetImport.append(message)
    }
    for item in document.metadata {
      var message = Tombola_Onnx_StringStringEntryProto()
      message.key = item.key
      message.value = item.value
      model.metadataProps.append(message)
    }
    return model
  }

  private func values(_ values: [ONNXValue], _ role: String) throws(FileError) -> [Tombola_Onnx_ValueInfoProto] {
    var messages: [Tombola_Onnx_ValueInfoProto] = []
    for value in values {
      let place: [FileError.Location] = [.key(role), .tensor(value.name)]
      try require(!value.name.isEmpty, at: place, "a name", "an empty one")
      var tensor = Tombola_Onnx_TypeProto.Tensor()
      tensor.elemType = value.elementType.rawValue
      if let shape = value.shape {
        // Set even if it has no dimensions: a single number is not an unknown shape.
        var message = Tombola_Onnx_TensorShapeProto()
        for dimension in shape {
          var part = Tombola_Onnx_TensorShapeProto.Dimension()
          switch dimension {
          case .fixed(let size):
            try require(size >= 0, at: place, "dimensions from 0", "\(size)")
            part.dimValue = Int64(size)
          case .named(let name): part.dimParam = name
          case .unknown: break
          }
          message.dim.append(part)
        }
        tensor.shape = message
      }
      var message = Tombola_Onnx_ValueInfoProto()
      message.name = value.name
      message.type.tensorType = tensor
      messages.append(message)
    }
    return messages
  }

  private func node(_ node: ONNXNode, _ index: Int) throws(FileError) -> Tombola_Onnx_NodeProto {
    let place = FileError.Location.node(index, node.name.isEmpty ? node.operatorType : node.name)
    try require(!node.operatorType.isEmpty, at: [place], "an operator", "none")
    var message = Tombola_Onnx_NodeProto()
    message.opType = node.operatorType
    message.domain = node.domain
    message.name = node.name
    message.input = node.inputs
    message.output = node.outputs
    var names: Set<String> = []
    for attribute in node.attributes {
      try require(
        !attribute.name.isEmpty && names.insert(attribute.name).inserted, at: [place, .key(attribute.name)],
        "a name for each attribute, once", "an empty or repeated one")
      message.attribute.append(try self.attribute(attribute, at: [place, .key(attribute.name)]))
    }
    return message
  }

  private func attribute(
    _ attribute: ONNXAttribute, at place: [FileError.Location]
  ) throws(FileError) -> Tombola_Onnx_AttributeProto {
    var message = Tombola_Onnx_AttributeProto()
    message.name = attribute.name
    switch attribute.value {
    case .int(let value): (message.type, message.i) = (.int, value)
    case .ints(let values): (message.type, message.ints) = (.ints, values)
    case .float(let value): (message.type, message.f) = (.float, value)
    case .floats(let values): (message.type, message.floats) = (.floats, values)
    case .string(let value): (message.type, message.s) = (.string, Data(value.utf8))
    case .strings(let values): (message.type, message.strings) = (.strings, values.map { Data($0.utf8) })
    case .tensor(let value): (message.type, message.t) = (.tensor, value.message)
    case .graph, .reference, .unsupported:
      throw FileError(
        .unsupported, source: source, at: place, expected: "an attribute of a type that is written",
        found: "one of type \(attribute.value.typeName)")
    }
    return message
  }

  private func require(
    _ condition: Bool, at place: [FileError.Location], _ expected: String, _ found: String
  ) throws(FileError) {
    if !condition { throw FileError(.malformed, source: source, at: place, expected: expected, found: found) }
  }
}
