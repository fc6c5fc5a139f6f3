import LinearAlgebra
import Convolution

/// How single operators become layers.
extension ONNXGraphReader {
  func convolution(_ node: ONNXNode, _ index: Int) throws -> Convolution<Float> {
    let kernel = try weights(node, 1, index)
    guard kernel.shape.count == 4, kernel.shape.allSatisfy({ $0 > 0 }) else {
      throw problem(
        node, index, expected: "a kernel of shape (M, C/group, kH, kW)", found: CheckedSizes.text(kernel.shape))
    }
    let groups = try integer(node, "group", default: 1, index)
    let (outputs, perGroup, height, width) = (kernel.shape[0], kernel.shape[1], kernel.shape[2], kernel.shape[3])
    if let stated = try integers(node, "kernel_shape", count: 2, index), stated != [height, width] {
      throw problem(node, index, expected: "kernel_shape [\(height), \(width)] as the weights", found: "\(stated)")
    }
    let (inputs, overflow) = perGroup.multipliedReportingOverflow(by: groups)
    guard groups > 0, !overflow else {
      throw problem(node, index, expected: "a group count above 0", found: "\(groups)")
    }
    // OIHW there, HWIO here.
    var values = [Float](repeating: 0, count: kernel.values.count)
    for o in 0..<outputs {
      for c in 0..<perGroup {
        for tap in 0..<height * width {
          values[(tap * perGroup + c) * outputs + o] = kernel.values[(o * perGroup + c) * height * width + tap]
        }
      }
    }
    var bias: [Float]?
    if node.inputs.count > 2, !node.inputs[2].isEmpty { bias = try weights(node, 2, index).values }
    return try Convolution(
      window: try window(node, height: height, width: width, index), inputChannels: inputs, outputChannels: outputs,
      groups: groups, kernel: values, bias: bias)
  }

  func pooling(_ node: ONNXNode, _ index: Int) throws -> Pooling {
    guard let size = try integers(node, "kernel_shape", count: 2, index), size.allSatisfy({ $0 > 0 }) else {
      throw problem(node, index, expected: "kernel_shape with two sizes above 0", found: "none")
    }
    if node.outputs.count > 1 && !node.outputs[1].isEmpty && (readers[node.outputs[1]] ?? 0) > 0 {
      throw problem(node, index, expected: "one output", found: "indices as a second one")
    }
    var window = try window(node, height: size[0], width: size[1], index)
    window.roundsUp = try integer(node, "ceil_mode", default: 0, index) != 0
    if window.roundsUp, case .string(let text)? = node.attribute("auto_pad"), text != "NOTSET", text != "" {
      throw problem(node, index, expected: "ceil_mode without auto_pad, which says otherwise", found: text)
    }
    if node.operatorType == "MaxPool" { return Pooling(.maximum, window: window) }
    let countsPadding = try integer(node, "count_include_pad", default: 0, index) != 0
    return Pooling(countsPadding ? .averageCountingPadding : .average, window: window)
  }

  private func window(_ node: ONNXNode, height: Int, width: Int, _ index: Int) throws -> SlidingWindow {
    let strides = try integers(node, "strides", count: 2, index) ?? [1, 1]
    let dilations = try integers(node, "dilations", count: 2, index) ?? [1, 1]
    var window = SlidingWindow(
      height: height, width: width, strideHeight: strides[0], strideWidth: strides[1],
      dilationHeight: dilations[0], dilationWidth: dilations[1])
    guard (strides + dilations).allSatisfy({ $0 > 0 }) else {
      throw problem(node, index, expected: "strides and dilations above 0", found: "\(strides), \(dilations)")
    }
    var automatic = "NOTSET"
    if let value = node.attribute("auto_pad") {
      guard case .string(let text) = value else {
        throw problem(node, index, expected: "attribute auto_pad STRING", found: value.typeName)
      }
      automatic = text
    }
    switch automatic {
    case "NOTSET", "":
      if let pads = try integers(node, "pads", count: 4, index) {
        window.padding = Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
      }
    case "VALID": break
    case "SAME_UPPER", "SAME_LOWER":
      guard let value = values[try input(node, 0, index)] else { break }
      let shape = builder.shape(of: value)
      func split(_ size: Int, _ span: Int, _ stride: Int) -> (leading: Int, trailing: Int) {
        let total = max(0, ((size + stride - 1) / stride - 1) * stride + span - size)
        return automatic == "SAME_UPPER" ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
      }
      let rows = split(shape.height, (height - 1) * dilations[0] + 1, strides[0])
      let columns = split(shape.width, (width - 1) * dilations[1] + 1, strides[1])
      window.padding = Padding(
        top: rows.leading, left: columns.leading, bottom: rows.trailing, right: columns.trailing)
    default:
      throw problem(
        node, index, expected: "auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER", found: "'\(automatic)'")
    }
    return window
  }

  /// A copy of the channels that a constant names, in its order.
  func gather(_ node: ONNXNode, _ index: Int) throws -> BlockedPointwise<Float> {
    guard try integer(node, "axis", default: 0, index) == 1, let value = values[try input(node, 0, index)],
      let tensor = try constantInput(node, 1, index), tensor.shape.count == 1
    else { throw problem(node, index, expected: "a constant list of channels and axis 1", found: "another") }
    let channels = builder.shape(of: value).channels
    let sources = try tensor.int64s().map { $0 < 0 ? $0 + Int64(channels) : $0 }
    guard let wrong = sources.first(where: { $0 < 0 || $0 >= Int64(channels) }) else {
      return try BlockedPointwise(
        inputChannels: channels, sources: sources.map { Int($0) },
        scalars: [Float](repeating: 1, count: sources.count))
    }
    throw problem(node, index, expected: "channels in 0..<\(channels)", found: "\(wrong)")
  }

  /// ReduceMean over the two pixel axes is global average pooling.
  mutating func reduceMean(_ node: ONNXNode, _ index: Int) throws {
    var axes: [Int64]?
    if case .ints(let numbers)? = node.attribute("axes") { axes = numbers }
    if let tensor = try constantInput(node, 1, index) { axes = try tensor.int64s() }
    let pixels = Set((axes ?? []).map { $0 < 0 ? $0 + 4 : $0 })
    guard pixels == [2, 3] else {
      throw problem(node, index, expected: "axes 2 and 3, the pixels", found: axes.map { "\($0)" } ?? "all axes")
    }
    let keepsAxes = try integer(node, "keepdims", default: 1, index) != 0
    try append(node, index, .globalAveragePooling, needsImage: true, isFlat: keepsAxes ? nil : true)
  }

  mutating func flatten(_ node: ONNXNode, _ index: Int) throws {
    let axis = try integer(node, "axis", default: 1, index)
    let rank = flat[try input(node, 0, index)] == true ? 2 : 4
    guard axis == 1 || axis == 1 - rank else {
      throw problem(node, index, expected: "axis 1: one row an image", found: "\(axis)")
    }
    try append(node, index, .flatten, isFlat: true)
  }

  /// A row (N, K) as an image of one pixel (N, K, 1, 1).
  mutating func unsqueeze(_ node: ONNXNode, _ index: Int) throws {
    guard flat[try input(node, 0, index)] == true, let tensor = try constantInput(node, 1, index),
      try tensor.int64s().map({ $0 < 0 ? $0 + 4 : $0 }).sorted() == [2, 3]
    else { throw problem(node, index, expected: "a row (N, K), and axes 2 and 3", found: "another") }
    try alias(node, index, isFlat: false)
  }

  /// Reshape to one row an image, the batch left as it is.
  mutating func reshape(_ node: ONNXNode, _ index: Int) throws {
    guard let tensor = try constantInput(node, 1, index) else {
      throw problem(node, index, expected: "a shape", found: "none")
    }
    if try integer(node, "allowzero", default: 0, index) != 0, try tensor.int64s().contains(0) {
      throw problem(node, index, expected: "sizes above 0 with allowzero", found: "0, which is no size kept then")
    }
    let shape = try tensor.int64s()
    let name = try input(node, 0, index)
    let length = values[name].map { Int64(builder.shape(of: $0).count) } ?? 0
    let batchIsFixed = fixedBatch.map { shape.first == Int64($0) } ?? false
    let keepsBatch = shape.first == 0 || (shape.first == -1 && shape.last == length) || batchIsFixed
    guard shape.count == 2, keepsBatch, shape[1] == length || (shape[1] == -1 && shape[0] != -1) else {
      throw problem(
        node, index, expected: "a shape that keeps the batch and flattens the rest: [0, -1] or [-1, \(length)]",
        found: "\(shape)")
    }
    try append(node, index, .flatten, isFlat: true)
  }

  func gemm(_ node: ONNXNode, _ index: Int) throws -> ONNXDense {
    guard try integer(node, "transA", default: 0, index) == 0 else {
      throw problem(node, index, expected: "transA 0: rows are images", found: "1")
    }
    let matrix = try matrix(node, 1, index)
    let transposed = try integer(node, "transB", default: 0, index) != 0
    let (inputs, outputs) = transposed ? (matrix.columns, matrix.rows) : (matrix.rows, matrix.columns)
    let alpha = try float(node, "alpha", default: 1, index)
    let beta = try float(node, "beta", default: 1, index)
    var weights = [Float](repeating: 0, count: matrix.values.count)
    for i in 0..<inputs {
      for o in 0..<outputs {
        weights[i * outputs + o] = alpha * matrix.values[transposed ? o * inputs + i : i * outputs + o]
      }
    }
    var bias: [Float]?
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      bias = try spread(try self.weights(node, 2, index), over: outputs, node, index).map { beta * $0 }
    }
    return try dense(node, index, inputs: inputs, outputs: outputs, weights: weights, bias: bias)
  }

  func matrixProduct(_ node: ONNXNode, _ index: Int) throws -> ONNXDense {
    guard flat[try input(node, 0, index)] == true else {
      throw problem(node, index, expected: "a first input of shape (N, K)", found: "another")
    }
    let matrix = try matrix(node, 1, index)
    return try dense(
      node, index, inputs: matrix.rows, outputs: matrix.columns, weights: matrix.values, bias: nil)
  }

  /// A fully connected layer that fits the flat row it reads.
  private func dense(
    _ node: ONNXNode, _ index: Int, inputs: Int, outputs: Int, weights: [Float], bias: [Float]?
  ) throws -> ONNXDense {
    let row = builder.shape(of: try computed(node, 0, index).value)
    guard row.pixels == 1, row.channels == inputs else {
      throw problem(node, index, expected: "a flat input of \(inputs) entries", found: "\(row)")
    }
    return ONNXDense(outputs: outputs, weights: weights, bias: bias)
  }

  private func matrix(
    _ node: ONNXNode, _ position: Int, _ index: Int
  ) throws -> (rows: Int, columns: Int, values: [Float]) {
    let tensor = try weights(node, position, index)
    guard tensor.shape.count == 2, tensor.shape.allSatisfy({ $0 > 0 }) else {
      throw problem(
        node, index, expected: "a matrix as input \(position)", found: "shape \(CheckedSizes.text(tensor.shape))")
    }
    return (tensor.shape[0], tensor.shape[1], tensor.values)
  }

  /// Two computed values of one shape, or a constant per output added to the layer before.
  mutating func add(_ node: ONNXNode, _ index: Int) throws {
    guard node.inputs.count == 2, !node.outputs.isEmpty else {
      throw problem(node, index, expected: "two inputs", found: "\(node.inputs.count)")
    }
    if node.inputs.contains(where: { constants[$0] != nil }) { return try addBias(node, index) }
    try append(node, index, .addition)
  }

  /// Adds a constant per output to the convolution or dense layer before, which nothing else may read.
  private mutating func addBias(_ node: ONNXNode, _ index: Int) throws {
    let position = constants[node.inputs[1]] != nil ? 1 : 0
    let name = node.inputs[1 - position]
    guard let (value, layer) = convolution(behind: name) else {
      throw problem(
        node, index, expected: "a bias behind a Conv, Gemm or MatMul that nothing else reads",
        found: "another value")
    }
    let constant = try weights(node, position, index)
    let outputs = layer.outputChannels
    let bias: [Float]
    if flat[name] == true {
      bias = try spread(constant, over: outputs, node, index)
    } else {
      // Aligned at the end, a constant's first of four dimensions runs along the batch.
      let aligned = [Int](repeating: 1, count: max(0, 4 - constant.shape.count)) + constant.shape
      let isNumber = constant.values.count == 1 && aligned.count == 4
      guard isNumber || aligned == [1, outputs, 1, 1] else {
        throw problem(
          node, index, expected: "a bias of shape (\(outputs), 1, 1)", found: "\(constant.shape)")
      }
      bias = isNumber ? [Float](repeating: constant.values[0], count: outputs) : constant.values
    }
    let sum = layer.bias.map { zip($0, bias).map { $0 + $1 } } ?? bias
    try replace(value, by: layer.with(kernel: layer.kernel, bias: sum), for: node, index)
    flat[node.outputs[0]] = flat[name]
  }

  /// A bias of shape (), (1), (K) or (1, K), one number per output.
  private func spread(
    _ constant: (shape: [Int], values: [Float]), over outputs: Int, _ node: ONNXNode, _ index: Int
  ) throws -> [Float] {
    guard constant.shape.count <= 2 else {
      throw problem(node, index, expected: "a bias of at most 2 dimensions", found: "shape \(constant.shape)")
    }
    if constant.values.count == 1 { return [Float](repeating: constant.values[0], count: outputs) }
    guard constant.values.count == outputs, constant.shape.last == outputs else {
      throw problem(node, index, expected: "a bias of \(outputs) numbers", found: "shape \(constant.shape)")
    }
    return constant.values
  }
}

/// A fully connected layer y = x·W + b as it stands in a document.
struct ONNXDense {
  let outputs: Int
  /// Entry (i, o) at i·outputs + o, i counting channel, row, column.
  let weights: [Float]
  let bias: [Float]?
}
