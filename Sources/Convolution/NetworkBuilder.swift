import LinearAlgebra

/// Builds a network layer by layer, in the form that everything else reads.
///
/// ```swift
/// var builder = NetworkBuilder<Float>(inputShape: ImageShape(height: 28, width: 28, channels: 1))
/// var value = try builder.append("conv", .convolution(convolution), to: [builder.input])
/// value = try builder.append("relu", .rectifier, to: [value])
/// value = try builder.append("flat", .flatten, to: [value])
/// value = try builder.dense("fc", weights: weights, outputs: 10, bias: bias, to: value)
/// let network = try builder.network(output: value)
/// ```
///
/// A fully connected layer over a flattened H × W × C image is a convolution whose window is the
/// whole image: entry (c, row, column) of the flat row, which counts in that order, is tap (row,
/// column) of input channel c. Over a flat row of another origin it is a 1×1 convolution on a 1 × 1
/// image. Layers that work entry by entry give the same on the image as on the row, so they may
/// stand between. A flat row is therefore made only where another layer, or the output, reads it.
public struct NetworkBuilder<Scalar: BLASScalar> {
  /// A value of the network under construction.
  public struct Value: Sendable, Hashable {
    /// The node that makes it, or the image that it is the flat row of.
    fileprivate let node: Int
    /// The name of the layer that flattened it, where the row has not been made yet.
    fileprivate let rowName: String?
  }

  private var nodes: [Network<Scalar>.Node]
  private var shapes: [ImageShape]
  /// Rows that have been made, by the image that they were made of.
  private var rows: [Int: Int] = [:]

  /// A network of its input alone.
  ///
  /// - Parameters:
  ///   - inputShape: of one image.
  ///   - name: the input's.
  public init(inputShape: ImageShape, inputName name: String = "input") {
    nodes = [.init(name: name, operation: .input, inputs: [])]
    shapes = [inputShape]
  }

  /// The network's input.
  public var input: Value { Value(node: 0, rowName: nil) }

  /// The shape of a value for one image; 1 × 1 × K for a flat row of K entries.
  public func shape(of value: Value) -> ImageShape {
    let shape = shapes[value.node]
    return value.rowName == nil ? shape : ImageShape(height: 1, width: 1, channels: shape.count)
  }

  /// Appends a layer.
  ///
  /// - Parameters:
  ///   - name: the layer's.
  ///   - operation: what it computes.
  ///   - inputs: values of this builder, as many as the operation reads.
  /// - Returns: the layer's value.
  /// - Throws: `ConvolutionError` that names the layer where sizes do not fit.
  public mutating func append(
    _ name: String, _ operation: Network<Scalar>.Operation, to inputs: [Value]
  ) throws(ConvolutionError) -> Value {
    guard inputs.count == operation.arity, let first = inputs.first else {
      throw .invalidGraph(node: name, expected: "\(operation.arity) inputs", found: "\(inputs.count)")
    }
    guard case .plain(let layer) = operation else {
      return try appendNode(name, operation, [try made(first)])
    }
    if layer == .flatten, shapes[first.node].pixels > 1 {
      return first.rowName == nil ? Value(node: first.node, rowName: name) : first
    }
    let areOneImage = inputs.allSatisfy { shapes[$0.node] == shapes[first.node] }
    let areRows = inputs.allSatisfy { $0.rowName != nil }
    guard layer.rules.isElementwise, areRows, areOneImage else {
      var nodes: [Int] = []
      for input in inputs { nodes.append(try made(input)) }
      return try appendNode(name, operation, nodes)
    }
    let image = try appendNode(name, operation, inputs.map(\.node))
    return Value(node: image.node, rowName: first.rowName)
  }

  /// Appends a fully connected layer y = x·W + b over a flat row.
  ///
  /// - Parameters:
  ///   - name: the layer's.
  ///   - weights: entry (i, o) at i·outputs + o, i counting as the row does.
  ///   - outputs: K, the entries of y.
  ///   - bias: one number per output, or nil.
  ///   - value: x, a flat row or an image of one pixel.
  /// - Returns: the layer's value, 1 × 1 × K.
  /// - Throws: `ConvolutionError` that names the layer where counts do not fit, or for an input of
  ///   more than one pixel.
  public mutating func dense(
    _ name: String, weights: [Scalar], outputs: Int, bias: [Scalar]? = nil, to value: Value
  ) throws(ConvolutionError) -> Value {
    let row = shape(of: value)
    guard row.pixels == 1, outputs > 0, let count = elementCount(row.channels, outputs),
      weights.count == count
    else {
      throw .shapeMismatch(
        at: "node '\(name)'", expected: "a flat row of inputs, and inputs × \(outputs) weights",
        found: "an input of \(row) and \(weights.count) weights")
    }
    let image = shapes[value.node]
    var kernel = weights
    for pixel in 0..<image.pixels where image.pixels > 1 {
      for c in 0..<image.channels {
        let (from, to) = (c * image.pixels + pixel, pixel * image.channels + c)
        for o in 0..<outputs { kernel[to * outputs + o] = weights[from * outputs + o] }
      }
    }
    let layer = try Convolution(
      window: SlidingWindow(height: image.height, width: image.width), inputChannels: image.channels,
      outputChannels: outputs, kernel: kernel, bias: bias)
    return try appendNode(name, .convolution(layer), [value.node])
  }

  /// The operation that makes a value, if nothing was left to be flattened behind it.
  public func operation(of value: Value) -> Network<Scalar>.Operation? {
    value.rowName == nil ? nodes[value.node].operation : nil
  }

  /// Puts another operation in the place of the one that makes a value: the same layer with another
  /// bias, say.
  ///
  /// - Throws: `ConvolutionError` for an operation whose value has another shape.
  public mutating func replace(
    _ value: Value, by operation: Network<Scalar>.Operation
  ) throws(ConvolutionError) {
    let old = nodes[value.node]
    let node = Network<Scalar>.Node(name: old.name, operation: operation, inputs: old.inputs)
    let shape = try Graph.shape(of: node, at: value.node, over: shapes)
    guard shape == shapes[value.node] else {
      throw .shapeMismatch(at: "node '\(old.name)'", expected: "\(shapes[value.node])", found: "\(shape)")
    }
    nodes[value.node] = node
  }

  /// The network that returns a value.
  ///
  /// - Throws: `ConvolutionError` for sizes that do not fit.
  public mutating func network(output value: Value) throws(ConvolutionError) -> Network<Scalar> {
    let output = try made(value)
    return try Network(inputShape: shapes[0], nodes: nodes, output: output)
  }

  /// The node of a value in the shape that it has, a row made where it must be.
  private mutating func made(_ value: Value) throws(ConvolutionError) -> Int {
    guard let name = value.rowName else { return value.node }
    if let row = rows[value.node] { return row }
    let row = try appendNode(name, .flatten, [value.node]).node
    rows[value.node] = row
    return row
  }

  private mutating func appendNode(
    _ name: String, _ operation: Network<Scalar>.Operation, _ inputs: [Int]
  ) throws(ConvolutionError) -> Value {
    let node = Network<Scalar>.Node(name: name, operation: operation, inputs: inputs)
    shapes.append(try Graph.shape(of: node, at: nodes.count, over: shapes))
    nodes.append(node)
    return Value(node: nodes.count - 1, rowName: nil)
  }
}
