import Convolution
import ModelFiles
import Testing

/// Flattening, transposes, and what documents compute from shapes and constants.
@Suite struct ONNXShapeTests {
  /// Conv-ReLU-Flatten-MatMul-Add, with rows of the matrix in channel, row, column order.
  private func plain() -> ONNXSample {
    var sample = dense()
    sample.node("Conv", ["x", "k"], "c")
    sample.node("Relu", ["c"], "r")
    sample.node("Flatten", ["r"], "f")
    sample.node("MatMul", ["f", "m"], "p")
    sample.node("Add", ["p", "o"], "y")
    return sample
  }

  private func dense() -> ONNXSample {
    var sample = ONNXSample()
    sample.add("m", [27, 4], ONNXSample.numbers(108, from: 7))
    sample.add("o", [4], [1, -2, 0.5, 0])
    for (name, values) in [("zero", [0]), ("one", [1]), ("minus", [-1]), ("size", [27]), ("order", [0, 2, 3, 1])] {
      sample.add(name, values.map { Int64($0) })
    }
    sample.node("Conv", ["x", "k"], "c")
    sample.node("Relu", ["c"], "r")
    sample.nodes.removeAll()
    return sample
  }

  private func behind(_ reshaping: (inout ONNXSample) -> Void) -> ONNXSample {
    var sample = dense()
    sample.node("Conv", ["x", "k"], "c")
    sample.node("Relu", ["c"], "r")
    reshaping(&sample)
    sample.node("MatMul", ["f", "m"], "p")
    sample.node("Add", ["p", "o"], "y")
    return sample
  }

  @Test func aFlattenWithAnOpenBatch() throws {
    // torch.flatten, traced: Shape, Gather, Unsqueeze, Concat, Reshape.
    try behind { sample in
      sample.tensors.append(try! ONNXTensor(name: "first", shape: [], values: .int64([0])))
      sample.node("Shape", ["r"], "s")
      sample.node("Gather", ["s", "first"], "g")
      sample.node("Unsqueeze", ["g", "zero"], "u")
      sample.node("Concat", ["u", "minus"], "t", attributes: [ONNXAttribute("axis", .int(0))])
      sample.node("Reshape", ["r", "t"], "f")
    }.expectSame(as: plain())
    // The newer exporter: Shape from 0 to 1 of another value, and the size itself.
    try behind { sample in
      sample.node(
        "Shape", ["x"], "s", attributes: [ONNXAttribute("start", .int(0)), ONNXAttribute("end", .int(1))])
      sample.node("Concat", ["s", "size"], "t", attributes: [ONNXAttribute("axis", .int(0))])
      sample.node("Reshape", ["r", "t"], "f")
    }.expectSame(as: plain())
    // x.view(-1, c · h · w), computed.
    try behind { sample in
      sample.node("Shape", ["r"], "s")
      sample.add("from", [2])
      sample.add("to", [4])
      sample.node("Slice", ["s", "from", "to"], "pixels")
      sample.node("Slice", ["s", "one", "from"], "channels")
      sample.node("Slice", ["pixels", "zero", "one"], "rows")
      sample.node("Slice", ["pixels", "one", "from"], "columns")
      sample.node("Mul", ["rows", "columns"], "area")
      sample.node("Mul", ["channels", "area"], "all")
      sample.node("Sub", ["zero", "one"], "open")
      sample.node("Concat", ["open", "all"], "t", attributes: [ONNXAttribute("axis", .int(0))])
      sample.node("Cast", ["t"], "i", attributes: [ONNXAttribute("to", .int(7))])
      sample.node("Reshape", ["r", "i"], "f")
    }.expectSame(as: plain())
  }

  @Test func shapesThatMixImagesAreRefused() {
    for shape in [[1, -1], [-1, 9], [2, -1], [-1, 54], [0, 5, -1], [-1]] as [[Int64]] {
      var sample = ONNXSample()
      sample.add("t", shape)
      sample.node("Conv", ["x", "k"], "c")
      sample.node("Reshape", ["c", "t"], "y")
      sample.expectRefused("node 1", "keeps the batch")
    }
    var sample = ONNXSample()
    sample.node("Transpose", ["x"], "y", attributes: [ONNXAttribute("perm", .ints([1, 0, 2, 3]))])
    sample.expectRefused("batch first")
  }

  @Test func aFlattenOfChannelsLast() throws {
    // The matrix's rows in row, column, channel order.
    let plain = plain()
    let matrix = ONNXSample.numbers(108, from: 7)
    var moved: [Float] = []
    for pixel in 0..<9 {
      for c in 0..<3 { moved += matrix[(c * 9 + pixel) * 4..<(c * 9 + pixel + 1) * 4] }
    }
    var sample = behind { sample in
      sample.node("Transpose", ["r"], "l", attributes: [ONNXAttribute("perm", .ints([0, 2, 3, 1]))])
      sample.add("t", [-1, 27])
      sample.node("Reshape", ["l", "t"], "f")
    }
    sample.tensors.removeAll { $0.name == "m" }
    sample.add("m", [27, 4], moved)
    try sample.expectSame(as: plain)
    // And with images that come so.
    sample.input = [.unknown, .fixed(5), .fixed(5), .fixed(2)]
    sample.nodes[0].inputs[0] = "n"
    sample.nodes.insert(
      ONNXNode(
        operatorType: "Transpose", inputs: ["x"], outputs: ["n"],
        attributes: [ONNXAttribute("perm", .ints([0, 3, 1, 2]))]), at: 0)
    try sample.expectSame(as: plain)
    let model = try sample.model()
    #expect(model.takesChannelsLast && model.notes.count == 1 && model.notes[0].contains("channels last"))
    #expect(try !plain.model().takesChannelsLast && plain.model().notes.isEmpty)
  }

  @Test func aRowThatIsAnImageOfOnePixel() throws {
    var sample = ONNXSample()
    sample.add("w", [3, 50, 1, 1], ONNXSample.numbers(150))
    sample.add("t", [-1, 50, 1, 1])
    sample.node("Reshape", ["x", "t"], "f")
    sample.node("Conv", ["f", "w"], "y")
    var expected = ONNXSample()
    expected.add("w", [3, 50], ONNXSample.numbers(150))
    expected.node("Flatten", ["x"], "f")
    expected.node("Gemm", ["f", "w"], "y", attributes: [ONNXAttribute("transB", .int(1))])
    try sample.expectSame(as: expected)
    // Axes as an attribute, below operator set 13.
    expected.version = 11
    expected.nodes[1].outputs = ["g"]
    expected.node("Unsqueeze", ["g"], "y", attributes: [ONNXAttribute("axes", .ints([2, 3]))])
    try expected.expectSame(as: sample)
  }

  @Test func weightsComputedFromConstants() throws {
    var sample = ONNXSample()
    let kernel = ONNXSample.numbers(54)
    sample.add("flat", [54], kernel.map { $0 + 1 })
    sample.add("ones", [1], [1])
    sample.add("t", [3, 2, 3, 3])
    sample.node("Sub", ["flat", "ones"], "less")
    sample.node("Reshape", ["less", "t"], "k2")
    sample.node("Identity", ["k2"], "k3")
    sample.node("Conv", ["x", "k3"], "y")
    var expected = ONNXSample()
    expected.node("Conv", ["x", "k"], "y")
    try sample.expectSame(as: expected)
    sample = ONNXSample()
    // (I, O, kH, kW) transposed to (O, I, kH, kW).
    var moved: [Float] = []
    for c in 0..<2 {
      for o in 0..<3 { moved += kernel[(o * 2 + c) * 9..<(o * 2 + c + 1) * 9] }
    }
    sample.add("turned", [2, 3, 3, 3], moved)
    sample.node("Transpose", ["turned"], "k2", attributes: [ONNXAttribute("perm", .ints([1, 0, 2, 3]))])
    sample.node("Conv", ["x", "k2"], "y")
    try sample.expectSame(as: expected)
    sample = ONNXSample()
    sample.tensors.append(
      try ONNXTensor(name: "q", shape: [3, 2, 3, 3], values: .int32(kernel.map { Int32($0 * 16) + 3 })))
    sample.add("scale", [], [0.0625])
    sample.tensors.append(try ONNXTensor(name: "offset", shape: [], values: .int32([3])))
    sample.node("DequantizeLinear", ["q", "scale", "offset"], "k2")
    sample.node("Conv", ["x", "k2"], "y")
    try sample.expectSame(as: expected)
  }

  @Test func constantsMayNotFillTheMemory() {
    var sample = ONNXSample()
    sample.add("wide", [1 << 13, 1 << 13])
    sample.node("Expand", ["b", "wide"], "e")
    sample.node("Add", ["x", "e"], "y")
    sample.expectRefused("node 0")
  }

  @Test func inputsOfOtherRanks() throws {
    var sample = ONNXSample()
    sample.input = [.named("N"), .fixed(50)]
    sample.add("t", [-1, 2, 5, 5])
    sample.node("Reshape", ["x", "t"], "i")
    sample.node("Conv", ["i", "k"], "y")
    var expected = ONNXSample()
    expected.node("Conv", ["x", "k"], "y")
    try sample.expectSame(as: expected)
    // (N, C, W): an image of height 1.
    sample = ONNXSample()
    sample.input = [.named("N"), .fixed(2), .fixed(7)]
    sample.add("w", [3, 2, 3], ONNXSample.numbers(18))
    let pads = ONNXAttribute("pads", .ints([1, 0]))
    sample.node("Conv", ["x", "w"], "y", attributes: [pads, ONNXAttribute("strides", .ints([2]))])
    expected.input = [.named("N"), .fixed(2), .fixed(1), .fixed(7)]
    expected.add("w", [3, 2, 1, 3], ONNXSample.numbers(18))
    expected.nodes = []
    expected.node(
      "Conv", ["x", "w"], "y",
      attributes: [ONNXAttribute("pads", .ints([0, 1, 0, 0])), ONNXAttribute("strides", .ints([1, 2]))])
    try sample.expectSame(as: expected)
  }

  @Test func inputsThatNobodyReadsAndCasts() throws {
    var sample = ONNXSample()
    sample.node("Cast", ["x"], "f", attributes: [ONNXAttribute("to", .int(1))])
    sample.node("Conv", ["f", "k"], "y")
    var expected = ONNXSample()
    expected.node("Conv", ["x", "k"], "y")
    var document = sample.document
    document.inputs[0].elementType = .uint8
    document.inputs.append(ONNXValue(name: "mask", shape: [.fixed(1)]))
    let model = try ONNXModel(document)
    #expect(model.notes.count == 2 && model.notes.contains { $0.contains("'mask'") })
    #expect(try model.network.nodes.last?.operation == expected.model().network.nodes.last?.operation)
    sample.nodes[0].attributes = [ONNXAttribute("to", .int(6))]
    sample.expectRefused("cast to FLOAT", "INT32")
  }

  @Test func aFlattenOfOnePixelStaysALayer() throws {
    // Targets of tickets have it; their digest must stay.
    for type in ["Flatten", "Reshape"] {
      var sample = ONNXSample()
      sample.add("t", [0, -1])
      sample.node("Conv", ["x", "k"], "c")
      sample.node("GlobalAveragePool", ["c"], "g")
      sample.node(type, type == "Flatten" ? ["g"] : ["g", "t"], "y")
      #expect(try sample.model().network.nodes.map(\.name) == ["x", "c-node", "g-node", "y-node"])
    }
  }
}
