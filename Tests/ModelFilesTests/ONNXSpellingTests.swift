import Convolution
import ModelFiles
import Testing
import Tickets

/// Operators that say what others say too, heads, and maps per channel.
@Suite struct ONNXSpellingTests {
  private func sample(_ build: (inout ONNXSample) -> Void) -> ONNXSample {
    var sample = ONNXSample()
    sample.add("zero", [], [0])
    sample.add("six", [], [6])
    sample.node("Conv", ["x", "k"], "c")
    build(&sample)
    return sample
  }

  private static let pixels = ONNXAttribute("axes", .ints([2, 3]))

  @Test func spellingsOfReLU() throws {
    let relu = sample { $0.node("Relu", ["c"], "y") }
    try sample { $0.node("Clip", ["c", "zero"], "y") }.expectSame(as: relu)
    try sample { $0.node("Clip", ["c"], "y", attributes: [ONNXAttribute("min", .float(0))]) }.expectSame(as: relu)
    try sample { $0.node("Max", ["zero", "c"], "y") }.expectSame(as: relu)
    sample { $0.node("Clip", ["c", "zero", "six"], "y") }.expectRefused("node 1", "ReLU6", "plain ReLU")
    sample { $0.node("Min", ["c", "six"], "y") }.expectRefused("Min", "ReLU6")
    sample { $0.node("Max", ["c", "six"], "y") }.expectRefused("another bound")
    sample { $0.node("HardSwish", ["c"], "y") }.expectRefused("HardSwish", "ReLU in its place")
  }

  @Test func sumsOfSeveral() throws {
    let twice = sample {
      $0.node("Add", ["c", "c"], "d")
      $0.node("Add", ["d", "c"], "y")
    }
    try sample { $0.node("Sum", ["c", "c", "c"], "y") }.expectSame(as: twice)
  }

  @Test func meansAndLargestEntries() throws {
    let mean = sample {
      $0.node("GlobalAveragePool", ["c"], "g")
      $0.node("Flatten", ["g"], "y")
    }
    try sample {
      $0.node(
        "ReduceMean", ["c"], "a",
        attributes: [ONNXAttribute("axes", .ints([3])), ONNXAttribute("keepdims", .int(0))])
      $0.node(
        "ReduceMean", ["a"], "y",
        attributes: [ONNXAttribute("axes", .ints([-1])), ONNXAttribute("keepdims", .int(0))])
    }.expectSame(as: mean)
    try sample {
      $0.add("ninth", [], [1 / 9])
      $0.node("ReduceSum", ["c"], "s", attributes: [Self.pixels])
      $0.node("Mul", ["s", "ninth"], "y")
    }.expectSame(as: mean)
    try sample {
      $0.node("ReduceSum", ["c"], "s", attributes: [Self.pixels])
      $0.node("Relu", ["s"], "y")
    }.expectSame(
      as: sample {
        $0.add("nine", [], [9])
        $0.node("GlobalAveragePool", ["c"], "g")
        $0.node("Mul", ["g", "nine"], "m")
        $0.node("Relu", ["m"], "y")
      })
    // Of channels last.
    try sample {
      $0.node("Transpose", ["c"], "l", attributes: [ONNXAttribute("perm", .ints([0, 2, 3, 1]))])
      $0.node("ReduceMean", ["l"], "y", attributes: [ONNXAttribute("axes", .ints([1, 2]))])
    }.expectSame(as: mean)
    let largest = sample {
      $0.node("MaxPool", ["c"], "y", attributes: [ONNXAttribute("kernel_shape", .ints([3, 3]))])
    }
    try sample { $0.node("GlobalMaxPool", ["c"], "y") }.expectSame(as: largest)
    try sample { $0.node("ReduceMax", ["c"], "y", attributes: [Self.pixels]) }.expectSame(as: largest)
    sample { $0.node("ReduceMean", ["c"], "y", attributes: [ONNXAttribute("axes", .ints([1]))]) }
      .expectRefused("axes 2 and 3")
  }

  @Test func padsBeforeLayers() throws {
    func padded(_ pads: [Int64], value: Float = 0, _ build: (inout ONNXSample) -> Void) -> ONNXSample {
      var sample = ONNXSample()
      sample.add("p", pads)
      sample.add("v", [], [value])
      sample.node("Pad", ["x", "p", "v"], "q")
      build(&sample)
      return sample
    }
    let kernel = ONNXAttribute("kernel_shape", .ints([3, 3]))
    var expected = ONNXSample()
    expected.node("Conv", ["x", "k"], "y", attributes: [ONNXAttribute("pads", .ints([2, 1, 1, 0]))])
    try padded([0, 0, 1, 0, 0, 0, 0, 0]) {
      $0.node("Conv", ["q", "k"], "y", attributes: [ONNXAttribute("pads", .ints([1, 1, 1, 0]))])
    }.expectSame(as: expected)
    expected.nodes = []
    expected.node(
      "AveragePool", ["x"], "y",
      attributes: [
        kernel, ONNXAttribute("pads", .ints([1, 1, 1, 1])), ONNXAttribute("count_include_pad", .int(1)),
      ])
    try padded([0, 0, 1, 1, 0, 0, 1, 1]) { $0.node("AveragePool", ["q"], "y", attributes: [kernel]) }
      .expectSame(as: expected)
    expected.nodes = []
    expected.node("Conv", ["x", "k"], "y")
    try padded([0, 0, 0, 0, 0, 0, 0, 0], value: 3) { $0.node("Conv", ["q", "k"], "y") }.expectSame(as: expected)
    padded([0, 0, 1, 1, 0, 0, 1, 1]) { $0.node("MaxPool", ["q"], "y", attributes: [kernel]) }
      .expectRefused("node 1", "ignores padding")
    padded([0, 0, 1, 1, 0, 0, 1, 1]) { $0.node("Relu", ["q"], "y") }.expectRefused("node 1", "behind a Pad")
    padded([0, 0, 1, 1, 0, 0, 1, 1], value: 1) { $0.node("Conv", ["q", "k"], "y") }.expectRefused("zeros", "1.0")
    padded([1, 0, 0, 0, 0, 0, 0, 0]) { $0.node("Conv", ["q", "k"], "y") }.expectRefused("no cropping")
    padded([0, 0, -1, 0, 0, 0, 0, 0]) { $0.node("Conv", ["q", "k"], "y") }.expectRefused("no cropping")
    // What is not negative is as large as zeros around it.
    let pads = ONNXAttribute("pads", .ints([1, 1, 1, 1]))
    try sample {
      $0.node("Relu", ["c"], "r")
      $0.node("Pad", ["r"], "p", attributes: [ONNXAttribute("pads", .ints([0, 0, 1, 1, 0, 0, 1, 1]))])
      $0.node("MaxPool", ["p"], "y", attributes: [kernel])
    }.expectSame(
      as: sample {
        $0.node("Relu", ["c"], "r")
        $0.node("MaxPool", ["r"], "y", attributes: [kernel, pads])
      })
  }

  @Test func headsAreLeftOutWithANote() throws {
    func row(_ head: String?, _ attributes: ONNXAttribute..., version: Int = 17) -> ONNXSample {
      var sample = ONNXSample()
      sample.version = version
      sample.add("m", [50, 4], ONNXSample.numbers(200))
      sample.node("Flatten", ["x"], "f")
      sample.node("Gemm", ["f", "m"], head == nil ? "y" : "g")
      if let head { sample.node(head, ["g"], "y", attributes: attributes) }
      return sample
    }
    let last = ONNXAttribute("axis", .int(-1))
    for head in [
      row("Softmax"), row("LogSoftmax", last), row("Softmax", version: 11), row("Sigmoid"), row("ArgMax", last),
    ] {
      try head.expectSame(as: row(nil))
      let notes = try head.model().notes
      #expect(notes.count == 1 && notes[0].contains("left out"), "\(notes)")
    }
    row("ArgMax").expectRefused("over the classes")
    row("Softmax", ONNXAttribute("axis", .int(0))).expectRefused("over the classes")
    var middle = row("Softmax")
    middle.node("Relu", ["y"], "z")
    middle.output = "z"
    middle.expectRefused("node 3", "Softmax at the end")
  }

  @Test func mapsPerChannelJoinTheLayerBefore() throws {
    let plain = sample { $0.node("Relu", ["c"], "y") }
    let scaled = sample {
      $0.add("f", [3, 1, 1], [2, 0.5, -1])
      $0.add("s", [1, 3, 1, 1], [1, 2, 3])
      $0.node("Identity", ["c"], "i")
      $0.node("Mul", ["i", "f"], "m")
      $0.node("Sub", ["m", "s"], "d")
      $0.node("Div", ["d", "f"], "q")
      $0.node("Relu", ["q"], "y")
    }
    var expected = sample { $0.node("Relu", ["c"], "y") }
    expected.add("shifts", [3], [-0.5, -4, 3])
    expected.nodes[0].inputs = ["x", "k", "shifts"]
    try scaled.expectSame(as: expected)
    #expect(try scaled.model().network.nodes.count == plain.model().network.nodes.count)
    _ = try Target(scaled.model().network)
    sample { $0.node("Mul", ["c", "c"], "y") }.expectRefused("two computed values")
  }

  @Test func mapsElsewhereAreLayersThatCanBePruned() throws {
    // A map at the input, before a layer with padding: exact as a layer of its own.
    func network(_ map: Bool, padding: Int64, between: String? = nil) -> ONNXSample {
      var sample = ONNXSample()
      for (name, values) in [("s", [2, 0.5]), ("t", [1, -1]), ("u", [0, 0.25]), ("v", [1, 4])] as [(String, [Float])] {
        sample.add(name, [2], values)
      }
      // The same map as a convolution.
      sample.add("w", [2, 2, 1, 1], [2, 0, 0, 0.25])
      sample.add("d", [2], [1, -1 - 0.0625])
      if let between { sample.node(between, ["x"], "before") }
      let input = between == nil ? "x" : "before"
      let none = ONNXAttribute("epsilon", .float(0))
      if map {
        sample.node("BatchNormalization", [input, "s", "t", "u", "v"], "n", attributes: [none])
      } else {
        sample.node("Conv", [input, "w", "d"], "n")
      }
      sample.node(
        "Conv", ["n", "k"], "y", attributes: [ONNXAttribute("pads", .ints([padding, padding, padding, padding]))])
      return sample
    }
    for (padding, count) in [(1, 3), (0, 2)] as [(Int64, Int)] {
      let map = network(true, padding: padding)
      try map.expectSame(as: network(false, padding: padding))
      let target = try Target(map.model().network)
      #expect(target.network.nodes.count == count)
    }
    let map = network(true, padding: 0, between: "Relu")
    try map.expectSame(as: network(false, padding: 0, between: "Relu"))
    #expect(try Target(map.model().network).graph.layers.count == 1)
  }

  @Test func convolutionsOfGroupsCanBePruned() throws {
    var sample = ONNXSample()
    sample.add("w", [4, 1, 3, 3], ONNXSample.numbers(36))
    sample.node("Conv", ["x", "w"], "y", attributes: [ONNXAttribute("group", .int(2))])
    var expected = ONNXSample()
    let kernel = ONNXSample.numbers(36)
    let zeros = [Float](repeating: 0, count: 9)
    expected.add(
      "w", [4, 2, 3, 3],
      (0..<4).flatMap { o in
        let part = Array(kernel[o * 9..<(o + 1) * 9])
        return o < 2 ? part + zeros : zeros + part
      })
    expected.node("Conv", ["x", "w"], "y")
    try sample.expectSame(as: expected)
    #expect(try Target(sample.model().network).graph.layers.count == 1)
  }
}
