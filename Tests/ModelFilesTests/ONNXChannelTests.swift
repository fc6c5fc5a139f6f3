import Convolution
import ModelFiles
import Testing
import Tickets

/// Operators that take channels apart and put them together, and softmax in parts.
@Suite struct ONNXChannelTests {
  private func sample(_ build: (inout ONNXSample) -> Void) -> ONNXSample {
    var sample = ONNXSample()
    sample.add("q", [2, 2, 1, 1], ONNXSample.numbers(4, from: 5))
    sample.node("Conv", ["x", "k"], "c")
    build(&sample)
    return sample
  }

  private static let channels = ONNXAttribute("axis", .int(1))

  /// A 1×1 convolution over 2 · 3 channels equals the sum of two over 3 each.
  @Test func concatOfImages() throws {
    let wide = ONNXSample.numbers(24, from: 3)
    func half(_ start: Int) -> [Float] { (0..<4).flatMap { wide[$0 * 6 + start..<$0 * 6 + start + 3] } }
    try sample {
      $0.add("w", [4, 6, 1, 1], wide)
      $0.node("Relu", ["c"], "r")
      $0.node("Concat", ["c", "r"], "j", attributes: [Self.channels])
      $0.node("Conv", ["j", "w"], "y")
    }.expectSame(
      as: sample {
        $0.add("first", [4, 3, 1, 1], half(0))
        $0.add("second", [4, 3, 1, 1], half(3))
        $0.node("Relu", ["c"], "r")
        $0.node("Conv", ["c", "first"], "left")
        $0.node("Conv", ["r", "second"], "right")
        $0.node("Add", ["left", "right"], "y")
      })
  }

  @Test func concatOfRowsAndChannelsLast() throws {
    let whole = sample {
      $0.node("Concat", ["c", "c", "c"], "j", attributes: [Self.channels])
      $0.node("Flatten", ["j"], "y")
    }
    try sample {
      $0.node("Flatten", ["c"], "f")
      $0.node("Concat", ["f", "f", "f"], "y", attributes: [ONNXAttribute("axis", .int(-1))])
    }.expectSame(as: whole)
    try sample {
      $0.node("Transpose", ["c"], "t", attributes: [ONNXAttribute("perm", .ints([0, 2, 3, 1]))])
      $0.node("Concat", ["t", "t", "t"], "j", attributes: [ONNXAttribute("axis", .int(3))])
      $0.node("Transpose", ["j"], "back", attributes: [ONNXAttribute("perm", .ints([0, 3, 1, 2]))])
      $0.node("Flatten", ["back"], "y")
    }.expectSame(as: whole)
  }

  @Test func concatOfOtherThings() throws {
    sample { $0.node("Concat", ["c", "c"], "y", attributes: [ONNXAttribute("axis", .int(2))]) }
      .expectRefused("node 1", "channels (axis 1)")
    sample { $0.node("Concat", ["c", "x"], "y", attributes: [Self.channels]) }.expectRefused("one height")
    // Zeros beside a value are channels of zeros, other constants nothing that is read.
    try sample {
      $0.add("zeros", [1, 2, 3, 3], [Float](repeating: 0, count: 18))
      $0.node("Concat", ["c", "zeros"], "y", attributes: [Self.channels])
    }.expectSame(
      as: sample { $0.node("Pad", ["c"], "y", attributes: [ONNXAttribute("pads", .ints([0, 0, 0, 0, 0, 2, 0, 0]))]) })
    sample {
      $0.add("ones", [1, 2, 3, 3], [Float](repeating: 1, count: 18))
      $0.node("Concat", ["c", "ones"], "y", attributes: [Self.channels])
    }.expectRefused("zeros, side by side")
  }

  /// The option-A shortcut of small ResNets is a convolution with a kernel of zeros and ones.
  @Test func optionAShortcut() throws {
    var kernel = [Float](repeating: 0, count: 5 * 3)
    for c in 0..<3 { kernel[(c + 1) * 3 + c] = 1 }
    try sample {
      $0.add("s", [0, 0])
      $0.add("e", [.max, 3])
      $0.add("a", [2, 3])
      $0.add("two", [2, 2])
      $0.node("Slice", ["c", "s", "e", "a", "two"], "half")
      $0.node("Pad", ["half"], "y", attributes: [ONNXAttribute("pads", .ints([0, 1, 0, 0, 0, 1, 0, 0]))])
    }.expectSame(
      as: sample {
        $0.add("w", [5, 3, 1, 1], kernel)
        $0.node("Conv", ["c", "w"], "y", attributes: [ONNXAttribute("strides", .ints([2, 2]))])
      })
  }

  @Test func slicesSplitsAndGathers() throws {
    func taken(_ channels: [Int]) -> ONNXSample {
      var kernel = [Float](repeating: 0, count: channels.count * 3)
      for (place, c) in channels.enumerated() { kernel[place * 3 + c] = 1 }
      return sample {
        $0.add("w", [channels.count, 3, 1, 1], kernel)
        $0.node("Conv", ["c", "w"], "y")
      }
    }
    func slice(_ start: Int64, _ end: Int64, _ step: Int64) -> ONNXSample {
      sample {
        for (name, value) in [("s", start), ("e", end), ("a", 1), ("t", step)] { $0.add(name, [value]) }
        $0.node("Slice", ["c", "s", "e", "a", "t"], "y")
      }
    }
    try slice(1, .max, 1).expectSame(as: taken([1, 2]))
    try slice(-1, .min, -1).expectSame(as: taken([2, 1, 0]))
    try slice(0, -1, 2).expectSame(as: taken([0]))
    slice(2, 1, 1).expectRefused("some channels")
    try sample {
      $0.add("places", [2, -3])
      $0.node("Gather", ["c", "places"], "y", attributes: [Self.channels])
    }.expectSame(as: taken([2, 0]))
    try sample {
      $0.add("sizes", [1, 2])
      $0.node("Split", ["c", "sizes"], "one", "rest", attributes: [Self.channels])
      $0.node("Identity", ["rest"], "y")
    }.expectSame(as: taken([1, 2]))
    let crop = sample {
      for (name, value) in [("s", 1), ("e", 3), ("a", 2)] { $0.add(name, [Int64(value)]) }
      $0.node("Slice", ["c", "s", "e", "a"], "y")
    }
    crop.expectRefused("node 1", "crop the images")
  }

  /// Behind a flat row of channels last, numbers per entry are turned with it.
  @Test func normalisationOfARowOfChannelsLast() throws {
    let scale = ONNXSample.numbers(27, from: 40)
    let row = (0..<27).map { entry in scale[entry % 9 * 3 + entry / 9] }
    func scaled(_ values: [Float], isLast: Bool) -> ONNXSample {
      sample {
        $0.add("scale", [27], values)
        $0.add("w", [27, 2], isLast ? Self.turned : ONNXSample.numbers(54, from: 9))
        if isLast { $0.node("Transpose", ["c"], "t", attributes: [ONNXAttribute("perm", .ints([0, 2, 3, 1]))]) }
        $0.node("Flatten", [isLast ? "t" : "c"], "f")
        $0.node("Relu", ["f"], "r")
        $0.node("Mul", ["r", "scale"], "m")
        $0.node("MatMul", ["m", "w"], "y")
      }
    }
    try scaled(scale, isLast: true).expectSame(as: scaled(row, isLast: false))
  }

  /// Rows of `numbers(54, from: 9)` in the order of channels last.
  private static let turned: [Float] = {
    let rows = ONNXSample.numbers(54, from: 9)
    return (0..<27).flatMap { entry in
      let first = entry % 3 * 9 + entry / 3
      return rows[2 * first..<2 * first + 2]
    }
  }()

  @Test func mapsAreTakenNotSearchedFor() throws {
    let model = sample {
      $0.add("scale", [3, 1, 1], [2, -1, 0.5])
      $0.add("w", [2, 3, 3, 3], ONNXSample.numbers(54, from: 1))
      $0.node("Relu", ["c"], "r")
      $0.node("Mul", ["r", "scale"], "m")
      $0.node("Sub", ["m", "b"], "s")
      $0.node("Conv", ["s", "w"], "y", attributes: [ONNXAttribute("pads", .ints([1, 1, 1, 1]))])
    }
    // The constant has the wrong shape for channels: they are the dimension behind the batch.
    model.expectRefused("one number a channel")
    let fitting = try sample {
      $0.add("scale", [3, 1, 1], [2, -1, 0.5])
      $0.add("shift", [3, 1, 1], [1, 0, -3])
      $0.add("w", [2, 3, 3, 3], ONNXSample.numbers(54, from: 1))
      $0.node("Relu", ["c"], "r")
      $0.node("Mul", ["r", "scale"], "m")
      $0.node("Sub", ["m", "shift"], "s")
      $0.node("Conv", ["s", "w"], "y", attributes: [ONNXAttribute("pads", .ints([1, 1, 1, 1]))])
    }.model()
    let target = try Target(fitting.network)
    #expect(target.graph.layers.count == 2)
    let map = try ChannelMap(factors: [2, -1, 0.5], shifts: [-1, 0, 3])
    #expect(target.graph.nodes.contains { $0.operation == .plain(.channelMap(map)) })
  }

  @Test func softmaxInParts() throws {
    func parts(_ build: (inout ONNXSample) -> Void) -> ONNXSample {
      sample {
        $0.add("last", [1])
        $0.node("GlobalAveragePool", ["c"], "g")
        $0.node("Flatten", ["g"], "f")
        $0.node("ReduceMax", ["f"], "m", attributes: [ONNXAttribute("axes", .ints([1]))])
        $0.node("Sub", ["f", "m"], "s")
        $0.node("Exp", ["s"], "e")
        $0.node("ReduceSum", ["e", "last"], "t")
        build(&$0)
      }
    }
    for head in ["Softmax", "LogSoftmax"] {
      let model = parts {
        if head == "Softmax" {
          $0.node("Div", ["e", "t"], "y")
        } else {
          $0.node("Log", ["t"], "l")
          $0.node("Sub", ["s", "l"], "y")
        }
      }
      #expect(try model.model().notes.contains { $0.hasPrefix(head + " at the end") })
      try model.expectSame(
        as: sample {
          $0.node("GlobalAveragePool", ["c"], "g")
          $0.node("Flatten", ["g"], "y")
        })
    }
    parts { $0.node("Relu", ["e"], "y") }.expectRefused("softmax at the end")
    parts { $0.node("Div", ["s", "t"], "y") }.expectRefused("softmax at the end")
    parts { $0.node("Identity", ["t"], "y") }.expectRefused("a part of one")
  }

  /// Two groups of two channels, shuffled: 0 2 1 3.
  @Test func shufflesBetweenGroups() throws {
    let wide = ONNXSample.numbers(72, from: 7)
    func shuffled(_ build: (inout ONNXSample) -> Void) -> ONNXSample {
      sample {
        $0.add("wide", [4, 2, 3, 3], wide)
        $0.node("Conv", ["x", "wide"], "d")
        build(&$0)
      }
    }
    let turned = ONNXAttribute("perm", .ints([0, 2, 1, 3, 4]))
    let found = shuffled {
      $0.add("apart", [0, 2, -1, 3, 3])
      $0.add("together", [-1, 4, 3, 3])
      $0.node("Reshape", ["d", "apart"], "a")
      $0.node("Transpose", ["a"], "t", attributes: [turned])
      $0.node("Reshape", ["t", "together"], "y")
    }
    try found.expectSame(
      as: shuffled {
        $0.add("order", [0, 2, 1, 3])
        $0.node("Gather", ["d", "order"], "y", attributes: [Self.channels])
      })
    shuffled {
      $0.add("apart", [0, 2, 2, 3, 3])
      $0.node("Reshape", ["d", "apart"], "a")
      $0.node("Relu", ["a"], "y")
    }.expectRefused("shuffle of channels")
  }

  @Test func oneSlopeForAllIsLeakyReLU() throws {
    try sample {
      $0.add("slopes", [3, 1, 1], [0.25, 0.25, 0.25])
      $0.node("PRelu", ["c", "slopes"], "y")
    }.expectSame(
      as: sample { $0.node("LeakyRelu", ["c"], "y", attributes: [ONNXAttribute("alpha", .float(0.25))]) })
    sample {
      $0.add("slopes", [3, 1, 1], [0.25, 0.5, 0.25])
      $0.node("PRelu", ["c", "slopes"], "y")
    }.expectRefused("3 slopes", "train with one")
  }

  /// What scikit-learn's converter puts before and behind a perceptron.
  @Test func scalersAndNamedScores() throws {
    var found = ONNXSample()
    found.input = [.named("N"), .fixed(3)]
    found.add("w", [3, 2], [1, 2, -1, 0.5, 3, -2])
    found.nodes.append(
      ONNXNode(
        operatorType: "Scaler", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["s"],
        attributes: [ONNXAttribute("offset", .floats([1, 2, 3])), ONNXAttribute("scale", .floats([2]))]))
    found.node("MatMul", ["s", "w"], "m")
    found.nodes.append(ONNXNode(operatorType: "ZipMap", domain: "ai.onnx.ml", inputs: ["m"], outputs: ["y"]))
    var wanted = ONNXSample()
    wanted.input = found.input
    wanted.tensors.removeAll()
    wanted.add("w", [3, 2], [2, 4, -2, 1, 6, -4])
    wanted.add("b", [2], [2 * (-1 + 2 - 9), 2 * (-2 - 1 + 6)])
    wanted.node("Gemm", ["x", "w", "b"], "y")
    try found.expectSame(as: wanted)
    #expect(try found.model().notes.contains { $0.contains("ZipMap") })
  }
}
