import Files
import Foundation
import ModelFiles
import SwiftProtobuf
import TestSupport
import Testing

/// A small network with every kind of attribute and tensor.
func sampleONNXDocument() throws -> ONNXDocument {
  ONNXDocument(
    graphName: "sample",
    inputs: [ONNXValue(name: "x", shape: [.named("batch"), .fixed(1), .fixed(4), .fixed(4)])],
    outputs: [ONNXValue(name: "y", shape: [.named("batch"), .fixed(3)])],
    nodes: [
      ONNXNode(
        operatorType: "Conv", name: "conv", inputs: ["x", "k", "b"], outputs: ["c"],
        attributes: [
          ONNXAttribute("kernel_shape", .ints([3, 3])), ONNXAttribute("pads", .ints([0, 0, 0, 0])),
          ONNXAttribute("group", .int(1)), ONNXAttribute("auto_pad", .string("NOTSET")),
        ]),
      ONNXNode(operatorType: "Relu", inputs: ["c"], outputs: ["r"]),
      ONNXNode(operatorType: "Flatten", inputs: ["r"], outputs: ["f"], attributes: [ONNXAttribute("axis", .int(1))]),
      ONNXNode(
        operatorType: "Constant", inputs: [], outputs: ["w"],
        attributes: [
          ONNXAttribute(
            "value",
            .tensor(try ONNXTensor(name: "", shape: [3, 8], values: .float32((0..<24).map { Float($0) / 8 }))))
        ]),
      ONNXNode(
        operatorType: "Gemm", inputs: ["f", "w"], outputs: ["y"],
        attributes: [
          ONNXAttribute("alpha", .float(1)), ONNXAttribute("transA", .int(0)), ONNXAttribute("transB", .int(1)),
        ]),
    ],
    initializers: [
      try ONNXTensor(name: "k", shape: [2, 1, 3, 3], values: .float32((0..<18).map { Float($0) - 9 })),
      try ONNXTensor(name: "b", shape: [2], values: .float32([0.5, -0.5])),
    ],
    metadata: [("seed", "7")])
}

private func read(_ bytes: Data) throws -> ONNXDocument { try ONNXDocument(bytes: bytes, source: "test.onnx") }

/// The sample's bytes after a change to its message.
private func changed(_ change: (inout Tombola_Onnx_ModelProto) -> Void) throws -> Data {
  var model = try Tombola_Onnx_ModelProto(serializedBytes: try sampleONNXDocument().serialized())
  change(&model)
  return try model.serializedBytes()
}

@Suite struct ONNXDocumentTests {
  @Test func roundTripsAndRepeats() throws {
    let document = try sampleONNXDocument()
    let bytes = try document.serialized()
    #expect(try document.serialized() == bytes)
    let result = try read(bytes)
    #expect(result == document)
    #expect(try result.serialized() == bytes)
    #expect(result.operatorSetVersion == 17)
    #expect(result.nodes[0].attribute("kernel_shape") == .ints([3, 3]))
    #expect(result.nodes[0].attribute("strides") == nil)
    #expect(try result.initializer("b")?.floats() == [0.5, -0.5])
    #expect(result.initializer("q") == nil)
  }

  @Test func roundTripsEveryKindOfValue() throws {
    var document = try sampleONNXDocument()
    let values: [ONNXTensor.Values] = [
      .float32([1.5, -0.0]), .float64([.pi, .infinity]), .int32([.min, .max]), .int64([.min, .max]),
      .boolean([true, false]),
    ]
    document.initializers = try values.enumerated().map { try ONNXTensor(name: "t\($0)", shape: [2], values: $1) }
    document.initializers.append(try ONNXTensor(name: "scalar", shape: [], values: .int64([3])))
    document.initializers.append(try ONNXTensor(name: "none", shape: [0, 2], values: .float32([])))
    document.nodes = [
      ONNXNode(
        operatorType: "Custom", domain: "example", name: "n", inputs: ["", "x"], outputs: ["y", ""],
        attributes: [
          ONNXAttribute("a", .int(.min)), ONNXAttribute("b", .ints([])), ONNXAttribute("c", .float(-0.0)),
          ONNXAttribute("d", .floats([1, 2])), ONNXAttribute("e", .string("é")),
          ONNXAttribute("f", .strings(["", "s"])),
          ONNXAttribute("g", .tensor(document.initializers[3])), ONNXAttribute("h", .int(0)),
        ])
    ]
    document.operatorSets = [ONNXOperatorSet(version: 13), ONNXOperatorSet(domain: "example", version: 1)]
    document.inputs = [ONNXValue(name: "x", elementType: .float16, shape: nil)]
    document.outputs = [
      ONNXValue(name: "y", elementType: .boolean, shape: []), ONNXValue(name: "z", shape: [.unknown]),
    ]
    #expect(try read(document.serialized()) == document)
  }

  @Test func readsTheTypedFields() throws {
    let bytes = try changed { model in
      var tensors: [Tombola_Onnx_TensorProto] = []
      for (index, type) in [1, 11, 6, 7].enumerated() {
        var tensor = Tombola_Onnx_TensorProto()
        tensor.name = "t\(index)"
        tensor.dataType = Int32(type)
        tensor.dims = [2, 1]
        switch type {
        case 1: tensor.floatData = [1, 2]
        case 11: tensor.doubleData = [1, 2]
        case 6: tensor.int32Data = [1, -2]
        default: tensor.int64Data = [1, -2]
        }
        tensors.append(tensor)
      }
      model.graph.initializer = tensors
    }
    let tensors = try read(bytes).initializers
    #expect(tensors.map(\.values) == [.float32([1, 2]), .float64([1, 2]), .int32([1, -2]), .int64([1, -2])])
    expectFileError(.wrongType, "test.onnx", "'t1'", "FLOAT", "DOUBLE") { _ = try tensors[1].floats() }
    expectFileError(.wrongType, "'t2'", "INT64", "INT32") { _ = try tensors[2].int64s() }
  }

  @Test func refusesBytesThatAreNoModel() throws {
    expectFileError(.malformed, "test.onnx", "graph") { _ = try read(Data()) }
    expectFileError(.malformed, "test.onnx", "ONNX model") { _ = try read(Data("hello, world".utf8)) }
    expectFileError(.malformed, "middle of a field") { _ = try read(sampleONNXDocument().serialized().dropLast()) }
    expectFileError(.malformed, "ir_version") { _ = try read(changed { $0.irVersion = 0 }) }
    expectFileError(.malformed, "opset_import") { _ = try read(changed { $0.opsetImport[0].version = -1 }) }
  }

  @Test func refusesTensorsOfTheWrongSize() throws {
    expectFileError(.truncated, "test.onnx", "'b'", "12 bytes for (3) of FLOAT, found 8") {
      _ = try read(changed { $0.graph.initializer[1].dims = [3] })
    }
    expectFileError(.oversized, "'b'", "4 bytes") { _ = try read(changed { $0.graph.initializer[1].dims = [] }) }
    expectFileError(.malformed, "'b'", "-1") { _ = try read(changed { $0.graph.initializer[1].dims = [-1] }) }
    expectFileError(.tooLarge, "'b'") {
      _ = try read(changed { $0.graph.initializer[1].dims = [1 << 60, 1 << 60] })
    }
    expectFileError(.truncated, "'b'") { _ = try read(changed { $0.graph.initializer[1].dims = [1 << 56] }) }
    expectFileError(.tooLarge, "'b'") { _ = try read(changed { $0.graph.initializer[1].dims = [1 << 60] }) }
    expectFileError(.malformed, "several fields") {
      _ = try read(changed { $0.graph.initializer[1].floatData = [1, 2] })
    }
    expectFileError(.malformed, "another") {
      _ = try read(
        changed {
          $0.graph.initializer[1].clearRawData()
          $0.graph.initializer[1].int64Data = [1, 2]
        })
    }
    expectFileError(.truncated, "2 values") {
      _ = try read(
        changed {
          $0.graph.initializer[1].clearRawData()
          $0.graph.initializer[1].floatData = [1]
        })
    }
  }

  @Test func namesWhatIsNotSupported() throws {
    expectFileError(.unsupported, "'b'", "external data") {
      _ = try read(changed { $0.graph.initializer[1].dataLocation = .external })
    }
    expectFileError(.unsupported, "'b'", "external data") {
      _ = try read(changed { $0.graph.initializer[1].externalData = [.init()] })
    }
    expectFileError(.unsupported, "'b'", "segment") {
      _ = try read(changed { $0.graph.initializer[1].segment = .init() })
    }
    expectFileError(.unsupported, "'b'", "FLOAT8E4") { _ = try read(changed { $0.graph.initializer[1].dataType = 17 }) }
    expectFileError(.unsupported, "'b'", "none") { _ = try read(changed { $0.graph.initializer[1].dataType = 0 }) }
    expectFileError(.unsupported, "'b'", "number 99") {
      _ = try read(changed { $0.graph.initializer[1].dataType = 99 })
    }
    expectFileError(.unsupported, "sparse") { _ = try read(changed { $0.graph.sparseInitializer = [.init()] }) }
    expectFileError(.unsupported, "'x'", "a sequence") {
      _ = try read(changed { $0.graph.input[0].type.sequenceType = .init() })
    }
    expectFileError(.unsupported, "'x'", "without a type") { _ = try read(changed { $0.graph.input[0].clearType() }) }
    expectFileError(.unsupported, "node 0 'conv'", "'group'", "'outer'") {
      _ = try read(changed { $0.graph.node[0].attribute[2].refAttrName = "outer" })
    }
    let graphs = try read(changed { $0.graph.node[0].attribute[2].type = .graph })
    #expect(graphs.nodes[0].attribute("group") == .graph(ONNXGraph(outputs: [], nodes: [])))
    expectFileError(.unsupported, "node 0 'conv'", "GRAPH") { _ = try graphs.serialized() }
    let strange = try read(changed { $0.graph.node[0].attribute[2].type = .UNRECOGNIZED(77) })
    #expect(strange.nodes[0].attribute("group") == .unsupported("type 77"))
  }

  @Test func refusesBrokenParts() throws {
    expectFileError(.malformed, "node 1 ''", "operator") { _ = try read(changed { $0.graph.node[1].opType = "" }) }
    expectFileError(.malformed, "node 0 'conv'", "'pads'", "second") {
      _ = try read(changed { $0.graph.node[0].attribute[0].name = "pads" })
    }
    expectFileError(.malformed, "'group'", "type") {
      _ = try read(changed { $0.graph.node[0].attribute[2].type = .undefined })
    }
    expectFileError(.malformed, "'auto_pad'", "UTF-8") {
      _ = try read(changed { $0.graph.node[0].attribute[3].s = Data([0xff]) })
    }
    expectFileError(.malformed, "node 3 'Constant'", "a tensor") {
      _ = try read(changed { $0.graph.node[3].attribute[0].clearT() })
    }
    expectFileError(.malformed, "'x'", "-2") {
      _ = try read(changed { $0.graph.input[0].type.tensorType.shape.dim[1].dimValue = -2 })
    }
    expectFileError(.malformed, "initializer", "'k'") { _ = try read(changed { $0.graph.initializer[1].name = "k" }) }
    expectFileError(.malformed, "initializer") { _ = try read(changed { $0.graph.initializer[1].name = "" }) }
  }

  @Test func refusesWhatCannotBeWritten() throws {
    func broken(_ change: (inout ONNXDocument) throws -> Void) throws {
      var document = try sampleONNXDocument()
      try change(&document)
      _ = try document.serialized()
    }
    expectFileError(.malformed, "graph") { try broken { $0.graphName = "" } }
    expectFileError(.malformed, "'k'") { try broken { $0.initializers.append($0.initializers[0]) } }
    expectFileError(.malformed, "operator") { try broken { $0.nodes[0].operatorType = "" } }
    expectFileError(.malformed, "'group'") { try broken { $0.nodes[0].attributes.append(.init("group", .int(2))) } }
    expectFileError(.malformed, "-1") { try broken { $0.inputs[0].shape = [.fixed(-1)] } }
    expectFileError(.malformed, "opset_import") { try broken { $0.operatorSets[0].version = 0 } }
    expectFileError(.malformed, "3 elements") { _ = try ONNXTensor(name: "t", shape: [2], values: .int32([1, 2, 3])) }
  }
}

@Suite(.enabled(if: Python.hasONNX, "needs numpy and onnx in the interpreter that TOMBOLA_PYTHON names"))
struct ONNXPythonTests {
  @Test func readsWhatThePublicLibraryWrites() throws {
    let folder = try TemporaryFolder()
    try Python.run(
      """
      import sys, numpy as np, onnx
      from onnx import helper as h, numpy_helper as nh, TensorProto as T
      k = np.arange(18, dtype=np.float32).reshape(2, 1, 3, 3)
      inits = [nh.from_array(k, "k"), h.make_tensor("b", T.FLOAT, [2], [0.5, -0.5]),
        h.make_tensor("shape", T.INT64, [2], [-1, 8]), h.make_tensor("i", T.INT32, [1], [-3]),
        h.make_tensor("d", T.DOUBLE, [], [0.1])]
      nodes = [h.make_node("Conv", ["x", "k", "b"], ["c"], name="conv", kernel_shape=[3, 3], group=1, auto_pad="VALID"),
        h.make_node("Relu", ["c"], ["r"]), h.make_node("Reshape", ["r", "shape"], ["f"]),
        h.make_node("Constant", [], ["w"], value=nh.from_array(np.ones((3, 8), np.float32), "value")),
        h.make_node("Gemm", ["f", "w"], ["y"], alpha=0.5, transB=1, transA=0)]
      g = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, ["batch", 1, 4, None])],
        [h.make_tensor_value_info("y", T.FLOAT, ["batch", 3])], inits)
      m = h.make_model(g, opset_imports=[h.make_opsetid("", 17)], producer_name="test", ir_version=8)
      h.set_model_props(m, {"key": "value"})
      onnx.checker.check_model(m)
      onnx.save(m, sys.argv[1] + "/a.onnx")
      onnx.save(m, sys.argv[1] + "/external.onnx", save_as_external_data=True, location="data", size_threshold=0)
      """, folder.path)
    let document = try ONNXDocument(path: folder.file("a.onnx"))
    #expect(document.formatVersion == 8 && document.operatorSetVersion == 17 && document.producerName == "test")
    #expect(document.metadata.map { "\($0.key)=\($0.value)" } == ["key=value"])
    #expect(document.inputs == [ONNXValue(name: "x", shape: [.named("batch"), .fixed(1), .fixed(4), .unknown])])
    #expect(document.outputs == [ONNXValue(name: "y", shape: [.named("batch"), .fixed(3)])])
    #expect(document.nodes.map(\.operatorType) == ["Conv", "Relu", "Reshape", "Constant", "Gemm"])
    #expect(document.nodes[0].inputs == ["x", "k", "b"] && document.nodes[0].name == "conv")
    #expect(document.nodes[0].attribute("auto_pad") == .string("VALID"))
    #expect(document.nodes[0].attribute("kernel_shape") == .ints([3, 3]))
    #expect(document.nodes[4].attribute("alpha") == .float(0.5))
    #expect(document.nodes[4].attribute("transA") == .int(0))
    let ones = try ONNXTensor(name: "value", shape: [3, 8], values: .float32([Float](repeating: 1, count: 24)))
    #expect(document.nodes[3].attribute("value") == .tensor(ones))
    #expect(document.initializer("k")?.values == .float32((0..<18).map(Float.init)))
    #expect(document.initializer("k")?.shape == [2, 1, 3, 3])
    #expect(document.initializer("b")?.values == .float32([0.5, -0.5]))
    #expect(document.initializer("shape")?.values == .int64([-1, 8]))
    #expect(document.initializer("i")?.values == .int32([-3]))
    #expect(document.initializer("d")?.values == .float64([0.1]))
    #expect(try ONNXDocument(path: folder.file("external.onnx")) == document)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("external.onnx")))
    expectFileError(.unsupported, "external data") { _ = try ONNXDocument(bytes: bytes, source: "bytes") }
    for name in ["data", "external.onnx"] {
      try FileManager.default.moveItem(atPath: folder.file(name), toPath: folder.file("old-" + name))
    }
    expectFileError(.notFound, "data") { _ = try ONNXDocument(path: folder.file("old-external.onnx")) }
    try FileManager.default.createSymbolicLink(atPath: folder.file("data"), withDestinationPath: "/etc/passwd")
    expectFileError(.unsupported, "inside the model's folder") {
      _ = try ONNXDocument(path: folder.file("old-external.onnx"))
    }
  }

  /// A file that is a hole of 100 GB has as many bytes as a tensor's shape can take, or is refused.
  @Test func aTensorReadsNoMoreThanItsShapeTakes() throws {
    let folder = try TemporaryFolder()
    #expect(FileManager.default.createFile(atPath: folder.file("hole"), contents: nil))
    #expect(truncate(folder.file("hole"), 100 << 30) == 0)
    func read(_ more: [(String, String)], dimensions: [Int64]? = nil) throws -> ONNXDocument {
      let model = try changed { model in
        model.graph.initializer[1].clearRawData()
        model.graph.initializer[1].floatData = []
        if let dimensions { model.graph.initializer[1].dims = dimensions }
        model.graph.initializer[1].dataLocation = .external
        model.graph.initializer[1].externalData = ([("location", "hole")] + more).map { key, value in
          var entry = Tombola_Onnx_StringStringEntryProto()
          (entry.key, entry.value) = (key, value)
          return entry
        }
      }
      let path = folder.file("hole.onnx")
      try AtomicFile.write(model, to: path, force: true)
      return try ONNXDocument(path: path)
    }
    expectFileError(.unsupported, "for its shape") { _ = try read([]) }
    expectFileError(.unsupported, "for its shape") { _ = try read([], dimensions: [1 << 40]) }
    expectFileError(.unsupported, "for its shape") { _ = try read([], dimensions: [-1]) }
    expectFileError(.unsupported, "for its shape") { _ = try read([], dimensions: [1 << 62, 4]) }
    let place = [("offset", "\(99 << 30)"), ("length", "8")]
    #expect(try read(place).initializer("b")?.values == .float32([0, 0]))
  }

  @Test func isAcceptedByThePublicChecker() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write(try sampleONNXDocument().serialized(), to: folder.file("a.onnx"), force: false)
    try Python.run(
      """
      import sys, numpy as np, onnx
      from onnx import helper as h, numpy_helper as nh, reference
      m = onnx.load(sys.argv[1])
      onnx.checker.check_model(m, full_check=True)
      assert m.ir_version == 8 and m.opset_import[0].version == 17 and m.producer_name == "tombola"
      assert [n.op_type for n in m.graph.node] == ["Conv", "Relu", "Flatten", "Constant", "Gemm"]
      attributes = {a.name: h.get_attribute_value(a) for a in m.graph.node[0].attribute}
      assert attributes == {"kernel_shape": [3, 3], "pads": [0] * 4, "group": 1, "auto_pad": b"NOTSET"}, attributes
      attributes = {a.name: h.get_attribute_value(a) for a in m.graph.node[4].attribute}
      assert attributes == {"alpha": 1.0, "transA": 0, "transB": 1}, attributes
      assert nh.to_array(m.graph.initializer[0]).tolist() == (np.arange(18.0) - 9).reshape(2, 1, 3, 3).tolist()
      assert m.metadata_props[0].key == "seed" and m.metadata_props[0].value == "7"
      y = reference.ReferenceEvaluator(m).run(None, {"x": np.ones((5, 1, 4, 4), np.float32)})[0]
      assert y.shape == (5, 3)
      """, folder.file("a.onnx"))
  }
}
