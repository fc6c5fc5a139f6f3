import Convolution
import Files
import LinearAlgebra

/// What nodes are read with: computed values, constants, attributes.
extension ONNXGraphReader {
  /// The computed value behind input `position`, whatever is still to be done to it.
  func raw(_ node: ONNXNode, _ position: Int, _ index: Int) throws -> ONNXComputed {
    let name = try input(node, position, index)
    guard let value = values[name] else {
      throw problem(
        node, index, expected: "an input that an earlier node computes",
        found: constants[name] == nil ? "'\(name)'" : "the constant '\(name)'")
    }
    return value
  }

  /// The computed value behind input `position`, as the network has it.
  mutating func computed(_ node: ONNXNode, _ position: Int, _ index: Int) throws -> ONNXComputed {
    var value = try raw(node, position, index)
    if let head = value.head {
      throw problem(
        node, index, expected: "\(head) at the end of the network, where it changes no class",
        found: "a layer behind it")
    }
    guard value.part == nil else {
      throw problem(
        node, index, expected: "a softmax at the end of the network", found: "another use of its parts")
    }
    guard value.padding == nil else {
      throw problem(node, index, expected: "a convolution or an average behind a Pad", found: node.operatorType)
    }
    if value.scale != 1 {
      value = try scaled(value, named: node.inputs[position])
      values[node.inputs[position]] = value
    }
    return value
  }

  /// The image (N, C, H, W) or (N, C, W) behind the first input.
  ///
  /// - Parameter takesPadding: whether a Pad before it is the caller's to read.
  mutating func image(_ node: ONNXNode, _ index: Int, takesPadding: Bool = false) throws -> ONNXComputed {
    var padding: Padding?
    if takesPadding, let pending = values[try input(node, 0, index)]?.padding {
      padding = pending
      values[node.inputs[0]]?.padding = nil
    }
    defer { if padding != nil { values[node.inputs[0]]?.padding = padding } }
    var value = try computed(node, 0, index)
    var shape = builder.shape(of: value.value)
    if value.layout.dimensions == ONNXLayout.row(shape).dimensions + [[], []], shape.pixels > 1 {
      // (N, K, 1, 1): a flat row whose entries are channels.
      value.layout = .row(shape)
      value = try row(value, node, index)
      shape = builder.shape(of: value.value)
      value.layout = .image(shape)
    }
    guard value.layout.spatial(in: shape) != nil else {
      throw problem(
        node, index, expected: "an input of shape (N, C, H, W)", found: value.layout.text(in: shape))
    }
    value.padding = padding
    return value
  }

  /// The name of input `position`.
  func input(_ node: ONNXNode, _ position: Int, _ index: Int) throws -> String {
    guard node.inputs.count > position, !node.inputs[position].isEmpty, let output = node.outputs.first,
      !output.isEmpty
    else {
      throw problem(
        node, index, expected: "at least \(position + 1) input(s) and an output",
        found: "\(node.inputs.count) and \(node.outputs.count)")
    }
    return node.inputs[position]
  }

  /// Whether input `position` is given.
  func has(_ node: ONNXNode, _ position: Int) -> Bool {
    node.inputs.count > position && !node.inputs[position].isEmpty
  }

  /// The constant behind input `position`; nil when the input is absent.
  func constantInput(_ node: ONNXNode, _ position: Int, _ index: Int) throws -> ONNXTensor? {
    guard has(node, position) else { return nil }
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

  /// The one number of a constant, if it has one alone.
  func number(_ tensor: ONNXTensor) throws -> Double? {
    guard tensor.values.count == 1 else { return nil }
    return ONNXArray(tensor).numbers?[0]
  }

  /// Axes, an attribute below some operator set and an input from it on, each in 0..<rank; nil
  /// where there are none.
  func axes(_ node: ONNXNode, rank: Int, _ index: Int) throws -> [Int]? {
    var axes: [Int64]?
    if case .ints(let numbers)? = node.attribute("axes") { axes = numbers }
    if let tensor = try constantInput(node, 1, index) { axes = try tensor.int64s() }
    guard let axes else { return nil }
    return try axes.map { axis in
      guard axis >= -Int64(rank), axis < Int64(rank) else {
        throw problem(node, index, expected: "axes of \(rank) dimensions", found: "\(axes)")
      }
      return Int(axis < 0 ? axis + Int64(rank) : axis)
    }
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

  func text(_ node: ONNXNode, _ name: String, default value: String, _ index: Int) throws -> String {
    switch node.attribute(name) {
    case nil: return value
    case .string(let text)?: return text.isEmpty ? value : text
    case let other?: throw problem(node, index, expected: "attribute \(name) STRING", found: other.typeName)
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

  /// The value of a Constant node.
  func constant(_ node: ONNXNode, _ index: Int) throws -> ONNXTensor {
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
