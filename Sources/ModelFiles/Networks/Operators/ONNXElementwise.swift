import Convolution

/// Operators that work entry by entry.
extension ONNXGraphReader {
  mutating func leakyRectifier(_ node: ONNXNode, _ index: Int) throws {
    let slope = try float(node, "alpha", default: 0.01, index)
    try append(node, index, .plain(.leakyRectifier(LeakyRectifier(slope: slope))))
  }

  /// One slope for all entries is LeakyReLU.
  mutating func parametricRectifier(_ node: ONNXNode, _ index: Int) throws {
    let slopes = try weights(node, 1, index).values
    guard let slope = slopes.first, slopes.allSatisfy({ $0 == slope }) else {
      throw problem(
        node, index, expected: "one slope for all channels, which is LeakyReLU",
        found: "\(slopes.count) slopes: train with one (or with ReLU) in their place")
    }
    try append(node, index, .plain(.leakyRectifier(LeakyRectifier(slope: slope))))
  }

  /// Clip from 0 up is ReLU, Clip without bounds nothing.
  mutating func clip(_ node: ONNXNode, _ index: Int) throws {
    func bound(_ name: String, _ position: Int, _ open: Double) throws -> Double {
      let given = node.attribute(name) == nil ? open : Double(try float(node, name, default: 0, index))
      guard let tensor = try constantInput(node, position, index) else { return given }
      return try number(tensor) ?? .nan
    }
    let (low, high) = (try bound("min", 1, -.infinity), try bound("max", 2, .infinity))
    let greatest = Double(Float.greatestFiniteMagnitude)
    guard high >= greatest, low == 0 || low <= -greatest else {
      throw problem(
        node, index, expected: "bounds 0 and none, which are ReLU",
        found: "\(low) and \(high): "
          + (low == 0
            ? "ReLU with a bound from above (ReLU6): use plain ReLU in its place" : "use ReLU in its place"))
    }
    low == 0 ? try append(node, index, .rectifier) : try alias(node, index)
  }

  /// max(x, 0) is ReLU.
  mutating func maximum(_ node: ONNXNode, _ index: Int) throws {
    if node.inputs.count == 1 { return try alias(node, index) }
    let computed = node.inputs.filter { values[$0] != nil }
    let bounds = try node.inputs.compactMap { try constants[$0].map { try number($0) ?? .nan } }
    guard node.inputs.count == 2, computed.count == 1, bounds == [0] else {
      throw problem(
        node, index, expected: "the larger of a value and 0, which is ReLU",
        found: bounds.isEmpty ? "two values (Maxout): use ReLU in its place" : "another bound: use ReLU in its place")
    }
    var node = node
    node.inputs = computed
    try append(node, index, .rectifier)
  }

  /// The sum of any number of values.
  mutating func sum(_ node: ONNXNode, _ index: Int) throws {
    if node.inputs.count == 1 { return try alias(node, index) }
    guard node.inputs.count > 1, node.inputs.count <= 64, !node.outputs.isEmpty else {
      throw problem(node, index, expected: "at least one input and an output", found: "\(node.inputs.count)")
    }
    // A partial sum has a name that no value of a document has: it holds a newline.
    var partial = node.inputs[0]
    for (place, input) in node.inputs.enumerated().dropFirst() {
      let isLast = place == node.inputs.count - 1
      let name = isLast ? node.outputs[0] : "\(node.outputs[0])\n\(place)"
      let step = ONNXNode(
        operatorType: "Sum", name: isLast ? node.name : "\(layerName(node)).\(place)", inputs: [partial, input],
        outputs: [name])
      if !isLast { readers[name] = 1 }
      try add(step, index)
      partial = name
    }
  }

  /// Two computed values of one shape, or a constant per channel.
  mutating func add(_ node: ONNXNode, _ index: Int) throws {
    guard node.inputs.count == 2, !node.outputs.isEmpty else {
      throw problem(node, index, expected: "two inputs", found: "\(node.inputs.count)")
    }
    if node.inputs.contains(where: { constants[$0] != nil }) {
      return try affine(node, index) { (1, $0) }
    }
    try append(node, index, .plain(.addition))
  }

  mutating func subtract(_ node: ONNXNode, _ index: Int) throws {
    let isReversed = try constantPlace(node, index) == 0
    try affine(node, index) { isReversed ? (-1, $0) : (1, -$0) }
  }

  mutating func multiply(_ node: ONNXNode, _ index: Int) throws {
    if try rescale(node, index, { $0 }) { return }
    try affine(node, index) { ($0, 0) }
  }

  mutating func divide(_ node: ONNXNode, _ index: Int) throws {
    guard try constantPlace(node, index) == 1 else {
      throw problem(node, index, expected: "a value divided by a constant", found: "a constant divided by a value")
    }
    if try rescale(node, index, { 1 / $0 }) { return }
    try affine(node, index) { (1 / $0, 0) }
  }

  /// A sum over pixels times 1/n is their mean.
  private mutating func rescale(
    _ node: ONNXNode, _ index: Int, _ factor: (Double) -> Double
  ) throws -> Bool {
    let place = try constantPlace(node, index)
    guard let input = values[node.inputs[1 - place]], input.scale != 1, let tensor = constants[node.inputs[place]],
      tensor.shape.count < input.layout.rank, let number = try number(tensor)
    else { return false }
    let scale = input.scale * factor(number)
    var node = node
    node.inputs = [node.inputs[1 - place]]
    try alias(node, index) { $0.scale = (scale - 1).magnitude < 1e-6 ? 1 : scale }
    return true
  }
}
