import LinearAlgebra

/// What a network asks for to run on one image: entries of its values, and operations.
///
/// A file of a few hundred bytes can describe a network that would need terabytes or years.
/// Networks and tickets that come from files are held to these limits when they are read. They
/// leave room for several times what the usual networks for images of 224 × 224 pixels ask for.
public struct ForwardDemand: Sendable {
  /// The most entries of one value that is held whole, for one image: 2²⁵, 128 MiB in single
  /// precision.
  public static let greatestValue = 1 << 25
  /// The most entries of all values of one image together: 2²⁷.
  static let greatestTotal = 1 << 27
  /// The most multiplications, comparisons and additions for one image: 2³⁶.
  static let greatestOperations = 1 << 36

  /// Entries of all values so far.
  public private(set) var entries = 0
  /// Operations of all nodes so far.
  public private(set) var operations = 0

  /// A network without nodes.
  public init() {}

  /// Adds a node.
  ///
  /// - Parameters:
  ///   - shape: of its value.
  ///   - operationsPerEntry: what each entry of the value costs.
  ///   - isMadeInTiles: whether the value is never held whole: the hidden layer of a pruned
  ///     network.
  ///   - name: the node's, for messages.
  /// - Throws: `ConvolutionError.invalidSize` beyond a limit.
  public mutating func add(
    _ shape: ImageShape, operationsPerEntry: Int = 1, isMadeInTiles: Bool = false, at name: String
  ) throws(ConvolutionError) {
    guard let count = elementCount(shape.height, shape.width, shape.channels),
      isMadeInTiles || count <= Self.greatestValue
    else {
      throw .invalidSize(
        of: name, expected: "a value of at most \(Self.greatestValue) entries an image", found: "\(shape)")
    }
    let total = isMadeInTiles ? entries : entries + count
    guard total <= Self.greatestTotal else {
      throw .invalidSize(
        of: name, expected: "at most \(Self.greatestTotal) entries an image in all values",
        found: "\(total) up to here")
    }
    guard let cost = elementCount(count, max(1, operationsPerEntry)),
      cost <= Self.greatestOperations - operations
    else {
      throw .invalidSize(
        of: name, expected: "at most \(Self.greatestOperations) operations an image in all layers",
        found: "\(shape), \(operationsPerEntry) operations each, after \(operations) before")
    }
    (entries, operations) = (total, operations + cost)
  }
}

extension SlidingWindow {
  /// Refuses padding that is wider than both the image and the window: whole windows would lie on
  /// nothing, and a few bytes would make an image as large as one likes.
  ///
  /// - Throws: `ConvolutionError.invalidSize`.
  public func requireModestPadding(over shape: ImageShape, at name: String) throws(ConvolutionError) {
    let (rows, columns) = (max(shape.height, height), max(shape.width, width))
    guard max(padding.top, padding.bottom) <= rows, max(padding.left, padding.right) <= columns else {
      throw .invalidSize(
        of: name, expected: "padding no wider than the image or the window, \(rows) × \(columns)",
        found: "\([padding.top, padding.left, padding.bottom, padding.right])")
    }
  }

  /// Entries under a window; `Int.max` if they cannot be counted.
  public var taps: Int { elementCount(height, width) ?? .max }
}

extension Network {
  /// What one image asks for up to the output, within the limits for networks that come from files.
  ///
  /// - Throws: `ConvolutionError.invalidSize` that names the node beyond a limit.
  @discardableResult
  public func requireAffordable() throws(ConvolutionError) -> ForwardDemand {
    var demand = ForwardDemand()
    var isMadeInTiles: [Bool] = []
    for (index, node) in nodes.enumerated().prefix(output + 1) {
      let name = "node '\(node.name)'"
      var operationsPerEntry = 1
      var isTiled = false
      switch node.operation {
      case .convolution(let layer):
        try layer.window.requireModestPadding(over: shapes[node.inputs[0]], at: name)
        operationsPerEntry = layer.taps
      case .blockedPointwise: isTiled = true
      case .plain(let layer):
        let input = shapes[node.inputs[0]]
        try layer.rules.requireModest(over: input, at: name)
        operationsPerEntry = layer.rules.operationsPerEntry(over: input)
        isTiled = layer.rules.isElementwise && node.inputs.allSatisfy { isMadeInTiles[$0] }
      case .input: break
      }
      isMadeInTiles.append(isTiled)
      try demand.add(
        shapes[index], operationsPerEntry: operationsPerEntry, isMadeInTiles: isTiled, at: name)
    }
    return demand
  }
}
