import Convolution
import Files

/// Channels shuffled between groups: a Reshape that makes two dimensions of the channels, a
/// Transpose that turns them, and a Reshape that makes them one again. They are channels in another
/// order.
extension ONNXGraphReader {
  /// Reads a step of a shuffle.
  ///
  /// - Returns: whether the node is one.
  mutating func shuffle(_ node: ONNXNode, _ index: Int) throws -> Bool {
    guard let name = node.inputs.first else { return false }
    if let split = node.inputs.compactMap({ values[$0]?.split }).first {
      guard var value = values[name], value.split != nil else { throw refused(node, index) }
      let shape = builder.shape(of: value.value)
      switch node.operatorType {
      case "Transpose":
        guard let order = try integers(node, "perm", count: 5, index), order == [0, 2, 1, 3, 4], !split.isTurned else {
          throw refused(node, index)
        }
        value.split?.isTurned = true
      case "Reshape":
        guard let sizes = try array(node, 1, index)?.integers, sizes.count == 4, keepsBatch(sizes[0]),
          zip(sizes.dropFirst(), [shape.channels, shape.height, shape.width]).allSatisfy({
            $0 == ONNXSize(Int64($1)) || $0 == ONNXSize(-1)
          }), sizes.count(where: { $0 == ONNXSize(-1) }) <= 1
        else { throw refused(node, index) }
        value.split = nil
        if split.isTurned {
          let sources = (0..<split.second).flatMap { second in
            (0..<split.first).map { $0 * split.second + second }
          }
          try charge(weights: sources.count, node, index)
          let selection = try ChannelSelection(inputChannels: shape.channels, sources: sources)
          value.value = try builder.append(layerName(node), .plain(.channelSelection(selection)), to: [value.value])
        }
      default: throw refused(node, index)
      }
      values[node.outputs[0]] = value
      return true
    }
    guard node.operatorType == "Reshape", let output = node.outputs.first, let value = values[name],
      value.part == nil, value.head == nil, value.padding == nil, has(node, 1),
      let sizes = try array(node, 1, index)?.integers, sizes.count == 5, keepsBatch(sizes[0])
    else { return false }
    let shape = builder.shape(of: value.value)
    guard value.layout == .image(shape), value.layout.rank == 4 else { return false }
    var groups = sizes[1...2].map { Int($0.factor) }
    if let open = groups.firstIndex(of: -1), groups[1 - open] > 0, shape.channels % groups[1 - open] == 0 {
      groups[open] = shape.channels / groups[1 - open]
    }
    guard sizes.dropFirst().allSatisfy({ !$0.isPerImage }), groups.allSatisfy({ $0 > 0 && $0 <= shape.channels }),
      groups[0] * groups[1] == shape.channels, sizes[3] == ONNXSize(Int64(shape.height)),
      sizes[4] == ONNXSize(Int64(shape.width))
    else { return false }
    var result = value
    if readers[name] != 1 { markShared(value.value) }
    result.split = (groups[0], groups[1], false)
    values[output] = result
    return true
  }

  private func keepsBatch(_ size: ONNXSize) -> Bool {
    size == .batch || size == ONNXSize(0) || size == ONNXSize(-1)
      || fixedBatch.map { size == ONNXSize(Int64($0)) } ?? false
  }

  private func refused(_ node: ONNXNode, _ index: Int) -> FileError {
    problem(
      node, index, expected: "a shuffle of channels between groups (Reshape, Transpose, Reshape)",
      found: "another use of channels that are split")
  }
}
