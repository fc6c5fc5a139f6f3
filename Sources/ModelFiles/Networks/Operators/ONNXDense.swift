import Convolution
import Files
import LinearAlgebra

/// Fully connected layers.
extension ONNXGraphReader {
  mutating func gemm(_ node: ONNXNode, _ index: Int) throws {
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
    if has(node, 2) {
      bias = try spread(try self.weights(node, 2, index), over: outputs, node, index).map { beta * $0 }
    }
    let input = try computed(node, 0, index)
    guard input.layout.dimensions.count == 1 else {
      throw problem(
        node, index, expected: "a first input of shape (N, K)",
        found: input.layout.text(in: builder.shape(of: input.value)))
    }
    try dense(node, index, over: input, inputs: inputs, outputs: outputs, weights: weights, bias: bias)
  }

  /// A product with rows of length K, or with the channels of every pixel of images with channels
  /// last.
  mutating func matrixProduct(_ node: ONNXNode, _ index: Int) throws {
    let input = try computed(node, 0, index)
    let shape = builder.shape(of: input.value)
    let dimensions = input.layout.dimensions
    let isRow = dimensions.dropLast().allSatisfy(\.isEmpty)
    let isPointwise = dimensions.last == ONNXLayout([[.channel]], of: shape).dimensions[0]
    guard isRow || isPointwise else {
      throw problem(
        node, index, expected: "a first input of shape (N, K)", found: input.layout.text(in: shape))
    }
    let matrix = try matrix(node, 1, index)
    if isRow {
      return try dense(
        node, index, over: input, inputs: matrix.rows, outputs: matrix.columns, weights: matrix.values, bias: nil)
    }
    guard matrix.rows == shape.channels else {
      throw problem(
        node, index, expected: "a matrix of \(shape.channels) rows, one a channel", found: "\(matrix.rows)")
    }
    let layer = try Convolution(
      window: SlidingWindow(height: 1, width: 1), inputChannels: matrix.rows, outputChannels: matrix.columns,
      kernel: matrix.values)
    try charge(.convolution(layer), node, index)
    let value = try builder.append(layerName(node), .convolution(layer), to: [input.value])
    values[node.outputs[0]] = ONNXComputed(
      value: value,
      layout: ONNXLayout(dimensions.dropLast() + [[.channel]], of: builder.shape(of: value)))
  }

  /// Appends a fully connected layer y = x·W + b; entry (i, o) of the weights at i·outputs + o.
  private mutating func dense(
    _ node: ONNXNode, _ index: Int, over input: ONNXComputed, inputs: Int, outputs: Int, weights: [Float],
    bias: [Float]?
  ) throws {
    let shape = builder.shape(of: input.value)
    guard inputs == shape.count else {
      throw problem(node, index, expected: "a flat input of \(inputs) entries", found: "\(shape.count)")
    }
    try charge(weights: weights.count + (bias?.count ?? 0), node, index)
    var (weights, value) = (weights, input.value)
    if shape.pixels > 1 {
      let order = input.layout.dimensions.last ?? []
      if order != ONNXLayout.row(shape).dimensions[0] {
        weights = Self.rows(of: weights, outputs: outputs, from: order, over: shape)
      }
      value = try builder.append(input.rowName ?? layerName(node), .flatten, to: [value])
    }
    value = try builder.dense(layerName(node), weights: weights, outputs: outputs, bias: bias, to: value)
    let leading = input.layout.dimensions.dropLast().map { _ in [ONNXLayout.Axis]() }
    values[node.outputs[0]] = ONNXComputed(
      value: value, layout: ONNXLayout(leading + [[.channel]], of: builder.shape(of: value)))
  }

  /// The rows of a matrix over entries in another order, put in that of channel, row, column.
  private static func rows(
    of weights: [Float], outputs: Int, from order: [ONNXLayout.Axis], over shape: ImageShape
  ) -> [Float] {
    var steps: [ONNXLayout.Axis: Int] = [:]
    var step = 1
    for axis in order.reversed() {
      steps[axis] = step
      step *= axis.size(in: shape)
    }
    let axes: [ONNXLayout.Axis] = [.channel, .row, .column]
    let places = ONNXArray.indices(
      axes.map { $0.size(in: shape) }, strides: axes.map { steps[$0] ?? 0 })
    return places.flatMap { weights[$0 * outputs..<($0 + 1) * outputs] }
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
