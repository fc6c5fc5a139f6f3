import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import Pruning
import TestSupport
import Testing
import Tickets

/// Exported models against ONNX Runtime and our own forward pass.
@Suite struct ONNXExportTests {
  /// Of the largest logit.
  static let tolerance = 1e-5

  static let names = [
    "pruned", "collapsed", "chain pruned", "one layer empty", "target", "windows", "row twice", "rows and pixels",
    "channels",
    "fashion-lenet", "fashion-resnet",
  ]

  static func network(_ name: String) throws -> Network<Float> {
    switch name {
    case "pruned": return try SampleTicket.wideTicket().prunedNetwork()
    case "collapsed": return try Collapse(of: SampleTicket.wideTicket()).network()
    case "chain pruned": return try SampleTicket.file().ticket.prunedNetwork()
    case "one layer empty":
      let ticket = try SampleTicket.wideTicket()
      return try Ticket(
        seed: ticket.seed, width: ticket.width, mode: ticket.mode, inputRange: ticket.inputRange, graph: ticket.graph,
        scales: ticket.scales, biases: ticket.biases,
        blocks: ticket.blocks.map {
          $0.address.layer == 1 ? Block(address: $0.address, candidates: $0.candidates, kept: []) : $0
        }, targetDigest: ticket.targetDigest, isComplete: true
      ).prunedNetwork()
    case "target": return try SampleTicket.wideTarget()
    case "windows": return try windows()
    case "rows and pixels": return try rowsAndPixels()
    case "channels": return try channels()
    case "fashion-lenet", "fashion-resnet":
      let target = try ONNXModel.network(fromFile: "\(Repository.root)/Targets/\(name).onnx")
      return try TicketSearch(Target(target), seed: 1, width: 300).run().ticket.prunedNetwork()
    default:
      return try Network(
        inputShape: ImageShape(height: 2, width: 2, channels: 1),
        nodes: [
          .init(name: "same", operation: .input, inputs: []),
          .init(name: "same", operation: .plain(.leakyRectifier(LeakyRectifier(slope: 0.3))), inputs: [0]),
          .init(name: "", operation: .addition, inputs: [0, 1]), .init(name: "same", operation: .flatten, inputs: [2]),
        ])
    }
  }

  /// A row of one pixel read by a convolution, added to an image of one pixel, and both ways into a
  /// dense layer.
  private static func rowsAndPixels() throws -> Network<Float> {
    let kernel: [Float] = [0.5, -1, 0.25, 2, 1, -0.5, 0.125, 1, -2]
    let point = try Convolution(
      window: SlidingWindow(height: 1, width: 1), inputChannels: 3, outputChannels: 3, kernel: kernel)
    let nodes: [(String, Network<Float>.Operation, [Int])] = [
      ("x", .input, []), ("mean", .globalAveragePooling, [0]), ("flat", .flatten, [1]),
      ("point", .convolution(point), [2]), ("mixed", .addition, [2, 3]), ("fc", .convolution(point), [4]),
      ("rows", .addition, [5, 2]), ("again", .globalAveragePooling, [6]),
    ]
    return try Network(
      inputShape: ImageShape(height: 2, width: 3, channels: 3),
      nodes: nodes.map { .init(name: $0.0, operation: $0.1, inputs: $0.2) })
  }

  /// Maps per channel, channels in another order, zeros among them, and side by side.
  private static func channels() throws -> Network<Float> {
    let nodes: [(String, Network<Float>.Operation, [Int])] = [
      ("x", .input, []), ("map", .plain(.channelMap(try ChannelMap(factors: [2, -0.5, 0], shifts: [0, 1, -3]))), [0]),
      ("turned", .plain(.channelSelection(try ChannelSelection(inputChannels: 3, sources: [2, 0, 0, 1]))), [1]),
      ("left", .plain(.channelSelection(try ChannelSelection(placing: 4, at: 0, among: 7))), [2]),
      ("right", .plain(.channelSelection(try ChannelSelection(placing: 3, at: 4, among: 7))), [0]),
      ("joined", .addition, [3, 4]), ("mean", .globalAveragePooling, [5]),
    ]
    return try Network(
      inputShape: ImageShape(height: 3, width: 2, channels: 3),
      nodes: nodes.map { .init(name: $0.0, operation: $0.1, inputs: $0.2) })
  }

  /// Every number of a window differs from the others; groups; both averages; an output of several
  /// pixels.
  private static func windows() throws -> Network<Float> {
    let window = SlidingWindow(
      height: 3, width: 2, strideHeight: 1, strideWidth: 2, dilationHeight: 2, dilationWidth: 3,
      padding: Padding(top: 1, left: 2, bottom: 3, right: 0))
    var random = SplitMix64(seed: 5)
    let convolution = try Convolution(
      window: window, inputChannels: 4, outputChannels: 6, groups: 2,
      kernel: (0..<72).map { _ in Float.random(in: -1...1, using: &random) }, bias: [1, 2, 3, 4, 5, 6])
    func pool(_ kind: Pooling.Kind, _ height: Int) -> Network<Float>.Operation {
      .pooling(
        Pooling(
          kind,
          window: SlidingWindow(
            height: height, width: 2, strideHeight: 2, strideWidth: 1, padding: Padding(top: 1, right: 1))))
    }
    let operations: [(String, Network<Float>.Operation)] = [
      ("x", .input), ("conv", .convolution(convolution)), ("max", pool(.maximum, 2)), ("mean", pool(.average, 3)),
      ("all", pool(.averageCountingPadding, 2)),
    ]
    return try Network(
      inputShape: ImageShape(height: 17, width: 11, channels: 4),
      nodes: operations.enumerated().map { index, operation in
        .init(name: operation.0, operation: operation.1, inputs: index == 0 ? [] : [index - 1])
      })
  }

  @Test(.enabled(if: Python.hasONNX && Python.hasONNXRuntime), arguments: names)
  func onnxRuntimeAgrees(name: String) throws {
    let network = try Self.network(name)
    let folder = try TemporaryFolder()
    _ = try NetworkExport.write(network, as: .onnx, to: folder.file("net.onnx"), force: false)
    var random = SplitMix64(seed: 8)
    let shape = network.inputShape
    let x = (0..<3 * shape.count).map { _ in Float.random(in: -1...1, using: &random) }
    try NumPyArchive(entries: [
      NumPyArchive.Entry(
        name: "x", array: NumPyArray(shape: [3, shape.height, shape.width, shape.channels], floats: x))
    ]).serialized().write(to: URL(fileURLWithPath: folder.file("x.npz")))
    let text = try Python.run(
      """
      import sys, numpy, onnx, onnxruntime
      folder = sys.argv[1]
      onnx.checker.check_model(onnx.load(folder + "/net.onnx"), full_check=True)
      session = onnxruntime.InferenceSession(folder + "/net.onnx", providers=["CPUExecutionProvider"])
      x = numpy.load(folder + "/x.npz")["x"].transpose(0, 3, 1, 2).copy()
      y = session.run(None, {session.get_inputs()[0].name: x})[0]
      print(*y.shape)
      numpy.savez(folder + "/y.npz", y=y.transpose(0, 2, 3, 1).copy() if y.ndim == 4 else y)
      """, folder.path)
    let output = network.outputShape
    #expect(
      text
        == (output.pixels == 1 ? "3 \(output.channels)\n" : "3 \(output.channels) \(output.height) \(output.width)\n"))
    let expected = try NumPyArchive(path: folder.file("y.npz")).array("y").floats()
    #expect(Set(expected).count > 1)
    let images = try Tensor(batch: 3, shape: shape, values: x)
    for (how, values) in [
      ("ours", try network(images).values), ("directly", try network.evaluatedDirectly(images).values),
      ("read back", try ONNXModel.network(fromFile: folder.file("net.onnx"))(images).values),
    ] {
      let difference = MatrixDifference(values, expected)
      #expect(difference.isWithin(Self.tolerance), "\(name), \(how): \(difference)")
    }
  }

  /// A hidden filter that was removed is nowhere in the file, and no zeros stand for it.
  @Test func noPaddedZeros() throws {
    let ticket = try SampleTicket.wideTicket()
    let document = try ONNXModel.document(of: ticket.prunedNetwork(), name: "n")
    let kept = (1...3).map { layer in
      ticket.blocks.filter { $0.address.layer == layer }.reduce(0) { $0 + $1.kept.count }
    }
    #expect(kept.allSatisfy { $0 > 3 })
    for (layer, name) in ["first", "second", "fc"].enumerated() {
      #expect(document.initializer(name + ".scalars.weight")?.shape == [kept[layer], 1, 1, 1])
      #expect(document.initializer(name + ".weight")?.shape[1] == kept[layer])
      #expect(try document.initializer(name + ".weight")!.floats().allSatisfy { $0 != 0 })
    }
  }
}
