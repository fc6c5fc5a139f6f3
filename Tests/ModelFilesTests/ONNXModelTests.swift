import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import TestSupport
import Testing

/// Files of the repository, found from this file's place.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  static let networks = root + "/Tests/Fixtures/onnx"
  static let target = root + "/Targets/fashion-cnn.onnx"
}

/// The committed networks with what ONNX Runtime gives for them (tools/make_test_networks.py).
/// A node that is not what its document says.

@Suite struct ONNXModelTests {
  /// Cases that contain an average or a batch normalisation: inputs are sixteenths, so all others
  /// round nowhere.
  static let averaging: Set<String> = [
    "conv-everything-average-without-pads", "conv-everything-average-with-pads", "auto-pad-same-upper",
    "auto-pad-same-lower", "auto-pad-valid", "reducemean-attribute-drop", "reducemean-attribute-keep",
    "reducemean-input-drop", "reducemean-input-keep", "global-average", "batchnorm-behind-layers", "batchnorm-alone",
  ]
  static let averageTolerance = 1e-5

  static let cases = ((try? FileManager.default.contentsOfDirectory(atPath: Repository.networks)) ?? [])
    .filter { $0.hasSuffix(".onnx") }.map { String($0.dropLast(5)) }.sorted()

  @Test func allCasesAreThere() {
    #expect(Self.cases.count == 31)
    #expect(Self.averaging.isSubset(of: Self.cases))
  }

  @Test(arguments: cases) func givesWhatONNXRuntimeGave(name: String) throws {
    let network = try ONNXModel.network(fromFile: "\(Repository.networks)/\(name).onnx")
    let archive = try NumPyArchive(path: "\(Repository.networks)/\(name).npz")
    let x = try archive.array("x")
    let expected = try archive.array("expected")
    let images = try channelsLast(x)
    #expect(images.shape == network.inputShape)
    let tolerance = Self.averaging.contains(name) ? Self.averageTolerance : 0
    // A tile of one byte holds one im2col row: the smallest there is.
    for tileBytes in [1, 1000, Scratch<Float>.defaultTileBytes] {
      let output = try network(images, scratch: Scratch(tileBytes: tileBytes))
      try compare(output, expected, tolerance, "tiles of \(tileBytes) bytes")
    }
    try compare(try network.evaluatedDirectly(images), expected, tolerance, "directly")
  }

  /// (N, C, H, W) into a tensor.
  private func channelsLast(_ array: NumPyArray) throws -> Tensor<Float> {
    let (batch, channels, height, width) = (array.shape[0], array.shape[1], array.shape[2], array.shape[3])
    let source = try array.floats()
    let shape = ImageShape(height: height, width: width, channels: channels)
    var values = [Float](repeating: .nan, count: source.count)
    for image in 0..<batch {
      for c in 0..<channels {
        for pixel in 0..<height * width {
          values[(image * height * width + pixel) * channels + c] =
            source[(image * channels + c) * height * width + pixel]
        }
      }
    }
    return try Tensor(batch: batch, shape: shape, values: values)
  }

  private func compare(_ output: Tensor<Float>, _ expected: NumPyArray, _ tolerance: Double, _ how: String) throws {
    let shape = output.shape
    #expect(expected.shape[0] == output.batch && expected.shape.dropFirst().reduce(1, *) == shape.count)
    var values: [Float] = []
    for image in 0..<output.batch {
      for c in 0..<shape.channels {
        for pixel in 0..<shape.pixels {
          values.append(output.values[(image * shape.pixels + pixel) * shape.channels + c])
        }
      }
    }
    let difference = MatrixDifference(values, try expected.floats())
    #expect(difference.isWithin(tolerance), "\(how): \(difference)")
  }
}

/// Networks that are refused, with the node and the fault in the message.
@Suite struct ONNXModelErrorTests {
  private func node(
    _ type: String, _ inputs: [String], _ output: String, _ attributes: ONNXAttribute...
  ) -> ONNXNode {
    ONNXNode(operatorType: type, name: output + "-node", inputs: inputs, outputs: [output], attributes: attributes)
  }

  private func document(
    _ nodes: [ONNXNode], input: [ONNXDimension] = [.named("batch"), .fixed(2), .fixed(5), .fixed(5)],
    kernel: [Float] = [Float](repeating: 0.5, count: 36), shape: [Int] = [2, 2, 3, 3]
  ) throws -> ONNXDocument {
    ONNXDocument(
      graphName: "test", inputs: [ONNXValue(name: "x", shape: input)],
      outputs: [ONNXValue(name: nodes.last?.outputs[0] ?? "y", shape: nil)], nodes: nodes,
      initializers: [
        try ONNXTensor(name: "k", shape: shape, values: .float32(kernel)),
        try ONNXTensor(name: "m", shape: [3, 4], values: .float32([Float](repeating: 1, count: 12))),
        try ONNXTensor(name: "axes", shape: [1], values: .int64([1])),
        try ONNXTensor(name: "half", shape: [], values: .float32([0.5])),
        try ONNXTensor(name: "true", shape: [], values: .boolean([true])),
      ])
  }

  private func expectRefused(
    _ document: ONNXDocument, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try ONNXModel.network(from: document)
      Issue.record("no error", sourceLocation: sourceLocation)
    } catch {
      let text = "\(error)"
      for part in parts { #expect(text.contains(part), "\(text)", sourceLocation: sourceLocation) }
    }
  }

  @Test func anUnsupportedNodeIsNamed() throws {
    expectRefused(
      try document([node("Conv", ["x", "k"], "c"), node("Tanh", ["c"], "y")]), "node 1", "y-node", "Tanh", "Relu")
    var foreign = node("Relu", ["x"], "y")
    foreign.domain = "com.example"
    expectRefused(try document([foreign]), "com.example.Relu")
  }

  @Test func deadNodesAreNotRead() throws {
    let nodes = [node("Sigmoid", ["x"], "unused"), node("Relu", ["x"], "y")]
    #expect(try ONNXModel.network(from: document(nodes)).nodes.count == 2)
  }

  @Test func additionsNeedOneShape() throws {
    let convolution = node("Conv", ["x", "k"], "c")
    expectRefused(try document([convolution, node("Add", ["c", "x"], "y")]), "y-node", "one shape", "3 × 3", "5 × 5")
    expectRefused(
      try document([node("Flatten", ["x"], "f"), node("Add", ["f", "x"], "y")]), "y-node", "one shape", "(N, K)")
    expectRefused(try document([node("Add", ["x", "nowhere"], "y")]), "y-node", "'nowhere'")
  }

  @Test func channelsAndAxesMustMakeSense() throws {
    func gather(_ channels: [Int64], axis: Int64 = 1) throws -> ONNXDocument {
      var document = try self.document([node("Gather", ["x", "c"], "y", ONNXAttribute("axis", .int(axis)))])
      document.initializers.append(
        try ONNXTensor(name: "c", shape: [channels.count], values: .int64(channels)))
      return document
    }
    let network = try ONNXModel.network(from: gather([1, -2, 1]))
    let selection = try ChannelSelection(inputChannels: 2, sources: [1, 0, 1])
    #expect(network.nodes[1].operation == .plain(.channelSelection(selection)))
    expectRefused(try gather([0, 2]), "y-node", "channels in 0..<2", "2")
    expectRefused(try gather([0, -3]), "y-node", "-1")
    expectRefused(try gather([0], axis: 2), "y-node", "axis 1")
    expectRefused(try document([node("Gather", ["x"], "y")]), "y-node")
    expectRefused(try document([node("Unsqueeze", ["x"], "y")]), "y-node", "distinct axes")
    expectRefused(
      try document([
        node("Flatten", ["x"], "f"), node("Unsqueeze", ["f", "axes"], "u"), node("Conv", ["u", "k"], "y"),
      ]), "y-node", "(N, C, H, W)")
  }

  @Test func normsMustMakeSense() throws {
    func document(_ parts: [[Float]], _ attributes: ONNXAttribute...) throws -> ONNXDocument {
      var document = try self.document([])
      document.nodes = [
        node("Conv", ["x", "k"], "c"),
        ONNXNode(
          operatorType: "BatchNormalization", name: "y-node", inputs: ["c", "p0", "p1", "p2", "p3"], outputs: ["y"],
          attributes: attributes),
      ]
      for (index, part) in parts.enumerated() {
        document.initializers.append(
          try ONNXTensor(name: "p\(index)", shape: [part.count], values: .float32(part)))
      }
      return document
    }
    let ones: [Float] = [1, 1]
    #expect(try ONNXModel.network(from: document([ones, ones, ones, ones])).nodes.count == 2)
    expectRefused(
      try document([ones, ones, ones, ones], ONNXAttribute("training_mode", .int(1))), "y-node", "training_mode")
    expectRefused(try document([ones, ones, ones, [1, -1]]), "y-node", "variance", "channel 1")
    expectRefused(try document([ones, ones, ones, [1, 1, 1]]), "y-node", "2 numbers", "[3]")
    expectRefused(try document([ones, ones, [1, .nan], ones]), "y-node", "finite", "nan")
    expectRefused(try document([[3e38, 1], ones, ones, [1e-12, 1]], ONNXAttribute("epsilon", .float(0))), "finite")
    expectRefused(try document([ones, ones, ones]), "y-node", "p3")
  }

  @Test func weightsMustBeFinite() throws {
    var kernel = [Float](repeating: 0.5, count: 36)
    for wrong in [Float.nan, .infinity] {
      kernel[7] = wrong
      expectRefused(
        try document([node("Conv", ["x", "k"], "y")], kernel: kernel), "y-node", "finite", "\(wrong)", "index 7", "'k'")
    }
  }

  @Test func sizesMustBeFixedAndFit() throws {
    let convolution = node("Conv", ["x", "k"], "y")
    expectRefused(
      try document([convolution], input: [.named("batch"), .fixed(2), .named("height"), .fixed(5)]), "graph input",
      "fixed C, H and W", "height")
    expectRefused(try document([convolution], input: [.named("batch")]), "graph input", "(N, C, H, W)")
    expectRefused(try document([convolution], input: [.named("batch"), .fixed(2)]), "y-node", "(N, C, H, W)", "(N, K)")
    expectRefused(
      try document([convolution], input: [.named("batch"), .fixed(3), .fixed(5), .fixed(5)]), "y-node", "2", "3")
    expectRefused(
      try document([convolution], input: [.named("batch"), .fixed(2), .fixed(2), .fixed(2)]), "y-node", "3 × 3", "2 × 2"
    )
    expectRefused(try document([convolution], shape: [2, 18]), "y-node", "(M, C/group, kH, kW)")
    expectRefused(
      try document([node("Conv", ["x", "k"], "y", ONNXAttribute("kernel_shape", .ints([1, 3])))]), "kernel_shape",
      "[1, 3]")
  }

  @Test func attributesMustMakeSense() throws {
    func convolution(_ attribute: ONNXAttribute) throws -> ONNXDocument {
      try document([node("Conv", ["x", "k"], "y", attribute)])
    }
    expectRefused(try convolution(ONNXAttribute("strides", .ints([0, 1]))), "strides")
    expectRefused(try convolution(ONNXAttribute("strides", .ints([1]))), "strides", "2 numbers")
    expectRefused(try convolution(ONNXAttribute("pads", .ints([-1, 0, 0, 0]))), "pads")
    expectRefused(try convolution(ONNXAttribute("pads", .ints([1 << 40, 0, 0, 0]))), "pads")
    expectRefused(try convolution(ONNXAttribute("group", .int(0))), "group")
    expectRefused(try convolution(ONNXAttribute("group", .int(.max))), "y-node", "group")
    expectRefused(try convolution(ONNXAttribute("group", .float(1))), "group", "INT")
    expectRefused(try convolution(ONNXAttribute("auto_pad", .string("SAME"))), "auto_pad", "SAME_UPPER")
    expectRefused(try document([node("MaxPool", ["x"], "y")]), "y-node", "kernel_shape")
    expectRefused(
      try document([node("Conv", ["x", "k"], "c"), node("ReduceMean", ["c", "axes"], "y")]), "y-node", "axes 2 and 3",
      "[1]")
    expectRefused(try document([node("Flatten", ["x"], "y", ONNXAttribute("axis", .int(2)))]), "y-node", "axis 1")
    expectRefused(try document([node("Reshape", ["x", "axes"], "y")]), "y-node", "keeps the batch")
    expectRefused(try document([node("Dropout", ["x", "half", "true"], "y")]), "y-node", "training_mode")
  }

  @Test func wiringMustMakeSense() throws {
    expectRefused(try document([node("Relu", ["nowhere"], "y")]), "y-node", "'nowhere'")
    expectRefused(try document([node("Relu", [], "y")]), "y-node", "input")
    expectRefused(try document([node("Conv", ["x", "x"], "y")]), "y-node", "constant")
    expectRefused(try document([node("MatMul", ["x", "m"], "y")]), "y-node", "(N, K)")
    expectRefused(
      try document([node("Flatten", ["x"], "f"), node("Conv", ["f", "k"], "y")]), "y-node", "(N, C, H, W)")
    expectRefused(try document([node("Flatten", ["x"], "f"), node("Gemm", ["f", "m"], "y")]), "y-node", "50", "3")
    var two = try document([node("Relu", ["x"], "y")])
    two.outputs.append(ONNXValue(name: "x", shape: nil))
    expectRefused(two, "one input and one output")
    var missing = try document([node("Relu", ["x"], "y")])
    missing.outputs = [ONNXValue(name: "z", shape: nil)]
    expectRefused(missing, "'z'")
  }
}
