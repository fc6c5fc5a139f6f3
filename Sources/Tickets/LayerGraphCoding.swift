import Convolution

extension LayerGraph.Node: Codable {
  private enum Key: String, CodingKey { case name, type, inputs, layer, pooling }

  /// Flat JSON: `name`, `type`, `inputs`, and `layer` or `pooling` where the type has one.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    switch operation {
    case .input: try container.encode("input", forKey: .type)
    case .rectifier: try container.encode("relu", forKey: .type)
    case .globalAveragePooling: try container.encode("global_average_pool", forKey: .type)
    case .flatten: try container.encode("flatten", forKey: .type)
    case .addition: try container.encode("add", forKey: .type)
    case .convolution(let layer):
      try container.encode("convolution", forKey: .type)
      try container.encode(layer, forKey: .layer)
    case .pooling(let pooling):
      try container.encode("pool", forKey: .type)
      try container.encode(pooling, forKey: .pooling)
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    name = try container.decode(String.self, forKey: .name)
    inputs = try container.decode([Int].self, forKey: .inputs)
    let type = try container.decode(String.self, forKey: .type)
    switch type {
    case "input": operation = .input
    case "relu": operation = .rectifier
    case "global_average_pool": operation = .globalAveragePooling
    case "flatten": operation = .flatten
    case "add": operation = .addition
    case "convolution": operation = .convolution(layer: try container.decode(Int.self, forKey: .layer))
    case "pool": operation = .pooling(try container.decode(Pooling.self, forKey: .pooling))
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container, debugDescription: "unknown layer type '\(type)'")
    }
  }
}

extension LayerGraph {
  /// Weights of all kernels that a graph may speak of: 2²⁵. A ticket stores none of them, so its
  /// few bytes could speak of any number.
  public static let greatestWeightCount = 1 << 25
  /// Entries of one hidden filter's slice: 2²².
  public static let greatestSliceCount = 1 << 22

  /// Checks a graph that came from outside: wiring, layer numbers, sizes and shapes that fit together.
  ///
  /// - Throws: `TicketError.invalidTicket` that says where.
  public func validate() throws(TicketError) {
    func wrong(_ at: String, _ expected: String, _ found: String) -> TicketError {
      .invalidTicket(at: at, expected: expected, found: found)
    }
    var next = 1
    for (index, node) in nodes.enumerated() {
      let arity = node.operation.arity
      guard node.inputs.count == arity, node.inputs.allSatisfy({ $0 >= 0 && $0 < index }),
        (node.operation == .input) == (index == 0)
      else {
        throw wrong("layer graph node '\(node.name)'", "\(arity) earlier input(s), the input first", "\(node.inputs)")
      }
      if case .convolution(let layer) = node.operation {
        guard layer == next, layer <= layers.count else {
          throw wrong("layer graph node '\(node.name)'", "layer \(next) of \(layers.count)", "\(layer)")
        }
        next += 1
      }
    }
    guard next - 1 == layers.count, !layers.isEmpty, nodes.indices.contains(output) else {
      throw wrong("layer graph", "a convolution for each of \(layers.count) layers", "\(next - 1)")
    }
    var weights = 0
    for layer in layers {
      let sizes = [layer.window.height, layer.window.width, layer.inputChannels, layer.outputChannels]
      var product = 1
      for size in sizes {
        let (value, overflow) = product.multipliedReportingOverflow(by: size)
        guard size > 0, !overflow, value <= Self.greatestWeightCount else {
          throw wrong(
            "layer '\(layer.name)'", "positive sizes of at most \(Self.greatestWeightCount) weights", "\(sizes)")
        }
        product = value
      }
      weights += product
      guard weights <= Self.greatestWeightCount, layer.sliceCount <= Self.greatestSliceCount else {
        throw wrong(
          "layer '\(layer.name)'",
          "at most \(Self.greatestWeightCount) weights in all layers, \(Self.greatestSliceCount) of a channel",
          "\(weights) up to here, \(layer.sliceCount) of a channel")
      }
    }
    _ = try shapes()
  }

  /// Shape of each node's value for one image.
  ///
  /// - Throws: `TicketError.invalidTicket` that names the node where shapes do not fit, or where
  ///   the network asks for more than `ForwardDemand` allows.
  public func shapes() throws(TicketError) -> [ImageShape] {
    guard [inputShape.height, inputShape.width, inputShape.channels].allSatisfy({ $0 > 0 && $0 <= 1 << 30 }) else {
      throw .invalidTicket(
        at: "layer graph node '\(nodes.first?.name ?? "input")'", expected: "sizes from 1 to 2^30",
        found: "\(inputShape)")
    }
    var shapes: [ImageShape] = []
    var demand = ForwardDemand()
    for node in nodes {
      let input = node.inputs.first.map { shapes[$0] } ?? inputShape
      let place = "layer graph node '\(node.name)'"
      var operationsPerEntry = 1
      do {
        switch node.operation {
        case .input, .rectifier: shapes.append(input)
        case .addition:
          guard shapes[node.inputs[1]] == input else {
            throw ConvolutionError.shapeMismatch(
              at: place, expected: "two values of one shape, \(input)", found: "\(shapes[node.inputs[1]])")
          }
          shapes.append(input)
        case .pooling(let pooling):
          shapes.append(try pooling.outputShape(over: input, at: place))
          try pooling.window.requireModestPadding(over: input, at: place)
          operationsPerEntry = pooling.window.taps
        case .globalAveragePooling: shapes.append(ImageShape(height: 1, width: 1, channels: input.channels))
        case .flatten: shapes.append(ImageShape(height: 1, width: 1, channels: input.count))
        case .convolution(let number):
          let layer = layers[number - 1]
          guard input.channels == layer.inputChannels else {
            throw ConvolutionError.shapeMismatch(
              at: place, expected: "\(layer.inputChannels) input channels", found: "\(input.channels)")
          }
          let (height, width) = try layer.window.outputSize(over: input, at: place)
          try layer.window.requireModestPadding(over: input, at: place)
          let (taps, overflow) = layer.window.taps.multipliedReportingOverflow(by: layer.inputChannels)
          operationsPerEntry = overflow ? .max : taps
          shapes.append(ImageShape(height: height, width: width, channels: layer.outputChannels))
        }
        // So products of sizes stay far from overflow.
        try demand.add(shapes[shapes.count - 1], operationsPerEntry: operationsPerEntry, at: place)
      } catch {
        throw .invalidTicket(at: place, expected: "shapes that fit together", found: "\(error)")
      }
    }
    return shapes
  }
}
