import Convolution

/// Pools, means and sums over pixels, and the Pad before a layer.
extension ONNXGraphReader {
  mutating func pool(_ node: ONNXNode, _ index: Int) throws {
    var input = try image(node, index, takesPadding: true)
    let spatial = input.layout.spatial(in: builder.shape(of: input.value)) ?? 2
    guard let size = try integers(node, "kernel_shape", count: spatial, index), size.allSatisfy({ $0 > 0 }) else {
      throw problem(
        node, index, expected: "kernel_shape with \(spatial == 2 ? "two sizes" : "a size") above 0", found: "none")
    }
    if node.outputs.count > 1 && !node.outputs[1].isEmpty && (readers[node.outputs[1]] ?? 0) > 0 {
      throw problem(node, index, expected: "one output", found: "indices as a second one")
    }
    let height = spatial == 2 ? size[0] : 1
    let width = size[spatial - 1]
    let padding = input.padding
    input.padding = nil
    var window = try window(node, height: height, width: width, index, over: input)
    window.roundsUp = try integer(node, "ceil_mode", default: 0, index) != 0
    let automatic = try text(node, "auto_pad", default: "NOTSET", index)
    if window.roundsUp, automatic != "NOTSET" {
      throw problem(node, index, expected: "ceil_mode without auto_pad, which says otherwise", found: automatic)
    }
    var kind = Pooling.Kind.maximum
    if node.operatorType == "AveragePool" {
      let countsPadding = try integer(node, "count_include_pad", default: 0, index) != 0
      kind = countsPadding ? .averageCountingPadding : .average
    }
    if let padding {
      // Zeros of a Pad count as entries; what the pool adds itself must not, or be counted too.
      // Under a maximum they do not count where nothing is negative.
      let isRectified = builder.operation(of: input.value) == .rectifier
      guard kind != .maximum || isRectified, !window.roundsUp, kind != .average || window.padding == Padding(),
        automatic == "NOTSET" || automatic == "VALID"
      else {
        throw problem(
          node, index, expected: "a Pad that joins a convolution or a plain average (a largest entry ignores padding)",
          found: "a Pad before another pool")
      }
      if kind != .maximum { kind = .averageCountingPadding }
      let own = window.padding
      window.padding = Padding(
        top: own.top + padding.top, left: own.left + padding.left, bottom: own.bottom + padding.bottom,
        right: own.right + padding.right)
    }
    try append(node, index, .pooling(Pooling(kind, window: window)), toImage: input)
  }

  mutating func globalAverage(_ node: ONNXNode, _ index: Int) throws {
    try append(node, index, .globalAveragePooling, toImage: try image(node, index))
  }

  mutating func globalMaximum(_ node: ONNXNode, _ index: Int) throws {
    let input = try image(node, index)
    let shape = builder.shape(of: input.value)
    let window = SlidingWindow(height: shape.height, width: shape.width)
    try append(node, index, .pooling(Pooling(.maximum, window: window)), toImage: input)
  }

  /// Zeros around an image, which the layer behind reads with its own.
  mutating func pad(_ node: ONNXNode, _ index: Int) throws {
    let input = try raw(node, 0, index)
    let rank = input.layout.rank
    var pads: [Int]
    if case .ints(let numbers)? = node.attribute("pads") ?? node.attribute("paddings") {
      pads = numbers.map { Int($0) }
    } else {
      guard let numbers = try array(node, 1, index)?.plain else {
        throw problem(node, index, expected: "constant pads", found: "others or none")
      }
      pads = numbers
    }
    if has(node, 3), let axes = try array(node, 3, index)?.plain {
      let places = axes.map { $0 < 0 ? $0 + rank : $0 }
      guard pads.count == 2 * axes.count, places.allSatisfy({ $0 >= 0 && $0 < rank }), Set(places).count == axes.count
      else { throw problem(node, index, expected: "two pads for each axis", found: "\(pads) for \(axes)") }
      var all = [Int](repeating: 0, count: 2 * rank)
      for (entry, place) in places.enumerated() {
        (all[place], all[rank + place]) = (pads[entry], pads[axes.count + entry])
      }
      pads = all
    }
    guard pads.count == 2 * rank else {
      throw problem(node, index, expected: "\(2 * rank) pads", found: "\(pads.count)")
    }
    if pads.allSatisfy({ $0 == 0 }) { return try alias(node, index) }
    let mode = try text(node, "mode", default: "constant", index)
    var value = Double(try float(node, "value", default: 0, index))
    if has(node, 2), let tensor = try constantInput(node, 2, index) { value = try number(tensor) ?? .nan }
    guard mode == "constant", value == 0 else {
      throw problem(
        node, index, expected: "zeros (mode constant), which a convolution can take in",
        found: mode == "constant" ? "the value \(value)" : "mode \(mode)")
    }
    let limit = 1 << 20
    let shape = builder.shape(of: input.value)
    guard pads.allSatisfy({ $0 >= 0 && $0 < limit }), let axes = input.layout.axes(in: shape), pads[0] == 0,
      pads[rank] == 0, input.padding == nil, input.head == nil
    else {
      throw problem(
        node, index, expected: "zeros around an image (N, C, H, W) or among its channels, no cropping",
        found: "\(pads)")
    }
    var padding = Padding()
    var result = input
    for (place, axis) in axes.enumerated() {
      let (before, after) = (pads[place + 1], pads[rank + place + 1])
      switch axis {
      case .row: (padding.top, padding.bottom) = (before, after)
      case .column: (padding.left, padding.right) = (before, after)
      case .channel:
        if before + after == 0 { continue }
        try charge(weights: before + shape.channels + after, node, index)
        if result.scale != 1 { result = try scaled(result, named: node.inputs[0]) }
        result = try padChannels(result, before: before, after: after, named: layerName(node))
      }
    }
    if result.value == input.value {
      try alias(node, index) { $0.padding = padding }
    } else {
      result.padding = padding == Padding() ? nil : padding
      values[node.outputs[0]] = result
    }
  }

  /// ReduceMean, ReduceSum or ReduceMax over axes of pixels.
  mutating func reduce(_ node: ONNXNode, _ index: Int) throws {
    if try reduceClasses(node, index) { return }
    guard node.operatorType != "ReduceLogSumExp" else {
      throw problem(node, index, expected: "a sum over classes at the end of the network", found: "another")
    }
    let input = try computed(node, 0, index)
    let shape = builder.shape(of: input.value)
    let given = try axes(node, rank: input.layout.rank, index)
    let dimensions = input.layout.dimensions
    let places = Set(given ?? [])
    let reduced = Set(places.filter { $0 > 0 }.flatMap { dimensions[$0 - 1] })
    guard !places.isEmpty, !places.contains(0), !reduced.contains(.channel),
      // A channel of its own may lie on an axis of size 1, where there is nothing to reduce.
      dimensions.count > 1
    else {
      throw problem(node, index, expected: "axes 2 and 3, the pixels", found: given.map { "\($0)" } ?? "all axes")
    }
    let pixels = Set([ONNXLayout.Axis.row, .column].filter { $0.size(in: shape) > 1 })
    let keepsAxes = try integer(node, "keepdims", default: 1, index) != 0
    let window = SlidingWindow(
      height: reduced.contains(.row) ? shape.height : 1, width: reduced.contains(.column) ? shape.width : 1)
    let operation: Network<Float>.Operation
    switch node.operatorType {
    case "ReduceMax": operation = .pooling(Pooling(.maximum, window: window))
    default:
      operation =
        reduced.isSuperset(of: pixels) ? .globalAveragePooling : .pooling(Pooling(.average, window: window))
    }
    try charge(operation, node, index)
    let value = try builder.append(layerName(node), operation, to: [input.value])
    let rest = dimensions.enumerated().compactMap { place, axis -> [ONNXLayout.Axis]? in
      places.contains(place + 1) ? (keepsAxes ? [] : nil) : axis
    }
    var result = ONNXComputed(value: value, layout: ONNXLayout(rest, of: builder.shape(of: value)))
    if node.operatorType == "ReduceSum" {
      result.scale = Double(reduced.reduce(1) { $0 * $1.size(in: shape) })
    }
    values[node.outputs[0]] = result
  }
}
