import Convolution
import Files

/// Operators that take channels apart and put them together: Concat, Slice, Split, Gather, and Pad
/// along channels; and channels shuffled between groups.
///
/// Each becomes selections of channels; side by side they are the sum of selections that leave room
/// for each other.
extension ONNXGraphReader {
  mutating func concat(_ node: ONNXNode, _ index: Int) throws {
    guard (1...64).contains(node.inputs.count), !node.outputs.isEmpty else {
      throw problem(node, index, expected: "1 to 64 inputs and an output", found: "\(node.inputs.count)")
    }
    if node.inputs.count == 1 { return try alias(node, index) }
    var parts: [(value: ONNXComputed?, channels: Int)] = []
    var layout: (axes: [ONNXLayout.Axis], shape: ImageShape)?
    for position in node.inputs.indices where values[node.inputs[position]] != nil {
      var part = try computed(node, position, index)
      if part.layout.dimensions.count == 1 { part = try row(part, node, index) }
      let shape = builder.shape(of: part.value)
      guard let axes = part.layout.axes(in: shape) else {
        throw problem(
          node, index, expected: "images or flat rows side by side", found: part.layout.text(in: shape))
      }
      layout = layout ?? (axes, shape)
      guard axes == layout?.axes, shape.height == layout?.shape.height, shape.width == layout?.shape.width else {
        throw problem(
          node, index, expected: "parts of one height, width and order of dimensions",
          found: part.layout.text(in: shape))
      }
      parts.append((part, shape.channels))
    }
    guard let (axes, shape) = layout else {
      throw problem(node, index, expected: "a computed value among the parts", found: "none")
    }
    let place = try channelPlace(node, axes, index)
    var computed = parts[...]
    parts = try node.inputs.indices.map { position in
      if values[node.inputs[position]] != nil { return computed.removeFirst() }
      let zeros = try weights(node, position, index)
      guard zeros.values.allSatisfy({ $0 == 0 }), zeros.shape.count == axes.count + 1 else {
        throw problem(node, index, expected: "computed values, or zeros, side by side", found: "other constants")
      }
      return (nil, zeros.shape[place])
    }
    let total = parts.reduce(0) { $0 + $1.channels }
    try charge(weights: total * parts.count, node, index)
    var sum: NetworkBuilder<Float>.Value?
    var start = 0
    for (position, part) in parts.enumerated() {
      defer { start += part.channels }
      guard let value = part.value else { continue }
      let selection = try ChannelSelection(placing: part.channels, at: start, among: total)
      let placed = try builder.append(
        "\(layerName(node)).part\(position)", .plain(.channelSelection(selection)), to: [value.value])
      guard let before = sum else {
        sum = placed
        continue
      }
      let isLast = !parts[(position + 1)...].contains { $0.value != nil }
      let name = isLast ? layerName(node) : "\(layerName(node)).sum\(position)"
      sum = try builder.append(name, .addition, to: [before, placed])
    }
    let result = ImageShape(height: shape.height, width: shape.width, channels: total)
    guard let sum else { return }
    values[node.outputs[0]] = ONNXComputed(value: sum, layout: ONNXLayout(axes.map { [$0] }, of: result))
  }

  /// A part of a value: every few channels or pixels.
  mutating func slice(_ node: ONNXNode, _ index: Int) throws {
    var input = try computed(node, 0, index)
    if input.layout.dimensions.count == 1 { input = try row(input, node, index) }
    let shape = builder.shape(of: input.value)
    let sizes = [1] + input.layout.sizes(in: shape)
    // Where each dimension starts, in which steps it goes on, and how far.
    let ranges = try sliceRanges(node, index, sizes: sizes, isBatchOpen: true)
    let given = input.layout.axes(in: shape)
    var steps: [ONNXLayout.Axis: Int] = [:]
    var sources: [Int]?
    for (place, range) in ranges.enumerated().dropFirst() where range.count != sizes[place] || range.step != 1 {
      guard let axis = given?[place - 1] else {
        throw problem(
          node, index, expected: "a part of an image or a flat row", found: input.layout.text(in: shape))
      }
      if axis == .channel {
        sources = (0..<range.count).map { range.start + $0 * range.step }
      } else {
        guard range.start == 0, range.count == (sizes[place] + range.step - 1) / range.step else {
          throw problem(
            node, index, expected: "every few pixels from the first on (a step alone)",
            found: "\(range.count) pixels from \(range.start) on: crop the images before they are given")
        }
        steps[axis] = range.step
      }
    }
    guard sources?.isEmpty != true else { throw problem(node, index, expected: "some channels", found: "none") }
    if !steps.isEmpty {
      let window = SlidingWindow(
        height: 1, width: 1, strideHeight: steps[.row] ?? 1, strideWidth: steps[.column] ?? 1)
      input.value = try builder.append(
        layerName(node), .pooling(Pooling(.maximum, window: window)), to: [input.value])
    }
    if let sources { input.value = try selected(sources, of: input.value, layerName(node)) }
    input.rowName = nil
    if !steps.isEmpty || sources != nil, let given {
      input.layout = ONNXLayout(given.map { [$0] }, of: builder.shape(of: input.value))
    }
    values[node.outputs[0]] = input
  }

  /// Runs of channels, a value each.
  mutating func split(_ node: ONNXNode, _ index: Int) throws {
    var input = try computed(node, 0, index)
    if input.layout.dimensions.count == 1 { input = try row(input, node, index) }
    let shape = builder.shape(of: input.value)
    guard let axes = input.layout.axes(in: shape) else {
      throw problem(node, index, expected: "an image or a flat row", found: input.layout.text(in: shape))
    }
    _ = try channelPlace(node, axes, index, standard: 0)
    let count = max(1, node.outputs.count)
    let even = (shape.channels + count - 1) / count
    var sizes = (0..<count).map { min(even, shape.channels - $0 * even) }
    if let given = try integers(node, "split", count: count, index) { sizes = given }
    if has(node, 1) { sizes = try array(node, 1, index)?.plain ?? [] }
    guard sizes.count == count, sizes.allSatisfy({ $0 > 0 && $0 <= shape.channels }),
      sizes.reduce(0, +) == shape.channels
    else { throw problem(node, index, expected: "\(count) parts of \(shape.channels) channels", found: "\(sizes)") }
    try charge(weights: shape.channels, node, index)
    var start = 0
    for (output, size) in zip(node.outputs, sizes) {
      if !output.isEmpty, (readers[output] ?? 0) > 0 {
        let value = try selected(Array(start..<start + size), of: input.value, output)
        values[output] = ONNXComputed(
          value: value, layout: ONNXLayout(axes.map { [$0] }, of: builder.shape(of: value)))
      }
      start += size
    }
  }

  /// A copy of the channels that a constant names, in its order.
  mutating func gather(_ node: ONNXNode, _ index: Int) throws {
    guard let tensor = try constantInput(node, 1, index), tensor.shape.count == 1 else {
      throw problem(node, index, expected: "a constant list of channels", found: "another")
    }
    var input = try computed(node, 0, index)
    if input.layout.dimensions.count == 1 { input = try row(input, node, index) }
    let shape = builder.shape(of: input.value)
    guard let axes = input.layout.axes(in: shape) else {
      throw problem(node, index, expected: "an image or a flat row", found: input.layout.text(in: shape))
    }
    _ = try channelPlace(node, axes, index, standard: 0)
    let sources = try tensor.int64s().map { $0 < 0 ? $0 + Int64(shape.channels) : $0 }
    if let wrong = sources.first(where: { $0 < 0 || $0 >= Int64(shape.channels) }) {
      throw problem(node, index, expected: "channels in 0..<\(shape.channels)", found: "\(wrong)")
    }
    let places = sources.map { Int($0) }
    let reader = document.nodes.first { $0.inputs.contains(node.outputs[0]) }
    if reader?.operatorType == "Conv", let reader, try integer(reader, "group", default: 1, index) > 1 {
      // What pruned networks begin each of their layers with.
      let layer = try BlockedPointwise<Float>(
        inputChannels: shape.channels, sources: places, scalars: [Float](repeating: 1, count: places.count))
      return try append(node, index, .blockedPointwise(layer), toImage: input)
    }
    try charge(weights: places.count, node, index)
    let value = try selected(places, of: input.value, layerName(node))
    values[node.outputs[0]] = ONNXComputed(
      value: value, layout: ONNXLayout(axes.map { [$0] }, of: builder.shape(of: value)))
  }

  /// Channels of zeros around those of a value, as an option-A shortcut has them.
  mutating func padChannels(_ input: ONNXComputed, before: Int, after: Int, named name: String) throws -> ONNXComputed {
    let shape = builder.shape(of: input.value)
    guard let axes = input.layout.axes(in: shape) else { return input }
    var input = input
    let selection = try ChannelSelection(
      placing: shape.channels, at: before, among: before + shape.channels + after)
    input.value = try builder.append(name, .plain(.channelSelection(selection)), to: [input.value])
    input.layout = ONNXLayout(axes.map { [$0] }, of: builder.shape(of: input.value))
    return input
  }

  private mutating func selected(
    _ sources: [Int], of value: NetworkBuilder<Float>.Value, _ name: String
  ) throws -> NetworkBuilder<Float>.Value {
    let channels = builder.shape(of: value).channels
    let selection = try ChannelSelection(inputChannels: channels, sources: sources)
    return try builder.append(name, .plain(.channelSelection(selection)), to: [value])
  }

  /// The dimension that `axis` names, which must be that of channels.
  private func channelPlace(
    _ node: ONNXNode, _ axes: [ONNXLayout.Axis], _ index: Int, standard: Int? = nil
  ) throws -> Int {
    if standard == nil, node.attribute("axis") == nil, document.operatorSetVersion ?? 17 >= 4 {
      throw problem(node, index, expected: "an axis", found: "none")
    }
    var axis = try integer(node, "axis", default: standard ?? 1, index)
    if axis < 0 { axis += axes.count + 1 }
    guard axis > 0, axis <= axes.count, axes[axis - 1] == .channel else {
      throw problem(
        node, index, expected: "channels (axis \((axes.firstIndex(of: .channel) ?? 0) + 1))", found: "axis \(axis)")
    }
    return axis
  }
}
