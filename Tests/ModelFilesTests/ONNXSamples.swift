import Convolution
import ModelFiles
import Testing

/// Small documents made in a test: one input `x` (N, 2, 5, 5) unless said otherwise, `y` the
/// output.
struct ONNXSample {
  var nodes: [ONNXNode] = []
  var tensors: [ONNXTensor] = []
  var input: [ONNXDimension]? = [.named("N"), .fixed(2), .fixed(5), .fixed(5)]
  var output = "y"
  var version = 17

  /// A convolution kernel `k` (3, 2, 3, 3) of multiples of 1/16, and a bias-like `b` (3).
  init() {
    add("k", [3, 2, 3, 3], Self.numbers(54))
    add("b", [3], [0.5, -1, 2])
  }

  /// Multiples of 1/16 between −2 and 2.
  static func numbers(_ count: Int, from start: Int = 0) -> [Float] {
    (0..<count).map { Float((($0 + start) * 37) % 65 - 32) / 16 }
  }

  mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) {
    tensors.append(try! ONNXTensor(name: name, shape: shape, values: .float32(values)))
  }

  mutating func add(_ name: String, _ values: [Int64]) {
    tensors.append(try! ONNXTensor(name: name, shape: [values.count], values: .int64(values)))
  }

  mutating func node(
    _ type: String, _ inputs: [String], _ outputs: String..., attributes: [ONNXAttribute] = []
  ) {
    nodes.append(
      ONNXNode(
        operatorType: type, name: outputs[0] + "-node", inputs: inputs, outputs: outputs, attributes: attributes))
  }

  var document: ONNXDocument {
    ONNXDocument(
      graphName: "sample", inputs: [ONNXValue(name: "x", shape: input)],
      outputs: [ONNXValue(name: output, shape: nil)], nodes: nodes, initializers: tensors,
      operatorSets: [ONNXOperatorSet(version: version)])
  }

  func model() throws -> ONNXModel { try ONNXModel(document) }

  /// Expects an error whose text has all `parts`.
  func expectRefused(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    do {
      _ = try model()
      Issue.record("no error", sourceLocation: sourceLocation)
    } catch {
      let text = "\(error)"
      for part in parts { #expect(text.contains(part), "\(text)", sourceLocation: sourceLocation) }
    }
  }

  /// Expects the same outputs as another document has.
  func expectSame(as other: ONNXSample, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (network, expected) = (try model().network, try other.model().network)
    #expect(network.inputShape == expected.inputShape, sourceLocation: sourceLocation)
    let images = try Tensor<Float>(
      batch: 3, shape: expected.inputShape, values: Self.numbers(3 * expected.inputShape.count, from: 11))
    let (found, wanted) = (try network.evaluatedDirectly(images), try expected.evaluatedDirectly(images))
    #expect(found.values.count == wanted.values.count, sourceLocation: sourceLocation)
    let scale = wanted.values.reduce(0) { max($0, abs($1)) }
    let worst = zip(found.flattenedChannelsFirst().values, wanted.flattenedChannelsFirst().values)
      .reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(scale > 0 && worst <= 1e-5 * scale, "\(worst) of \(scale)", sourceLocation: sourceLocation)
  }
}
