import Convolution
import Files
import ModelFiles
import Testing

/// Functions of a model's own, branches, and what a document leaves to its reader.
@Suite struct ONNXChoiceTests {
  private func node(
    _ type: String, _ inputs: [String], _ outputs: [String], domain: String = "", _ attributes: [ONNXAttribute] = []
  ) -> ONNXNode {
    ONNXNode(operatorType: type, domain: domain, inputs: inputs, outputs: outputs, attributes: attributes)
  }

  private func expectRefused(
    _ parts: String..., by body: () throws -> Void, at place: SourceLocation = #_sourceLocation
  ) {
    do {
      try body()
      Issue.record("no error", sourceLocation: place)
    } catch { for part in parts { #expect("\(error)".contains(part), "\(error)", sourceLocation: place) } }
  }

  private var plain: ONNXSample {
    var sample = ONNXSample()
    sample.node("Conv", ["x", "k", "b"], "c", attributes: [ONNXAttribute("strides", .ints([2, 2]))])
    sample.node("LeakyRelu", ["c"], "y", attributes: [ONNXAttribute("alpha", .float(0.25))])
    return sample
  }

  private func network(_ document: ONNXDocument) throws -> Network<Float> { try ONNXModel(document).network }

  /// A function that calls another, with attributes by reference and by default.
  @Test func functionsAreInlined() throws {
    var sample = ONNXSample()
    sample.nodes.append(
      node("Block", ["x", "k", "b"], ["y"], domain: "own", [ONNXAttribute("steps", .ints([2, 2]))]))
    var document = sample.document
    document.operatorSets.append(ONNXOperatorSet(domain: "own", version: 1))
    var leaky = ONNXFunction(
      domain: "own", name: "Leaky", inputs: ["a"], outputs: ["z"],
      nodes: [node("LeakyRelu", ["a"], ["z"], [ONNXAttribute("alpha", .reference("slope"))])])
    leaky.defaults = [ONNXAttribute("slope", .float(0.25))]
    let block = ONNXFunction(
      domain: "own", name: "Block", inputs: ["a", "w", "v"], outputs: ["out"],
      nodes: [
        node("Conv", ["a", "w", "v"], ["c"], [ONNXAttribute("strides", .reference("steps"))]),
        node("Leaky", ["c"], ["out"], domain: "own"),
      ])
    document.functions = [block, leaky]
    let (found, wanted) = (try network(document), try plain.model().network)
    let image = try Tensor<Float>(batch: 1, shape: found.inputShape, values: ONNXSample.numbers(50, from: 4))
    #expect(try found.evaluatedDirectly(image) == wanted.evaluatedDirectly(image))

    var circle = document
    circle.functions[1].nodes = [node("Leaky", ["a"], ["z"], domain: "own")]
    expectRefused("function Leaky", "calls inside each other") { _ = try network(circle) }
    var other = document
    other.functions[0].operatorSets = [ONNXOperatorSet(version: 9)]
    expectRefused("function Block", "operator set 17") { _ = try network(other) }
    var many = document
    many.nodes[0].inputs.append("x")
    expectRefused("3 inputs") { _ = try network(many) }
  }

  @Test func branchesOnConstants() throws {
    func sample(_ condition: Float) -> ONNXSample {
      var sample = ONNXSample()
      sample.add("a", [], [condition])
      sample.add("half", [], [0.5])
      sample.node("Conv", ["x", "k", "b"], "c", attributes: [ONNXAttribute("strides", .ints([2, 2]))])
      sample.node("Greater", ["a", "half"], "isLeaky")
      let yes = ONNXGraph(
        outputs: ["l"], nodes: [node("LeakyRelu", ["c"], ["l"], [ONNXAttribute("alpha", .float(0.25))])])
      let no = ONNXGraph(outputs: ["r"], nodes: [node("Relu", ["c"], ["r"])])
      sample.node(
        "If", ["isLeaky"], "y",
        attributes: [ONNXAttribute("then_branch", .graph(yes)), ONNXAttribute("else_branch", .graph(no))])
      return sample
    }
    try sample(1).expectSame(as: plain)
    var relu = plain
    relu.nodes[1] = node("Relu", ["c"], ["y"])
    try sample(0).expectSame(as: relu)
    var open = sample(1)
    open.nodes[1] = node("Greater", ["c", "half"], ["isLeaky"])
    open.expectRefused("Greater")
  }

  @Test func outputsByName() throws {
    var document = plain.document
    document.outputs.append(ONNXValue(name: "c", shape: nil))
    expectRefused("2 ('y' 'c')", "--output-name") { _ = try network(document) }
    var options = ONNXReadingOptions()
    for (name, count) in [("c", 2), ("y", 3)] {
      options.outputName = name
      #expect(try ONNXModel(document, options).network.nodes.count == count)
    }
    options.outputName = "nothing"
    expectRefused("'nothing'", "'y' 'c'") { _ = try ONNXModel(document, options) }
    // Where one of them alone is read, it is taken.
    document.nodes.append(node("Tanh", ["c"], ["t"]))
    document.outputs[1].name = "t"
    let model = try ONNXModel(document)
    #expect(model.network.nodes.count == 3 && model.notes.first?.contains("'y'") == true)
  }

  @Test func openSizes() throws {
    var sample = plain
    sample.input = [.named("N"), .fixed(2), .named("H"), .unknown]
    sample.expectRefused("--input-shape C,H,W")
    var options = ONNXReadingOptions()
    options.inputShape = [2, 9, 7]
    let shape = ImageShape(height: 9, width: 7, channels: 2)
    #expect(try ONNXModel(sample.document, options).network.inputShape == shape)
    options.inputShape = [3, 9, 7]
    expectRefused("--input-shape", "3,9,7") { _ = try ONNXModel(sample.document, options) }
    let fallback = ONNXReadingOptions().falling(backOn: shape)
    #expect(try ONNXModel(sample.document, fallback).network.inputShape == shape)
    // What a document fixes is not changed by what it is to fall back on.
    #expect(try ONNXModel(plain.document, fallback).network.inputShape.height == 5)
  }

  @Test func allObstaclesAreListed() throws {
    var sample = plain
    sample.output = "z"
    sample.node("HardSwish", ["y"], "h")
    sample.node("Conv", ["h", "wide"], "d")
    sample.add("wide", [3, 3, 1, 1], ONNXSample.numbers(9))
    sample.node("HardSwish", ["d"], "e")
    sample.node("LSTM", ["e"], "f")
    sample.node("Tanh", ["f"], "z")
    let description = NetworkDescription(sample.document, ONNXReadingOptions())
    #expect(description.obstacles.count == 3 && !description.isPrunable, "\(description.obstacles)")
    #expect(description.obstacles.first?.contains("1 more of the kind") == true)
    #expect(description.obstacles.allSatisfy { !$0.contains("ONNX") && !$0.contains("Float") })
    let fine = NetworkDescription(plain.document, ONNXReadingOptions())
    #expect(fine.obstacles.isEmpty && fine.isPrunable && fine.layers?.count == 3)
  }

  /// An array in the document's own order, taken for (N, C, H, W), is turned.
  @Test func arraysInTheDocumentsOrder() throws {
    var sample = ONNXSample()
    sample.input = [.named("N"), .fixed(4), .fixed(5), .fixed(2)]
    sample.node("Transpose", ["x"], "t", attributes: [ONNXAttribute("perm", .ints([0, 3, 1, 2]))])
    sample.node("Conv", ["t", "k"], "y")
    let model = try sample.model()
    let values = ONNXSample.numbers(80, from: 2)
    // (N, H, W, C) as an array holds it is NHWC, the order of tensors.
    let wanted = try Tensor<Float>(batch: 2, shape: model.network.inputShape, values: values)
    var given = [Float](repeating: 0, count: 80)
    for image in 0..<2 {
      for c in 0..<4 {
        for pixel in 0..<10 { given[image * 40 + pixel * 4 + c] = values[image * 40 + c * 10 + pixel] }
      }
    }
    let array = try Tensor<Float>(batch: 2, shape: ImageShape(height: 5, width: 2, channels: 4), values: given)
    #expect(try model.arranged(array) == wanted)
    #expect(try model.arranged(wanted) == wanted)
  }
}
