import Files

extension ONNXDocument {
  /// The same document with nodes of the model's own functions in the place of their calls.
  ///
  /// - Throws: `FileError` for functions that call themselves, or too many nodes.
  func withFunctionsInlined() throws(FileError) -> ONNXDocument {
    if functions.isEmpty { return self }
    var inlining = ONNXInlining(document: self)
    var document = self
    document.nodes = try inlining.expanded(nodes, depth: 0)
    document.functions = []
    return document
  }
}

/// Writes the nodes of functions in the place of their calls.
///
/// Names inside a call begin with the function's and the call's number, which no two calls share.
private struct ONNXInlining {
  /// The most calls inside each other.
  static let greatestDepth = 32

  let document: ONNXDocument
  private let functions: [[String]: ONNXFunction]
  private var calls = 0
  private var nodeCount = 0

  init(document: ONNXDocument) {
    self.document = document
    functions = Dictionary(
      document.functions.map { ([$0.domain, $0.name, $0.overload], $0) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func expanded(_ nodes: [ONNXNode], depth: Int) throws(FileError) -> [ONNXNode] {
    var result: [ONNXNode] = []
    for node in nodes {
      guard let function = functions[[node.domain, node.operatorType, node.overload]] else {
        var node = node
        for (place, attribute) in node.attributes.enumerated() {
          guard case .graph(var graph) = attribute.value else { continue }
          graph.nodes = try expanded(graph.nodes, depth: depth)
          node.attributes[place].value = .graph(graph)
        }
        nodeCount += 1
        result.append(node)
        continue
      }
      guard depth < Self.greatestDepth, nodeCount <= ONNXScan.greatestMessageCount else {
        throw fault(function, "at most \(Self.greatestDepth) calls inside each other", "more")
      }
      result += try expanded(body(of: function, calledBy: node), depth: depth + 1)
    }
    return result
  }

  private mutating func body(of function: ONNXFunction, calledBy call: ONNXNode) throws(FileError) -> [ONNXNode] {
    let version = function.operatorSets.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }?.version
    if let version, let own = document.operatorSetVersion, version != own {
      throw fault(function, "the model's operator set \(own)", "\(version)")
    }
    guard call.inputs.count <= function.inputs.count, call.outputs.count <= function.outputs.count else {
      throw fault(
        function, "\(function.inputs.count) inputs and \(function.outputs.count) outputs",
        "a call with \(call.inputs.count) and \(call.outputs.count)")
    }
    calls += 1
    var names: [String: String] = ["": ""]
    for (place, name) in function.inputs.enumerated() {
      names[name] = place < call.inputs.count ? call.inputs[place] : ""
    }
    for (place, name) in function.outputs.enumerated()
    where place < call.outputs.count && !call.outputs[place].isEmpty && !function.inputs.contains(name) {
      names[name] = call.outputs[place]
    }
    var renaming = Renaming(prefix: "\(function.name).\(calls)/", names: names)
    for attribute in function.defaults { renaming.attributes[attribute.name] = attribute.value }
    for attribute in call.attributes { renaming.attributes[attribute.name] = attribute.value }
    var nodes = function.nodes.map { renaming.renamed($0, under: call.name) }
    // A function may give what it was given.
    for (place, name) in function.outputs.enumerated()
    where place < call.outputs.count && !call.outputs[place].isEmpty && function.inputs.contains(name) {
      nodes.append(
        ONNXNode(
          operatorType: "Identity", name: call.name, inputs: [names[name] ?? ""], outputs: [call.outputs[place]]))
    }
    return nodes
  }

  private func fault(_ function: ONNXFunction, _ expected: String, _ found: String) -> FileError {
    FileError(
      .unsupported, source: document.source, at: [.key("function \(function.name)")], expected: expected,
      found: found)
  }

  /// How the values of a call's nodes are named, and what its attributes are.
  private struct Renaming {
    let prefix: String
    let names: [String: String]
    var attributes: [String: ONNXAttribute.Value] = [:]

    func name(_ name: String) -> String { names[name] ?? prefix + name }

    func renamed(_ node: ONNXNode, under call: String) -> ONNXNode {
      var node = node
      node.inputs = node.inputs.map(name)
      node.outputs = node.outputs.map(name)
      if !call.isEmpty { node.name = call + "/" + (node.name.isEmpty ? node.operatorType : node.name) }
      node.attributes = node.attributes.compactMap { attribute in
        switch attribute.value {
        case .reference(let name): attributes[name].map { ONNXAttribute(attribute.name, $0) }
        case .graph(let graph): ONNXAttribute(attribute.name, .graph(renamed(graph, under: call)))
        default: attribute
        }
      }
      return node
    }

    func renamed(_ graph: ONNXGraph, under call: String) -> ONNXGraph {
      ONNXGraph(
        inputs: graph.inputs.map(name), outputs: graph.outputs.map(name),
        nodes: graph.nodes.map { renamed($0, under: call) },
        initializers: graph.initializers.map { $0.named(name($0.name)) })
    }
  }
}

extension ONNXNode {
  /// Names of all values that the node may read, those of its branches and what they read included.
  var reads: [String] {
    attributes.reduce(inputs) { names, attribute in
      guard case .graph(let graph) = attribute.value else { return names }
      return names + graph.outputs + graph.nodes.flatMap(\.reads)
    }
  }
}
