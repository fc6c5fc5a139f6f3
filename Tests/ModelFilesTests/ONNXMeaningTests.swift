import ModelFiles
import Testing

/// Documents that an attribute, an operator set or a broadcast gives another meaning than the usual
/// one.
@Suite struct ONNXMeaningTests {
  private func norm(_ version: Int, outputs: [String], _ attributes: ONNXAttribute...) -> ONNXSample {
    var sample = ONNXSample()
    sample.version = version
    for name in ["s", "t", "m", "v"] { sample.add(name, [3], [1, 2, 3]) }
    sample.node("Conv", ["x", "k"], "c")
    sample.nodes.append(
      ONNXNode(
        operatorType: "BatchNormalization", name: "n", inputs: ["c", "s", "t", "m", "v"], outputs: outputs,
        attributes: attributes))
    return sample
  }

  @Test func severalOutputsAreTrainingBelowOperatorSet14() throws {
    let five = ["y", "mean", "variance", "saved_mean", "saved_variance"]
    norm(13, outputs: five).expectRefused("node 1", "one output", "5", "training")
    norm(9, outputs: ["y", "", "", "", "saved"]).expectRefused("one output", "2")
    norm(15, outputs: ["y", "m2", "v2"], ONNXAttribute("training_mode", .int(1)))
      .expectRefused("training_mode 0", "evaluation")
    #expect(try norm(13, outputs: ["y", "", ""]).model().network.nodes.count == 2)
    norm(6, outputs: ["y"]).expectRefused("is_test 1")
    #expect(try norm(6, outputs: ["y"], ONNXAttribute("is_test", .int(1))).model().network.nodes.count == 2)
    norm(7, outputs: ["y"], ONNXAttribute("spatial", .int(0))).expectRefused("spatial 1")
  }

  @Test func constantsAlongBatchOrPixelsAreNoBias() throws {
    for shape in [[3, 1, 1, 1], [3], [1, 3], [3, 1], [1, 1, 1, 3], [1, 1, 3, 1]] {
      var sample = ONNXSample()
      sample.input = [.fixed(3), .fixed(2), .fixed(5), .fixed(5)]
      sample.add("a", shape, [1, 2, 3])
      sample.node("Conv", ["x", "k"], "c")
      sample.node("Add", ["c", "a"], "y")
      sample.expectRefused("node 1", "(3, 1, 1)", "\(shape)")
    }
    for shape in [[3, 1, 1], [1, 3, 1, 1]] {
      var sample = ONNXSample()
      sample.add("a", shape, [0.5, -1, 2])
      sample.node("Conv", ["x", "k"], "c")
      sample.node("Add", ["c", "a"], "y")
      var expected = ONNXSample()
      expected.node("Conv", ["x", "k", "b"], "y")
      try sample.expectSame(as: expected)
    }
  }

  @Test func aConstantOfMoreDimensionsThanTheRowIsRefused() throws {
    var sample = ONNXSample()
    sample.add("w", [50, 3], ONNXSample.numbers(150))
    sample.add("a", [1, 1, 3], [1, 2, 3])
    sample.node("Flatten", ["x"], "f")
    sample.node("MatMul", ["f", "w"], "p")
    sample.node("Add", ["p", "a"], "y")
    sample.expectRefused("node 2", "2 dimensions")
  }

  @Test func poolsAndShapesThatSayTwoThings() throws {
    var sample = ONNXSample()
    sample.node(
      "MaxPool", ["x"], "y",
      attributes: [
        ONNXAttribute("kernel_shape", .ints([2, 2])), ONNXAttribute("ceil_mode", .int(1)),
        ONNXAttribute("auto_pad", .string("VALID")),
      ])
    sample.expectRefused("ceil_mode")
    sample = ONNXSample()
    sample.add("shape", [0, -1])
    sample.node("Reshape", ["x", "shape"], "y", attributes: [ONNXAttribute("allowzero", .int(1))])
    sample.expectRefused("allowzero")
  }

  @Test func dropoutMustBeInference() throws {
    var sample = ONNXSample()
    sample.version = 6
    sample.node("Dropout", ["x"], "y")
    sample.expectRefused("is_test")
    sample.version = 7
    #expect(try sample.model().network.nodes.count == 1)
  }
}
