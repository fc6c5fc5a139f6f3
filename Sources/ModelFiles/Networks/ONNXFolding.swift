import Convolution
import Files

/// What a document computes from constants and shapes alone, computed while it is read.
extension ONNXGraphReader {
  /// Operators of constants.
  static let folded: Set<String> = [
    "Shape", "Gather", "Slice", "Unsqueeze", "Squeeze", "Concat", "Cast", "Add", "Sub", "Mul", "Div", "Reshape",
    "Transpose", "Identity", "Dropout", "Sqrt", "Neg", "Reciprocal", "Expand", "DequantizeLinear", "Flatten",
    "ConstantOfShape", "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Not", "Where",
    "Range", "Min", "Max", "Pow", "Floor", "Ceil", "Exp", "ReduceProd", "Size", "Mod",
  ]

  /// The constant or shape behind input `position`; nil for a computed value or none.
  func array(_ node: ONNXNode, _ position: Int, _ index: Int) throws -> ONNXArray? {
    guard has(node, position) else { return nil }
    let name = node.inputs[position]
    return openSizes[name] ?? constants[name].map { ONNXArray($0) }
  }

  /// Computes the node if it reads constants and shapes alone.
  ///
  /// - Returns: whether it did.
  mutating func fold(_ node: ONNXNode, _ index: Int) throws -> Bool {
    guard Self.folded.contains(node.operatorType), has(node, 0), let output = node.outputs.first else { return false }
    if node.operatorType == "Identity" || node.operatorType == "Dropout" {
      guard openSizes[node.inputs[0]] != nil || constants[node.inputs[0]] != nil else { return false }
      if node.operatorType == "Dropout" { try requireInference(node, index) }
      openSizes[output] = openSizes[node.inputs[0]]
      constants[output] = constants[node.inputs[0]]
      return true
    }
    if node.operatorType == "Shape", let value = values[node.inputs[0]] {
      let sizes = value.layout.sizes(in: builder.shape(of: value.value)).map { ONNXSize(Int64($0)) }
      guard value.padding == nil, value.head == nil else { return false }
      let all = [fixedBatch.map { ONNXSize(Int64($0)) } ?? .batch] + sizes
      try keep(part(of: all, node, index), as: output, node, index)
      return true
    }
    let names = node.inputs.filter { !$0.isEmpty }
    guard names.allSatisfy({ openSizes[$0] != nil || constants[$0] != nil }) else { return false }
    let inputs = names.compactMap { name in openSizes[name] ?? constants[name].map { ONNXArray($0) } }
    try keep(result(node, index, inputs), as: output, node, index)
    return true
  }

  /// Entries `start`..<`end` of a shape.
  private func part(of sizes: [ONNXSize], _ node: ONNXNode, _ index: Int) throws -> ONNXArray {
    func place(_ name: String, _ standard: Int) throws -> Int {
      let number = try integer(node, name, default: standard, index)
      return min(sizes.count, max(0, number < 0 ? number + sizes.count : number))
    }
    let (start, end) = (try place("start", 0), try place("end", sizes.count))
    let part = Array(sizes[start..<max(start, end)])
    return ONNXArray(shape: [part.count], integers: part)
  }

  private mutating func keep(
    _ array: ONNXArray, as name: String, _ node: ONNXNode, _ index: Int
  ) throws {
    foldedCount += array.count
    guard foldedCount <= greatestWeightCount else {
      throw problem(
        node, index, expected: "at most \(greatestWeightCount) elements of all constants computed", found: "more")
    }
    switch array.content {
    case .floats(let values):
      constants[name] = try ONNXTensor(
        name: name, shape: array.shape, values: .float32(values), source: document.source)
    case .integers(let values) where values.allSatisfy({ !$0.isPerImage }):
      constants[name] = try ONNXTensor(
        name: name, shape: array.shape, values: .int64(values.map(\.factor)), source: document.source)
    case .integers: openSizes[name] = array
    }
  }

  private func result(_ node: ONNXNode, _ index: Int, _ inputs: [ONNXArray]) throws -> ONNXArray {
    let first = inputs[0]
    let rank = first.shape.count
    func refused(_ expected: String) -> FileError {
      problem(node, index, expected: expected, found: inputs.map { CheckedSizes.text($0.shape) }.joined(separator: " "))
    }
    func axis(_ standard: Int, rank: Int) throws -> Int {
      let axis = try integer(node, "axis", default: standard, index)
      guard axis >= -rank, axis < rank else { throw refused("an axis of \(rank) dimensions") }
      return axis < 0 ? axis + rank : axis
    }
    switch node.operatorType {
    case "Shape": return try part(of: first.shape.map { ONNXSize(Int64($0)) }, node, index)
    case "Add", "Sub", "Mul", "Div":
      guard inputs.count == 2 else { throw refused("two inputs") }
      return try arithmetic(node, index, first, inputs[1])
    case "Sqrt", "Neg", "Reciprocal":
      if node.operatorType == "Neg", let integers = first.plain {
        return ONNXArray(shape: first.shape, integers: integers.map { ONNXSize(Int64(0 &- $0)) })
      }
      guard case .floats(let values) = first.content else { throw refused("real numbers") }
      return ONNXArray(
        shape: first.shape,
        floats: values.map { node.operatorType == "Sqrt" ? $0.squareRoot() : node.operatorType == "Neg" ? -$0 : 1 / $0 }
      )
    case "Cast": return try cast(node, index, first)
    case "Gather":
      guard inputs.count == 2, let places = inputs[1].plain, inputs[1].shape.count <= 1, rank > 0 else {
        throw refused("a list of places")
      }
      let axis = try axis(0, rank: rank)
      let size = first.shape[axis]
      let wanted = places.map { $0 < 0 ? $0 + size : $0 }
      guard wanted.allSatisfy({ $0 >= 0 && $0 < size }) else { throw refused("places in 0..<\(size)") }
      var shape = first.shape
      shape[axis] = wanted.count
      let strides = first.strides
      let outer = ONNXArray.indices(Array(first.shape[..<axis]), strides: Array(strides[..<axis]))
      let inner = ONNXArray.indices(Array(first.shape[(axis + 1)...]), strides: Array(strides[(axis + 1)...]))
      let indices = outer.flatMap { o in wanted.flatMap { w in inner.map { o + w * strides[axis] + $0 } } }
      if inputs[1].shape.isEmpty { shape.remove(at: axis) }
      return first.picked(indices, shape: shape)
    case "Slice": return try slice(node, index, first)
    case "Concat":
      guard inputs.allSatisfy({ $0.shape.count == rank }), rank > 0 else { throw refused("parts of one rank") }
      let axis = try axis(0, rank: rank)
      var shape = first.shape
      shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
      for input in inputs {
        var same = input.shape
        same[axis] = shape[axis]
        guard same == shape else { throw refused("parts that fit side by side") }
      }
      if inputs.contains(where: { $0.integers == nil }) && inputs.contains(where: { $0.integers != nil }) {
        throw refused("parts of one type")
      }
      let outer = shape[..<axis].reduce(1, *)
      let isReal = first.integers == nil
      var floats: [Float] = []
      var integers: [ONNXSize] = []
      for row in 0..<outer {
        for input in inputs {
          let run = input.count / max(1, outer)
          switch input.content {
          case .floats(let values): floats += values[row * run..<(row + 1) * run]
          case .integers(let values): integers += values[row * run..<(row + 1) * run]
          }
        }
      }
      return isReal ? ONNXArray(shape: shape, floats: floats) : ONNXArray(shape: shape, integers: integers)
    case "Transpose":
      let order = try integers(node, "perm", count: rank, index) ?? Array((0..<rank).reversed())
      guard order.sorted() == Array(0..<rank) else { throw refused("an order of the dimensions") }
      let shape = order.map { first.shape[$0] }
      return first.picked(ONNXArray.indices(shape, strides: order.map { first.strides[$0] }), shape: shape)
    case "Expand":
      guard inputs.count == 2, let sizes = inputs[1].plain, sizes.allSatisfy({ $0 >= 0 && $0 < 1 << 30 }),
        let shape = Self.broadcast(first.shape, sizes), try charged(shape), let indices = first.spread(over: shape)
      else { throw refused("a shape to spread over") }
      return first.picked(indices, shape: shape)
    case "DequantizeLinear": return try dequantized(node, index, inputs)
    case "ConstantOfShape", "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Not", "Where",
      "Range", "Min", "Max", "Pow", "Floor", "Ceil", "Exp", "ReduceProd", "Size", "Mod":
      return try furtherResult(node, index, inputs)
    default: return first.reshaped(try newShape(node, index, inputs))
    }
  }

  static func broadcast(_ first: [Int], _ second: [Int]) -> [Int]? {
    let rank = max(first.count, second.count)
    let (a, b) = (
      [Int](repeating: 1, count: rank - first.count) + first, [Int](repeating: 1, count: rank - second.count) + second
    )
    guard zip(a, b).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else { return nil }
    return zip(a, b).map { $0 == 1 ? $1 : $0 }
  }

  /// Whether a constant of this shape may be made.
  func charged(_ shape: [Int]) throws -> Bool {
    guard let count = CheckedSizes.elementCount(shape) else { return false }
    return count <= greatestWeightCount - foldedCount
  }

  private func arithmetic(
    _ node: ONNXNode, _ index: Int, _ first: ONNXArray, _ second: ONNXArray
  ) throws -> ONNXArray {
    guard let shape = Self.broadcast(first.shape, second.shape), try charged(shape),
      let left = first.spread(over: shape), let right = second.spread(over: shape)
    else {
      throw problem(
        node, index, expected: "constants that fit together",
        found: "\(CheckedSizes.text(first.shape)) and \(CheckedSizes.text(second.shape))")
    }
    func refused() -> FileError {
      problem(node, index, expected: "a size or a multiple of N", found: "\(first.text) and \(second.text)")
    }
    if let a = first.integers, let b = second.integers {
      return ONNXArray(
        shape: shape,
        integers: try zip(left, right).map { i, j in
          guard let size = ONNXSize.result(node.operatorType, a[i], b[j]) else { throw refused() }
          return size
        })
    }
    guard case .floats(let a) = first.content, case .floats(let b) = second.content else { throw refused() }
    return ONNXArray(
      shape: shape,
      floats: zip(left, right).map { i, j in
        switch node.operatorType {
        case "Add": a[i] + b[j]
        case "Sub": a[i] - b[j]
        case "Mul": a[i] * b[j]
        default: a[i] / b[j]
        }
      })
  }

  private func cast(_ node: ONNXNode, _ index: Int, _ input: ONNXArray) throws -> ONNXArray {
    let type = ONNXElementType(rawValue: Int32(truncatingIfNeeded: try integer(node, "to", default: 1, index)))
    switch (type, input.content) {
    case (.float32, .floats), (.float64, .floats), (.int32, .integers), (.int64, .integers): return input
    case (.float32, .integers), (.float64, .integers):
      guard let numbers = input.numbers else { break }
      return ONNXArray(shape: input.shape, floats: numbers.map { Float($0) })
    case (.boolean, .integers(let values)):
      return ONNXArray(shape: input.shape, integers: values.map { ONNXSize($0.factor == 0 ? 0 : 1) })
    case (.int32, .floats(let values)), (.int64, .floats(let values)):
      guard values.allSatisfy({ $0.magnitude < 0x1p31 }) else { break }
      return ONNXArray(shape: input.shape, integers: values.map { ONNXSize(Int64($0)) })
    default: break
    }
    throw problem(
      node, index, expected: "a cast of a constant to FLOAT, INT32 or INT64", found: type.map { "\($0)" } ?? "none")
  }

  /// (x − zero point) · scale, per tensor or along `axis`.
  private func dequantized(_ node: ONNXNode, _ index: Int, _ inputs: [ONNXArray]) throws -> ONNXArray {
    let x = inputs[0]
    let axis = try integer(node, "axis", default: 1, index)
    let place = axis < 0 ? axis + x.shape.count : axis
    func factor(_ array: ONNXArray?, _ standard: Double) -> [Double]? {
      guard let array else { return [standard] }
      guard array.count == 1 || (x.shape.indices.contains(place) && array.shape == [x.shape[place]]) else { return nil }
      return array.numbers
    }
    guard let values = x.numbers, let scales = factor(inputs.count > 1 ? inputs[1] : nil, 1),
      let zeros = factor(inputs.count > 2 ? inputs[2] : nil, 0)
    else { throw problem(node, index, expected: "one scale, or one along the axis", found: "another") }
    let run = x.shape.indices.contains(place) ? x.shape[(place + 1)...].reduce(1, *) : 1
    return ONNXArray(
      shape: x.shape,
      floats: values.enumerated().map { entry, value in
        let channel = entry / max(1, run)
        return Float(Float(value - zeros[channel % zeros.count]) * Float(scales[channel % scales.count]))
      })
  }
}

extension ONNXSize {
  /// The result of an operator on two sizes, if it is a size or a multiple of N.
  static func result(_ type: String, _ a: ONNXSize, _ b: ONNXSize) -> ONNXSize? {
    let isPerImage = a.isPerImage || b.isPerImage
    let factor: (partialValue: Int64, overflow: Bool)
    switch type {
    case "Mul":
      guard !(a.isPerImage && b.isPerImage) else { return nil }
      factor = a.factor.multipliedReportingOverflow(by: b.factor)
    case "Div":
      guard b.factor != 0 else { return nil }
      factor = a.factor.dividedReportingOverflow(by: b.factor)
      if a.isPerImage && b.isPerImage {
        guard a.factor % b.factor == 0 else { return nil }
        return factor.overflow ? nil : ONNXSize(factor.partialValue)
      }
      guard !b.isPerImage, !a.isPerImage || a.factor % b.factor == 0 else { return nil }
    default:
      if a.factor != 0 && b.factor != 0 && a.isPerImage != b.isPerImage { return nil }
      factor =
        type == "Add" ? a.factor.addingReportingOverflow(b.factor) : a.factor.subtractingReportingOverflow(b.factor)
    }
    return factor.overflow ? nil : ONNXSize(factor.partialValue, isPerImage: isPerImage)
  }
}
