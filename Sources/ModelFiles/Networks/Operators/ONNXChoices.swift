import Files

/// Choices that a document makes while it is read, since what they depend on is constant.
extension ONNXGraphReader {
  /// An If whose condition is a constant: the nodes of one branch.
  mutating func choose(_ node: ONNXNode, _ index: Int) throws {
    guard has(node, 0), let condition = try array(node, 0, index)?.plain, condition.count == 1 else {
      throw problem(
        node, index, expected: "a condition that is constant",
        found: "one that depends on the images: export the model with the choice made (torch.jit.trace)")
    }
    let name = condition[0] != 0 ? "then_branch" : "else_branch"
    guard case .graph(let branch)? = node.attribute(name), branch.outputs.count >= node.outputs.count else {
      throw problem(node, index, expected: "a graph for each branch", found: "none as \(name)")
    }
    for tensor in branch.initializers { constants[tensor.name] = tensor }
    var needed = Set(branch.outputs)
    var live: [ONNXNode] = []
    for inner in branch.nodes.reversed() where inner.outputs.contains(where: { needed.contains($0) }) {
      live.append(inner)
      needed.formUnion(inner.reads)
    }
    for inner in live.reversed() { try read(inner, index) }
    for (output, inner) in zip(node.outputs, branch.outputs) where !output.isEmpty {
      if let value = values[inner] {
        values[output] = value
        if readers[inner] != 1 { markShared(value.value) }
      } else if constants[inner] != nil || openSizes[inner] != nil {
        (constants[output], openSizes[output]) = (constants[inner], openSizes[inner])
      } else {
        throw problem(node, index, expected: "a value that the branch computes", found: FileError.quoted(inner))
      }
    }
  }
}
