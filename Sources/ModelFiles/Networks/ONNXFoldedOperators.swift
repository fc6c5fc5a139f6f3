import Files
import Foundation

/// Constants that documents compute less often: comparisons, choices, sequences.
extension ONNXGraphReader {
  func furtherResult(_ node: ONNXNode, _ index: Int, _ inputs: [ONNXArray]) throws -> ONNXArray {
    let first = inputs[0]
    func refused(_ expected: String) -> FileError {
      problem(node, index, expected: expected, found: inputs.map(\.text).joined(separator: " and "))
    }
    switch node.operatorType {
    case "ConstantOfShape":
      guard let shape = first.plain, shape.allSatisfy({ $0 >= 0 && $0 < 1 << 30 }), try charged(shape),
        let count = CheckedSizes.elementCount(shape)
      else { throw refused("a constant shape of modest size") }
      guard case .tensor(let value)? = node.attribute("value") else {
        return ONNXArray(shape: shape, floats: [Float](repeating: 0, count: count))
      }
      guard value.values.count == 1 else { throw refused("one value") }
      return ONNXArray(value).picked([Int](repeating: 0, count: count), shape: shape)
    case "Size":
      return ONNXArray(shape: [], integers: [ONNXSize(Int64(first.count))])
    case "Range":
      guard inputs.count == 3, let start = first.plain?.first, let end = inputs[1].plain?.first,
        let step = inputs[2].plain?.first, step != 0
      else { throw refused("three constant integers") }
      let (span, overflow) = end.subtractingReportingOverflow(start)
      let count = overflow ? Int.max : max(0, span / step + (span % step == 0 || (span < 0) != (step < 0) ? 0 : 1))
      guard try charged([count]) else { throw refused("a sequence of modest length") }
      return ONNXArray(shape: [count], integers: (0..<count).map { ONNXSize(Int64(start + $0 * step)) })
    case "ReduceProd":
      guard let factors = first.integers,
        try integer(node, "keepdims", default: 1, index) == 0 || first.shape.count == 1
      else { throw refused("a list of sizes") }
      var product = ONNXSize(1)
      for factor in factors {
        guard let next = ONNXSize.result("Mul", product, factor) else { throw refused("a size or a multiple of N") }
        product = next
      }
      let keeps = try integer(node, "keepdims", default: 1, index) != 0
      return ONNXArray(shape: keeps ? [1] : [], integers: [product])
    case "Not", "Floor", "Ceil", "Exp":
      if node.operatorType == "Not", let values = first.plain {
        return ONNXArray(shape: first.shape, integers: values.map { ONNXSize($0 == 0 ? 1 : 0) })
      }
      guard case .floats(let values) = first.content, node.operatorType != "Not" else { throw refused("real numbers") }
      return ONNXArray(
        shape: first.shape,
        floats: values.map {
          switch node.operatorType {
          case "Floor": $0.rounded(.down)
          case "Ceil": $0.rounded(.up)
          default: Float(exp(Double($0)))
          }
        })
    case "Where":
      guard inputs.count == 3,
        let shape = Self.broadcast(Self.broadcast(first.shape, inputs[1].shape) ?? [], inputs[2].shape),
        try charged(shape), let condition = first.plain, let places = first.spread(over: shape),
        let yes = inputs[1].spread(over: shape), let no = inputs[2].spread(over: shape)
      else { throw refused("three constants that fit together") }
      switch (inputs[1].content, inputs[2].content) {
      case (.floats(let a), .floats(let b)):
        return ONNXArray(
          shape: shape, floats: places.indices.map { condition[places[$0]] != 0 ? a[yes[$0]] : b[no[$0]] })
      case (.integers(let a), .integers(let b)):
        return ONNXArray(
          shape: shape, integers: places.indices.map { condition[places[$0]] != 0 ? a[yes[$0]] : b[no[$0]] })
      default: throw refused("constants of one type")
      }
    default: return try pairwise(node, index, inputs)
    }
  }

  /// Comparisons, And, Or, Min, Max, Pow and Mod of two constants.
  private func pairwise(_ node: ONNXNode, _ index: Int, _ inputs: [ONNXArray]) throws -> ONNXArray {
    func refused() -> FileError {
      problem(
        node, index, expected: "two constants that fit together", found: inputs.map(\.text).joined(separator: " and "))
    }
    if inputs.count == 1, node.operatorType == "Min" || node.operatorType == "Max" { return inputs[0] }
    guard inputs.count == 2, let shape = Self.broadcast(inputs[0].shape, inputs[1].shape), try charged(shape),
      let left = inputs[0].spread(over: shape), let right = inputs[1].spread(over: shape)
    else { throw refused() }
    // Sizes that are equal multiples of the number of images are equal.
    if node.operatorType == "Equal", let a = inputs[0].integers, let b = inputs[1].integers,
      zip(left, right).allSatisfy({ a[$0].isPerImage == b[$1].isPerImage })
    {
      return ONNXArray(shape: shape, integers: zip(left, right).map { ONNXSize(a[$0] == b[$1] ? 1 : 0) })
    }
    guard let a = inputs[0].numbers, let b = inputs[1].numbers else { throw refused() }
    let isReal = inputs[0].integers == nil
    var truths: [Bool] = []
    var numbers: [Double] = []
    for (i, j) in zip(left, right) {
      let (x, y) = (a[i], b[j])
      switch node.operatorType {
      case "Equal": truths.append(x == y)
      case "Less": truths.append(x < y)
      case "Greater": truths.append(x > y)
      case "LessOrEqual": truths.append(x <= y)
      case "GreaterOrEqual": truths.append(x >= y)
      case "And": truths.append(x != 0 && y != 0)
      case "Or": truths.append(x != 0 || y != 0)
      case "Min": numbers.append(min(x, y))
      case "Max": numbers.append(max(x, y))
      case "Pow": numbers.append(pow(x, y))
      case "Mod" where !isReal && y != 0 && node.attribute("fmod") == nil:
        let rest = x.truncatingRemainder(dividingBy: y)
        numbers.append(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest)
      default: throw refused()
      }
    }
    if numbers.isEmpty { return ONNXArray(shape: shape, integers: truths.map { ONNXSize($0 ? 1 : 0) }) }
    if isReal { return ONNXArray(shape: shape, floats: numbers.map { Float($0) }) }
    guard numbers.allSatisfy({ $0.isFinite && $0.magnitude < 0x1p52 && $0 == $0.rounded() }) else { throw refused() }
    return ONNXArray(shape: shape, integers: numbers.map { ONNXSize(Int64($0)) })
  }
}
