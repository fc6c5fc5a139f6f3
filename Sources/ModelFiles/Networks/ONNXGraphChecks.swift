import Convolution
import Files
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
    case .convolution(let layer):
      try charge(weights: layer.kernel.count + (layer.bias?.count ?? 0), node, index)
    case .blockedPointwise(let layer): try charge(weights: layer.sources.count, node, index)
    case .input, .plain: break
    }
  }

  mutating func charge(weights: Int, _ node: ONNXNode, _ index: Int) throws {
    weightCount += weights
    guard weightCount <= greatestWeightCount else {
      throw problem(
        node, index, expected: "at most \(greatestWeightCount) weights in all layers, given those in the file",
        found: "\(weightCount) up to here")
    }
  }
}
