import Convolution
import LinearAlgebra

/// What a graph from a file may not do, whatever its operators mean.
extension ONNXGraphReader {
  /// Refuses a value that is made twice: which one a node reads would depend on the order of nodes.
  func requireDistinctOutputs() throws {
    var made = Set(document.inputs.map(\.name)).union(constants.keys)
    for (index, node) in document.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard made.insert(output).inserted else {
          throw problem(
            node, index, expected: "outputs that nothing else makes", found: FileError.quoted(output))
        }
      }
    }
  }

  /// Counts a layer's weights, before the network takes it.
  mutating func charge(_ operation: Network<Float>.Operation, _ node: ONNXNode, _ index: Int) throws {
    switch operation {
    case .convolution(let layer): weightCount += layer.kernel.count + (layer.bias?.count ?? 0)
    case .dense(let layer): weightCount += layer.weights.count + (layer.bias?.count ?? 0)
    case .blockedPointwise(let layer): weightCount += layer.sources.count
    default: break
    }
    guard weightCount <= greatestWeightCount else {
      throw problem(
        node, index, expected: "at most \(greatestWeightCount) weights in all layers, given those in the file",
        found: "\(weightCount) up to here")
    }
  }

  /// Puts another operation in the place of a layer that an affine map or a bias joins.
  mutating func replace(
    _ place: Int, with operation: Network<Float>.Operation, for node: ONNXNode, _ index: Int
  ) throws {
    try charge(operation, node, index)
    let old = nodes[place]
    nodes[place] = Network<Float>.Node(name: old.name, operation: operation, inputs: old.inputs)
    places[node.outputs[0]] = place
  }
}
