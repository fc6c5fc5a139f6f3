import Convolution
import Files

/// Operators that give the same entries another shape.
extension ONNXGraphReader {
  mutating func dropout(_ node: ONNXNode, _ index: Int) throws {
    try requireInference(node, index)
    try alias(node, index)
  }

  /// A cast among numbers: the network computes in Float32 anyway.
  mutating func cast(_ node: ONNXNode, _ index: Int) throws {
    let type = ONNXElementType(rawValue: Int32(truncatingIfNeeded: try integer(node, "to", default: 1, index)))
    let isHead = try raw(node, 0, index).head != nil
    guard let type, isHead || type == .float32 || type == .float64 else {
      throw problem(
        node, index, expected: "a cast to FLOAT", found: type.map { "\($0)" } ?? "no type of ONNX")
    }
    if type == .float64 { notes.append("parts in double precision are taken in single precision") }
    try alias(node, index)
  }

  /// One row an image; axes before `axis` may have size 1.
  mutating func flatten(_ node: ONNXNode, _ index: Int) throws {
    let input = try raw(node, 0, index)
    let shape = builder.shape(of: input.value)
    var axis = try integer(node, "axis", default: 1, index)
    if axis < 0 { axis += input.layout.rank }
    guard axis >= 1, axis <= input.layout.rank,
      input.layout.dimensions.prefix(axis - 1).allSatisfy(\.isEmpty)
    else { throw problem(node, index, expected: "axis 1: one row an image", found: "\(axis)") }
    try arrange(node, index, ONNXLayout([Array(input.layout.dimensions.joined())], of: shape))
  }

  mutating func transpose(_ node: ONNXNode, _ index: Int) throws {
    let input = try raw(node, 0, index)
    let rank = input.layout.rank
    let order = try integers(node, "perm", count: rank, index) ?? Array((0..<rank).reversed())
    guard order.first == 0, order.sorted() == Array(0..<rank) else {
      throw problem(node, index, expected: "an order that keeps the batch first", found: "\(order)")
    }
    try arrange(
      node, index,
      ONNXLayout(
        order.dropFirst().map { input.layout.dimensions[$0 - 1] }, of: builder.shape(of: input.value)))
  }

  mutating func squeeze(_ node: ONNXNode, _ index: Int) throws {
    let input = try raw(node, 0, index)
    let axes = try axes(node, rank: input.layout.rank, index)
    let dimensions = input.layout.dimensions
    if let axes, let wrong = axes.first(where: { $0 == 0 || !dimensions[$0 - 1].isEmpty }) {
      throw problem(node, index, expected: "axes of size 1, not the batch", found: "axis \(wrong)")
    }
    let kept = dimensions.enumerated().filter { place, axis in
      axes.map { !$0.contains(place + 1) } ?? !axis.isEmpty
    }
    try arrange(node, index, ONNXLayout(kept.map(\.element), of: builder.shape(of: input.value)))
  }

  mutating func unsqueeze(_ node: ONNXNode, _ index: Int) throws {
    let input = try raw(node, 0, index)
    let count = try axes(node, rank: 64, index)?.count ?? 0
    let rank = input.layout.rank + count
    guard let axes = try axes(node, rank: rank, index), Set(axes).count == count, !axes.contains(0), rank <= 8 else {
      throw problem(node, index, expected: "distinct axes behind the batch", found: "another")
    }
    var dimensions = input.layout.dimensions[...]
    let result = (1..<rank).map { axes.contains($0) ? [] : dimensions.removeFirst() }
    try arrange(node, index, ONNXLayout(result, of: builder.shape(of: input.value)))
  }

  /// Reshape that keeps the batch as it is and splits no axis of the image.
  mutating func reshape(_ node: ONNXNode, _ index: Int) throws {
    let input = try raw(node, 0, index)
    let shape = builder.shape(of: input.value)
    let sizes = input.layout.sizes(in: shape)
    func refused(_ found: String) -> FileError {
      problem(
        node, index,
        expected: "a shape that keeps the batch and regroups the rest: [0, -1] or [-1, \(shape.count)]", found: found)
    }
    let target: ONNXArray
    if case .ints(let numbers)? = node.attribute("shape") {
      target = ONNXArray(shape: [numbers.count], integers: numbers.map { ONNXSize($0) })
    } else if let found = try array(node, 1, index) {
      target = found
    } else {
      throw problem(node, index, expected: "a constant shape", found: "a computed one or none")
    }
    guard var entries = target.integers, target.shape.count == 1, (2...8).contains(entries.count) else {
      throw refused(target.text)
    }
    let keepsZeros = try integer(node, "allowzero", default: 0, index) == 0
    for (place, entry) in entries.enumerated() where entry == ONNXSize(0) {
      guard keepsZeros, place <= sizes.count else {
        throw problem(
          node, index, expected: "sizes above 0 (with allowzero 0 is no size kept)", found: target.text)
      }
      entries[place] = place == 0 ? .batch : ONNXSize(Int64(sizes[place - 1]))
    }
    let open = entries.indices.filter { entries[$0] == ONNXSize(-1) }
    let isBatch = entries[0] == .batch || fixedBatch.map { entries[0] == ONNXSize(Int64($0)) } ?? false
    guard open.count <= 1, isBatch || open == [0] else { throw refused(target.text) }
    var known = 1
    for entry in entries.dropFirst() where entry != ONNXSize(-1) {
      let (product, overflow) = known.multipliedReportingOverflow(by: Int(entry.factor))
      guard !entry.isPerImage, entry.factor > 0, !overflow else { throw refused(target.text) }
      known = product
    }
    if let place = open.first, place > 0 {
      guard shape.count % known == 0 else { throw refused(target.text) }
      entries[place] = ONNXSize(Int64(shape.count / known))
    }
    guard open.first ?? 0 > 0 || known == shape.count,
      let layout = input.layout.regrouped(entries.dropFirst().map { Int($0.factor) }, in: shape)
    else { throw refused(target.text) }
    try arrange(node, index, layout)
  }

  /// The node's first input under other dimensions.
  private mutating func arrange(_ node: ONNXNode, _ index: Int, _ layout: ONNXLayout) throws {
    let name = layerName(node)
    guard try raw(node, 0, index).padding == nil || node.operatorType == "Transpose" else {
      throw problem(node, index, expected: "a convolution or an average behind a Pad", found: node.operatorType)
    }
    let before = try raw(node, 0, index)
    let isOnePixel = builder.shape(of: before.value).pixels == 1
    if isOnePixel, before.head == nil, layout.dimensions.count == 1,
      node.operatorType == "Flatten" || node.operatorType == "Reshape"
    {
      // It changes nothing, but targets of old tickets have it among their layers.
      var value = try computed(node, 0, index)
      value.value = try builder.append(name, .flatten, to: [value.value])
      value.layout = layout
      values[node.outputs[0]] = value
      return
    }
    try alias(node, index) { value in
      if layout.dimensions.count == 1, value.layout.dimensions.count > 1 { value.rowName = value.rowName ?? name }
      value.layout = layout
    }
  }
}
