import Convolution
import Files
import Foundation
import LinearAlgebra
import ModelFiles
import Testing
import Tickets

/// Networks and tickets of a few bytes that would need terabytes, years or another stack.
@Suite struct HostileModelTests {
  /// One convolution with a kernel of ones, 2 to 3 channels, over images of 6 × 6.
  private func document(
    _ attributes: [ONNXAttribute] = [], kernel: [Int] = [3, 2, 3, 3], more: [ONNXNode] = [], output: String = "c"
  ) throws -> ONNXDocument {
    try ONNXDocument(
      graphName: "g", inputs: [ONNXValue(name: "x", shape: [.named("n"), .fixed(2), .fixed(6), .fixed(6)])],
      outputs: [ONNXValue(name: output, shape: nil)],
      nodes: [ONNXNode(operatorType: "Conv", name: "conv", inputs: ["x", "k"], outputs: ["c"], attributes: attributes)]
        + more,
      initializers: [
        ONNXTensor(
          name: "k", shape: kernel, values: .float32([Float](repeating: 1, count: kernel.reduce(1, *))))
      ])
  }

  private func expectRefused(
    _ document: ONNXDocument, _ kind: FileError.Kind, _ part: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectFileError(kind, part, sourceLocation: sourceLocation) { _ = try ONNXModel.network(from: document) }
  }

  @Test func valuesBeyondTheLimitsAreRefused() throws {
    func ints(_ name: String, _ values: Int64...) -> ONNXAttribute { ONNXAttribute(name, .ints(values)) }
    expectRefused(try document([ints("pads", 20000, 20000, 20000, 20000)]), .tooLarge, "padding no wider")
    expectRefused(
      try document([ints("pads", 1 << 29, 0, 1 << 29, 0), ints("dilations", 1 << 29, 1)]), .tooLarge, "padding")
    expectRefused(try document([ints("pads", 1 << 40, 0, 0, 0)]), .unsupported, "2^30")
    let pool = ONNXNode(
      operatorType: "AveragePool", name: "pool", inputs: ["c"], outputs: ["p"],
      attributes: [ints("kernel_shape", 20000, 20000), ints("pads", 19999, 19999, 19999, 19999)])
    expectRefused(try document(more: [pool], output: "p"), .tooLarge, "value of at most")
    let small = ONNXNode(
      operatorType: "AveragePool", name: "pool", inputs: ["c"], outputs: ["p"],
      attributes: [ints("kernel_shape", 1000, 1000), ints("pads", 999, 999, 999, 999)])
    expectRefused(try document(more: [small], output: "p"), .tooLarge, "operations")
    var wide = try document()
    wide.inputs[0].shape = [.unknown, .fixed(2), .fixed(1 << 19), .fixed(1 << 19)]
    expectRefused(wide, .tooLarge, "entries")
    #expect(try ONNXModel.network(from: document([ints("pads", 1, 1, 1, 1)])).outputShape.count == 108)
  }

  @Test func layersThatShareAKernelAreCounted() throws {
    let kernel = [512, 512, 1, 1]
    var document = try document(kernel: kernel)
    document.inputs[0].shape = [.unknown, .fixed(512), .fixed(1), .fixed(1)]
    document.nodes = (0..<1000).map { index in
      ONNXNode(
        operatorType: "Conv", inputs: [index == 0 ? "x" : "c\(index - 1)", "k"],
        outputs: [index == 999 ? "c" : "c\(index)"])
    }
    expectRefused(document, .unsupported, "at most 16777216 weights")
  }

  @Test func aBiasForAnEmptyMatrixMakesNoRoom() throws {
    var document = try document()
    document.nodes = [
      ONNXNode(operatorType: "Flatten", inputs: ["x"], outputs: ["f"]),
      ONNXNode(operatorType: "Gemm", inputs: ["f", "w", "b"], outputs: ["c"]),
    ]
    document.initializers = [
      try ONNXTensor(name: "w", shape: [0, 1 << 58], values: .float32([])),
      try ONNXTensor(name: "b", shape: [1], values: .float32([1])),
    ]
    expectRefused(document, .unsupported, "a matrix as input 1")
  }

  @Test func aValueMadeTwiceIsRefused() throws {
    let again = ONNXNode(operatorType: "Relu", name: "again", inputs: ["x"], outputs: ["c"])
    expectRefused(try document(more: [again]), .unsupported, "nothing else makes")
    let input = ONNXNode(operatorType: "Relu", name: "again", inputs: ["c"], outputs: ["x"])
    expectRefused(try document(more: [input]), .unsupported, "nothing else makes")
  }

  @Test func longChainsTakeNeitherAStackNorASquareOfTime() throws {
    let count = 30_000
    let nodes = (0...count).map { index in
      index == 0
        ? ONNXNode(operatorType: "Flatten", inputs: ["c"], outputs: ["f0"])
        : ONNXNode(operatorType: "Relu", inputs: ["f\(index - 1)"], outputs: ["f\(index)"])
    }
    let network = try ONNXModel.network(from: document(more: nodes, output: "f\(count)"))
    #expect(network.nodes.count == count + 3)
    _ = try Target(network).digest
  }

  @Test func emptyMessagesAreCountedBeforeTheyAreDecoded() throws {
    // Field 7, the graph, of empty nodes: two bytes each.
    let graph = Data([UInt8](repeating: 0, count: 2 << 19).enumerated().map { $0.offset % 2 == 0 ? 0x0a : 0 })
    var length = graph.count
    var bytes = Data([0x08, 8, 0x3a])
    while length > 0x7f {
      bytes.append(UInt8(length & 0x7f) | 0x80)
      length >>= 7
    }
    bytes.append(UInt8(length))
    expectFileError(.tooLarge, "at most 262144 messages") { _ = try ONNXDocument(bytes: bytes + graph, source: "m") }
    expectFileError(.malformed, "in the middle of a field") {
      _ = try ONNXDocument(bytes: bytes + graph.prefix(100), source: "m")
    }
  }

  @Test func graphsInsideAttributesAreSteppedOver() throws {
    // An attribute of type GRAPH whose graph has a node whose attribute has a graph, thousands
    // deep.
    var inner = Data()
    for _ in 0..<2000 {
      for field: UInt8 in [6, 5, 1] {
        var length = Data()
        var count = inner.count
        while count > 0x7f {
          length.append(UInt8(count & 0x7f) | 0x80)
          count >>= 7
        }
        length.append(UInt8(count))
        inner = Data([field << 3 | 2]) + length + inner
      }
    }
    var serialized = try document().serialized()
    // As a second graph field of the model, which is merged with the first.
    var length = Data()
    var count = inner.count
    while count > 0x7f {
      length.append(UInt8(count & 0x7f) | 0x80)
      count >>= 7
    }
    length.append(UInt8(count))
    serialized += Data([0x3a]) + length + inner
    #expect(throws: FileError.self) { _ = try ONNXDocument(bytes: serialized, source: "m") }
  }

  @Test func textOfATicketIsStrictJSON() throws {
    let folder = try TemporaryFolder()
    var file = SafetensorsFile(tensors: [])
    file.metadata = [
      "format": "tombola-checkpoint", "format_version": "3", "addresses": "[]", "candidates": "[]",
      "limited": "[]",
    ]
    func expectRefused(_ identity: String, _ parts: String...) throws {
      file.metadata["identity"] = identity
      let path = folder.file("c")
      try file.serialized().write(to: URL(fileURLWithPath: path))
      expectFileError(.malformed, "'identity'") { _ = try CheckpointFile.read(path) }
    }
    try expectRefused(String(repeating: "[", count: 100_000))
    try expectRefused(String(repeating: "{\"a\":", count: 3000) + "1" + String(repeating: "}", count: 3000))
    try expectRefused("{\"seed\": 1, \"seed\": 2}")
    try expectRefused("{\"seed\": 1e9999}")
    try expectRefused("{\"seed\": nan}")
    try expectRefused("")
    try expectRefused("[1,]")
    try expectRefused("{} {}")
  }
}
