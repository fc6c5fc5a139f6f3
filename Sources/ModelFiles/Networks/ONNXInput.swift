import Convolution
import Files

/// One way to take a document's input as images.
struct ONNXInput {
  let name: String
  let shape: ImageShape
  let layout: ONNXLayout
  /// The fixed number of images, or nil for any.
  let batch: Int?
  let notes: [String]
  /// Whether the document's images have channels last, (N, H, W, C).
  var takesChannelsLast = false

  /// The ways to take the one input that reaches the one output, the likeliest first.
  ///
  /// - Throws: `FileError` for several inputs or outputs, open sizes, or elements that are no
  ///   numbers.
  static func readings(of document: ONNXDocument) throws -> [ONNXInput] {
    let constants = Set(document.initializers.map(\.name))
    let all = document.inputs.filter { !constants.contains($0.name) }
    guard document.outputs.count == 1 else { throw count(document, all.count) }
    let live = document.liveNodes().map { document.nodes[$0] }
    let output = document.outputs[0].name
    let used = all.filter { input in
      input.name == output || live.contains { $0.reads.contains(input.name) }
    }
    guard let input = used.first ?? all.first, used.count <= 1 else { throw count(document, used.count) }
    var notes: [String] = []
    for other in all where other.name != input.name {
      notes.append("the input '\(other.name)' reaches no output and is left out")
    }
    let readers = live.filter { $0.reads.contains(input.name) }
    let isCast = !readers.isEmpty && readers.allSatisfy { $0.operatorType == "Cast" }
    if input.elementType != .float32, isCast {
      notes.append("the input's elements are \(input.elementType) in the file and taken as numbers here")
    }
    let sizes = (input.shape ?? []).dropFirst().compactMap { dimension -> Int? in
      if case .fixed(let size) = dimension, size > 0, size <= 1 << 20 { size } else { nil }
    }
    guard input.elementType == .float32 || isCast, let rank = input.shape?.count, (2...4).contains(rank),
      sizes.count == rank - 1
    else {
      throw FileError(
        .unsupported, source: document.source, at: [.key("graph input")],
        expected: "FLOAT of shape (N, C, H, W) with fixed C, H and W, or of shape (N, K) or (N, C, W)",
        found: "\(input.elementType) of shape \(text(input.shape))"
          + (input.hasOpenSizes ? ": name sizes behind the batch, --input-shape C,H,W" : ""))
    }
    var batch: Int?
    if case .fixed(let size)? = input.shape?.first { batch = size }
    func reading(
      _ height: Int, _ width: Int, _ channels: Int, _ dimensions: [[ONNXLayout.Axis]], _ note: String? = nil
    ) -> ONNXInput {
      let shape = ImageShape(height: height, width: width, channels: channels)
      return ONNXInput(
        name: input.name, shape: shape, layout: ONNXLayout(dimensions, of: shape), batch: batch,
        notes: notes + [note].compactMap { $0 })
    }
    let last = "the file's images have channels last, (N, H, W, C); here they are given as (N, C, H, W)"
    switch sizes.count {
    case 3:
      var channelsLast = reading(sizes[0], sizes[1], sizes[2], [[.row], [.column], [.channel]], last)
      channelsLast.takesChannelsLast = true
      return [reading(sizes[1], sizes[2], sizes[0], [[.channel], [.row], [.column]]), channelsLast]
    case 2:
      return [
        reading(sizes[0], sizes[1], 1, [[.row], [.column]], "the file's images are (N, H, W); here (N, 1, H, W)"),
        reading(1, sizes[1], sizes[0], [[.channel], [.column]], "the file's images are (N, C, W); here (N, C, 1, W)"),
        reading(1, sizes[0], sizes[1], [[.column], [.channel]], "the file's images are (N, W, C); here (N, C, 1, W)"),
      ]
    default:
      var ways = [reading(1, 1, sizes[0], [[.channel]], "the file's rows (N, K) are given as (N, K, 1, 1)")]
      for node in readers where node.operatorType == "Reshape" && node.inputs.count > 1 {
        guard case .int64(let target)? = document.constant(node.inputs[1])?.values, target.count == 4,
          let rest = imageSizes(target.dropFirst(), of: sizes[0])
        else { continue }
        let note = "the file's rows (N, K) are given as images (N, C, H, W)"
        ways += [
          reading(rest[1], rest[2], rest[0], [[.channel, .row, .column]], note),
          reading(rest[0], rest[1], rest[2], [[.row, .column, .channel]], note),
        ]
      }
      return ways
    }
  }

  /// Three sizes whose product is `count`, one of which may be −1.
  private static func imageSizes(_ sizes: ArraySlice<Int64>, of count: Int) -> [Int]? {
    var sizes = sizes.map { Int($0) }
    guard sizes.allSatisfy({ $0 == -1 || (1...count).contains($0) }) else { return nil }
    if let open = sizes.firstIndex(of: -1) {
      let (known, overflow) = sizes.reduce((1, false)) { product, size in
        let next = product.0.multipliedReportingOverflow(by: size == -1 ? 1 : size)
        return (next.partialValue, product.1 || next.overflow)
      }
      guard !overflow, known > 0, count % known == 0 else { return nil }
      sizes[open] = count / known
    }
    let (first, overflow) = sizes[0].multipliedReportingOverflow(by: sizes[1])
    let (all, again) = first.multipliedReportingOverflow(by: sizes[2])
    return !overflow && !again && all == count ? sizes : nil
  }

  static func text(_ shape: [ONNXDimension]?) -> String {
    guard let shape else { return "unknown" }
    let parts = shape.prefix(8).map {
      switch $0 {
      case .fixed(let size): "\(size)"
      case .named(let name): FileError.singleLine(name)
      case .unknown: "?"
      }
    }
    return "(" + parts.joined(separator: ", ") + ")"
  }

  static func count(_ document: ONNXDocument, _ inputs: Int) -> FileError {
    let names = document.outputs.prefix(8).map { FileError.quoted($0.name) }.joined(separator: " ")
    return FileError(
      .unsupported, source: document.source, at: [.key("graph")], expected: "one input and one output",
      found: "\(inputs) and \(document.outputs.count)"
        + (document.outputs.count > 1 ? " (\(names)): name one with --output-name" : ""))
  }
}

extension ONNXDocument {
  /// Indices of the nodes that the output depends on, in file order.
  func liveNodes() -> [Int] {
    var needed = Set(outputs.map(\.name))
    var live: [Int] = []
    for (index, node) in nodes.enumerated().reversed()
    where node.outputs.contains(where: { needed.contains($0) }) {
      live.append(index)
      needed.formUnion(node.reads)
    }
    return live.reversed()
  }

  /// The value of an initialiser, or of a Constant node that holds a tensor.
  func constant(_ name: String) -> ONNXTensor? {
    if let tensor = initializer(name) { return tensor }
    guard let node = nodes.first(where: { $0.operatorType == "Constant" && $0.outputs.first == name }),
      case .tensor(let tensor)? = node.attribute("value")
    else { return nil }
    return tensor
  }
}
