import Convolution
import LinearAlgebra

/// Maps a·x + b with numbers per channel: constants added or multiplied, and batch normalisation.
///
/// Behind a convolution or dense layer that nothing else reads, a multiplies its kernel and b joins
/// its bias, and so behind another map; elsewhere the map stands as a layer of its own, which
/// `ONNXPointwiseLayers` moves on where it can. All in Float64, rounded once to Float32.
extension ONNXGraphReader {
  /// Which of two inputs is a constant.
  func constantPlace(_ node: ONNXNode, _ index: Int) throws -> Int {
    guard node.inputs.count == 2, !node.outputs.isEmpty else {
      throw problem(node, index, expected: "two inputs", found: "\(node.inputs.count)")
    }
    if let place = [1, 0].first(where: { constants[node.inputs[$0]] != nil }) { return place }
    throw problem(
      node, index, expected: "a value and a constant per channel",
      found: "two computed values: gates and products of layers are not read; use the part of the network before")
  }

  /// A value and a constant: factor and shift that an entry of the constant stands for.
  mutating func affine(
    _ node: ONNXNode, _ index: Int, _ map: (Double) -> (factor: Double, shift: Double)
  ) throws {
    let place = try constantPlace(node, index)
    var node = node
    var input = try computed(node, 1 - place, index)
    let constant = try weights(node, place, index)
    node.inputs = [node.inputs[1 - place]]
    let shape = builder.shape(of: input.value)
    var channels = shape.channels
    if constant.values.count > 1, input.layout.dimensions.count == 1, shape.pixels > 1 {
      (input, channels) = (try row(input, node, index), shape.count)
    }
    let entries = try perChannel(constant, input, channels, node, index)
    try applyAffine(node, index, input, entries.map(map))
  }

  /// One number a channel from a constant that is spread over a value.
  private func perChannel(
    _ constant: (shape: [Int], values: [Float]), _ input: ONNXComputed, _ channels: Int, _ node: ONNXNode,
    _ index: Int
  ) throws -> [Double] {
    let rank = input.layout.rank
    guard constant.shape.count <= rank else {
      throw problem(
        node, index, expected: "a constant of at most \(rank) dimensions", found: "shape \(constant.shape)")
    }
    if constant.values.count == 1 { return [Double](repeating: Double(constant.values[0]), count: channels) }
    // Aligned at the end, a constant's first of all dimensions runs along the batch.
    var expected = [1] + input.layout.dimensions.map { $0 == [.channel] ? channels : 1 }
    let aligned = [Int](repeating: 1, count: rank - constant.shape.count) + constant.shape
    guard aligned == expected, constant.values.count == channels else {
      expected.removeFirst()
      throw problem(
        node, index,
        expected: "one number a channel, of shape (" + expected.map { "\($0)" }.joined(separator: ", ") + ")",
        found: "\(constant.shape)")
    }
    return constant.values.map { Double($0) }
  }

  /// Gives the node's output the value factor · x + shift.
  private mutating func applyAffine(
    _ node: ONNXNode, _ index: Int, _ input: ONNXComputed, _ map: [(factor: Double, shift: Double)]
  ) throws {
    for (channel, part) in map.enumerated() where !Float(part.factor).isFinite || !Float(part.shift).isFinite {
      throw problem(
        node, index, expected: "finite factors and shifts", found: "\(part.factor), \(part.shift) in channel \(channel)"
      )
    }
    let hasShift = node.operatorType != "Mul" && node.operatorType != "Div"
    var result = input
    let isSame = values[node.inputs[0]]?.value == input.value
    switch isSame ? layer(behind: node.inputs[0]) : nil {
    case .convolution(let before)? where before.outputChannels == map.count:
      // Kernels keep the output channel last.
      let kernel = before.kernel.enumerated().map { Float(Double($1) * map[$0 % map.count].factor) }
      let bias = map.enumerated().map { Float(Double(before.bias?[$0] ?? 0) * $1.factor + $1.shift) }
      let layer = try before.with(kernel: kernel, bias: before.bias != nil || hasShift ? bias : nil)
      try charge(.convolution(layer), node, index)
      try builder.replace(input.value, by: .convolution(layer))
    case .plain(.channelMap(let before))? where before.factors.count == map.count:
      let layer = try ChannelMap(
        factors: map.enumerated().map { Float(Double(before.factors[$0]) * $1.factor) },
        shifts: map.enumerated().map { Float(Double(before.shifts[$0]) * $1.factor + $1.shift) })
      try builder.replace(input.value, by: .plain(.channelMap(layer)))
    default:
      let layer = try ChannelMap(
        factors: map.map { Float($0.factor) }, shifts: hasShift ? map.map { Float($0.shift) } : nil)
      try charge(weights: 2 * map.count, node, index)
      result.value = try builder.append(layerName(node), .plain(.channelMap(layer)), to: [input.value])
    }
    values[node.outputs[0]] = result
  }

  /// (x − offset) · scale, a number each for all features or for every one.
  mutating func scaler(_ node: ONNXNode, _ index: Int) throws {
    let input = try row(computed(node, 0, index), node, index)
    let count = builder.shape(of: input.value).channels
    func numbers(_ name: String, _ standard: Double) throws -> [Double] {
      guard let value = node.attribute(name) else { return [Double](repeating: standard, count: count) }
      guard case .floats(let given) = value, given.count == count || given.count == 1 else {
        throw problem(node, index, expected: "\(count) numbers as \(name)", found: value.typeName)
      }
      return (0..<count).map { Double(given[given.count == 1 ? 0 : $0]) }
    }
    let (offset, scale) = (try numbers("offset", 0), try numbers("scale", 1))
    try applyAffine(node, index, input, zip(offset, scale).map { ($1, -$0 * $1) })
  }

  /// Batch normalisation in inference: scale · (x − mean) / √(variance + ε) + shift, per channel.
  mutating func batchNormalization(_ node: ONNXNode, _ index: Int) throws {
    try requireInference(node, index)
    var input = try computed(node, 0, index)
    let shape = builder.shape(of: input.value)
    var channels = shape.channels
    if input.layout.dimensions.count == 1, shape.pixels > 1 {
      (input, channels) = (try row(input, node, index), shape.count)
    }
    guard let first = input.layout.dimensions.first,
      first == ONNXLayout([[.channel]], of: builder.shape(of: input.value)).dimensions[0]
    else {
      throw problem(
        node, index, expected: "channels in the dimension behind the batch", found: input.layout.text(in: shape))
    }
    try applyAffine(node, index, input, try normalization(node, index, channels: channels))
  }

  /// a = scale / √(variance + ε) and shift − a·mean of each channel.
  private func normalization(
    _ node: ONNXNode, _ index: Int, channels: Int
  ) throws -> [(factor: Double, shift: Double)] {
    let numbers = try (1...4).map { position in
      let tensor = try weights(node, position, index)
      guard tensor.values.count == channels, tensor.shape.count == 1 else {
        throw problem(
          node, index, expected: "scale, bias, mean and variance of \(channels) numbers each",
          found: "shape \(tensor.shape) as input \(position)")
      }
      return tensor.values.map { Double($0) }
    }
    let epsilon = Double(try float(node, "epsilon", default: 1e-5, index))
    return try (0..<channels).map { c in
      let spread = numbers[3][c] + epsilon
      guard spread > 0 else {
        throw problem(node, index, expected: "variance + epsilon above 0", found: "\(spread) in channel \(c)")
      }
      let factor = numbers[0][c] / spread.squareRoot()
      return (factor, numbers[1][c] - factor * numbers[2][c])
    }
  }
}
