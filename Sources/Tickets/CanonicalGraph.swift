import Convolution

extension LayerGraph {
  /// One row of a graph's canonical form: a value's node, the input's shape, or the output.
  struct CanonicalRow {
    /// The row's node in words, for errors: never part of the form, since names decide nothing.
    let place: String
    /// What decides the function, by name, in order.
    let properties: [(name: String, value: String)]
    /// The layer's number where the node is a convolution.
    var layer: Int?

    /// The row as the target's digest reads it: values alone.
    var text: String { properties.map(\.value).joined(separator: " ") }
  }

  /// Everything of a graph that decides what a network computes, its kernels and biases aside: the
  /// input's shape; per node the operation, the nodes it reads, and what parametrises it; the
  /// output. Names of nodes and layers are left out. Two graphs with equal rows compute the same.
  var canonicalRows: [CanonicalRow] {
    var rows = [
      CanonicalRow(
        place: "input",
        properties: [("operation", "input")]
          + [
            ("height", inputShape.height), ("width", inputShape.width),
            ("channels", inputShape.channels),
          ].map { ($0.0, String($0.1)) })
    ]
    for (index, node) in nodes.enumerated() {
      var properties = [(name: "operation", value: node.operation.canonicalName)]
      if node.operation.arity > 0 {
        properties.append(("inputs", node.inputs.map(String.init).joined(separator: " ")))
      }
      var layerNumber: Int?
      switch node.operation {
      case .input: break
      case .convolution(let layer):
        layerNumber = layer.number
        properties += [
          ("input channels", String(layer.inputChannels)),
          ("output channels", String(layer.outputChannels)),
        ]
        properties += layer.window.properties
      case .plain(let layer): properties += layer.rules.properties
      }
      rows.append(
        CanonicalRow(
          place: "node \(index) of the layer graph, '\(node.name)'", properties: properties,
          layer: layerNumber))
    }
    let last = [("operation", "output"), ("node", String(output))]
    rows.append(CanonicalRow(place: "output of the layer graph", properties: last))
    return rows
  }

  /// The first property in which a graph computes otherwise than the target's; nil where it
  /// computes the same, whatever the names.
  func firstDifference(from target: LayerGraph) -> TicketError? {
    guard nodes.count == target.nodes.count else {
      return .targetMismatch(
        at: "nodes of the layer graph", expected: "\(target.nodes.count)", found: "\(nodes.count)")
    }
    for (own, expected) in zip(canonicalRows, target.canonicalRows) {
      for (property, wanted) in zip(own.properties, expected.properties)
      where property.value != wanted.value {
        return .targetMismatch(
          at: "\(own.place), \(property.name)", expected: wanted.value, found: property.value)
      }
    }
    return nil
  }
}

extension LayerGraph.Operation {
  fileprivate var canonicalName: String {
    switch self {
    case .input: "input"
    case .convolution: "convolution"
    case .plain(let layer): layer.rules.typeName
    }
  }
}
