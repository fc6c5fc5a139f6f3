import Convolution
import Files

/// What stands between a row of scores and a softmax that an exporter wrote out in parts.
///
/// With m the largest score of a row: x − m, exp(x − m), their sum, and its logarithm. Only the two
/// ends, softmax and its logarithm, are read, as heads; parts are remembered by the scores they are
/// of.
enum ONNXHeadPart {
  /// m, one number a row.
  case largest
  /// x − m, or x itself.
  case shifted
  /// exp(x − m), or exp(x).
  case powers
  /// Σ exp(x − m), one number a row.
  case total
  /// log Σ exp(x − m), one number a row.
  case logarithm

  /// Whether it is one number a row.
  var isOneNumber: Bool {
    switch self {
    case .largest, .total, .logarithm: true
    case .shifted, .powers: false
    }
  }
}

extension ONNXGraphReader {
  /// ReduceMax, ReduceSum or ReduceLogSumExp over the classes of a row.
  ///
  /// - Returns: whether it was one, and a part of a softmax.
  mutating func reduceClasses(_ node: ONNXNode, _ index: Int) throws -> Bool {
    guard var input = values[try self.input(node, 0, index)], input.head == nil, input.padding == nil,
      builder.shape(of: input.value).pixels == 1,
      try axes(node, rank: input.layout.rank, index) == [input.layout.rank - 1],
      input.layout.dimensions.last == ONNXLayout([[.channel]], of: builder.shape(of: input.value)).dimensions[0]
    else { return false }
    switch (node.operatorType, input.part) {
    case ("ReduceMax", nil): input.part = .largest
    case ("ReduceSum", .powers?): input.part = .total
    case ("ReduceLogSumExp", nil), ("ReduceLogSumExp", .shifted?): input.part = .logarithm
    default: return false
    }
    var dimensions = Array(input.layout.dimensions.dropLast())
    if try integer(node, "keepdims", default: 1, index) != 0 { dimensions.append([]) }
    input.layout = ONNXLayout(dimensions, of: builder.shape(of: input.value))
    values[node.outputs[0]] = input
    return true
  }

  /// Exp or Log of a part.
  mutating func power(_ node: ONNXNode, _ index: Int) throws {
    var input = try raw(node, 0, index)
    switch (node.operatorType, input.part) {
    case ("Exp", .shifted?): input.part = .powers
    case ("Exp", nil) where input.head == nil && input.padding == nil && input.scale == 1: input.part = .powers
    case ("Log", .total?): input.part = .logarithm
    case ("Log", nil) where input.head == "Softmax":
      notes.removeAll { $0.hasPrefix("Softmax at the end") }
      noteHead("LogSoftmax")
      return try alias(node, index) { $0.head = "LogSoftmax" }
    default:
      throw problem(
        node, index, expected: "a part of a softmax at the end", found: "\(node.operatorType) of something else")
    }
    values[node.outputs[0]] = input
  }

  /// Sub, Div, Max, Reshape, Expand and others of a part.
  ///
  /// - Returns: whether the node reads a part, and was read.
  mutating func partOfHead(_ node: ONNXNode, _ index: Int) throws -> Bool {
    let others: Set<String> = ["Exp", "Log", "ReduceMax", "ReduceSum", "ReduceLogSumExp"]
    guard let first = node.inputs.first, !others.contains(node.operatorType),
      node.inputs.contains(where: { values[$0]?.part != nil })
    else { return false }
    func refused() -> FileError {
      problem(node, index, expected: "a softmax at the end of the network", found: "another use of its parts")
    }
    switch node.operatorType {
    case "Sub", "Div":
      guard node.inputs.count == 2, let x = values[first], let y = values[node.inputs[1]], x.value == y.value,
        x.layout.rank == y.layout.rank, y.layout.dimensions.allSatisfy(\.isEmpty), y.part?.isOneNumber == true
      else { throw refused() }
      var result = x
      switch (node.operatorType, x.part, y.part) {
      case ("Sub", nil, .largest?): result.part = .shifted
      case ("Div", .powers?, .total?): finish("Softmax")
      case ("Sub", nil, .logarithm?), ("Sub", .shifted?, .logarithm?): finish("LogSoftmax")
      default: throw refused()
      }
      func finish(_ head: String) {
        (result.part, result.head) = (nil, head)
      }
      if let head = result.head { noteHead(head) }
      values[node.outputs[0]] = result
    case "Max":
      // −∞ beside it: the largest of no numbers.
      let bounds = try node.inputs.compactMap { try constants[$0].map { try number($0) ?? .nan } }
      guard node.inputs.count == 2, let name = node.inputs.first(where: { values[$0] != nil }),
        let part = values[name], part.part == .largest, bounds.count == 1,
        bounds[0] <= -Double(Float.greatestFiniteMagnitude)
      else { throw refused() }
      values[node.outputs[0]] = part
    case "Identity", "Cast": try alias(node, index)
    case "Reshape", "Expand", "Unsqueeze", "Squeeze":
      guard var input = values[first], input.part?.isOneNumber == true else { throw refused() }
      let shape = builder.shape(of: input.value)
      var dimensions = input.layout.dimensions
      switch node.operatorType {
      case "Unsqueeze":
        guard let axes = try axes(node, rank: input.layout.rank + 1, index), axes.count == 1, axes[0] > 0 else {
          throw refused()
        }
        dimensions.append([])
      case "Squeeze":
        guard let axes = try axes(node, rank: input.layout.rank, index), axes.count == 1, axes[0] > 0,
          !dimensions.isEmpty
        else { throw refused() }
        dimensions.removeLast()
      default:
        guard let sizes = try array(node, 1, index)?.integers, let batch = sizes.first,
          batch == .batch || batch == ONNXSize(-1) || fixedBatch.map({ batch == ONNXSize(Int64($0)) }) ?? false
            || (node.operatorType == "Expand" && batch == ONNXSize(1))
        else { throw refused() }
        let rest = sizes.dropFirst()
        let limit = node.operatorType == "Expand" ? Int64(shape.channels) : 1
        guard rest.allSatisfy({ !$0.isPerImage && ($0.factor == 1 || $0.factor == limit) }),
          node.operatorType == "Reshape" || rest.count == dimensions.count
        else { throw refused() }
        dimensions = rest.map { _ in [] }
      }
      input.layout = ONNXLayout(dimensions, of: shape)
      values[node.outputs[0]] = input
    default: throw refused()
    }
    return true
  }
}
