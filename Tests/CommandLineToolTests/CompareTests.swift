import Foundation
import ModelFiles
import TestSupport
import Testing
import Tickets
import Verification

extension Folder {
  /// Compares the small ticket with its target.
  fileprivate func compare(_ more: String..., ticket: String = Folder.ticket) throws -> ToolRun {
    try ToolRun(["compare", ticket, "--target", Folder.target] + more, in: self)
  }
}

@Suite struct CompareTests {
  static let names = [
    "target", "target_8_bits", "target_6_bits", "target_4_bits", "random", "pruned", "collapsed", "target_coded",
  ]

  @Test func jsonHasTheContractsKeys() throws {
    let folder = try Folder()
    let pruned = try folder.prune("--data", Folder.data, "--json").json()
    let run = try folder.compare("--data", Folder.data, "--json")
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let figures = try run.json()
    #expect(
      Set(figures.keys) == [
        "networks", "images", "seed", "width", "mode", "target_weights", "memory_limit_bytes", "seconds",
        "peak_memory_bytes", "blas_core", "convolution", "file_bits_per_weight",
      ])
    #expect(figures["seed"] as? String == "18446744073709551615" && figures["images"] as? Int == 50)
    #expect(figures["memory_limit_bytes"] as? Int == 2 << 30 && figures["target_weights"] as? Int == 108)
    let rows = try #require(figures["networks"] as? [[String: Any]])
    #expect(rows.map { $0["network"] as? String } == Self.names)
    for row in rows {
      #expect(
        Set(row.keys) == [
          "network", "parameters", "weights", "biases", "flops", "latency_milliseconds", "latency_passes",
          "latency_reason", "bits_per_weight", "entropy_bits_per_weight", "count_bits_per_weight",
          "max_weight_error", "accuracy",
        ])
      #expect((row["latency_milliseconds"] as? Double)! > 0 && row["latency_reason"] is NSNull)
      let isQuantised = (row["network"] as! String).hasSuffix("_bits")
      #expect((row["entropy_bits_per_weight"] is NSNull) != isQuantised)
      let isOfTicket = ["pruned", "collapsed"].contains(row["network"] as! String)
      let counts = row["count_bits_per_weight"] as? Double
      #expect(counts == (isOfTicket ? pruned["count_bits_per_weight"] as? Double : nil))
    }
    // 9 · 2 · 3 and 9 · 3 · 2 weights on 24 pixels; 600 filters a channel, two channels with slices
    // of 27, three of 18.
    #expect(rows[0]["flops"] as? Int == 2 * 108 * 24 && rows[0]["bits_per_weight"] as? Double == 32)
    #expect(rows[1]["bits_per_weight"] as? Double == Double(8 * 108 + 32 * 5) / 108)
    let random = 600 * (2 * 28 + 3 * 19)
    #expect(rows[4]["parameters"] as? Int == random && rows[4]["flops"] as? Int == 2 * random * 24)
    let ticketBits = try #require(pruned["bits_per_weight"] as? Double)
    let countBits = try #require(pruned["count_bits_per_weight"] as? Double)
    let codedBits = try #require(rows[7]["bits_per_weight"] as? Double)
    #expect(codedBits <= ticketBits + countBits && codedBits > 0.8 * ticketBits)
    for (row, key) in [(0, "target_accuracy"), (4, "unpruned_accuracy"), (5, "ticket_accuracy")] {
      #expect(rows[row]["accuracy"] as? Double == pruned[key] as? Double)
    }
    for key in ["max_weight_error", "bits_per_weight"] {
      #expect(rows[5][key] as? Double == pruned[key] as? Double && rows[6][key] as? Double == pruned[key] as? Double)
    }
  }

  @Test func theTableShowsAllRowsAndWhatIsMissing() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    let run = try folder.compare("--memory-limit", "1K")
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    for part in [
      "target  ", "target, 8 bits", "target, 4 bits", "random, all filters", "pruned", "collapsed",
      "target, coded  ", "not timed",
      "the limit is 1024", "no labelled data",
    ] { #expect(run.output.contains(part), "\(run.output)") }
    let figures = try folder.compare("--memory-limit", "1K", "--json").json()
    #expect(figures["images"] is NSNull)
    let random = try #require((figures["networks"] as? [[String: Any]])?[4])
    #expect(random["latency_milliseconds"] is NSNull && random["latency_passes"] is NSNull)
    #expect((random["latency_reason"] as? String)?.contains("1024") == true && random["accuracy"] is NSNull)
    let help = try ToolRun("compare", "--help", in: folder)
    #expect(help.status == 0 && help.output.contains("USAGE: tombola compare"))
  }

  @Test func badInputIsOneLine() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    try folder.compare("--memory-limit", "lots").expectBadInput("--memory-limit", "lots")
    try folder.compare("--threads", "0").expectBadInput("--threads", "1 to 4096")
    try folder.compare("--scale", "1,0").expectBadInput("--scale", "--data")
    try folder.compare(ticket: "nowhere").expectBadInput("nowhere")
    try folder.compare("--data", "nowhere.npz").expectBadInput("nowhere.npz")
    try ToolRun("compare", Folder.ticket, in: folder).expectBadInput("--target")
    try ToolRun("compare", Folder.ticket, "--target", "nowhere.onnx", in: folder).expectBadInput("nowhere.onnx")
    // Another target's ticket: the error that verify gives.
    try folder.write(try Folder.targetDocument(scale: 0.5).serialized(), to: "other.onnx")
    try ToolRun("compare", Folder.ticket, "--target", "other.onnx", in: folder)
      .expectBadInput("digest of the target's tensors")
    // An edited ticket, and no ticket.
    var file = try SafetensorsFile(path: folder.file(Folder.ticket))
    file.metadata["claims"] = file.metadata["claims"]! + " "
    try folder.write(try file.serialized(), to: "edited.safetensors")
    try folder.compare(ticket: "edited.safetensors").expectBadInput("edited.safetensors")
    try folder.write(try folder.bytes(Folder.ticket).prefix(100), to: "cut.safetensors")
    try folder.compare(ticket: "cut.safetensors").expectBadInput("cut.safetensors")
    try folder.compare(ticket: Folder.target).expectBadInput(Folder.target)
    // Images of another shape, outside the box, with a label too many.
    func data(_ name: String, _ shape: [Int], _ value: Float, label: Int64 = 0) throws -> String {
      try folder.write(
        NumPyArchive(entries: [
          NumPyArchive.Entry(
            name: "x",
            array: NumPyArray(shape: shape, floats: [Float](repeating: value, count: shape.reduce(1, *)))),
          NumPyArchive.Entry(name: "y", array: NumPyArray(shape: [shape[0]], int64s: [label])),
        ]).serialized(), to: name)
      return name
    }
    try folder.compare("--data", data("a.npz", [1, 2, 4, 6], 0)).expectBadInput("a.npz", "6 × 4 × 2", "4 × 6 × 2")
    try folder.compare("--data", data("b.npz", [1, 2, 6, 4], 1.5)).expectBadInput("b.npz", "1.5", "-1")
    try folder.compare("--data", data("c.npz", [1, 2, 6, 4], 0, label: 2)).expectBadInput("c.npz", "label 0")
  }
}

/// The shipped targets against counts and quantisation made in Python from their ONNX files, images
/// classified by ONNX Runtime.
@Suite(
  .enabled(
    if: Python.hasONNX && Python.hasONNXRuntime,
    "the interpreter named by TOMBOLA_PYTHON cannot import onnx and onnxruntime"),
  .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"), "no Fashion-MNIST here"))
struct ComparePythonTests {
  static let images = 1000
  /// Images whose two largest logits Float32 may order either way.
  static let undecidedImages = 1

  /// Parameters and FLOPs of convolutions and Gemms as a file has them; with a bias for each
  /// channel that a batch normalisation shifts.
  static let count = """
    import json, math, sys
    import onnx
    from onnx import numpy_helper, shape_inference
    def count(path):
        model = shape_inference.infer_shapes(onnx.load(path))
        tensors = {t.name: list(t.dims) for t in model.graph.initializer}
        shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
                  for v in list(model.graph.value_info) + list(model.graph.output)}
        weights = biases = flops = 0
        for node in model.graph.node:
            if node.op_type == "Conv":
                kernel = tensors[node.input[1]]
                weights += math.prod(kernel)
                # Each output entry is a sum over the kernel's other axes.
                flops += 2 * math.prod(shapes[node.output[0]][1:]) * math.prod(kernel[1:])
            elif node.op_type == "Gemm":
                weights += math.prod(tensors[node.input[1]])
                flops += 2 * math.prod(tensors[node.input[1]])
            elif node.op_type == "BatchNormalization":
                biases += math.prod(tensors[node.input[1]])
            if node.op_type in ("Conv", "Gemm") and len(node.input) > 2:
                biases += math.prod(tensors[node.input[2]])
        return {"weights": weights, "biases": biases, "flops": flops}
    """

  private func drawn(_ name: String, in folder: Folder) throws -> (target: String, rows: [String: [String: Any]]) {
    let target = ToolRun.root + "/Targets/\(name).onnx"
    let pruned = try ToolRun("prune", target, "--width", "100", "--seed", "1", "-o", "t.safetensors", in: folder)
    #expect(pruned.status == 0, "\(pruned.errors)")
    let data = try ImageSetFile.load("fashion-mnist", part: .test).prefix(Self.images)
    try folder.write(
      NumPyArchive(entries: [
        // One channel: NHWC and NCHW are the same numbers.
        NumPyArchive.Entry(name: "x", array: NumPyArray(shape: [Self.images, 1, 28, 28], floats: data.images.values)),
        NumPyArchive.Entry(name: "y", array: NumPyArray(shape: [Self.images], int64s: data.labels!.map { Int64($0) })),
      ]).serialized(), to: "images.npz")
    let run = try ToolRun(
      "compare", "t.safetensors", "--target", target, "--data", "images.npz", "--json", in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let rows = try #require(try run.json()["networks"] as? [[String: Any]])
    return (target, Dictionary(uniqueKeysWithValues: rows.map { ($0["network"] as! String, $0) }))
  }

  @Test(arguments: ["fashion-cnn", "fashion-lenet", "fashion-resnet"])
  func costsAreThoseOfTheFiles(name: String) throws {
    let folder = try Folder()
    let (target, rows) = try drawn(name, in: folder)
    for (output, flags) in [("pruned.onnx", []), ("collapsed.onnx", ["--collapsed"])] {
      #expect(try ToolRun(["export", "t.safetensors", "-o", output] + flags, in: folder).status == 0)
    }
    let files = [target, folder.file("pruned.onnx"), folder.file("collapsed.onnx")]
    let output = try Python.run(
      ["-c", Self.count + "\nprint(json.dumps([count(path) for path in sys.argv[1:]]))"] + files)
    let counted = try #require(try JSONSerialization.jsonObject(with: output) as? [[String: Int]])
    for (row, expected) in zip(["target", "pruned", "collapsed"], counted) {
      for (key, value) in expected { #expect(rows[row]?[key] as? Int == value, "\(row), \(key)") }
      #expect(rows[row]?["parameters"] as? Int == expected["weights"]! + expected["biases"]!)
    }
  }

  /// The quantisation of the README, written a second time with NumPy alone.
  static let quantise = """
    import json, math, sys
    import numpy, onnx, onnxruntime
    from onnx import numpy_helper
    def quantise(rows, bits):
        levels = 2 ** (bits - 1) - 1
        codes = numpy.zeros(rows.shape, numpy.int64)
        scales = numpy.zeros(rows.shape[1], numpy.float32)
        for o in range(rows.shape[1]):
            w = rows[:, o].astype(numpy.float64)
            best = math.inf
            for percent in range(100, 0, -1):
                for sign in (1.0, -1.0):
                    scale = numpy.float32(sign * (percent / 100) * numpy.abs(w).max() / levels)
                    code = numpy.clip(numpy.rint(w / numpy.float64(scale)), -levels - 1, levels)
                    value = code.astype(numpy.float32) * scale
                    error = numpy.cumsum((w - value.astype(numpy.float64)) ** 2)[-1]
                    if error < best:
                        best, codes[:, o], scales[o] = error, code, scale
        return codes, scales
    data = numpy.load(sys.argv[2])
    results = {}
    for bits in (8, 6, 4):
        model = onnx.load(sys.argv[1])
        tensors = {t.name: t for t in model.graph.initializer}
        stored = entropy = count = largest = 0.0
        for node in model.graph.node:
            if node.op_type not in ("Conv", "Gemm"):
                continue
            tensor = tensors[node.input[1]]
            weights = numpy_helper.to_array(tensor)
            if node.op_type == "Conv":
                order, rows = (2, 3, 1, 0), weights.transpose(2, 3, 1, 0)
            else:
                transposed = any(a.name == "transB" and a.i for a in node.attribute)
                order, rows = (1, 0) if transposed else (0, 1), weights.T if transposed else weights
            shape = rows.shape
            codes, scales = quantise(rows.reshape(-1, shape[-1]), bits)
            values = (codes.astype(numpy.float32) * scales).reshape(shape)
            largest = max(largest, numpy.abs(values.astype(numpy.float64) - rows).max())
            tensor.CopyFrom(numpy_helper.from_array(
                numpy.ascontiguousarray(values.transpose(numpy.argsort(order))), tensor.name))
            _, counts = numpy.unique(codes, return_counts=True)
            entropy += -(counts * numpy.log2(counts / codes.size)).sum() + 32 * scales.size
            stored += bits * codes.size + 32 * scales.size
            if len(node.input) > 2:
                size = math.prod(tensors[node.input[2]].dims)
                stored, entropy = stored + 32 * size, entropy + 32 * size
            count += codes.size
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        logits = session.run(None, {session.get_inputs()[0].name: data["x"]})[0]
        results[f"target_{bits}_bits"] = {
            "max_weight_error": largest, "bits_per_weight": stored / count, "entropy_bits_per_weight": entropy / count,
            "correct": int((logits.argmax(1) == data["y"]).sum())}
    print(json.dumps(results))
    """

  @Test(arguments: ["fashion-cnn", "fashion-lenet"]) func quantisationIsNumPysAndONNXRuntimes(name: String) throws {
    let folder = try Folder()
    let (target, rows) = try drawn(name, in: folder)
    let output = try Python.run(["-c", Self.quantise, target, folder.file("images.npz")])
    let expected = try #require(try JSONSerialization.jsonObject(with: output) as? [String: [String: Double]])
    #expect(expected.count == 3)
    for (network, figures) in expected {
      let row = try #require(rows[network])
      #expect(row["max_weight_error"] as? Double == figures["max_weight_error"], "\(network)")
      for key in ["bits_per_weight", "entropy_bits_per_weight"] {
        let (found, value) = (try #require(row[key] as? Double), try #require(figures[key]))
        #expect(abs(found - value) <= 1e-12 * value, "\(network), \(key): \(found), \(value)")
      }
      let correct = try #require(row["accuracy"] as? Double) * Double(Self.images)
      #expect(abs(correct - figures["correct"]!) <= Double(Self.undecidedImages) + 0.5, "\(network)")
    }
    // 8 bits lose next to nothing, and 4 bits more than 8 do.
    func accuracy(_ network: String) -> Double { rows[network]?["accuracy"] as? Double ?? .nan }
    #expect(abs(accuracy("target") - accuracy("target_8_bits")) < 0.01)
    #expect(accuracy("target_4_bits") < accuracy("target_8_bits") && accuracy("target_4_bits") > 0.4)
  }

  /// The rivals' files of `bench/codes` with the same steps: all of them but head and text.
  static let coded = """
    import json, sys
    sys.path.insert(0, sys.argv[1] + "/bench/codes")
    import numpy
    import files, quantisers, rivals
    from networks import Network
    network, data = Network.load(sys.argv[2]), numpy.load(sys.argv[4])
    results = []
    for steps in json.loads(sys.argv[3]):
        quantised = rivals.plainly(network, lambda number: quantisers.Uniform(numpy.float32(steps[number])))
        again = files.decode(files.encode(network, "uniform", quantised))
        correct = int((again.logits(data["x"]).argmax(1) == data["y"]).sum())
        results.append({"body": files.body(network, quantised).hex(), "correct": correct})
    print(json.dumps(results))
    """

  @Test(arguments: ["fashion-cnn", "fashion-lenet"]) func codedTargetsAreTheRivalsOfTheBench(name: String) throws {
    let folder = try Folder()
    let (path, rows) = try drawn(name, in: folder)
    let target = try Target(ONNXModel.network(fromFile: path))
    let ticket = try TicketFile(contentsOf: folder.file("t.safetensors")).ticket
    // The ticket's bits first, then others: 3 and 9 a weight.
    let bytes = [Int((ticket.bits + ticket.countBits) / 8), 1000, 3000]
    let coded = try bytes.map { try CodedTarget(target, maximumBytes: $0) }
    let steps = try JSONEncoder().encode(coded.map { $0.steps.map(Double.init) })
    let output = try Python.run(
      ["-c", Self.coded, ToolRun.root, path, String(decoding: steps, as: UTF8.self), folder.file("images.npz")])
    let expected = try #require(try JSONSerialization.jsonObject(with: output) as? [[String: Any]])
    for (coded, expected) in zip(coded, expected) {
      #expect(expected["body"] as? String == coded.bytes.map { String(format: "%02x", $0) }.joined())
    }
    let row = try #require(rows["target_coded"])
    let bits = 8 * Double(coded[0].bytes.count) / Double(ticket.graph.weightCount)
    #expect(abs(try #require(row["bits_per_weight"] as? Double) - bits) < 1e-12 * bits)
    #expect(row["max_weight_error"] as? Double == coded[0].maxWeightError)
    let correct = try #require(row["accuracy"] as? Double) * Double(Self.images)
    let wanted = try #require(expected[0]["correct"] as? Int)
    #expect(abs(correct - Double(wanted)) <= Double(Self.undecidedImages) + 0.5)
  }
}
