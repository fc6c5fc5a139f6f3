import Convolution

extension LayerGraph {
  /// One row of a graph's canonical form: a value's node, the input's shape, or the output.
  struct CanonicalRow {
    /// The row's node in words, for errors: never part of the form, since names decide nothing.
    let place: String
    /// What decides the function, by name, in order.
    let properties: [(name: String, value: String)]

    var isConvolution: Bool { properties[0].value == "convolution" }

    /// The row as the target's digest reads it: values alone.
    var text: String { properties.map(\.value).joined(separator: " ") }
  }

  /// Everything of a graph that decides what a network computes, its kernels and biases aside: the
  /// input's shape; per node the operation, the nodes it reads, and what parametrises it; the output.
  /// Names of nodes and layers are left out. Two graphs with equal rows compute the same.
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
      var properties = [("operation", node.operation.canonicalName)]
      if node.operation.arity > 0 {
        properties.append(("inputs", node.inputs.map(String.init).joined(separator: " ")))
      }
      switch node.operation {
      case .convolution(let number):
        let layer = layers[number - 1]
        properties += [
          ("input channels", String(layer.inputChannels)),
          ("output channels", String(layer.outputChannels)),
        ]
        properties += layer.window.canonicalProperties
      case .pooling(let pooling):
        properties.append(("kind", pooling.kind.rawValue))
        properties += pooling.window.canonicalProperties
      case .input, .rectifier, .globalAveragePooling, .flatten, .addition: break
      }
      rows.append(
        CanonicalRow(
          place: "node \(index) of the layer graph, '\(node.name)'", properties: properties))
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
    case .rectifier: "relu"
    case .pooling: "pool"
    case .globalAveragePooling: "global_average_pool"
    case .flatten: "flatten"
    case .addition: "add"
    }
  }
}

extension SlidingWindow {
  fileprivate var canonicalProperties: [(String, String)] {
    [
      ("window height", height), ("window width", width), ("stride height", strideHeight),
      ("stride width", strideWidth), ("dilation height", dilationHeight),
      ("dilation width", dilationWidth), ("padding top", padding.top), ("padding left", padding.left),
      ("padding bottom", padding.bottom), ("padding right", padding.right),
      ("rounds up", roundsUp ? 1 : 0),
    ].map { ($0.0, String($0.1)) }
  }
}
